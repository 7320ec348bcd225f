//! Plans: one signature for two chains, signed in another process; sessions of several keys.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use alloy_primitives::{Bytes, U256, hex};
use alloy_signer::{Signer as _, SignerSync as _};
use alloy_signer_local::PrivateKeySigner;
use smart_sessions::policy::{KnownPolicy as _, Sudo, UsageLimit};
use smart_sessions::session::{ActionData, ActionTarget, EnableMode, SessionValidator};
use smart_sessions::{Error, GrantPlan, PlanError, SessionClient, SharedKey, SignatureForm, ThresholdKey};
use testkit::Key;

use crate::ground::Ground;

const CHILD: &str = "PLAN_TEST_CHILD";

/// The owner's machine: reads a plan, looks at it, signs its typed data.
#[test]
#[ignore = "a part of one_signature_for_two_chains, which starts it"]
fn the_owner_signs_elsewhere() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let plan = GrantPlan::from_text(&text).unwrap();
    let shown = plan.explanation().to_string();
    assert!(shown.contains(&plan.digest().to_string()) && shown.contains("31338"), "{shown}");
    assert_eq!(plan.check_accepted(), Ok(()));
    let signature = Key::Owner.signer().sign_hash_sync(&plan.digest()).unwrap();
    println!("signature {}", hex::encode(signature.as_bytes()));
}

fn sign_elsewhere(plan: &GrantPlan) -> Bytes {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "plan::the_owner_signs_elsewhere", "--ignored", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(plan.to_text().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let signature = said.lines().find_map(|line| line.split("signature ").nth(1)).unwrap();
    hex::decode(signature).unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_signature_for_two_chains() {
    let (first, second) = tokio::join!(Ground::on_chain(31_337), Ground::on_chain(31_338));
    assert_eq!(first.account(), second.account());
    // The key is the first ground's on both chains.
    let session = first.free_session();
    let plan = || first.owner.plan([&session]).and(second.owner.plan([&session])).with_description("on both").prepare();
    let planned = plan().await.unwrap();
    assert_eq!(planned.without_module().count(), 0);
    assert_eq!(planned.owner(), Some(Key::Owner.address()));

    let signature = sign_elsewhere(&planned);
    let grants = planned.with_signature(&signature).unwrap();
    let chains = [&first.chain, &second.chain];
    let asked = planned.with_signature_checked_by(chains, signature.clone()).await.unwrap();
    assert_eq!(grants, asked);
    // What the accounts refuse is refused here, too.
    let others = PrivateKeySigner::random().sign_hash(&planned.digest()).await.unwrap().as_bytes();
    let error = planned.with_signature_checked_by(chains, others).await.unwrap_err();
    assert!(matches!(error, Error::Plan(PlanError::Refused { .. })), "{error}");
    let error = planned.with_signature(&others).unwrap_err();
    assert!(matches!(error, Error::Plan(PlanError::OtherSignature { .. })), "{error}");
    let error = planned.with_signature_checked_by([&first.chain], signature).await.unwrap_err();
    assert_eq!(error, PlanError::NoConnection { chain_id: 31_338 }.into());

    planned.check_current(chains).await.unwrap();
    let error = planned.check_current([&second.chain]).await.unwrap_err();
    assert_eq!(error, PlanError::NoConnection { chain_id: 31_337 }.into());

    // Each chain enables it at its first use.
    for (ground, grant) in [&first, &second].into_iter().zip(grants) {
        let account = ground.owner.account().clone();
        let client = SessionClient::new(ground.chain.clone(), account, grant.clone(), first.key.clone()).unwrap();
        assert!(!client.is_enabled().await.unwrap());
        client.use_permission(&[Ground::increment()]).await.unwrap();
        assert!(client.is_enabled().await.unwrap());
        client.use_permission(&[Ground::increment()]).await.unwrap();
        assert_eq!(ground.count().await, 2);
        assert!(ground.chain.status(&grant).await.unwrap().is_as_granted());
    }

    let error = planned.check_current(chains).await.unwrap_err();
    let outdated = matches!(error, Error::Plan(PlanError::Outdated { now: U256::ONE, .. }));
    assert!(outdated, "{error}");

    // The next plan is for the next nonce; the second chain alone keeps the old one when it revokes.
    let again = plan().await.unwrap();
    assert!(again.sessions().entries().iter().all(|entry| entry.nonce == U256::ONE));
    second.owner.revoke_signatures(session.permission_id()).await.unwrap();
    let nonces = plan().await.unwrap().sessions().entries().iter().map(|entry| entry.nonce).collect::<Vec<_>>();
    assert_eq!(nonces, [U256::ONE, U256::from(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_several_keys_and_several_sessions_at_once() {
    let ground = Ground::prepare().await;
    let deployment = *ground.chain.deployment();
    let keys: [PrivateKeySigner; 3] = core::array::from_fn(|_| PrivateKeySigner::random());
    let key = ThresholdKey::new(2, keys[1..].to_vec()).unwrap();
    let owners = ThresholdKey::new(2, keys.clone()).unwrap().owners().unwrap();
    let validator = SessionValidator::owners(&deployment, &owners);
    let sudo = vec![Sudo.on(&deployment.policies).unwrap()];
    let of_three = ground.session_for(validator.clone(), sudo.clone());
    let twice = ground.session_for(validator, vec![UsageLimit::new(2).unwrap().on(&deployment.policies).unwrap()]);

    // Both by one operation.
    let plan = ground.owner.plan([&of_three, &twice]).prepare().await.unwrap();
    let (grants, _) = ground.owner.grant_plan(&plan).await.unwrap();
    assert!(grants.iter().all(|grant| grant.enable.is_none()));
    let client = |grant: &smart_sessions::Grant, key: SharedKey| {
        SessionClient::new(ground.chain.clone(), ground.owner.account().clone(), grant.clone(), key).unwrap()
    };
    for grant in &grants {
        let two = client(grant, SharedKey::new(key.clone()));
        two.use_permission(&[Ground::increment()]).await.unwrap();
        // One of them is not enough: found here, and by the chain.
        let one = client(grant, SharedKey::new(keys[0].clone()));
        let error = one.use_permission(&[Ground::increment()]).await.unwrap_err();
        assert!(matches!(error, Error::MoreKeysNeeded { given: 1, .. }), "{error}");
        let error = one.without_preflight().use_enabled(&[Ground::increment()]).await.unwrap_err();
        assert!(matches!(error, Error::Refused(_) | Error::Network(_)), "{error}");
        let stranger = ThresholdKey::new(2, [keys[0].clone(), PrivateKeySigner::random()]).unwrap();
        let error =
            client(grant, SharedKey::new(stranger)).without_preflight().use_enabled(&[Ground::increment()]).await;
        assert!(matches!(error, Err(Error::Refused(_) | Error::Network(_))), "{error:?}");
    }
    assert_eq!(ground.count().await, 2);

    // Enabled by its first use, by a signature over the typed data.
    let by_signature = ground.session_for(SessionValidator::owners(&deployment, &owners), sudo);
    let plan = ground.owner.plan([by_signature]).mode(EnableMode::Enable).prepare().await.unwrap();
    let grant = ground.owner.sign_plan(&plan, SignatureForm::TypedData).await.unwrap().pop().unwrap();
    client(&grant, SharedKey::new(key)).use_permission(&[Ground::increment()]).await.unwrap();
    assert_eq!(ground.count().await, 3);

    // What hands over the account is not granted in passing, but can be.
    let account = ground.account();
    let own = ActionTarget::Exact { target: account, selector: hex!("a71763a8").into() };
    let handing_over = ground.session_of(ActionData::new(own, [Sudo.on(&deployment.policies).unwrap()]));
    let error = ground.owner.grant(&handing_over).await.unwrap_err();
    let Error::Plan(PlanError::NotAccepted { findings }) = error else { panic!("{error}") };
    let error = ground.owner.sign_grant(&handing_over, EnableMode::UnsafeEnable).await.unwrap_err();
    assert!(matches!(error, Error::Plan(PlanError::NotAccepted { .. })), "{error}");
    let plan = ground.owner.plan([&handing_over]).prepare().await.unwrap().accept(findings);
    ground.owner.grant_plan(&plan).await.unwrap();
    assert!(ground.chain.is_enabled(handing_over.permission_id(), account).await.unwrap());
}
