//! Recorded grants and operations, and what the host's own crates make of them.

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use anyhow::Context as _;
use embedded_signer::{Answer, GrantHeader, MAX_FRAME, OperationHeader};
use k256::ecdsa::SigningKey;
use policy_encoding::module::{AccountSessions, Evaluation, Operation, SessionModule};
use policy_encoding::{Explainer, Glossary};
use serde_json::Value;
use session_types::abi::{self, EnableSessions, ModuleFunction as _, PackedUserOperation, ValidateUserOp};
use session_types::{
    ChainSession, Deployment, EnableMode, Generation, PermissionId, Session, SessionSignature, SigningForm,
    multi_chain_digest,
};
use userop::{EntryPointVersion, UserOperation};

use crate::device::Remote;
use crate::document::{hex as bytes, number, session};
use crate::tally::Tally;

/// The key that the device holds: the second of the test keys that every local chain knows.
const KEY: [u8; 32] = hex!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");

pub(crate) const TOO_LONG: &str = "the message is too long for this device";

/// The payload of a grant.
pub(crate) fn grant_payload(header: &GrantHeader, session: &abi::Session) -> Vec<u8> {
    let calldata = EnableSessions { sessions: vec![session.clone()] }.calldata();
    [header.to_bytes(), calldata.to_vec()].concat()
}

/// What the host answers to a grant, and what it would show.
pub(crate) fn expected_grant(
    header: &GrantHeader,
    session: &abi::Session,
    held: &mut AccountSessions,
) -> (Answer, Option<String>) {
    let deployment = Deployment::of(header.generation);
    let session = match Session::try_from_abi(session.clone(), &deployment) {
        Ok(session) => session,
        Err(error) => return (Answer::Refused(error.to_string()), None),
    };
    let GrantHeader { mode, chain_id, account, nonce, .. } = *header;
    if let Err(refusal) = SessionModule::new(deployment).on_chain(chain_id).enable(held, [session.as_abi()]) {
        return (Answer::Refused(refusal.to_string()), None);
    }
    let chain = ChainSession { chain_id, account, module: deployment.module, nonce, session: &session };
    let chain = chain.chain_digest(mode);
    let digest = multi_chain_digest([chain]);
    let glossary = Glossary::new();
    let explainer = Explainer::new(&deployment, &glossary).of_account(account).on_chains([chain_id]);
    let shown = explainer.bound_to(digest).explain(&session).to_string();
    (
        Answer::Granted { permission_id: session.permission_id(), session_digest: chain.session_digest, digest },
        Some(shown),
    )
}

/// Every entry of every recorded grant: ids and digests as recorded, words as on the host.
pub(crate) fn grants(device: &mut Remote, cases: &[Value], tally: &mut Tally) -> anyhow::Result<()> {
    for case in cases {
        let name = case["name"].as_str().unwrap_or_default();
        let entries = case["entries"].as_array().context("no entries")?;
        for (index, entry) in entries.iter().enumerate() {
            let header = GrantHeader {
                generation: if case["deployment"] == "current" { Generation::Current } else { Generation::Legacy },
                mode: if case["mode"] == 1 { EnableMode::Enable } else { EnableMode::UnsafeEnable },
                chain_id: number(&entry["chainId"])?.try_into()?,
                account: bytes(&entry["account"])?,
                nonce: number(&entry["nonce"])?,
            };
            let session = session(&entry["session"])?;
            let payload = grant_payload(&header, &session);
            let answer = device.ask(1, &payload)?;
            let shown = device.screen();
            if payload.len() > MAX_FRAME {
                tally.compare(name, &answer, &Answer::Refused(TOO_LONG.into()));
                continue;
            }
            let (expected, text) = expected_grant(&header, &session, &mut AccountSessions::new(header.account));
            tally.compare(name, &answer, &expected);
            let text = text.map(|text| {
                format!("Grant a session of account {} on chain {}\n{text}", header.account, header.chain_id)
            });
            tally.compare(&format!("{name}, screen"), &shown, &text);
            let Answer::Granted { permission_id, session_digest, digest } = answer else {
                tally.refused();
                continue;
            };
            let recorded = &case["expected"];
            tally.compare(name, &permission_id.0, &bytes::<B256>(&recorded["permissionIds"][index])?);
            tally.compare(name, &session_digest, &bytes(&recorded["sessionDigests"][index])?);
            if entries.len() == 1 {
                tally.compare(name, &digest, &bytes(&recorded["chainSessionsHash"])?);
            }
        }
    }
    Ok(())
}

/// What the host sends for an operation, and expects.
pub(crate) struct Asked {
    pub(crate) header: OperationHeader,
    pub(crate) packed: PackedUserOperation,
    pub(crate) hash: B256,
}

impl Asked {
    pub(crate) fn new(header: OperationHeader, packed: PackedUserOperation, chain_id: u64) -> anyhow::Result<Self> {
        let whole = userop::abi::v07::PackedUserOperation {
            sender: packed.sender,
            nonce: packed.nonce,
            initCode: packed.init_code.clone(),
            callData: packed.call_data.clone(),
            accountGasLimits: packed.account_gas_limits,
            preVerificationGas: packed.pre_verification_gas,
            gasFees: packed.gas_fees,
            paymasterAndData: packed.paymaster_and_data.clone(),
            signature: packed.signature.clone(),
        };
        let operation = UserOperation::unpack(header.version, &whole)?;
        let hash = operation.hash(header.version.entry_point(), chain_id)?;
        Ok(Self { header, packed, hash })
    }

    pub(crate) fn payload(&self) -> anyhow::Result<Vec<u8>> {
        let call = ValidateUserOp { user_op: self.packed.clone(), user_op_hash: self.hash };
        Ok([self.header.to_bytes()?, call.calldata().to_vec()].concat())
    }
}

/// The envelope around the host's own signature.
pub(crate) fn envelope(permission_id: PermissionId, form: SigningForm, hash: B256) -> anyhow::Result<Vec<u8>> {
    let signature = form.sign(&SigningKey::from_slice(&KEY)?, hash)?;
    let signature = Bytes::from(signature.to_vec());
    Ok(SessionSignature::Use { permission_id, signature }.encode().to_vec())
}

/// Every recorded run of operations that a device can follow: sessions enabled, then used.
pub(crate) fn operations(
    device: &mut Remote,
    cases: &[Value],
    secure_element: bool,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    for (index, case) in cases.iter().enumerate() {
        let name = case["name"].as_str().unwrap_or_default();
        let account: Address = bytes(&case["account"])?;
        // A chain of its own for each case, so that the device begins anew.
        let chain_id = 1_000 + u64::try_from(index)?;
        let mut held = AccountSessions::new(account);
        let mut granted = 0;
        for value in case["sessions"].as_array().context("no sessions")? {
            let header = GrantHeader {
                generation: Generation::Current,
                mode: EnableMode::Enable,
                chain_id,
                account,
                nonce: U256::ZERO,
            };
            let session = session(value)?;
            let payload = grant_payload(&header, &session);
            if payload.len() > MAX_FRAME {
                break;
            }
            let (expected, _) = expected_grant(&header, &session, &mut held);
            let answer = device.ask(1, &payload)?;
            let _ = device.screen();
            tally.compare(&format!("{name}, grant"), &answer, &expected);
            granted += usize::from(matches!(answer, Answer::Granted { .. }));
        }
        if granted == 0 {
            continue;
        }
        run(device, case, name, chain_id, held, secure_element, tally)?;
    }
    Ok(())
}

fn run(
    device: &mut Remote,
    case: &Value,
    name: &str,
    chain_id: u64,
    mut held: AccountSessions,
    secure_element: bool,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let module = SessionModule::new(Deployment::current()).on_chain(chain_id);
    for (index, value) in case["operations"].as_array().context("no operations")?.iter().enumerate() {
        let name = format!("{name}, operation {index}");
        let signature: Bytes = bytes(&value["signature"])?;
        // Only uses: enabling inside an operation is the host's affair.
        let Ok(SessionSignature::Use { permission_id, .. }) = SessionSignature::decode(&signature) else { continue };
        let optional = |field: &str| match &value[field] {
            Value::Null => Ok(Bytes::new()),
            value => bytes::<Bytes>(value),
        };
        let packed = PackedUserOperation {
            sender: held.account(),
            nonce: U256::from(index),
            call_data: bytes(&value["callData"])?,
            paymaster_and_data: optional("paymasterAndData")?,
            ..PackedUserOperation::default()
        };
        let version = [EntryPointVersion::V0_7, EntryPointVersion::V0_8, EntryPointVersion::V0_9][index % 3];
        let header = OperationHeader { version, time: 1_700_000_000, permission_id };
        let Ok(asked) = Asked::new(header, packed, chain_id) else { continue };
        let payload = asked.payload()?;
        if payload.len() > MAX_FRAME {
            continue;
        }
        let mut judged = Operation::new(asked.packed.call_data.clone());
        judged.paymaster_and_data = asked.packed.paymaster_and_data.clone();
        let form = form(&held, permission_id);
        let expected = match module.evaluate(&held, permission_id, &judged, header.time) {
            Evaluation::Permitted { state, .. } => {
                held = state;
                let hash = asked.hash;
                if secure_element {
                    Answer::ToSign { hash, prehash: form.prehash(hash) }
                } else {
                    Answer::Signed { hash, envelope: envelope(permission_id, form, hash)? }
                }
            }
            Evaluation::Refused(refusal) => Answer::Refused(refusal.to_string()),
            _ => Answer::Refused("a policy that this device does not know decides".into()),
        };
        let answer = device.ask(2, &payload)?;
        let shown = device.screen();
        tally.compare(&name, &answer, &expected);
        if let Answer::Refused(_) = answer {
            tally.compare(&format!("{name}, screen"), &shown, &None);
            tally.refused();
        } else {
            let shown = shown.context("the device signed without asking")?;
            tally.compare(&name, &shown.contains(&asked.hash.to_string()), &true);
            tally.signed();
        }
    }
    Ok(())
}

fn form(held: &AccountSessions, permission_id: PermissionId) -> SigningForm {
    let owners = Deployment::current().ownable_validator;
    match held.permission(permission_id).and_then(|session| session.validator()) {
        Some((address, _)) if *address == owners.address => owners.signing_form,
        _ => SigningForm::Raw,
    }
}
