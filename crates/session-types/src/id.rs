//! Identifiers of the session module, each a keccak-256 hash of packed or ABI-encoded parts.

use core::fmt;
use core::str::FromStr;

use alloy_primitives::{Address, B256, Keccak256, Selector, b256, hex, keccak256};

use crate::abi::words::{self, ZEROS};

macro_rules! id {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(pub B256);

        impl $name {
            /// The 32 bytes.
            #[must_use]
            pub const fn as_slice(&self) -> &[u8] {
                self.0.as_slice()
            }
        }

        impl From<B256> for $name {
            fn from(hash: B256) -> Self {
                Self(hash)
            }
        }

        impl From<$name> for B256 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                self.as_slice()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = hex::FromHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// Names a session: `keccak256(abi.encode(address validator, bytes initData, bytes32 salt))`.
    ///
    /// Chain, account, policies and actions are not part of it: two sessions with equal validator, data and salt are
    /// the same permission, and enabling the second adds its policies to the first.
    PermissionId
}

id! {
    /// Names one permitted call: `keccak256(target ++ selector)`.
    ActionId
}

id! {
    /// Names a list of policies of a permission, before the account comes in.
    PolicyId
}

id! {
    /// Names a policy's configuration for one account: `keccak256(account ++ policy id)`.
    ConfigId
}

id! {
    /// Names an ERC-7739 content: the keccak-256 hash of its text.
    ContentKey
}

impl PermissionId {
    /// Hashes the three parts without allocating.
    ///
    /// ```
    /// use alloy_primitives::{address, b256, hex};
    /// use session_types::PermissionId;
    ///
    /// let id = PermissionId::derive(
    ///     address!("000000000013fdB5234E4E3162a810F54d9f7E98"),
    ///     &hex!("00"),
    ///     b256!("0000000000000000000000000000000000000000000000000000000000000001"),
    /// );
    /// assert_eq!(id.to_string().len(), 66);
    /// ```
    #[doc(alias = "getPermissionId")]
    #[must_use]
    pub fn derive(session_validator: Address, init_data: &[u8], salt: B256) -> Self {
        let mut head = [0; 128];
        head[12..32].copy_from_slice(session_validator.as_slice());
        head[63] = 0x60;
        head[64..96].copy_from_slice(salt.as_slice());
        head[96..].copy_from_slice(&words::length(init_data.len()));
        let mut hasher = Keccak256::new();
        hasher.update(head);
        hasher.update(init_data);
        hasher.update(&ZEROS[..words::padding(init_data.len())]);
        Self(hasher.finalize())
    }

    /// The id under which the user operation policies are configured: the permission id itself.
    #[doc(alias = "toUserOpPolicyId")]
    #[must_use]
    pub const fn user_op_policy_id(self) -> PolicyId {
        PolicyId(self.0)
    }

    /// The id under which the policies of an action are configured: `keccak256(permission id ++ action id)`.
    #[doc(alias = "toActionPolicyId")]
    #[must_use]
    pub fn action_policy_id(self, action: ActionId) -> PolicyId {
        let mut packed = [0; 64];
        packed[..32].copy_from_slice(self.as_slice());
        packed[32..].copy_from_slice(action.as_slice());
        PolicyId(keccak256(packed))
    }

    /// The id under which the ERC-1271 policies are configured: `keccak256("ERC1271: " ++ permission id)`.
    #[doc(alias = "toErc1271PolicyId")]
    #[must_use]
    pub fn erc1271_policy_id(self) -> PolicyId {
        let mut packed = *b"ERC1271: ................................";
        packed[9..].copy_from_slice(self.as_slice());
        PolicyId(keccak256(packed))
    }
}

impl ActionId {
    /// The id of the generic fallback action.
    pub const GENERIC_FALLBACK: Self = Self(b256!("d884b6afa19f8ace90a388daca691e4e28f20cdac5aeefd46ad8bd1c074d28cf"));

    /// The id of the admin fallback action.
    pub const ADMIN_FALLBACK: Self = Self(b256!("986126569d6396d837d7adeb3ca726199afaf83546f38726e6f331bb92d8e9d6"));

    /// Hashes target and selector.
    #[doc(alias = "getActionId")]
    #[must_use]
    pub fn derive(target: Address, selector: Selector) -> Self {
        let mut packed = [0; 24];
        packed[..20].copy_from_slice(target.as_slice());
        packed[20..].copy_from_slice(selector.as_slice());
        Self(keccak256(packed))
    }
}

impl PolicyId {
    /// The id of the configuration for one account.
    #[doc(alias = "getConfigId")]
    #[must_use]
    pub fn config_id(self, account: Address) -> ConfigId {
        let mut packed = [0; 52];
        packed[..20].copy_from_slice(account.as_slice());
        packed[20..].copy_from_slice(self.as_slice());
        ConfigId(keccak256(packed))
    }
}

impl ContentKey {
    /// Hashes the content's text.
    #[must_use]
    pub fn derive(content: &str) -> Self {
        Self(keccak256(content))
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::Bytes;
    use alloy_sol_types::SolValue;
    use proptest::prelude::*;

    use super::*;
    use crate::action::{ADMIN_FALLBACK_SELECTOR, FALLBACK_TARGET, GENERIC_FALLBACK_SELECTOR};

    #[test]
    fn fallback_ids_are_derived_from_their_sentinels() {
        assert_eq!(ActionId::derive(FALLBACK_TARGET, GENERIC_FALLBACK_SELECTOR), ActionId::GENERIC_FALLBACK);
        assert_eq!(ActionId::derive(FALLBACK_TARGET, ADMIN_FALLBACK_SELECTOR), ActionId::ADMIN_FALLBACK);
    }

    proptest! {
        #[test]
        fn permission_id_hashes_the_abi_encoding(validator: Address, data: alloc::vec::Vec<u8>, salt: B256) {
            let encoded = (validator, Bytes::from(data.clone()), salt).abi_encode_params();
            prop_assert_eq!(PermissionId::derive(validator, &data, salt).0, keccak256(encoded));
        }

        #[test]
        fn policy_ids_hash_packed_parts(permission: B256, action: B256, account: Address) {
            let id = PermissionId(permission);
            prop_assert_eq!(id.action_policy_id(ActionId(action)).0, keccak256([permission, action].concat()));
            let text = [b"ERC1271: ".as_slice(), permission.as_slice()].concat();
            prop_assert_eq!(id.erc1271_policy_id().0, keccak256(text));
            let config = id.user_op_policy_id().config_id(account);
            prop_assert_eq!(config.0, keccak256([account.as_slice(), permission.as_slice()].concat()));
        }
    }
}
