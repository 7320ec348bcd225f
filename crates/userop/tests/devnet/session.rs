//! A session on any account: module installed, session enabled, session key used and refused.

use alloy_primitives::{B256, Bytes, U256};
use session_contracts::address::{COUNTER, current};
use session_types::abi::enable_sessions_calldata;
use session_types::{
    ActionData, ActionTarget, Deployment, Owners, PolicyData, Session, SessionSignature, SessionValidator,
};
use testkit::Key;
use userop::Call;
use userop::account::{Account, Module, Validator};

use crate::harness::{Bench, increment, raw};

pub(crate) async fn install_enable_use(
    bench: &Bench,
    account: &dyn Account,
    owner: Validator,
    sign: impl Fn(B256) -> Bytes,
) {
    let deployment = Deployment::current();
    let key = Owners::single(Key::Session.address()).unwrap();
    let session = Session::builder(SessionValidator::owners(&deployment, &key), B256::repeat_byte(3))
        .action(ActionData::new(
            ActionTarget::from_parts(COUNTER, [0x27, 0x3e, 0xa3, 0xe3].into()),
            [PolicyData::new(current::SUDO, Bytes::new())],
        ))
        .build(&deployment)
        .unwrap();

    let module = Module::Validator(current::SMART_SESSION);
    let calls = [
        account.install(&module, &[]).unwrap(),
        Call::new(current::SMART_SESSION, enable_sessions_calldata(std::slice::from_ref(&session))),
    ];
    assert!(bench.run(account, owner, &calls, sign).await.unwrap().success, "installing and enabling");
    assert!(bench.yes(account.is_module_installed(&module)).await);

    let before = bench.counter(account.address()).await;
    let validator = Validator::Installed(current::SMART_SESSION);
    let envelope = |key: Key| {
        let permission_id = session.as_abi().permission_id();
        move |hash| SessionSignature::Use { permission_id, signature: raw(key)(hash) }.encode()
    };
    for calls in [&[increment()][..], &[increment(), increment()]] {
        assert!(bench.run(account, validator, calls, envelope(Key::Session)).await.unwrap().success, "session key");
    }
    assert_eq!(bench.counter(account.address()).await, before + U256::from(3));
    let refused = bench.run(account, validator, &[increment()], envelope(Key::Stranger)).await;
    assert!(refused.is_err(), "a stranger's key");
    let other = Call::new(COUNTER, Bytes::from_static(&[1, 2, 3, 4]));
    assert!(bench.run(account, validator, &[other], envelope(Key::Session)).await.is_err(), "another function");
}
