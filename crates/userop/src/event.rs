use alloc::string::String;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::abi::AbiDecoderConfig;
use alloy_sol_types::{Revert, SolError, SolEvent};

use crate::Nonce;
use crate::abi::entry_point as abi;

/// An event of an entry point about one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryPointEvent {
    /// The operation was done.
    #[doc(alias = "UserOperationEvent")]
    Done {
        /// The operation's hash.
        hash: B256,
        /// The account.
        sender: Address,
        /// Who paid, when it was not the account.
        paymaster: Option<Address>,
        /// The operation's nonce.
        nonce: Nonce,
        /// Whether the account's call succeeded. The fee is paid in both cases.
        success: bool,
        /// What was paid, in wei.
        actual_gas_cost: U256,
        /// The gas that was paid for.
        actual_gas_used: U256,
    },
    /// The account's call reverted.
    #[doc(alias = "UserOperationRevertReason")]
    Reverted {
        /// The operation's hash.
        hash: B256,
        /// The account.
        sender: Address,
        /// The operation's nonce.
        nonce: Nonce,
        /// What it reverted with.
        reason: Bytes,
    },
    /// The paymaster's work after the call reverted.
    #[doc(alias = "PostOpRevertReason")]
    PostOpReverted {
        /// The operation's hash.
        hash: B256,
        /// The account.
        sender: Address,
        /// The operation's nonce.
        nonce: Nonce,
        /// What it reverted with.
        reason: Bytes,
    },
    /// The account was created.
    #[doc(alias = "AccountDeployed")]
    Deployed {
        /// The operation's hash.
        hash: B256,
        /// The account.
        sender: Address,
        /// The factory.
        factory: Address,
        /// Who paid, when it was not the account.
        paymaster: Option<Address>,
    },
    /// What was set aside did not cover the gas used (0.7 and later); the call was undone.
    #[doc(alias = "UserOperationPrefundTooLow")]
    PrefundTooLow {
        /// The operation's hash.
        hash: B256,
        /// The account.
        sender: Address,
        /// The operation's nonce.
        nonce: Nonce,
    },
}

impl EntryPointEvent {
    /// Reads a log of an entry point; `None` when it is of another kind. The log's address is the caller's to check.
    #[must_use]
    pub fn decode(topics: &[B256], data: &[u8]) -> Option<Self> {
        let config = || AbiDecoderConfig::new().memory_limit(data.len().saturating_mul(4)).validate(true);
        let payer = |address: Address| (!address.is_zero()).then_some(address);
        match *topics.first()? {
            abi::UserOperationEvent::SIGNATURE_HASH => {
                let event = read::<abi::UserOperationEvent>(topics, data, config())?;
                Some(Self::Done {
                    hash: event.userOpHash,
                    sender: event.sender,
                    paymaster: payer(event.paymaster),
                    nonce: event.nonce.into(),
                    success: event.success,
                    actual_gas_cost: event.actualGasCost,
                    actual_gas_used: event.actualGasUsed,
                })
            }
            abi::UserOperationRevertReason::SIGNATURE_HASH => {
                let event = read::<abi::UserOperationRevertReason>(topics, data, config())?;
                let (hash, nonce) = (event.userOpHash, event.nonce.into());
                Some(Self::Reverted { hash, sender: event.sender, nonce, reason: event.revertReason })
            }
            abi::PostOpRevertReason::SIGNATURE_HASH => {
                let event = read::<abi::PostOpRevertReason>(topics, data, config())?;
                let (hash, nonce) = (event.userOpHash, event.nonce.into());
                Some(Self::PostOpReverted { hash, sender: event.sender, nonce, reason: event.revertReason })
            }
            abi::AccountDeployed::SIGNATURE_HASH => {
                let event = read::<abi::AccountDeployed>(topics, data, config())?;
                let (hash, factory) = (event.userOpHash, event.factory);
                Some(Self::Deployed { hash, sender: event.sender, factory, paymaster: payer(event.paymaster) })
            }
            abi::UserOperationPrefundTooLow::SIGNATURE_HASH => {
                let event = read::<abi::UserOperationPrefundTooLow>(topics, data, config())?;
                Some(Self::PrefundTooLow { hash: event.userOpHash, sender: event.sender, nonce: event.nonce.into() })
            }
            _ => None,
        }
    }

    /// The hash of the operation that the event is about.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        match self {
            Self::Done { hash, .. }
            | Self::Reverted { hash, .. }
            | Self::PostOpReverted { hash, .. }
            | Self::Deployed { hash, .. }
            | Self::PrefundTooLow { hash, .. } => *hash,
        }
    }
}

fn read<E: SolEvent>(topics: &[B256], data: &[u8], config: AbiDecoderConfig) -> Option<E> {
    E::decode_raw_log_with_config(topics.iter().copied(), data, config).ok()
}

/// Why an entry point refused a bundle, from the bytes of its revert.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryPointFailure {
    /// An operation was refused.
    FailedOp {
        /// Which operation of the bundle, from zero.
        index: U256,
        /// Why; it begins with a code such as `AA23`.
        reason: String,
    },
    /// An operation was refused because a contract reverted (0.7 and later).
    FailedOpWithRevert {
        /// Which operation of the bundle, from zero.
        index: U256,
        /// Why; it begins with a code such as `AA23`.
        reason: String,
        /// What the contract reverted with.
        inner: Bytes,
    },
    /// The bundle was refused for a plain reason, e.g. `AA94 gas values overflow` (`Error(string)`).
    Refused {
        /// Why; the entry point's own reasons begin with a code such as `AA94`.
        reason: String,
    },
    /// An aggregator refused its signatures.
    SignatureValidationFailed {
        /// The aggregator.
        aggregator: Address,
    },
}

impl EntryPointFailure {
    /// Reads the bytes of a revert; `None` when it is another error.
    #[must_use]
    pub fn decode(revert: &[u8]) -> Option<Self> {
        let config = AbiDecoderConfig::new().memory_limit(revert.len().saturating_mul(4)).validate(true);
        if let Ok(error) = abi::FailedOp::abi_decode_with_config(revert, config) {
            return Some(Self::FailedOp { index: error.opIndex, reason: error.reason });
        }
        if let Ok(error) = abi::FailedOpWithRevert::abi_decode_with_config(revert, config) {
            return Some(Self::FailedOpWithRevert { index: error.opIndex, reason: error.reason, inner: error.inner });
        }
        if let Ok(error) = Revert::abi_decode_with_config(revert, config) {
            return Some(Self::Refused { reason: error.reason });
        }
        let error = abi::SignatureValidationFailed::abi_decode_with_config(revert, config).ok()?;
        Some(Self::SignatureValidationFailed { aggregator: error.aggregator })
    }

    /// The number after `AA` at the beginning of the reason.
    #[must_use]
    pub fn aa_code(&self) -> Option<u8> {
        let (Self::FailedOp { reason, .. } | Self::FailedOpWithRevert { reason, .. } | Self::Refused { reason }) = self
        else {
            return None;
        };
        reason.strip_prefix("AA")?.get(..2)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{b256, bytes, hex};
    use proptest::prelude::*;

    const HASH: B256 = b256!("0x00000000000000000000000000000000000000000000000000000000000000aa");

    #[test]
    fn selectors_and_topics_are_the_published_ones() {
        assert_eq!(abi::FailedOp::SELECTOR, hex!("220266b6"));
        assert_eq!(abi::FailedOpWithRevert::SELECTOR, hex!("65c8fd4d"));
        assert!(abi::UserOperationEvent::SIGNATURE_HASH.starts_with(&hex!("49628fd1")));
    }

    #[test]
    fn events_read_back() {
        let sender = Address::repeat_byte(1);
        let event = abi::UserOperationEvent {
            userOpHash: HASH,
            sender,
            paymaster: Address::ZERO,
            nonce: U256::from(7),
            success: false,
            actualGasCost: U256::from(8),
            actualGasUsed: U256::from(9),
        };
        let log = event.encode_log_data();
        let done = EntryPointEvent::decode(log.topics(), &log.data).unwrap();
        assert_eq!(done.hash(), HASH);
        assert!(
            matches!(done, EntryPointEvent::Done { paymaster: None, success: false, nonce, .. } if nonce.sequence == 7)
        );

        let reverted =
            abi::UserOperationRevertReason { userOpHash: HASH, sender, nonce: U256::ZERO, revertReason: bytes!("01") };
        let log = reverted.encode_log_data();
        let reverted = EntryPointEvent::decode(log.topics(), &log.data);
        assert!(matches!(reverted, Some(EntryPointEvent::Reverted { reason, .. }) if reason == bytes!("01")));
        assert_eq!(EntryPointEvent::decode(&log.topics()[..2], &log.data), None);
        assert_eq!(EntryPointEvent::decode(log.topics(), &log.data[..40]), None);
        assert_eq!(EntryPointEvent::decode(&[], &[]), None);
    }

    #[test]
    fn failures_read_back_with_their_code() {
        let error =
            abi::FailedOpWithRevert { opIndex: U256::from(1), reason: "AA23 reverted".into(), inner: bytes!("02") };
        let failure = EntryPointFailure::decode(&error.abi_encode()).unwrap();
        assert_eq!(failure.aa_code(), Some(23));
        assert!(matches!(failure, EntryPointFailure::FailedOpWithRevert { inner, .. } if inner == bytes!("02")));
        let error = abi::FailedOp { opIndex: U256::ZERO, reason: "no code".into() };
        assert_eq!(EntryPointFailure::decode(&error.abi_encode()).unwrap().aa_code(), None);
        assert_eq!(EntryPointFailure::decode(&hex!("deadbeef")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_value_or_nothing(data in proptest::collection::vec(any::<u8>(), 0..300), which in 0..3_usize) {
            let selector = [abi::FailedOp::SELECTOR, abi::FailedOpWithRevert::SELECTOR, abi::SignatureValidationFailed::SELECTOR][which];
            let _ = EntryPointFailure::decode(&[&selector[..], &data].concat());
            let topic = [
                abi::UserOperationEvent::SIGNATURE_HASH,
                abi::UserOperationRevertReason::SIGNATURE_HASH,
                abi::AccountDeployed::SIGNATURE_HASH,
            ][which];
            let _ = EntryPointEvent::decode(&[topic, HASH, HASH, HASH], &data);
            let _ = EntryPointEvent::decode(&[topic, HASH, HASH], &data);
        }
    }
}
