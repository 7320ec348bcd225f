use std::boxed::Box;

use alloy_primitives::{B256, U256};
use policy_encoding::check::Window;
use session_types::abi::{PackedUserOperation, ValidateUserOp};
use userop::Call;
use userop::account::{Account, ValidationMode};

use crate::{ChainRefusal, Error, SessionClient, SessionKey};

/// What a chain says to calls of a session, of which nothing was signed or sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChainVerdict {
    /// All policies agree, with their counters as they are now. The signature is not judged: it was a stub.
    Agreed {
        /// When an operation with these calls is valid, as far as the chain said: it names no times beside a stub's
        /// signature, unless the session's validator takes any. [`SessionStatus::window`](crate::SessionStatus::window)
        /// has those of the grant.
        window: Option<Window>,
    },
    /// The chain would refuse an operation with these calls.
    Refused(Box<ChainRefusal>),
}

impl ChainVerdict {
    /// Whether all policies agree.
    #[must_use]
    pub const fn is_agreed(&self) -> bool {
        matches!(self, Self::Agreed { .. })
    }
}

impl<A: Account + Send + Sync, K: SessionKey> SessionClient<A, K> {
    /// Asks the chain itself whether it would let the session make these calls now: the session module's own validation,
    /// run without a transaction, with the policies' counters as they are. A session that is not enabled is enabled in
    /// the course of it, when the grant holds the owner's signature.
    ///
    /// The policies are asked before the session key, so a stub takes the place of its signature. The operation has no
    /// gas and no paymaster: policies about these are not judged. Whether the calls succeed is not known either.
    ///
    /// # Errors
    /// [`Error::NotEnabled`] when the session is not enabled and the grant cannot enable it. Otherwise when the node does
    /// not answer, or the module's answer cannot be read.
    #[doc(alias = "debugUserOperation")]
    pub async fn ask_chain(&self, calls: &[Call]) -> Result<ChainVerdict, Error> {
        let (sender, grant) = (self.sender(), self.grant());
        let (chain, account) = (&sender.chain, &sender.account);
        let enabling = !self.is_enabled().await?;
        let not_enabled = || Error::NotEnabled { permission: grant.permission_id, account: grant.account };
        let envelope = grant.envelope(enabling, self.stub_signature()?).ok_or_else(not_enabled)?;
        let key = account.nonce_key(sender.validator, ValidationMode::Validate, sender.lane)?;
        let user_op = PackedUserOperation {
            sender: account.address(),
            nonce: key.at(0).to_u256(),
            call_data: account.encode_calls(calls),
            signature: envelope.encode(),
            ..PackedUserOperation::default()
        };
        // The stub is of no hash, so none is as good as any.
        let question = ValidateUserOp { user_op, user_op_hash: B256::repeat_byte(1) };
        match chain.ask_module_as(account.address(), &question).await {
            Ok(answer) => Ok(ChainVerdict::Agreed { window: window(answer) }),
            Err(error) => match chain.refusal(error, None) {
                Error::Refused(refusal) => Ok(ChainVerdict::Refused(refusal)),
                error => Err(error),
            },
        }
    }
}

/// The times of ERC-4337 validation data; `None` for a signature that is not accepted, which has none.
fn window(validation_data: U256) -> Option<Window> {
    let moment = |shift: usize| ((validation_data >> shift) & U256::from(Window::LAST_MOMENT)).saturating_to();
    let is_valid = validation_data << 96 == U256::ZERO;
    is_valid.then(|| Window { valid_after: moment(208), valid_until: moment(160) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validation_data_gives_its_times() {
        let times = Window { valid_after: 5, valid_until: Window::LAST_MOMENT };
        assert_eq!(window(times.validation_data()), Some(times));
        assert_eq!(window(U256::ZERO), Some(Window::UNBOUNDED));
        assert_eq!(window(U256::ONE), None);
        assert_eq!(window(times.validation_data() | U256::ONE), None);
    }
}
