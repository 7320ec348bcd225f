use std::fmt;

use alloy_rpc_client::RpcClient;
use serde_json::{Value, json};
use userop::EntryPoint;

use super::PaymasterFields;
use crate::endpoint::Endpoint;
use crate::{Backoff, BundlerError, ConnectError, PartialOperation};

/// A client of an ERC-7677 paymaster service.
///
/// Cloning is cheap and shares the connection.
#[derive(Clone)]
pub struct PaymasterClient {
    endpoint: Endpoint,
}

impl fmt::Debug for PaymasterClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The transport would show the URL, which may hold a key.
        f.debug_struct("PaymasterClient").finish_non_exhaustive()
    }
}

impl PaymasterClient {
    /// A client over any transport.
    #[must_use]
    pub fn new(rpc: RpcClient) -> Self {
        Self { endpoint: Endpoint::new(rpc) }
    }

    /// A client of an `http` or (feature `tls`) `https` address.
    ///
    /// # Errors
    /// As [`connect`](crate::connect).
    pub fn http(url: &str) -> Result<Self, ConnectError> {
        crate::connect(url).map(Self::new)
    }

    /// With other pauses between repeated requests.
    #[must_use]
    pub const fn with_backoff(mut self, reads: Backoff) -> Self {
        self.endpoint.set_reads(reads);
        self
    }

    #[cfg(feature = "biconomy")]
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// `pm_getPaymasterStubData`: paymaster fields of the final length, for estimation.
    ///
    /// Without a context an empty one is sent.
    ///
    /// # Errors
    /// When the service refuses, or does not answer.
    #[doc(alias = "pm_getPaymasterStubData")]
    #[doc(alias = "getPaymasterStubData")]
    pub async fn stub_data(
        &self,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        chain_id: u64,
        context: Option<&Value>,
    ) -> Result<PaymasterFields, BundlerError> {
        self.ask("pm_getPaymasterStubData", operation, entry_point, chain_id, context).await
    }

    /// `pm_getPaymasterData`: the final paymaster fields, for an operation whose gas limits are final.
    ///
    /// # Errors
    /// When the service refuses, or does not answer.
    #[doc(alias = "pm_getPaymasterData")]
    #[doc(alias = "getPaymasterData")]
    pub async fn data(
        &self,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        chain_id: u64,
        context: Option<&Value>,
    ) -> Result<PaymasterFields, BundlerError> {
        self.ask("pm_getPaymasterData", operation, entry_point, chain_id, context).await
    }

    async fn ask(
        &self,
        method: &'static str,
        operation: &PartialOperation,
        entry_point: EntryPoint,
        chain_id: u64,
        context: Option<&Value>,
    ) -> Result<PaymasterFields, BundlerError> {
        // ERC-7677 wants the three gas limits; zeros stand for what is not known yet.
        let mut operation = operation.clone();
        operation.call_gas_limit.get_or_insert(0);
        operation.verification_gas_limit.get_or_insert(0);
        operation.pre_verification_gas.get_or_insert_default();
        let empty = json!({});
        let context = context.unwrap_or(&empty);
        let params = (operation.wire(entry_point.version), entry_point.address, format!("{chain_id:#x}"), context);
        self.endpoint.read(method, &params).await
    }
}
