use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Serialize};
use userop::EntryPointVersion;

use super::PaymasterError;
use crate::wire::{PartialPaymaster, lenient, quantity};
use crate::{BundlerError, PartialOperation};

/// What a paymaster service answers: the stub or final data of ERC-7677, and what services add to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PaymasterFields {
    /// The paymaster (0.7 and later).
    #[serde(default, deserialize_with = "lenient::address", skip_serializing_if = "Option::is_none")]
    pub paymaster: Option<Address>,
    /// What it is given (0.7 and later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paymaster_data: Option<Bytes>,
    /// Gas for asking it (0.7 and later).
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub paymaster_verification_gas_limit: Option<u128>,
    /// Gas for its work after the call (0.7 and later).
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub paymaster_post_op_gas_limit: Option<u128>,
    /// A signature that the operation's hash leaves out (0.9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paymaster_signature: Option<Bytes>,
    /// Paymaster and data in one (0.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paymaster_and_data: Option<Bytes>,
    /// The operation's own limit, from services that estimate.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub pre_verification_gas: Option<U256>,
    /// The operation's own limit, from services that estimate.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub verification_gas_limit: Option<u128>,
    /// The operation's own limit, from services that estimate.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub call_gas_limit: Option<u128>,
    /// The operation's fee, from services that set it.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub max_fee_per_gas: Option<u128>,
    /// The operation's fee, from services that set it.
    #[serde(default, with = "quantity::optional", skip_serializing_if = "Option::is_none")]
    pub max_priority_fee_per_gas: Option<u128>,
    /// Who pays, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsor: Option<Sponsor>,
    /// Whether a stub is the final data already.
    #[serde(default, deserialize_with = "lenient::or_default", skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
}

/// Who pays, for people to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sponsor {
    /// The name.
    pub name: String,
    /// A picture as a URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
}

impl PaymasterFields {
    /// The paymaster's address, also out of `paymasterAndData`.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        self.paymaster.or_else(|| self.paymaster_and_data.as_ref()?.first_chunk::<20>().map(Into::into))
    }

    /// The paymaster's data, also out of `paymasterAndData`.
    #[must_use]
    pub fn data(&self) -> Bytes {
        match (&self.paymaster_data, &self.paymaster_and_data) {
            (Some(data), _) => data.clone(),
            (None, Some(packed)) if packed.len() > 20 => packed.slice(20..),
            _ => Bytes::new(),
        }
    }

    /// Puts the answer into an operation: paymaster and data always, gas limits and fees where the answer has them.
    ///
    /// # Errors
    /// When the answer names no paymaster.
    pub fn apply(&self, operation: &mut PartialOperation, version: EntryPointVersion) -> Result<(), BundlerError> {
        let member = if version.is_packed() { "paymaster" } else { "paymasterAndData" };
        let address = self.address().ok_or(PaymasterError::Missing { member })?;
        let before = operation.paymaster.take();
        let (verification, post_op) =
            before.map_or((None, None), |before| (before.verification_gas_limit, before.post_op_gas_limit));
        operation.paymaster = Some(PartialPaymaster {
            address,
            data: self.data(),
            // What the service answers is what it signs: it goes before what was estimated.
            verification_gas_limit: self.paymaster_verification_gas_limit.or(verification),
            post_op_gas_limit: self.paymaster_post_op_gas_limit.or(post_op),
            signature: self.paymaster_signature.clone(),
        });
        operation.pre_verification_gas = self.pre_verification_gas.or(operation.pre_verification_gas);
        operation.verification_gas_limit = self.verification_gas_limit.or(operation.verification_gas_limit);
        operation.call_gas_limit = self.call_gas_limit.or(operation.call_gas_limit);
        operation.max_fee_per_gas = self.max_fee_per_gas.or(operation.max_fee_per_gas);
        operation.max_priority_fee_per_gas = self.max_priority_fee_per_gas.or(operation.max_priority_fee_per_gas);
        Ok(())
    }

    /// Checks final data against the stub that gas was estimated with.
    ///
    /// # Errors
    /// When it names another paymaster, or is longer than the stub.
    pub fn check_against(&self, stub: &Self) -> Result<(), PaymasterError> {
        if let (Some(stub), Some(data)) = (stub.address(), self.address())
            && stub != data
        {
            return Err(PaymasterError::Changed { stub, data });
        }
        let (stub, data) = (stub.data().len(), self.data().len());
        if data > stub { Err(PaymasterError::Longer { stub, data }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, bytes};
    use serde_json::json;

    use super::*;

    const PAYMASTER: Address = address!("6f0B8da852D95ba3A28a3E7908a36986a7f79727");

    fn fields(value: serde_json::Value) -> PaymasterFields {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn stub_gas_survives_final_data_without_gas() {
        let mut operation = PartialOperation::default();
        let stub = fields(json!({"paymaster": PAYMASTER, "paymasterData": "0x0102", "paymasterPostOpGasLimit": "0x7"}));
        stub.apply(&mut operation, EntryPointVersion::V0_7).unwrap();
        operation.paymaster.as_mut().unwrap().verification_gas_limit = Some(5);
        let data = fields(json!({"paymaster": PAYMASTER, "paymasterData": "0x0304"}));
        data.apply(&mut operation, EntryPointVersion::V0_7).unwrap();
        assert_eq!(
            operation.paymaster,
            Some(PartialPaymaster {
                address: PAYMASTER,
                data: bytes!("0304"),
                verification_gas_limit: Some(5),
                post_op_gas_limit: Some(7),
                signature: None,
            })
        );
    }

    #[test]
    fn a_changed_paymaster_is_refused() {
        let stub = fields(json!({"paymaster": PAYMASTER, "paymasterData": "0x0102"}));
        let other = fields(json!({"paymaster": Address::repeat_byte(1), "paymasterData": "0x0102"}));
        let expected = PaymasterError::Changed { stub: PAYMASTER, data: Address::repeat_byte(1) };
        assert_eq!(other.check_against(&stub), Err(expected));
        let longer = fields(json!({"paymaster": PAYMASTER, "paymasterData": "0x010203"}));
        assert_eq!(longer.check_against(&stub), Err(PaymasterError::Longer { stub: 2, data: 3 }));
        assert_eq!(stub.check_against(&longer), Ok(()));
    }

    #[test]
    fn packed_fields_of_0_6() {
        let packed = [PAYMASTER.as_slice(), &[1, 2]].concat();
        let answer = fields(json!({"paymasterAndData": Bytes::from(packed)}));
        assert_eq!((answer.address(), answer.data()), (Some(PAYMASTER), bytes!("0102")));
        let none = fields(json!({"paymasterAndData": "0x"}));
        let refused = none.apply(&mut PartialOperation::default(), EntryPointVersion::V0_6);
        let missing = PaymasterError::Missing { member: "paymasterAndData" };
        assert_eq!(refused, Err(BundlerError::Paymaster(missing)));
    }
}
