//! Plans that are never made: a chain that computes something else, and sessions that one signature cannot enable.

use alloy_primitives::{Address, B256, U256, hex};
use alloy_signer_local::PrivateKeySigner;
use serde_json::json;
use smart_sessions::policy::{KnownPolicy as _, Sudo};
use smart_sessions::session::abi::{ModuleFunction as _, Nonce, SessionDigest};
use smart_sessions::session::{
    ActionData, ActionTarget, ChainSession, Deployment, EnableMode, Owners, Session, SessionValidator,
};
use smart_sessions::userop::account::{Nexus, nexus::NexusDeployment};
use smart_sessions::{Chain, Error, GrantPlan, Owner, PlanError, SignatureForm};
use testkit::Key;
use testkit::scripted::{Answer, Request, Scripted};

const ACCOUNT: Address = Address::repeat_byte(0xac);
const NONCE: u64 = 7;

/// What the chain answers to the question for a session's digest.
#[derive(Clone, Copy, Debug)]
enum Says {
    Truth,
    /// The digest for another nonce than the one it answers.
    OtherNonce,
    /// The digest of a session that permits something else.
    OtherSession,
    Nothing,
    /// The truth, but that the session validator does not answer for sessions.
    NoValidator,
}

/// A node that knows one module and computes digests as it likes.
async fn node(chain_id: u64, says: Says) -> Scripted {
    let module = Deployment::current().module;
    Scripted::start(move |request: &Request| match request.rpc_method() {
        "eth_chainId" => Answer::result(format!("{chain_id:#x}")),
        "eth_getCode" => Answer::result("0x00"),
        "eth_call" => {
            let data = hex::decode(request.params()[0]["data"].as_str().unwrap()).unwrap();
            // `isModuleType`
            if data.starts_with(&[0xec, 0xd0, 0x59, 0x61]) {
                return match says {
                    Says::NoValidator => Answer::error(3, "execution reverted"),
                    _ => Answer::result(B256::with_last_byte(1).to_string()),
                };
            }
            if data.starts_with(Nonce::SELECTOR.as_slice()) {
                return Answer::result(B256::from(U256::from(NONCE)).to_string());
            }
            let Ok(asked) = SessionDigest::decode(&data) else { return Answer::result("0x") };
            let SessionDigest { account, mut session, .. } = asked;
            let mut nonce = U256::from(NONCE);
            match says {
                Says::Truth | Says::NoValidator => {}
                Says::OtherNonce => nonce += U256::ONE,
                Says::OtherSession => session.actions.clear(),
                Says::Nothing => return Answer::result("0x"),
            }
            let entry = ChainSession { chain_id, account, module, nonce, session };
            Answer::result(json!(entry.digest(EnableMode::UnsafeEnable)))
        }
        method => Answer::error(-32601, method),
    })
    .await
    .unwrap()
}

async fn connect(node: &Scripted) -> Chain {
    let url = node.url().to_string();
    Chain::http(&url, &url, Deployment::current()).await.unwrap()
}

fn session(salt: u8) -> Session {
    let deployment = Deployment::current();
    let validator = SessionValidator::owners(&deployment, &Owners::single(Key::Session.address()).unwrap());
    let target = ActionTarget::Exact { target: Address::repeat_byte(7), selector: [1, 2, 3, 4].into() };
    let action = ActionData::new(target, [Sudo.on(&deployment.policies).unwrap()]);
    Session::builder(validator, B256::repeat_byte(salt)).action(action).build(&deployment).unwrap()
}

fn owner(chain: &Chain) -> Owner<Nexus, PrivateKeySigner> {
    Owner::nexus(chain.clone(), Nexus::at(NexusDeployment::V1_0_0, ACCOUNT), Key::Owner.signer())
}

#[tokio::test]
async fn a_chain_that_computes_another_digest_is_found_out() {
    for says in [Says::OtherNonce, Says::OtherSession] {
        let node = node(10, says).await;
        let chain = connect(&node).await;
        let error = owner(&chain).plan([session(1)]).prepare().await.unwrap_err();
        let Error::DigestMismatch { expected, seen } = error else { panic!("{says:?}: {error}") };
        assert_ne!(expected, seen);
        // Neither does any of the short ways sign.
        let error = owner(&chain).sign_grant(&session(1), EnableMode::UnsafeEnable).await.unwrap_err();
        assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
        let error = owner(&chain).grant(&session(1)).await.unwrap_err();
        assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    }
    let node = node(10, Says::Nothing).await;
    let error = owner(&connect(&node).await).plan([session(1)]).prepare().await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::ModuleAnswer {
                function: "getSessionDigest(bytes32,address,(address,bytes,bytes32,(address,bytes)[],((bytes32,string[])[],(address,bytes)[]),(bytes4,address,(address,bytes)[])[],bool),uint8)",
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_validator_that_is_none_is_found_before_anything_is_signed() {
    let node = node(10, Says::NoValidator).await;
    let error = owner(&connect(&node).await).sign_grant(&session(1), EnableMode::UnsafeEnable).await.unwrap_err();
    let validator = Deployment::current().ownable_validator.address;
    assert_eq!(error, PlanError::NoSessionValidator { chain_id: 10, validator }.into());
}

#[tokio::test]
async fn one_liar_among_several_chains_is_enough() {
    let (honest, liar) = (node(10, Says::Truth).await, node(8453, Says::OtherSession).await);
    let (first, second) = (connect(&honest).await, connect(&liar).await);
    let error = owner(&first).plan([session(1)]).and(owner(&second).plan([session(1)])).prepare().await.unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
}

#[tokio::test]
async fn every_chain_is_asked_once() {
    let nodes = [node(10, Says::Truth).await, node(8453, Says::Truth).await];
    let (first, second) = (connect(&nodes[0]).await, connect(&nodes[1]).await);
    let asked = nodes.each_ref().map(|node| node.requests().len());
    let plan = GrantPlan::builder()
        .sessions_of(&owner(&first), [session(1), session(2)])
        .sessions_of(&owner(&second), [session(1)])
        .prepare()
        .await
        .unwrap();
    // A batch: three questions for each session, one for the validator.
    let asked = nodes.each_ref().map(|node| node.requests().len()).into_iter().zip(asked).map(|(now, then)| now - then);
    assert_eq!(asked.collect::<Vec<_>>(), [7, 4]);
    let entries = plan.sessions().entries();
    let seen: Vec<_> = entries.iter().map(|entry| (entry.chain_id, entry.nonce, entry.session.salt)).collect();
    let nonce = U256::from(NONCE);
    let expected =
        [(10, nonce, B256::repeat_byte(1)), (10, nonce, B256::repeat_byte(2)), (8453, nonce, B256::repeat_byte(1))];
    assert_eq!(seen, expected);
    assert_eq!(plan.without_module().count(), 3, "the node knows no account");
    assert_eq!(plan.sign(&Key::Owner.signer(), SignatureForm::TypedData).await.unwrap().len(), 3);
}

#[tokio::test]
async fn sessions_that_one_signature_cannot_enable_are_refused() {
    let nodes = [node(10, Says::Truth).await, node(8453, Says::Truth).await];
    let first = connect(&nodes[0]).await;
    let url = nodes[1].url().to_string();
    let legacy = Chain::http(&url, &url, Deployment::legacy()).await.unwrap();
    let asked = nodes.each_ref().map(|node| node.requests().len());

    let twice = owner(&first).plan([session(1), session(2), session(1)]).prepare().await.unwrap_err();
    assert!(matches!(twice, Error::Plan(PlanError::Twice { chain_id: 10, account: ACCOUNT, .. })), "{twice}");
    let mixed = owner(&first).plan([session(1)]).and(owner(&legacy).plan([session(1)])).prepare().await.unwrap_err();
    assert_eq!(mixed, PlanError::Deployments { first: 10, chain_id: 8453 }.into());
    let (expected, seen) = (Key::Owner.address(), Key::Deployer.address());
    let owners = owner(&first).plan([session(1)]).owned_by(seen).prepare().await.unwrap_err();
    assert_eq!(owners, PlanError::Owners { expected, seen }.into());
    let empty = GrantPlan::builder().prepare().await.unwrap_err();
    assert!(matches!(empty, Error::Grant(_)), "{empty}");
    assert_eq!(nodes.each_ref().map(|node| node.requests().len()), asked, "nothing was asked");
}

#[cfg(feature = "erc7715")]
mod requests {
    use smart_sessions::Grant;
    use smart_sessions::policy::erc7715::{NotMappedReason, PermissionRequest};

    use super::*;

    fn request(chain_id: u64, permissions: serde_json::Value) -> PermissionRequest {
        serde_json::from_value(json!({
            "chainId": format!("{chain_id:#x}"),
            "expiry": 1_900_000_000,
            "signer": { "type": "account", "data": { "address": Key::Session.address() } },
            "permissions": permissions,
        }))
        .unwrap()
    }

    fn transfer() -> serde_json::Value {
        let data = json!({ "address": Address::repeat_byte(7), "allowance": "0x3e8" });
        json!({ "type": "erc20-token-transfer", "data": data })
    }

    #[tokio::test]
    async fn a_wallet_grants_all_of_a_request_or_nothing() {
        let node = node(10, Says::Truth).await;
        let owner = owner(&connect(&node).await);
        let requests = [request(10, json!([transfer()])), request(10, json!([transfer()]))];
        let plan = owner.plan_requests(&requests).unwrap().prepare().await.unwrap();
        let grants = owner.sign_plan(&plan, SignatureForm::TypedData).await.unwrap();
        assert_ne!(grants[0].permission_id, grants[1].permission_id, "limits of their own");
        for (request, grant) in requests.iter().zip(&grants) {
            let response = grant.to_permission_response(request);
            assert_eq!(response.granted.address, Some(ACCOUNT));
            let text = serde_json::to_string(&response).unwrap();
            let mut response = serde_json::from_str(&text).unwrap();
            assert_eq!(Grant::from_permission_response(&response).as_ref(), Ok(grant));
            response.granted.address = Some(Address::ZERO);
            let other = Grant::from_permission_response(&response);
            assert_eq!(other, Err(Error::OtherAccount { granted: ACCOUNT, given: Address::ZERO }));
            response.context = vec![0xff].into();
            assert!(Grant::from_permission_response(&response).is_err());
        }

        let rate = json!({ "type": "rate-limit", "data": { "count": 3, "interval": 60 } });
        let partly = [request(10, json!([transfer()])), request(10, json!([transfer(), rate]))];
        let Err(Error::Plan(error)) = owner.plan_requests(&partly) else { panic!("planned") };
        assert!(
            error.to_string().contains("request 1") && error.to_string().contains("permission 1 (rate-limit)"),
            "{error}"
        );
        let PlanError::NotMapped { request: 1, not_mapped } = error else { panic!("{error}") };
        assert_eq!(not_mapped[0].reason, NotMappedReason::Period);
        let other_chain = owner.plan_requests(&[request(8453, json!([transfer()]))]).unwrap_err();
        assert_eq!(other_chain, Error::OtherChain { granted: 8453, connected: 10 });
        let mut named = request(10, json!([transfer()]));
        named.address = Some(Address::ZERO);
        let other_account = owner.plan_requests(&[named]).unwrap_err();
        assert_eq!(other_account, Error::OtherAccount { granted: Address::ZERO, given: ACCOUNT });
        let nothing = owner.plan_requests(&[request(10, json!([]))]).unwrap_err();
        assert!(matches!(nothing, Error::Plan(PlanError::Request { request: 0, .. })), "{nothing}");
    }
}
