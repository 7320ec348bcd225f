//! The device: one account's grants, and what they still permit.

use alloc::{format, string::String, string::ToString as _, vec::Vec};
use core::fmt::Display;

use alloy_primitives::B256;
use policy_encoding::module::{AccountSessions, Evaluation, Operation, SessionModule};
use session_types::abi::{PackedUserOperation, Session as AbiSession};
use session_types::{ChainSession, Deployment, Session, SigningForm, multi_chain_digest};
use userop::abi::v07;
use userop::{OperationHasher, UserOperation};

use crate::key::{Approved, Key};
use crate::message::{Answer, GrantHeader, OperationHeader, Request};
use crate::words;

/// The person who holds the device: a screen and a button.
pub trait Person {
    /// Shows a text to its end, and whether the person agrees.
    fn agrees(&mut self, text: &dyn Display) -> bool;
}

/// A signing device.
#[derive(Debug)]
pub struct Device<K, P> {
    key: K,
    person: P,
    held: Option<Held>,
}

/// What was granted, on one chain for one account.
#[derive(Debug)]
struct Held {
    module: SessionModule,
    chain_id: u64,
    state: AccountSessions,
}

/// What becomes of a request that is not refused.
enum Judged {
    Approved(Approved),
    Answer(Answer),
}

impl<K: Key, P: Person> Device<K, P> {
    /// A device without grants.
    #[must_use]
    pub const fn new(key: K, person: P) -> Self {
        Self { key, person, held: None }
    }

    /// Answers a frame.
    #[inline(never)]
    pub fn answer(&mut self, kind: u8, payload: Option<Vec<u8>>) -> Answer {
        match self.judge(kind, payload) {
            // Signing takes the most stack: nothing of the judgement is on it any more.
            Ok(Judged::Approved(approved)) => self.key.finish(&approved),
            Ok(Judged::Answer(answer)) => answer,
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    #[inline(never)]
    fn judge(&mut self, kind: u8, payload: Option<Vec<u8>>) -> Result<Judged, String> {
        let payload = payload.ok_or("the message is too long for this device")?;
        let request = Request::read(kind, &payload);
        // Everything is in the request now, and memory is short.
        drop(payload);
        match request {
            Ok(Request::Grant(header, session)) => self.grant(header, session).map(Judged::Answer),
            Ok(Request::Operation(header, operation, hash)) => {
                self.operation(header, operation, hash).map(Judged::Approved)
            }
            Err(malformed) => Err(malformed.to_string()),
        }
    }

    #[inline(never)]
    fn grant(&mut self, header: GrantHeader, session: AbiSession) -> Result<Answer, String> {
        let deployment = Deployment::of(header.generation);
        let session = Session::try_from_abi(session, &deployment).map_err(|error| error.to_string())?;
        let permission_id = session.permission_id();
        let GrantHeader { mode, chain_id, account, nonce, .. } = header;
        let chain = ChainSession { chain_id, account, module: deployment.module, nonce, session: &session };
        let chain_digest = chain.chain_digest(mode);
        let digest = multi_chain_digest([chain_digest]);
        let module = SessionModule::new(deployment).on_chain(chain_id);

        // A grant for the same account and chain adds to what is held, any other replaces it.
        let mut state = match &self.held {
            Some(held) if held.chain_id == chain_id && held.state.account() == account => held.state.clone(),
            _ => AccountSessions::new(account),
        };
        let enabled = module.enable(&mut state, [session.as_abi()]);
        let refusal = match enabled {
            Err(refusal) => Some(refusal.to_string()),
            Ok(_) => {
                let text = words::Grant { header: &header, session: &session, digest, deployment: module.deployment() };
                (!self.person.agrees(&text)).then(|| "the person did not agree".to_string())
            }
        };
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        self.held = Some(Held { module, chain_id, state });
        Ok(Answer::Granted { permission_id, session_digest: chain_digest.session_digest, digest })
    }

    #[inline(never)]
    fn operation(
        &mut self,
        header: OperationHeader,
        packed: PackedUserOperation,
        claimed: B256,
    ) -> Result<Approved, String> {
        let held = self.held.as_mut().ok_or("nothing is granted")?;
        let account = held.state.account();
        if packed.sender != account {
            return Err(format!("the grant is for {account}, the operation is of {}", packed.sender));
        }
        let mut judged = Operation::new(packed.call_data.clone());
        judged.account_gas_limits = packed.account_gas_limits;
        judged.pre_verification_gas = packed.pre_verification_gas;
        judged.gas_fees = packed.gas_fees;
        judged.paymaster_and_data = packed.paymaster_and_data.clone();
        let operation = unpack(header, packed)?;
        let hasher = OperationHasher::new(header.version.entry_point(), held.chain_id);
        let hash = hasher.hash(&operation).map_err(|error| error.to_string())?;
        if hash != claimed {
            return Err(format!("the host says hash {claimed}, this device computes {hash}"));
        }
        let (window, state) = match held.module.evaluate(&held.state, header.permission_id, &judged, header.time) {
            Evaluation::Permitted { window, state } => (window, state),
            Evaluation::Refused(refusal) => return Err(refusal.to_string()),
            _ => return Err("a policy that this device does not know decides".into()),
        };
        let text = words::Permitted { chain_id: held.chain_id, operation: &operation, window, hash };
        if !self.person.agrees(&text) {
            return Err("the person did not agree".into());
        }
        // Counted as spent from here on, whether or not the host sends it.
        held.state = state;
        Ok(Approved { permission_id: header.permission_id, hash, form: form(held, header) })
    }
}

/// The form that the session's validator reads: the deployment's for its list of keys, else the hash itself.
fn form(held: &Held, header: OperationHeader) -> SigningForm {
    let owners = held.module.deployment().ownable_validator;
    let validator = held.state.permission(header.permission_id).and_then(|session| session.validator());
    match validator {
        Some((address, _)) if *address == owners.address => owners.signing_form,
        _ => SigningForm::Raw,
    }
}

fn unpack(header: OperationHeader, packed: PackedUserOperation) -> Result<UserOperation, String> {
    let packed = v07::PackedUserOperation {
        sender: packed.sender,
        nonce: packed.nonce,
        initCode: packed.init_code,
        callData: packed.call_data,
        accountGasLimits: packed.account_gas_limits,
        preVerificationGas: packed.pre_verification_gas,
        gasFees: packed.gas_fees,
        paymasterAndData: packed.paymaster_and_data,
        signature: packed.signature,
    };
    UserOperation::unpack(header.version, &packed).map_err(|error| error.to_string())
}
