//! What a device must not do, whatever the host says.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use embedded_signer::{Answer, GrantHeader, MAX_FRAME, OperationHeader};
use policy_encoding::module::{AccountSessions, Call, Operation};
use policy_encoding::{KnownPolicy as _, UsageLimit};
use session_types::abi::PackedUserOperation;
use session_types::{
    ActionData, ActionTarget, Deployment, EnableMode, Generation, Owners, PermissionId, Session, SessionValidator,
};
use userop::EntryPointVersion;

use crate::cases::{Asked, TOO_LONG, expected_grant, grant_payload};
use crate::device::Remote;
use crate::tally::Tally;

const CHAIN: u64 = 31337;
const ACCOUNT: Address = Address::new(hex!("00000000000000000000000000000000000000ac"));
const GAME: Address = Address::new(hex!("000000000000000000000000000000000000009a"));
const SELECTOR: [u8; 4] = [1, 2, 3, 4];

pub(crate) fn run(device: &mut Remote, tally: &mut Tally) -> anyhow::Result<()> {
    let refused = |text: &str| Answer::Refused(text.to_owned());
    for (kind, payload) in [(1, vec![]), (2, vec![7; 40]), (1, vec![0xff; 500]), (9, vec![1])] {
        let answer = device.ask(kind, &payload)?;
        let malformed = matches!(&answer, Answer::Refused(text) if text.starts_with("malformed message"));
        tally.compare("malformed bytes are refused", &malformed, &true);
    }
    let answer = device.ask(1, &vec![0; MAX_FRAME + 1])?;
    tally.compare("a long message is refused", &answer, &refused(TOO_LONG));

    let deployment = Deployment::current();
    let once = UsageLimit::new(1)?.on(&deployment.policies)?;
    let target = ActionTarget::Exact { target: GAME, selector: SELECTOR.into() };
    let validator = SessionValidator::owners(&deployment, &Owners::single(Address::repeat_byte(1))?);
    let session = Session::builder(validator, B256::ZERO).action(ActionData::new(target, [once])).build(&deployment)?;
    let header = GrantHeader {
        generation: Generation::Current,
        mode: EnableMode::Enable,
        chain_id: CHAIN,
        account: ACCOUNT,
        nonce: U256::ZERO,
    };
    let grant = grant_payload(&header, session.as_abi());
    device.set_agrees(false);
    tally.compare("a grant that the person rejects", &device.ask(1, &grant)?, &refused("the person did not agree"));
    device.set_agrees(true);
    let (expected, _) = expected_grant(&header, session.as_abi(), &mut AccountSessions::new(ACCOUNT));
    tally.compare("a grant", &device.ask(1, &grant)?, &expected);

    let operation = |account, call: Call, permission_id| {
        let packed = PackedUserOperation {
            sender: account,
            call_data: Operation::from(call).call_data,
            ..PackedUserOperation::default()
        };
        Asked::new(OperationHeader { version: EntryPointVersion::V0_7, time: 1, permission_id }, packed, CHAIN)
    };
    let permission = session.permission_id();
    let call = |data: &[u8]| Call::new(GAME, U256::ZERO, Bytes::copy_from_slice(data));
    let other = operation(Address::repeat_byte(9), call(&SELECTOR), permission)?;
    let expected = format!("the grant is for {ACCOUNT}, the operation is of {}", Address::repeat_byte(9));
    tally.compare("another account", &device.ask(2, &other.payload()?)?, &refused(&expected));

    let mut lie = operation(ACCOUNT, call(&SELECTOR), permission)?;
    let right = lie.hash;
    lie.hash = B256::repeat_byte(1);
    let expected = format!("the host says hash {}, this device computes {right}", lie.hash);
    tally.compare("a wrong hash", &device.ask(2, &lie.payload()?)?, &refused(&expected));

    let unknown = operation(ACCOUNT, call(&SELECTOR), PermissionId(B256::repeat_byte(2)))?;
    let is_refused = matches!(device.ask(2, &unknown.payload()?)?, Answer::Refused(_));
    tally.compare("a permission that is not held", &is_refused, &true);

    let wanted = operation(ACCOUNT, call(&SELECTOR), permission)?;
    device.set_agrees(false);
    tally.compare(
        "an operation that the person rejects",
        &device.ask(2, &wanted.payload()?)?,
        &refused("the person did not agree"),
    );
    device.set_agrees(true);
    // What the person rejected was not counted: the one use is still there, and only one.
    let signed = matches!(device.ask(2, &wanted.payload()?)?, Answer::Signed { .. } | Answer::ToSign { .. });
    tally.compare("the one use that is permitted", &signed, &true);
    let is_refused = matches!(device.ask(2, &wanted.payload()?)?, Answer::Refused(_));
    tally.compare("a second use", &is_refused, &true);
    Ok(())
}
