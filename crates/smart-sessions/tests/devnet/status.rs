use alloy_primitives::{Address, U256};
use smart_sessions::policy::{KnownPolicy as _, TimeFrame, UsageLimit};
use smart_sessions::session::abi::{self, ModuleFunction as _};
use smart_sessions::session::{EnableMode, PolicyKind};
use smart_sessions::userop::Call;
use smart_sessions::{ChainVerdict, Difference, Error, Limit, PolicyPlace};

use crate::ground::Ground;

#[tokio::test(flavor = "multi_thread")]
async fn status_follows_the_chain() {
    let ground = Ground::prepare().await;
    let (chain, policies) = (&ground.chain, &ground.chain.deployment().policies);
    let now = chain.node().latest_block().await.unwrap().timestamp.unwrap();
    let end = now + 3600;
    let frame = TimeFrame::until(end).unwrap().on(policies).unwrap();
    let session = ground.session(vec![UsageLimit::new(1).unwrap().on(policies).unwrap(), frame]);
    let grant = ground.owner.sign_grant(&session, EnableMode::UnsafeEnable).await.unwrap();
    let client = ground.client(grant.clone());

    let status = chain.status(&grant).await.unwrap();
    assert!(!status.is_enabled && !status.is_validator_set && !status.is_as_granted());
    assert_eq!((status.can_enable, status.enable_nonce), (Some(true), U256::ZERO));
    assert_eq!(status.expires(), Some(end));
    assert!(status.is_due(end) && !status.is_due(end + 1));
    // The chain would enable it and agree; nothing is sent by asking.
    let calls = [Ground::increment()];
    let verdict = client.ask_chain(&calls).await.unwrap();
    assert!(verdict.is_agreed(), "{verdict:?}");
    assert!(!client.is_enabled().await.unwrap());

    client.use_permission(&calls).await.unwrap();
    let status = chain.status(&grant).await.unwrap();
    assert!(status.is_as_granted(), "{status:?}");
    assert_eq!((status.can_enable, status.enable_nonce), (Some(false), U256::ONE));

    // One use was granted: only the chain knows that it is gone.
    let refused = client.ask_chain(&calls).await.unwrap();
    let ChainVerdict::Refused(refusal) = refused else { panic!("{refused:?}") };
    assert!(matches!(refusal.limit, Some(Limit::Policy { kind: Some(PolicyKind::UsageLimit), .. })), "{refusal}");
    let elsewhere = client.ask_chain(&[Call::new(Address::repeat_byte(5), vec![1, 2, 3, 4])]).await.unwrap();
    let ChainVerdict::Refused(refusal) = elsewhere else { panic!("{elsewhere:?}") };
    assert_eq!(refusal.limit, Some(Limit::Action));

    // The owner takes one limit away: the chain has less than was granted.
    let action = session.as_abi().actions[0].id();
    let usage_limit = policies.deployed(PolicyKind::UsageLimit).unwrap().address;
    let permission_id = grant.permission_id;
    let disable = abi::DisableActionPolicies { permission_id, action_id: action, policies: vec![usage_limit] };
    ground.owner.send(&[Call::new(chain.deployment().module, disable.calldata())]).await.unwrap();
    let status = chain.status(&grant).await.unwrap();
    let missing = Difference::MissingPolicy { place: PolicyPlace::Action(action), policy: usage_limit };
    assert_eq!(status.differences, [missing]);
    assert!(client.ask_chain(&calls).await.unwrap().is_agreed());

    ground.owner.revoke(permission_id).await.unwrap();
    let status = chain.status(&grant).await.unwrap();
    assert!(!status.is_enabled && !status.is_validator_set);
    assert_eq!(status.differences, []);
    let bare = smart_sessions::Grant { enable: None, ..grant };
    let error = ground.client(bare).ask_chain(&calls).await.err();
    assert!(matches!(error, Some(Error::NotEnabled { .. })), "{error:?}");
}
