//! Errors of the session module and its policies: revert data both ways.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, Selector, U256, fixed_bytes};

use super::call::split_selector;
use super::codec::{self, DecodeError, inline_struct};
use crate::{Generation, PermissionId};

/// An error of a contract, as its arguments.
pub trait ContractError: Sized {
    /// The first four bytes of the revert data.
    const SELECTOR: Selector;
    /// The error's signature.
    const SIGNATURE: &'static str;

    /// The revert data.
    #[must_use]
    fn revert_data(&self) -> Bytes;
}

macro_rules! errors {
    (
        $(#[$enum_docs:meta])*
        $enum:ident;
        $(
            $(#[$docs:meta])*
            $selector:literal $signature:literal $name:ident { $($member:ident: $type:ty),* };
        )*
    ) => {
        $(
            #[doc = concat!("`", $signature, "`")]
            ///
            $(#[$docs])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
            #[error("contract error {self:?}")]
            #[allow(missing_docs, missing_copy_implementations)] // members are those of the signature
            pub struct $name {
                $(pub $member: $type,)*
            }

            inline_struct!($name { $($member: $type),* });

            impl ContractError for $name {
                const SELECTOR: Selector = fixed_bytes!($selector);
                const SIGNATURE: &'static str = $signature;

                fn revert_data(&self) -> Bytes {
                    codec::encode(Self::SELECTOR.as_slice(), self).into()
                }
            }
        )*

        $(#[$enum_docs])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        #[allow(missing_docs)] // each is documented at its struct
        #[non_exhaustive]
        pub enum $enum {
            $(#[error(transparent)] $name(#[from] $name),)*
        }

        impl $enum {
            /// The selectors and signatures of all errors.
            pub const ERRORS: &'static [(Selector, &'static str)] = &[$(($name::SELECTOR, $name::SIGNATURE)),*];

            /// Reads revert data.
            ///
            /// # Errors
            /// When the selector is none of these or the arguments are malformed.
            pub fn decode(data: &[u8]) -> Result<Self, DecodeError> {
                let (seen, arguments) = split_selector(data)?;
                match seen {
                    $($name::SELECTOR => codec::decode(arguments).map(Self::$name),)*
                    _ => Err(DecodeError::UnknownSelector { seen }),
                }
            }

            /// The revert data.
            #[must_use]
            pub fn revert_data(&self) -> Bytes {
                match self {
                    $(Self::$name(error) => error.revert_data(),)*
                }
            }

            /// The error's signature.
            #[must_use]
            pub const fn signature(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $name::SIGNATURE,)*
                }
            }
        }
    };
}

errors! {
    /// An error of the session module.
    ModuleError;
    /// The caller is not the operation's sender.
    "04a4ab94" "InvalidUserOpSender(address)" InvalidUserOpSender { sender: Address };
    /// The permission is not enabled for the account.
    "526d0da5" "InvalidPermissionId(bytes32)" InvalidPermissionId { permission_id: PermissionId };
    /// No action permits the call, or there are too few policies.
    "1c792c05" "NoPoliciesSet(bytes32)" NoPoliciesSet { permission_id: PermissionId };
    /// A policy said no.
    "3b577361" "PolicyViolation(bytes32,address)" PolicyViolation { permission_id: PermissionId, policy: Address };
    /// A policy reverted: the first 32 bytes of its revert data. Not in the module's ABI.
    "f4270752" "PolicyCheckReverted(bytes32)" PolicyCheckReverted { revert_data: B256 };
    /// A policy answered with a value that the module keeps for itself.
    "2d39e3f4" "ForbiddenValidationData()" ForbiddenValidationData {};
    /// The operation names a paymaster and the session does not permit one.
    "d5dc9fa4" "PaymasterValidationNotEnabled(bytes32)" PaymasterValidationNotEnabled { permission_id: PermissionId };
    /// Try mode or `executeUserOp`; in the first deployment also a call type other than single and batch.
    "6c4872f9" "UnsupportedExecutionType()" UnsupportedExecutionType {};
    /// A call type other than single and batch. Only in the current deployment; the value limit policy has it too.
    "b96fcfe4" "UnsupportedCallType(bytes1)" UnsupportedCallType { call_type: FixedBytes<1> };
    /// `execute` on the account inside `execute`.
    "540733ea" "InvalidSelfCall()" InvalidSelfCall {};
    /// A call of the fallback target.
    "82d5d76a" "InvalidTarget()" InvalidTarget {};
    /// The batch is empty.
    "56d93c1a" "NoExecutionsInBatch()" NoExecutionsInBatch {};
    /// The batch is malformed.
    "ba597e7e" "DecodingError()" DecodingError {};
    /// The digest at the index is for another chain.
    "e75e2379" "ChainIdMismatch(uint64)" ChainIdMismatch { provided_chain_id: u64 };
    /// The digest at the index is not the session's: another session or mode, or a nonce that was used already.
    "0b08d5be" "HashMismatch(bytes32,bytes32)" HashMismatch { provided: B256, computed: B256 };
    /// The account refused the owner's signature over the hash.
    "3ca8ef0c" "InvalidEnableSignature(address,bytes32)" InvalidEnableSignature { account: Address, hash: B256 };
    /// The session validator is zero or checks no signatures without state.
    "a7eae112" "InvalidISessionValidator(address)" InvalidISessionValidator { session_validator: Address };
    /// The policy lacks the slot's interface.
    "6a01dd01" "UnsupportedPolicy(address)" UnsupportedPolicy { policy: Address };
    /// An action's target is zero or the module.
    "e068d3a2" "InvalidActionId()" InvalidActionId {};
    /// The permission id is zero.
    "92d69f9c" "InvalidSession(bytes32)" InvalidSession { permission_id: PermissionId };
    /// Install data with mode `USE`.
    "a0042b17" "InvalidMode()" InvalidMode {};
    /// No session.
    "5cb045db" "InvalidData()" InvalidData {};
    /// The account has sessions already.
    "bcf00e1d" "SmartSessionModuleAlreadyInstalled(address)" SmartSessionModuleAlreadyInstalled { account: Address };
    /// No session validator is stored.
    "6aeeaff8" "SignerNotFound(bytes32,address)" SignerNotFound { permission_id: PermissionId, account: Address };
    /// An internal list was read beyond its end.
    "8277484f" "AssociatedArray_OutOfBounds(uint256)" AssociatedArrayOutOfBounds { index: U256 };
    /// The mode is none of the three. The module panics before it gets there.
    "97dc33dc" "UnsupportedSmartSessionMode(uint8)" UnsupportedSmartSessionMode { mode: u8 };
    /// Declared only: the module panics instead.
    "2c502de1" "HashIndexOutOfBounds(uint256)" HashIndexOutOfBounds { index: U256 };
    /// Declared only.
    "05eae184" "InvalidCallTarget()" InvalidCallTarget {};
    /// Declared only.
    "cf92faf8" "InvalidSessionKeySignature(bytes32,address,address,bytes32)"
    InvalidSessionKeySignature { permission_id: PermissionId, session_validator: Address, account: Address, user_op_hash: B256 };
    /// Declared only.
    "a9fc47ea" "PartlyEnabledActions()" PartlyEnabledActions {};
    /// Declared only.
    "25a77122" "PartlyEnabledPolicies()" PartlyEnabledPolicies {};
}

errors! {
    /// An error of a policy contract.
    PolicyError;
    /// The policy was never configured for this id, or with values that count as none.
    "6d3a33ce" "PolicyNotInitialized(bytes32,address,address)"
    PolicyNotInitialized { id: B256, multiplexer: Address, account: Address };
    /// The call sends more native value than one call may.
    "8a8a722d" "ValueLimitExceeded(bytes32,uint256,uint256)" ValueLimitExceeded { id: B256, value: U256, limit: U256 };
    /// A token is the zero address.
    "73306803" "InvalidTokenAddress(address)" InvalidTokenAddress { token: Address };
    /// A limit is zero.
    "cdff33a4" "InvalidLimit(uint256)" InvalidLimit { limit: U256 };
    /// Tokens and limits differ in number.
    "4c70a781" "InvalidInitDataLength()" InvalidInitDataLength {};
    /// The configuration is malformed.
    "f9c42c60" "InvalidInitData()" InvalidInitData {};
    /// The tree has no rule.
    "91ffe7d8" "EmptyExpressionTree()" EmptyExpressionTree {};
    /// The root is no node of the tree.
    "ae5983a2" "RootNodeIndexOutOfBounds()" RootNodeIndexOutOfBounds {};
    /// More rules than the tree can hold.
    "6a4864d9" "TooManyRules()" TooManyRules {};
    /// More nodes than the tree can hold.
    "a133c838" "TooManyNodes()" TooManyNodes {};
    /// A child is no node of the tree.
    "1d45ed10" "NodeChildIndexOutOfBounds()" NodeChildIndexOutOfBounds {};
    /// A node names a rule that is not there.
    "2509a187" "RuleIndexOutOfBounds()" RuleIndexOutOfBounds {};
    /// The Ownable validator was given fewer signatures than its threshold.
    "8baa579f" "InvalidSignature()" InvalidSignature {};
}

impl ModuleError {
    /// Whether the module of a generation can revert with this error.
    #[must_use]
    pub const fn occurs_in(&self, generation: Generation) -> bool {
        match self {
            Self::UnsupportedCallType(_) => matches!(generation, Generation::Current),
            Self::UnsupportedSmartSessionMode(_)
            | Self::HashIndexOutOfBounds(_)
            | Self::InvalidCallTarget(_)
            | Self::InvalidSessionKeySignature(_)
            | Self::PartlyEnabledActions(_)
            | Self::PartlyEnabledPolicies(_) => false,
            _ => true,
        }
    }
}

/// The selector of Solidity's `Panic(uint256)`.
const PANIC: Selector = fixed_bytes!("4e487b71");
/// The selector of Solidity's `Error(string)`.
const ERROR: Selector = fixed_bytes!("08c379a0");

/// What revert data of the session module or one of its policies say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevertReason {
    /// An error of the module.
    Module(ModuleError),
    /// An error of a policy or session validator.
    Policy(PolicyError),
    /// Solidity's `Panic`, with its code.
    Panic(U256),
    /// Solidity's `Error`, with its text.
    Message(alloc::string::String),
    /// No data: a failed check inside compiled code, malformed input, or out of gas.
    Empty,
    /// Anything else.
    Unknown(Bytes),
}

impl RevertReason {
    /// Reads revert data. All data say something.
    #[must_use]
    pub fn decode(data: &[u8]) -> Self {
        let Ok((selector, arguments)) = split_selector(data) else {
            return if data.is_empty() { Self::Empty } else { Self::Unknown(Bytes::copy_from_slice(data)) };
        };
        let known = match selector {
            PANIC => codec::decode(arguments).map(Self::Panic),
            ERROR => codec::decode(arguments).map(Self::Message),
            _ => ModuleError::decode(data).map(Self::Module).or_else(|_| PolicyError::decode(data).map(Self::Policy)),
        };
        known.unwrap_or_else(|_| Self::Unknown(Bytes::copy_from_slice(data)))
    }
}

impl PolicyCheckReverted {
    /// What the policy's own revert data began with: its selector. The arguments behind the first 28 bytes are lost.
    #[must_use]
    pub fn selector(&self) -> Selector {
        Selector::from_slice(&self.revert_data[..4])
    }

    /// The name and arguments of the policy's error, as far as its selector is known.
    #[must_use]
    pub fn signature(&self) -> Option<&'static str> {
        let known = [(PANIC, "Panic(uint256)"), (ERROR, "Error(string)")];
        let all = PolicyError::ERRORS.iter().chain(ModuleError::ERRORS).chain(&known);
        all.copied().find(|(selector, _)| *selector == self.selector()).map(|(_, signature)| signature)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn selectors_are_those_of_the_signatures() {
        for (selector, signature) in ModuleError::ERRORS.iter().chain(PolicyError::ERRORS) {
            assert_eq!(&keccak256(signature)[..4], selector.as_slice(), "{signature}");
        }
    }

    #[test]
    fn every_revert_says_something() {
        assert_eq!(RevertReason::decode(&[]), RevertReason::Empty);
        assert_eq!(RevertReason::decode(&[1, 2]), RevertReason::Unknown(Bytes::from_static(&[1, 2])));
        let error = ModuleError::from(HashMismatch { provided: B256::ZERO, computed: B256::repeat_byte(1) });
        assert_eq!(RevertReason::decode(&error.revert_data()), RevertReason::Module(error));
        let panic = codec::encode(PANIC.as_slice(), &U256::from(0x21));
        assert_eq!(RevertReason::decode(&panic), RevertReason::Panic(U256::from(0x21)));
        // Arguments that are cut off.
        let cut = [HashMismatch::SELECTOR.as_slice(), &[0; 63]].concat();
        assert_eq!(RevertReason::decode(&cut), RevertReason::Unknown(cut.into()));
    }

    #[test]
    fn a_reverted_policy_is_named() {
        let mut word = B256::ZERO;
        word[..4].copy_from_slice(ValueLimitExceeded::SELECTOR.as_slice());
        let reverted = PolicyCheckReverted { revert_data: word };
        assert_eq!(reverted.signature(), Some("ValueLimitExceeded(bytes32,uint256,uint256)"));
    }
}
