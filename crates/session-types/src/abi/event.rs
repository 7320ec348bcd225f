//! Events of the session module and its policies. None has indexed arguments: logs can be filtered by topic 0 only.

use alloy_primitives::{Address, B256, U256, b256};

use super::codec::{self, DecodeError, inline_struct};
use crate::{ActionId, ConfigId, PermissionId, SlotKind};

macro_rules! events {
    ($(
        $(#[$docs:meta])*
        $topic:literal $signature:literal $name:ident { $($member:ident: $type:ty),* };
    )*) => {
        $(
            #[doc = concat!("`", $signature, "`")]
            ///
            $(#[$docs])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            #[allow(missing_docs)] // members are those of the signature
            pub struct $name {
                $(pub $member: $type,)*
            }

            inline_struct!($name { $($member: $type),* });

            impl $name {
                /// The log's first topic.
                pub const TOPIC: B256 = b256!($topic);
                /// The event's signature.
                pub const SIGNATURE: &'static str = $signature;
            }

            impl From<$name> for ModuleEvent {
                fn from(event: $name) -> Self {
                    Self::$name(event)
                }
            }
        )*

        /// An event of the session module or one of its policies. Both generations have the same.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)] // each is documented at its struct
        #[non_exhaustive]
        pub enum ModuleEvent {
            $($name($name),)*
        }

        impl ModuleEvent {
            /// The topics and signatures of all events.
            pub const EVENTS: &'static [(B256, &'static str)] = &[$(($name::TOPIC, $name::SIGNATURE)),*];

            /// Reads a log.
            ///
            /// # Errors
            /// When the first topic is none of these or the data are malformed.
            pub fn decode(topics: &[B256], data: &[u8]) -> Result<Self, DecodeError> {
                let seen = *topics.first().ok_or(DecodeError::Truncated { length: 0, needed: 32 })?;
                match seen {
                    $($name::TOPIC => codec::decode(data).map(Self::$name),)*
                    _ => Err(DecodeError::UnknownTopic { seen }),
                }
            }

            /// The event's signature.
            #[must_use]
            pub const fn signature(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $name::SIGNATURE,)*
                }
            }

            /// The event's name, as the contract has it: `SessionCreated`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            /// The account whose sessions it is about.
            #[must_use]
            pub const fn account(&self) -> Address {
                match self {
                    $(Self::$name(event) => event.account,)*
                }
            }

            /// The log's topic and data.
            #[must_use]
            pub fn to_log(&self) -> (B256, alloy_primitives::Bytes) {
                match self {
                    $(Self::$name(event) => ($name::TOPIC, codec::encode(&[], event).into()),)*
                }
            }
        }
    };
}

events! {
    /// By `enableSessions` and `onInstall` only: enabling by signature emits no such event.
    "c5c98ce9477fc2c88a84abed218cda086be8442fc2eecb9e1ce33941d28741b6" "SessionCreated(bytes32,address)"
    SessionCreated { permission_id: PermissionId, account: Address };
    /// Also for permissions that were never enabled.
    "1ff4377bcf87e5e9c2ec7fdc4732408c1073dd4b9f49e719d783b1e4fb0f6281" "SessionRemoved(bytes32,address)"
    SessionRemoved { permission_id: PermissionId, account: Address };
    /// The first enabling of a permission stores its validator.
    "9e1deb1dcdedd38e68d5543a9a6be8416a0e0a5627628e47780bd6ef8abc1a3c" "SessionValidatorEnabled(bytes32,address,address)"
    SessionValidatorEnabled { permission_id: PermissionId, session_validator: Address, account: Address };
    /// With the removal of the session.
    "1b8b78a1623842b0534f626565151ce282cc88268c30bf8d525c59d0c22f21db" "SessionValidatorDisabled(bytes32,address,address)"
    SessionValidatorDisabled { permission_id: PermissionId, session_validator: Address, account: Address };
    /// The type is 1 for user operations, 2 for actions, 3 for ERC-1271. Which action it is cannot be read from it.
    "1c5ea73ef804151087de6d0ce7a77287b15cfc4f51654cac5bfe6c558547f827" "PolicyEnabled(bytes32,uint8,address,address)"
    PolicyEnabled { permission_id: PermissionId, policy_type: u8, policy: Address, account: Address };
    /// The type is 1 for user operations, 2 for actions, 3 for ERC-1271.
    "b2a53c8ed9d14361634fc2a7835a222e5dbec408b6cef4e06768e844613fa754" "PolicyDisabled(bytes32,uint8,address,address)"
    PolicyDisabled { permission_id: PermissionId, policy_type: u8, policy: Address, account: Address };
    /// By `disableActionId`.
    "fb5966a10bbfa837a7964784b0eb92d624218037b24ae5d1aeae23157f21453f" "ActionIdDisabled(bytes32,bytes32,address)"
    ActionIdDisabled { permission_id: PermissionId, action_id: ActionId, account: Address };
    /// By `revokeEnableSignature` only.
    "b21cd80665df6c8932e067c1fb0835dc3bc61d85bcab4c90a9992b692d8e17e2" "NonceIterated(bytes32,address,uint256)"
    NonceIterated { permission_id: PermissionId, account: Address, new_value: U256 };
    /// The paymaster flag was set or cleared.
    "2c479309476f30bc996bdf6bdea053f2a125e86e9f080ee5a87c1eff76220937" "PermissionIdPermit4337Paymaster(bytes32,address,bool)"
    PermissionIdPermit4337Paymaster { permission_id: PermissionId, account: Address, permit: bool };
    /// By a policy that was configured.
    "5d14f8bf6f75758495bb0b0768b81cdebc7869d1f19edacc2f483ca0c89a1715" "PolicySet(bytes32,address,address)"
    PolicySet { config_id: ConfigId, multiplexer: Address, account: Address };
    /// By the spending limits policy.
    "8c8443cbf8877c7ddfe6d58dd9d439df5da8eb966f6aee4edb64cdb36f6b9c65" "TokenSpent(bytes32,address,address,address,uint256,uint256)"
    TokenSpent { config_id: ConfigId, multiplexer: Address, token: Address, account: Address, amount: U256, remaining: U256 };
}

impl ModuleEvent {
    /// The session that it is about. `None` for events of policies: they name what they keep their state under.
    #[must_use]
    pub const fn permission_id(&self) -> Option<PermissionId> {
        Some(match self {
            Self::SessionCreated(event) => event.permission_id,
            Self::SessionRemoved(event) => event.permission_id,
            Self::SessionValidatorEnabled(event) => event.permission_id,
            Self::SessionValidatorDisabled(event) => event.permission_id,
            Self::PolicyEnabled(event) => event.permission_id,
            Self::PolicyDisabled(event) => event.permission_id,
            Self::ActionIdDisabled(event) => event.permission_id,
            Self::NonceIterated(event) => event.permission_id,
            Self::PermissionIdPermit4337Paymaster(event) => event.permission_id,
            Self::PolicySet(_) | Self::TokenSpent(_) => return None,
        })
    }

    /// The configuration that a policy's event is about: `None` for the module's.
    #[must_use]
    pub const fn config_id(&self) -> Option<ConfigId> {
        Some(match self {
            Self::PolicySet(event) => event.config_id,
            Self::TokenSpent(event) => event.config_id,
            _ => return None,
        })
    }
}

/// Which list of a session's policies an event's type is about: 1 user operations, 2 actions, 3 signatures.
#[must_use]
pub const fn policy_slot(policy_type: u8) -> Option<SlotKind> {
    Some(match policy_type {
        1 => SlotKind::UserOp,
        2 => SlotKind::Action,
        3 => SlotKind::Erc1271,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::*;

    #[test]
    fn topics_are_those_of_the_signatures() {
        for (topic, signature) in ModuleEvent::EVENTS {
            assert_eq!(keccak256(signature), *topic, "{signature}");
        }
    }

    #[test]
    fn logs_are_read_back() {
        let event = ModuleEvent::from(NonceIterated {
            permission_id: PermissionId(B256::repeat_byte(1)),
            account: Address::repeat_byte(2),
            new_value: U256::from(3),
        });
        let (topic, data) = event.to_log();
        assert_eq!(ModuleEvent::decode(&[topic], &data), Ok(event));
        assert_eq!((event.name(), event.account()), ("NonceIterated", Address::repeat_byte(2)));
        assert_eq!(event.permission_id(), Some(PermissionId(B256::repeat_byte(1))));
        assert_eq!(event.config_id(), None);
        assert_eq!(ModuleEvent::decode(&[B256::ZERO], &data), Err(DecodeError::UnknownTopic { seen: B256::ZERO }));
    }
}
