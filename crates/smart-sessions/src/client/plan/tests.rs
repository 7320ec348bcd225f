use std::string::{String, ToString as _};
use std::vec;
use std::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, Signature, U256, address, fixed_bytes};
use alloy_signer::{Signer as _, SignerSync as _};
use alloy_signer_local::PrivateKeySigner;
use policy_encoding::explain::FindingKind;
use session_types::frozen::{FrozenGrant, FrozenGrantError};
use session_types::{
    AccountType, ActionData, ActionTarget, ChainSession, Deployment, EnableMode, MultiChainGrant, Owners, PolicyData,
    Session, SessionValidator,
};

use super::{GrantPlan, PlanError, PlannedAccount, SignatureForm};
use crate::Error;

const ACCOUNT: Address = address!("1c094bE421394AB6c9C278AE4Ed2488683a1468c");
const CHAINS: [u64; 2] = [8453, 10];

fn session(target: ActionTarget) -> Session {
    let deployment = Deployment::current();
    let validator = SessionValidator::owners(&deployment, &Owners::single(Address::repeat_byte(5)).unwrap());
    // A time frame that ends, in the current layout.
    let end = deployment.policies.deployed(session_types::PolicyKind::TimeFrame).unwrap().address;
    let policy = PolicyData::new(end, Bytes::from_static(&[0, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    Session::builder(validator, B256::repeat_byte(9))
        .action(ActionData::new(target, [policy]))
        .build(&deployment)
        .unwrap()
}

fn plan_of(session: &Session, owner: Option<Address>) -> GrantPlan {
    let deployment = Deployment::current();
    let entry = |chain_id| ChainSession {
        chain_id,
        account: ACCOUNT,
        module: deployment.module,
        nonce: U256::ZERO,
        session: session.as_abi().clone(),
    };
    let grant = MultiChainGrant::new(EnableMode::UnsafeEnable, CHAINS.map(entry).to_vec()).unwrap();
    let nexus = PlannedAccount { form: Some((AccountType::Nexus, Address::repeat_byte(6))), is_installed: true };
    let kernel = PlannedAccount { form: Some((AccountType::Kernel, Address::repeat_byte(7))), is_installed: false };
    GrantPlan {
        frozen: FrozenGrant::new(deployment, grant, None),
        accounts: vec![nexus, kernel],
        owner,
        description: Some("a \"trial\"".into()),
        accepted: Vec::new(),
    }
}

fn harmless() -> Session {
    session(ActionTarget::Exact { target: Address::repeat_byte(7), selector: fixed_bytes!("273ea3e3") })
}

fn plan(owner: Option<Address>) -> GrantPlan {
    plan_of(&harmless(), owner)
}

/// A session that may call a function of the account itself.
fn dangerous() -> Session {
    session(ActionTarget::Exact { target: ACCOUNT, selector: fixed_bytes!("9517e29f") })
}

#[test]
fn text_is_read_back_as_it_was() {
    let mut without_form = plan(None);
    without_form.accounts[1].form = None;
    for plan in [plan(Some(Address::repeat_byte(3))), plan(None), without_form] {
        let text = plan.to_text();
        assert_eq!(GrantPlan::from_text(&text), Ok(plan), "{text}");
    }
    let absent: Vec<_> = plan(None).without_module().collect();
    assert_eq!(absent, [(CHAINS[1], ACCOUNT)]);
}

#[test]
fn what_was_accepted_does_not_travel() {
    let plan = plan_of(&dangerous(), None);
    let accepted = plan.clone().accept(plan.findings());
    assert_eq!(accepted.check_accepted(), Ok(()));
    assert_eq!(GrantPlan::from_text(&accepted.to_text()), Ok(plan));
}

#[test]
fn damaged_foreign_and_later_texts_are_refused() {
    let read = |text: &str| GrantPlan::from_text(text).unwrap_err();
    let text = plan(Some(Address::repeat_byte(3))).to_text();
    let owner = Address::repeat_byte(3).to_string().to_lowercase();
    assert!(text.contains(&owner), "{text}");
    let other = read(&text.replace(&owner, &Address::repeat_byte(4).to_string()));
    assert!(matches!(other, Error::Plan(PlanError::Damaged { .. })), "{other}");
    let installed = read(&text.replace("\"moduleInstalled\":false", "\"moduleInstalled\":true"));
    assert!(matches!(installed, Error::Plan(PlanError::Damaged { .. })), "{installed}");
    let later = r#"{"kind":"smart-sessions grant plan","version":2,"more":[]}"#;
    assert_eq!(read(later), PlanError::Newer { version: 2 }.into());
    for foreign in ["", "{}", "null", r#"{"kind":"letter","version":1}"#, &text[..text.len() / 2]] {
        assert!(matches!(read(foreign), Error::Plan(PlanError::Text(_))), "{foreign}");
    }
    // With a checksum that is right, what stands inside still has to be.
    let forged = |from: &str, to: &str| -> String {
        let text = text.replace(from, to);
        let Error::Plan(PlanError::Damaged { expected, seen }) = read(&text) else { panic!("{text}") };
        text.replace(&expected.to_string(), &seen.to_string())
    };
    let frozen = Bytes::from_static(b"SSGRANT\n").to_string();
    let frozen = read(&forged(&frozen, "0x0053475241"));
    assert_eq!(frozen, PlanError::Frozen(FrozenGrantError::NotAGrant).into());
    let kind = read(&forged("\"accountType\":\"kernel\"", "\"accountType\":\"colonel\""));
    assert!(matches!(kind, Error::Plan(PlanError::Text(_))), "{kind}");
}

#[test]
fn a_session_that_cannot_be_enabled_is_refused() {
    let mut plan = plan(None);
    let entries = plan.sessions().entries().iter().cloned().map(|mut entry| {
        entry.session.session_validator = Address::ZERO;
        entry
    });
    let grant = MultiChainGrant::new(plan.mode(), entries.collect()).unwrap();
    plan.frozen = FrozenGrant::new(*plan.deployment(), grant, None);
    let error = GrantPlan::from_text(&plan.to_text()).unwrap_err();
    assert!(matches!(error, Error::Session(_)), "{error}");
}

#[tokio::test]
async fn a_signature_in_either_form_gives_a_grant_for_each_chain() {
    let owner = PrivateKeySigner::random();
    let plan = plan(Some(owner.address()));
    for form in [SignatureForm::PersonalMessage, SignatureForm::TypedData] {
        let grants = plan.sign(&owner, form).await.unwrap();
        assert_eq!(grants.len(), 2);
        for (index, (grant, chain_id)) in (0..).zip(grants.iter().zip(CHAINS)) {
            let enable = grant.enable.as_ref().unwrap();
            assert_eq!((grant.chain_id, grant.account, enable.mode), (chain_id, ACCOUNT, EnableMode::UnsafeEnable));
            let signed = &enable.data.enable_session;
            assert_eq!(signed.chain_digest_index, index);
            assert_eq!(signed.hashes_and_chain_ids, plan.sessions().chain_digests().collect::<Vec<_>>());
            assert_eq!(grant.description.as_deref(), Some("a \"trial\""));
            let (account_type, validator) = plan.accounts[usize::from(index)].form.unwrap();
            assert_eq!((enable.data.account_type, enable.data.validator), (account_type, validator));
            // Stored text, which is what travels to the session key.
            assert_eq!(crate::Grant::from_text(&grant.to_text(), chain_id).as_ref(), Ok(grant));
        }
        // The same, signed elsewhere.
        let raw = grants[0].enable.as_ref().unwrap().data.enable_session.permission_enable_sig.clone();
        assert_eq!(plan.with_signature(&raw).as_ref(), Ok(&grants));
        let mut parity = raw.to_vec();
        parity[64] -= 27;
        assert_eq!(plan.with_signature(&parity).as_ref(), Ok(&grants), "v as hardware wallets give it");
    }
}

#[tokio::test]
async fn a_high_s_is_lowered() {
    let owner = PrivateKeySigner::random();
    let plan = plan(Some(owner.address()));
    let low = owner.sign_hash_sync(&plan.digest()).unwrap();
    let order =
        U256::from_be_bytes(alloy_primitives::hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
    let high = Signature::new(low.r(), order - low.s(), !low.v());
    let grants = plan.with_signature(&high.as_bytes()).unwrap();
    let raw = &grants[0].enable.as_ref().unwrap().data.enable_session.permission_enable_sig;
    assert_eq!(raw.as_ref(), low.as_bytes());
}

#[tokio::test]
async fn wrong_signatures_are_refused() {
    let (owner, other) = (PrivateKeySigner::random(), PrivateKeySigner::random());
    let plan = plan(Some(owner.address()));
    let digest = plan.digest();
    let refused = |signature: Signature| match plan.with_signature(&signature.as_bytes()) {
        Err(Error::Plan(PlanError::OtherSignature { expected, digest: signed, typed_data, personal_message })) => {
            assert_eq!((expected, signed), (owner.address(), digest));
            (typed_data, personal_message)
        }
        answer => panic!("{answer:?}"),
    };
    assert_eq!(refused(other.sign_hash(&digest).await.unwrap()).0, other.address());
    assert_eq!(refused(other.sign_message(digest.as_slice()).await.unwrap()).1, other.address());
    // The owner's, over a plan that was changed on the way.
    let changed = plan_of(&dangerous(), Some(owner.address()));
    refused(owner.sign_hash(&changed.digest()).await.unwrap());
    // The owner's, over the digest's text instead of its bytes.
    refused(owner.sign_message(digest.to_string().as_bytes()).await.unwrap());

    let no_signature = |length| Err(PlanError::NoEcdsaSignature { length }.into());
    assert_eq!(plan.with_signature(&[1; 64]), no_signature(64));
    assert_eq!(plan.with_signature(&[]), no_signature(0));
    let nobodys = GrantPlan { owner: None, ..plan.clone() };
    let signature = owner.sign_hash(&digest).await.unwrap().as_bytes();
    assert_eq!(nobodys.with_signature(&signature), Err(PlanError::OwnerUnknown.into()));
    assert_eq!(nobodys.with_unchecked_signature(signature).unwrap().len(), 2);

    let signed = plan.sign(&other, SignatureForm::TypedData).await;
    let (expected, seen) = (owner.address(), other.address());
    assert_eq!(signed, Err(PlanError::OtherSigner { expected, seen }.into()));
}

#[tokio::test]
async fn what_is_critical_has_to_be_accepted() {
    let owner = PrivateKeySigner::random();
    let plan = plan_of(&dangerous(), Some(owner.address()));
    let Err(Error::Plan(PlanError::NotAccepted { findings })) = plan.sign(&owner, SignatureForm::TypedData).await
    else {
        panic!("signed")
    };
    assert!(findings.iter().any(|finding| finding.kind == FindingKind::SelfCall), "{findings:?}");
    // Others than those that were found do not help.
    let other = findings.iter().cloned().map(|mut finding| {
        finding.action = Some(7);
        finding
    });
    assert!(plan.clone().accept(other).sign(&owner, SignatureForm::TypedData).await.is_err());
    let reworded = findings.iter().cloned().map(|mut finding| {
        finding.text.push('!');
        finding
    });
    assert!(plan.clone().accept(reworded).sign(&owner, SignatureForm::TypedData).await.is_err());
    assert_eq!(plan.accept(findings).sign(&owner, SignatureForm::TypedData).await.unwrap().len(), 2);
}

#[test]
fn the_explanation_names_the_digest_and_every_chain() {
    let plan = plan(None);
    let text = plan.explanation().to_string();
    for part in
        [plan.digest().to_string(), "Base (chain 8453)".into(), "Optimism (chain 10)".into(), ACCOUNT.to_string()]
    {
        assert!(text.contains(&part), "{part} in {text}");
    }
    assert_eq!(plan.findings(), plan.explanation().findings);
    let typed: serde_json::Value = serde_json::from_str(&plan.typed_data_json()).unwrap();
    assert_eq!(typed["primaryType"], "MultiChainSession");
    assert_eq!(typed["message"]["sessionsAndChainIds"].as_array().map(Vec::len), Some(2));
}
