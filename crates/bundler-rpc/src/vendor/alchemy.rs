//! The `alchemy_` methods of sponsorship; its bundler serves the `rundler_` methods too.

use alloy_primitives::Bytes;
use serde::Serialize;
use userop::EntryPoint;

use crate::paymaster::PaymasterFields;
use crate::{BundlerClient, BundlerError, PartialOperation, StateOverride};

/// The `alchemy_` methods of a bundler: [`BundlerClient::alchemy`].
#[derive(Clone, Copy)]
pub struct Alchemy<'a> {
    client: &'a BundlerClient,
}

impl std::fmt::Debug for Alchemy<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alchemy").finish_non_exhaustive()
    }
}

impl BundlerClient {
    /// The `alchemy_` methods.
    #[must_use]
    pub const fn alchemy(&self) -> Alchemy<'_> {
        Alchemy { client: self }
    }
}

/// What a sponsorship is asked for with, besides the operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sponsorship {
    /// The policy that pays.
    pub policy_id: String,
    /// Data for the policy's own hook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_data: Option<String>,
    /// Changes to the state that the estimation runs on.
    #[serde(rename = "stateOverrideSet", skip_serializing_if = "StateOverride::is_empty")]
    pub overrides: StateOverride,
}

impl Sponsorship {
    /// Sponsorship by a policy.
    #[must_use]
    pub fn new(policy_id: impl Into<String>) -> Self {
        Self { policy_id: policy_id.into(), webhook_data: None, overrides: StateOverride::default() }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a, O> {
    #[serde(flatten)]
    sponsorship: &'a Sponsorship,
    entry_point: alloy_primitives::Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    dummy_signature: Option<&'a Bytes>,
    user_operation: O,
}

impl Alchemy<'_> {
    /// `alchemy_requestGasAndPaymasterAndData`: gas, fees and paymaster fields in one answer. The operation's signature
    /// is the stub for estimation.
    ///
    /// # Errors
    /// When the policy refuses, the server does not answer, or lacks the method.
    #[doc(alias = "alchemy_requestGasAndPaymasterAndData")]
    pub async fn sponsor_with_gas(
        &self,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        sponsorship: &Sponsorship,
    ) -> Result<PaymasterFields, BundlerError> {
        self.ask("alchemy_requestGasAndPaymasterAndData", operation, entry_point, sponsorship, true).await
    }

    /// `alchemy_requestPaymasterAndData`: paymaster fields for an operation whose gas and fees are final.
    ///
    /// # Errors
    /// When the policy refuses, the server does not answer, or lacks the method.
    #[doc(alias = "alchemy_requestPaymasterAndData")]
    pub async fn sponsor(
        &self,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        sponsorship: &Sponsorship,
    ) -> Result<PaymasterFields, BundlerError> {
        self.ask("alchemy_requestPaymasterAndData", operation, entry_point, sponsorship, false).await
    }

    async fn ask(
        &self,
        method: &'static str,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        sponsorship: &Sponsorship,
        with_stub: bool,
    ) -> Result<PaymasterFields, BundlerError> {
        let unsigned = PartialOperation { signature: None, ..operation.clone() };
        let asked = Asked {
            sponsorship,
            entry_point: entry_point.address,
            dummy_signature: operation.signature.as_ref().filter(|_| with_stub),
            user_operation: unsigned.wire(entry_point.version),
        };
        self.client.endpoint().read(method, &[asked]).await
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, U256, bytes};
    use serde_json::json;
    use userop::EntryPointVersion;

    use super::*;

    #[test]
    fn asked_as_documented() {
        let operation = PartialOperation::new(Address::ZERO, U256::ZERO, bytes!("abcdef"));
        let asked = Asked {
            sponsorship: &Sponsorship::new("69d524a7"),
            entry_point: EntryPoint::V0_7.address,
            dummy_signature: Some(&bytes!("1c")),
            user_operation: operation.wire(EntryPointVersion::V0_7),
        };
        let expected = json!({
            "policyId": "69d524a7",
            "entryPoint": EntryPoint::V0_7.address,
            "dummySignature": "0x1c",
            "userOperation": {"sender": Address::ZERO, "nonce": "0x0", "callData": "0xabcdef"},
        });
        assert_eq!(serde_json::to_value(asked).unwrap(), expected);
    }
}
