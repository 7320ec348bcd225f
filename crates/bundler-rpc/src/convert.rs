//! Conversions from and to the types of alloy-rpc-types-eth (feature `alloy-rpc-types`).
//!
//! alloy's own types for operations refuse answers that the standard allows, so requests and answers use the types of
//! this crate. There is no way back for receipts: alloy's need members that this crate does not keep.

use alloy_primitives::{Bytes, U256};
use alloy_rpc_types_eth::erc4337 as alloy;
use alloy_rpc_types_eth::state;
use userop::{EntryPointVersion, Factory, OperationError, UserOperation};

use crate::wire::PartialPaymaster;
use crate::{
    AccountOverride, BundlerError, GasEstimate, PartialOperation, StateOverride, StorageOverride, UserOperationReceipt,
};

impl From<PartialOperation> for alloy::PackedUserOperation {
    /// The unpacked form of 0.7 and later under alloy's name; what is missing becomes zero. alloy has no place for an
    /// EIP-7702 authorization or a paymaster signature.
    fn from(operation: PartialOperation) -> Self {
        let gas = |gas: Option<u128>| U256::from(gas.unwrap_or_default());
        let paymaster = operation.paymaster.as_ref();
        Self {
            sender: operation.sender,
            nonce: operation.nonce,
            factory: operation.factory.as_ref().map(Factory::address),
            factory_data: operation.factory.as_ref().map(|factory| factory.data().clone()),
            call_data: operation.call_data.clone(),
            call_gas_limit: gas(operation.call_gas_limit),
            verification_gas_limit: gas(operation.verification_gas_limit),
            pre_verification_gas: operation.pre_verification_gas.unwrap_or_default(),
            max_fee_per_gas: gas(operation.max_fee_per_gas),
            max_priority_fee_per_gas: gas(operation.max_priority_fee_per_gas),
            paymaster: paymaster.map(|paymaster| paymaster.address),
            paymaster_verification_gas_limit: paymaster.map(|paymaster| gas(paymaster.verification_gas_limit)),
            paymaster_post_op_gas_limit: paymaster.map(|paymaster| gas(paymaster.post_op_gas_limit)),
            paymaster_data: paymaster.map(|paymaster| paymaster.data.clone()),
            signature: operation.signature.unwrap_or_default(),
        }
    }
}

impl TryFrom<PartialOperation> for alloy::UserOperation {
    type Error = OperationError;

    /// The form of 0.6.
    fn try_from(operation: PartialOperation) -> Result<Self, OperationError> {
        let operation: UserOperation = operation.into_operation();
        let packed = operation.paymaster_and_data(EntryPointVersion::V0_6)?;
        Ok(Self {
            sender: operation.sender,
            nonce: operation.nonce,
            init_code: operation.init_code(),
            call_data: operation.call_data,
            call_gas_limit: U256::from(operation.call_gas_limit),
            verification_gas_limit: U256::from(operation.verification_gas_limit),
            pre_verification_gas: operation.pre_verification_gas,
            max_fee_per_gas: U256::from(operation.max_fee_per_gas),
            max_priority_fee_per_gas: U256::from(operation.max_priority_fee_per_gas),
            paymaster_and_data: packed,
            signature: operation.signature,
        })
    }
}

/// A number of alloy's type that does not fit, or an answer that lacks something.
fn unfit(what: impl std::fmt::Display) -> BundlerError {
    BundlerError::Malformed { method: "conversion".into(), reason: what.to_string(), body: String::new() }
}

fn narrow(name: &str, value: U256) -> Result<u128, BundlerError> {
    u128::try_from(value).map_err(|_| unfit(format_args!("{name} {value} does not fit 128 bits")))
}

impl TryFrom<alloy::PackedUserOperation> for PartialOperation {
    type Error = BundlerError;

    fn try_from(operation: alloy::PackedUserOperation) -> Result<Self, BundlerError> {
        let gas = |name: &str, gas: Option<U256>| gas.map(|gas| narrow(name, gas)).transpose();
        let paymaster = match operation.paymaster {
            Some(address) => Some(PartialPaymaster {
                address,
                data: operation.paymaster_data.unwrap_or_default(),
                verification_gas_limit: gas(
                    "paymasterVerificationGasLimit",
                    operation.paymaster_verification_gas_limit,
                )?,
                post_op_gas_limit: gas("paymasterPostOpGasLimit", operation.paymaster_post_op_gas_limit)?,
                signature: None,
            }),
            None => None,
        };
        Ok(Self {
            sender: operation.sender,
            nonce: operation.nonce,
            factory: operation.factory.map(|address| Factory::new(address, operation.factory_data.unwrap_or_default())),
            call_data: operation.call_data,
            call_gas_limit: gas("callGasLimit", Some(operation.call_gas_limit))?,
            verification_gas_limit: gas("verificationGasLimit", Some(operation.verification_gas_limit))?,
            pre_verification_gas: Some(operation.pre_verification_gas),
            max_fee_per_gas: gas("maxFeePerGas", Some(operation.max_fee_per_gas))?,
            max_priority_fee_per_gas: gas("maxPriorityFeePerGas", Some(operation.max_priority_fee_per_gas))?,
            paymaster,
            authorization: None,
            signature: Some(operation.signature),
        })
    }
}

impl TryFrom<alloy::UserOperation> for PartialOperation {
    type Error = BundlerError;

    fn try_from(operation: alloy::UserOperation) -> Result<Self, BundlerError> {
        let split = |packed: Bytes, name: &str| match packed.len() {
            0 => Ok(None),
            1..20 => Err(unfit(format_args!("{name} of {} bytes, expected 20 or more", packed.len()))),
            _ => Ok(Some((alloy_primitives::Address::from_slice(&packed[..20]), packed.slice(20..)))),
        };
        let paymaster = split(operation.paymaster_and_data, "paymasterAndData")?
            .map(|(address, data)| PartialPaymaster { address, data, ..PartialPaymaster::default() });
        let factory = split(operation.init_code, "initCode")?.map(|(address, data)| Factory::new(address, data));
        Ok(Self {
            sender: operation.sender,
            nonce: operation.nonce,
            factory,
            call_data: operation.call_data,
            call_gas_limit: Some(narrow("callGasLimit", operation.call_gas_limit)?),
            verification_gas_limit: Some(narrow("verificationGasLimit", operation.verification_gas_limit)?),
            pre_verification_gas: Some(operation.pre_verification_gas),
            max_fee_per_gas: Some(narrow("maxFeePerGas", operation.max_fee_per_gas)?),
            max_priority_fee_per_gas: Some(narrow("maxPriorityFeePerGas", operation.max_priority_fee_per_gas)?),
            paymaster,
            authorization: None,
            signature: Some(operation.signature),
        })
    }
}

impl From<GasEstimate> for alloy::UserOperationGasEstimation {
    /// What is missing becomes zero.
    fn from(estimate: GasEstimate) -> Self {
        let gas = |gas: Option<u128>| U256::from(gas.unwrap_or_default());
        Self {
            pre_verification_gas: estimate.pre_verification_gas.unwrap_or_default(),
            verification_gas: gas(estimate.verification_gas_limit.or(estimate.verification_gas)),
            paymaster_verification_gas: gas(estimate.paymaster_verification_gas_limit),
            call_gas_limit: gas(estimate.call_gas_limit),
        }
    }
}

impl TryFrom<alloy::UserOperationReceipt> for UserOperationReceipt {
    type Error = BundlerError;

    fn try_from(receipt: alloy::UserOperationReceipt) -> Result<Self, BundlerError> {
        serde_json::to_value(receipt).and_then(serde_json::from_value).map_err(unfit)
    }
}

impl TryFrom<state::StateOverride> for StateOverride {
    type Error = BundlerError;

    /// Refuses a moved precompile, which bundlers do not take.
    fn try_from(overrides: state::StateOverride) -> Result<Self, BundlerError> {
        let convert = |account: state::AccountOverride| {
            if account.move_precompile_to.is_some() {
                return Err(unfit("bundlers do not take movePrecompileToAddress"));
            }
            let storage = match (account.state, account.state_diff) {
                (Some(all), _) => Some(StorageOverride::State(all.into_iter().collect())),
                (None, Some(some)) => Some(StorageOverride::StateDiff(some.into_iter().collect())),
                (None, None) => None,
            };
            Ok(AccountOverride { balance: account.balance, nonce: account.nonce, code: account.code, storage })
        };
        let accounts = overrides.into_iter().map(|(address, account)| Ok((address, convert(account)?)));
        accounts.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, address, bytes};
    use userop::Paymaster;

    use super::*;

    fn operation() -> PartialOperation {
        let paymaster =
            Paymaster::new(address!("6f0B8da852D95ba3A28a3E7908a36986a7f79727"), bytes!("03")).with_gas(4, 5);
        let operation = UserOperation::new(Address::repeat_byte(1), U256::from(7), bytes!("c0de"))
            .with_factory(Factory::new(Address::repeat_byte(2), bytes!("0102")))
            .with_paymaster(paymaster)
            .with_fees(9, 8)
            .with_gas(1, 2, U256::from(3))
            .with_signature(bytes!("51"));
        PartialOperation::from(&operation)
    }

    #[test]
    fn operations_there_and_back() {
        let there = alloy::PackedUserOperation::from(operation());
        assert_eq!(PartialOperation::try_from(there), Ok(operation()));
        let there = alloy::UserOperation::try_from(operation()).unwrap();
        let mut back = PartialOperation::try_from(there).unwrap();
        // 0.6 has no gas limits for the paymaster.
        let paymaster = back.paymaster.as_mut().unwrap();
        (paymaster.verification_gas_limit, paymaster.post_op_gas_limit) = (Some(4), Some(5));
        assert_eq!(back, operation());
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let mut there = alloy::PackedUserOperation::from(operation());
        there.call_gas_limit = U256::MAX;
        assert!(PartialOperation::try_from(there).is_err());
    }

    #[test]
    fn state_overrides_are_taken_over() {
        let account = state::AccountOverride { balance: Some(U256::from(5)), ..state::AccountOverride::default() };
        let theirs: state::StateOverride = [(Address::ZERO, account)].into_iter().collect();
        let expected = AccountOverride { balance: Some(U256::from(5)), ..AccountOverride::default() };
        assert_eq!(StateOverride::try_from(theirs), Ok(StateOverride::default().with(Address::ZERO, expected)));
    }
}
