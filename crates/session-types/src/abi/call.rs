//! Functions of the session module: call data both ways.

use alloc::string::String;
use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, Selector, U256, fixed_bytes};

use super::codec::{self, DecodeError, Encode, Encoder, inline_struct};
use super::words::WORD;
use super::{ActionData, Erc7739Context, Erc7739Data, PolicyData, Session};
use crate::{ActionId, ContentKey, EnableMode, PermissionId, SmartSessionMode};

/// A function of the session module, as its parameters.
pub trait ModuleFunction: Sized {
    /// The first four bytes of the call data.
    const SELECTOR: Selector;
    /// The function's signature.
    const SIGNATURE: &'static str;
    /// What the function answers.
    type Return;

    /// The call data: selector and parameters, in one allocation.
    #[must_use]
    fn calldata(&self) -> Bytes;

    /// Reads the parameters, selector first.
    ///
    /// # Errors
    /// When the selector is another function's or the parameters are malformed.
    fn decode(calldata: &[u8]) -> Result<Self, DecodeError>;

    /// Reads the function's answer.
    ///
    /// # Errors
    /// When the answer is malformed.
    fn decode_return(data: &[u8]) -> Result<Self::Return, DecodeError>;
}

/// Splits call data or revert data into the selector and the rest.
pub(crate) fn split_selector(data: &[u8]) -> Result<(Selector, &[u8]), DecodeError> {
    match data.split_first_chunk::<4>() {
        Some((selector, rest)) => Ok((Selector::from(*selector), rest)),
        None => Err(DecodeError::Truncated { length: data.len(), needed: 4 }),
    }
}

/// A permitted application in the answer of `getEnabledERC7739Content`: `(bytes32, bytes32[])`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EnabledContent {
    /// The EIP-712 domain separator of the application.
    pub app_domain_separator: B256,
    /// The hashes of the permitted contents.
    pub content_names: Vec<ContentKey>,
}

/// A user operation as the entry points from 0.7 on pass it to a validator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PackedUserOperation {
    /// The account.
    pub sender: Address,
    /// Sequence and key.
    pub nonce: U256,
    /// Factory and its data.
    pub init_code: Bytes,
    /// What the account is called with.
    pub call_data: Bytes,
    /// `uint128` verification gas, `uint128` call gas.
    pub account_gas_limits: B256,
    /// Gas outside the measured parts.
    pub pre_verification_gas: U256,
    /// `uint128` priority fee, `uint128` fee.
    pub gas_fees: B256,
    /// Paymaster, its gas limits and data.
    pub paymaster_and_data: Bytes,
    /// The session envelope.
    pub signature: Bytes,
}

codec::dynamic_struct!(EnabledContent { app_domain_separator: B256, content_names: Vec<ContentKey> });
codec::dynamic_struct!(PackedUserOperation {
    sender: Address,
    nonce: U256,
    init_code: Bytes,
    call_data: Bytes,
    account_gas_limits: B256,
    pre_verification_gas: U256,
    gas_fees: B256,
    paymaster_and_data: Bytes,
    signature: Bytes,
});

macro_rules! functions {
    ($(
        $(#[$docs:meta])*
        $selector:literal $signature:literal $name:ident { $($member:ident: $type:ty),* } -> $return:ty;
    )*) => {
        $(
            #[doc = concat!("`", $signature, "`")]
            ///
            $(#[$docs])*
            #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
            #[allow(missing_docs, missing_copy_implementations)] // members are those of the signature
            pub struct $name {
                $(pub $member: $type,)*
            }

            inline_struct!($name { $($member: $type),* });

            impl ModuleFunction for $name {
                const SELECTOR: Selector = fixed_bytes!($selector);
                const SIGNATURE: &'static str = $signature;
                type Return = $return;

                fn calldata(&self) -> Bytes {
                    codec::encode(Self::SELECTOR.as_slice(), self).into()
                }

                fn decode(calldata: &[u8]) -> Result<Self, DecodeError> {
                    let (seen, parameters) = split_selector(calldata)?;
                    if seen != Self::SELECTOR {
                        return Err(DecodeError::UnknownSelector { seen });
                    }
                    codec::decode(parameters)
                }

                fn decode_return(data: &[u8]) -> Result<$return, DecodeError> {
                    codec::decode(data)
                }
            }
        )*

        /// A call of any function of the session module. Both generations have the same functions.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each is documented at its struct
        #[non_exhaustive]
        pub enum ModuleCall {
            $($name($name),)*
        }

        impl ModuleCall {
            /// The selectors and signatures of all functions.
            pub const FUNCTIONS: &'static [(Selector, &'static str)] =
                &[$(($name::SELECTOR, $name::SIGNATURE)),*];

            /// Reads call data of the session module. Bytes behind the parameters are ignored, as the module does.
            ///
            /// # Errors
            /// When the selector is none of the module's or the parameters are malformed.
            pub fn decode(calldata: &[u8]) -> Result<Self, DecodeError> {
                let (seen, parameters) = split_selector(calldata)?;
                match seen {
                    $($name::SELECTOR => codec::decode(parameters).map(Self::$name),)*
                    _ => Err(DecodeError::UnknownSelector { seen }),
                }
            }

            /// The call data.
            #[must_use]
            pub fn calldata(&self) -> Bytes {
                match self {
                    $(Self::$name(call) => call.calldata(),)*
                }
            }
        }

        $(impl From<$name> for ModuleCall {
            fn from(call: $name) -> Self {
                Self::$name(call)
            }
        })*
    };
}

functions! {
    /// Called by the account. Answers the permission ids in the order of the sessions.
    "21712407" "enableSessions((address,bytes,bytes32,(address,bytes)[],((bytes32,string[])[],(address,bytes)[]),(bytes4,address,(address,bytes)[])[],bool)[])"
    EnableSessions { sessions: Vec<Session> } -> Vec<PermissionId>;
    /// Wipes policies, actions, validator and contents; the nonce stays. Succeeds for unknown permissions too.
    "f867b08e" "removeSession(bytes32)" RemoveSession { permission_id: PermissionId } -> ();
    /// Raises the nonce, which invalidates every unused owner signature for this permission.
    "f9b80369" "revokeEnableSignature(bytes32)" RevokeEnableSignature { permission_id: PermissionId } -> ();
    /// The permission must be enabled.
    "454c9d82" "enableUserOpPolicies(bytes32,(address,bytes)[])"
    EnableUserOpPolicies { permission_id: PermissionId, user_op_policies: Vec<PolicyData> } -> ();
    "d056b06d" "disableUserOpPolicies(bytes32,address[])"
    DisableUserOpPolicies { permission_id: PermissionId, policies: Vec<Address> } -> ();
    "f5297b77" "enableERC1271Policies(bytes32,((bytes32,string[])[],(address,bytes)[]))"
    EnableErc1271Policies { permission_id: PermissionId, erc7739_policies: Erc7739Data } -> ();
    "02a1a4cd" "disableERC1271Policies(bytes32,address[],(bytes32,string[])[])"
    DisableErc1271Policies { permission_id: PermissionId, policies: Vec<Address>, contents: Vec<Erc7739Context> } -> ();
    "4e33ad2e" "enableActionPolicies(bytes32,(bytes4,address,(address,bytes)[])[])"
    EnableActionPolicies { permission_id: PermissionId, action_policies: Vec<ActionData> } -> ();
    /// Removes the action too when no policy is left.
    "6e79eee0" "disableActionPolicies(bytes32,bytes32,address[])"
    DisableActionPolicies { permission_id: PermissionId, action_id: ActionId, policies: Vec<Address> } -> ();
    "96e72962" "disableActionId(bytes32,bytes32)"
    DisableActionId { permission_id: PermissionId, action_id: ActionId } -> ();
    /// module-sdk's ABI spells it `setpermitERC4337Paymaster`, a function that does not exist.
    "2e644d8d" "setPermit4337Paymaster(bytes32,bool)"
    SetPermit4337Paymaster { permission_id: PermissionId, enabled: bool } -> ();
    /// The data are those of [`install_data`](super::install_data).
    "6d61fe70" "onInstall(bytes)" OnInstall { data: Bytes } -> ();
    /// Removes all sessions.
    "8a91b0e3" "onUninstall(bytes)" OnUninstall { data: Bytes } -> ();
    /// Answers packed validation data: 1 for a wrong session key, else a window of time.
    "97003203" "validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32)"
    ValidateUserOp { user_op: PackedUserOperation, user_op_hash: B256 } -> U256;
    "f551e2ee" "isValidSignatureWithSender(address,bytes32,bytes)"
    IsValidSignatureWithSender { sender: Address, hash: B256, signature: Bytes } -> Selector;
    /// The chain's own computation of the session digest.
    "05defba6" "getSessionDigest(bytes32,address,(address,bytes,bytes32,(address,bytes)[],((bytes32,string[])[],(address,bytes)[]),(bytes4,address,(address,bytes)[])[],bool),uint8)"
    SessionDigest { permission_id: PermissionId, account: Address, session: Session, mode: u8 } -> B256;
    "1be1fffb" "getPermissionId((address,bytes,bytes32,(address,bytes)[],((bytes32,string[])[],(address,bytes)[]),(bytes4,address,(address,bytes)[])[],bool))"
    PermissionIdOf { session: Session } -> PermissionId;
    "795f9269" "getNonce(bytes32,address)" Nonce { permission_id: PermissionId, account: Address } -> U256;
    "7373f181" "getPermissionIDs(address)" PermissionIds { account: Address } -> Vec<PermissionId>;
    "adbc532f" "isPermissionEnabled(bytes32,address)"
    IsPermissionEnabled { permission_id: PermissionId, account: Address } -> bool;
    "c9a5ec39" "isISessionValidatorSet(bytes32,address)"
    IsSessionValidatorSet { permission_id: PermissionId, account: Address } -> bool;
    /// Whether the account has any session.
    "d60b347f" "isInitialized(address)" IsInitialized { account: Address } -> bool;
    /// Only type 1, validator.
    "ecd05961" "isModuleType(uint256)" IsModuleType { module_type: U256 } -> bool;
    "a9fa4b44" "getEnabledActions(address,bytes32)"
    EnabledActions { account: Address, permission_id: PermissionId } -> Vec<ActionId>;
    "d527ed6e" "getActionPolicies(address,bytes32,bytes32)"
    ActionPolicies { account: Address, permission_id: PermissionId, action_id: ActionId } -> Vec<Address>;
    "44d1628c" "getUserOpPolicies(address,bytes32)"
    UserOpPolicies { account: Address, permission_id: PermissionId } -> Vec<Address>;
    "a67c714e" "getERC1271Policies(address,bytes32)"
    Erc1271Policies { account: Address, permission_id: PermissionId } -> Vec<Address>;
    "496c8a91" "getSessionValidatorAndConfig(address,bytes32)"
    SessionValidatorAndConfig { account: Address, permission_id: PermissionId } -> (Address, Bytes);
    "d0e6f608" "getEnabledERC7739Content(address,bytes32)"
    EnabledErc7739Content { account: Address, permission_id: PermissionId } -> Vec<EnabledContent>;
    /// True for an empty list; compares addresses only, not their configuration.
    "2dadb5e9" "areActionsEnabled(address,bytes32,(bytes4,address,(address,bytes)[])[])"
    AreActionsEnabled { account: Address, permission_id: PermissionId, actions: Vec<ActionData> } -> bool;
    /// True for an empty list; compares addresses only, not their configuration.
    "1097109e" "areERC1271PoliciesEnabled(address,bytes32,(address,bytes)[])"
    AreErc1271PoliciesEnabled { account: Address, permission_id: PermissionId, policies: Vec<PolicyData> } -> bool;
    /// True for an empty list; compares addresses only, not their configuration.
    "2445e73e" "areUserOpPoliciesEnabled(address,bytes32,(address,bytes)[])"
    AreUserOpPoliciesEnabled { account: Address, permission_id: PermissionId, policies: Vec<PolicyData> } -> bool;
    "af29e6b2" "isActionIdEnabled(address,bytes32,bytes32)"
    IsActionIdEnabled { account: Address, permission_id: PermissionId, action_id: ActionId } -> bool;
    "09e5aef8" "isActionPolicyEnabled(address,bytes32,bytes32,address)"
    IsActionPolicyEnabled { account: Address, permission_id: PermissionId, action_id: ActionId, policy: Address } -> bool;
    "a7ef6205" "isERC1271PolicyEnabled(address,bytes32,address)"
    IsErc1271PolicyEnabled { account: Address, permission_id: PermissionId, policy: Address } -> bool;
    "f77a7eac" "isUserOpPolicyEnabled(address,bytes32,address)"
    IsUserOpPolicyEnabled { account: Address, permission_id: PermissionId, policy: Address } -> bool;
    "eab25667" "isERC7739ContentEnabled(address,bytes32,bytes32,string)"
    IsErc7739ContentEnabled { account: Address, permission_id: PermissionId, app_domain_separator: B256, content: String } -> bool;
}

/// The call data of `enableSessions` for sessions that stay where they are.
///
/// One allocation of the exact size.
#[must_use]
pub fn enable_sessions_calldata<S: AsRef<Session>>(sessions: &[S]) -> Bytes {
    codec::encode(EnableSessions::SELECTOR.as_slice(), &Sessions(sessions)).into()
}

/// The data of `onInstall`: nothing for no sessions, else the mode byte and the sessions.
///
/// The module refuses [`Use`](SmartSessionMode::Use) here.
#[must_use]
pub fn install_data<S: AsRef<Session>>(mode: EnableMode, sessions: &[S]) -> Bytes {
    if sessions.is_empty() {
        return Bytes::new();
    }
    codec::encode(&[SmartSessionMode::from(mode).to_byte()], &Sessions(sessions)).into()
}

/// Reads the data of `onInstall`: `None` for no data.
///
/// # Errors
/// When the mode is `USE` or unknown, or the sessions are malformed.
pub fn decode_install_data(data: &[u8]) -> Result<Option<(EnableMode, Vec<Session>)>, DecodeError> {
    let Some((mode, sessions)) = data.split_first() else { return Ok(None) };
    let mode = SmartSessionMode::from_byte(*mode)
        .ok()
        .and_then(SmartSessionMode::enable_mode)
        .ok_or(DecodeError::InvalidWord { at: 0 })?;
    Ok(Some((mode, codec::decode(sessions)?)))
}

struct Sessions<'a, S>(&'a [S]);

impl<S: AsRef<Session>> Encode for Sessions<'_, S> {
    fn tail(&self) -> usize {
        WORD + self.0.iter().map(|session| WORD + session.as_ref().tail()).sum::<usize>()
    }

    #[inline]
    fn encode(&self, out: &mut Encoder, head: usize, base: usize) {
        let at = out.take(WORD + self.0.len() * WORD);
        out.put_length(head, at - base);
        out.put_length(at, self.0.len());
        for (index, session) in self.0.iter().enumerate() {
            session.as_ref().encode(out, at + WORD + index * WORD, at + WORD);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn selectors_are_those_of_the_signatures() {
        for (selector, signature) in ModuleCall::FUNCTIONS {
            assert_eq!(&keccak256(signature)[..4], selector.as_slice(), "{signature}");
        }
    }
}
