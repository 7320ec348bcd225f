//! From calls to a mined operation.

use alloy_primitives::{B256, Bytes};
use bundler_rpc::{NonceSource, OperationRequest, Preparer, UserOperationReceipt};
use userop::Call;
use userop::account::{Account, ValidationMode, Validator};

use super::{Chain, Error};

/// An account that sends operations under one of its validators.
#[derive(Clone, Debug)]
pub(crate) struct Sender<A> {
    pub(crate) chain: Chain,
    pub(crate) account: A,
    pub(crate) validator: Validator,
    pub(crate) lane: u32,
    preparer: Preparer,
}

impl<A: Account> Sender<A> {
    pub(crate) fn new(chain: Chain, account: A, validator: Validator) -> Self {
        let (bundler, node) = (chain.bundler().clone(), chain.node().clone());
        let preparer = Preparer::new(bundler, node, account.entry_point(), chain.chain_id());
        Self { chain, account, validator, lane: 0, preparer }
    }

    /// Prepares, signs, sends and waits. `stub` is a signature of the final one's length.
    pub(crate) async fn execute(
        &self,
        calls: &[Call],
        stub: Bytes,
        sign: impl AsyncFnOnce(B256) -> Result<Bytes, Error>,
    ) -> Result<UserOperationReceipt, Error> {
        let key = self.account.nonce_key(self.validator, ValidationMode::Validate, self.lane)?;
        let call_data = self.account.encode_calls(calls);
        let mut request = OperationRequest::new(self.account.address(), call_data, NonceSource::Next(key), stub);
        request.factory = self.account.factory().cloned();
        Ok(self.preparer.execute(&request, self.chain.deadline(), sign).await?)
    }
}
