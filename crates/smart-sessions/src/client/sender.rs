//! From calls to a mined operation.

use alloy_primitives::{B256, Bytes, U256};
use bundler_rpc::{NonceSource, OperationRequest, Preparer, SignedOperation, UserOperationReceipt};
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
        let preparer = chain.preparer(account.entry_point());
        Self { chain, account, validator, lane: 0, preparer }
    }

    /// Prepares, signs, sends and waits. `stub` is a signature of the final one's length.
    pub(crate) async fn execute(
        &self,
        calls: &[Call],
        stub: Bytes,
        sign: impl AsyncFnOnce(B256) -> Result<Bytes, Error>,
    ) -> Result<UserOperationReceipt, Error> {
        self.execute_telling(calls, stub, sign, |_| {}).await
    }

    /// As [`execute`](Self::execute), and tells the operation's hash right before anything is sent. Until then nothing
    /// can be mined.
    pub(crate) async fn execute_telling(
        &self,
        calls: &[Call],
        stub: Bytes,
        sign: impl AsyncFnOnce(B256) -> Result<Bytes, Error>,
        sending: impl FnOnce(B256),
    ) -> Result<UserOperationReceipt, Error> {
        let (request, deadline) = (self.request(calls, stub)?, self.chain.deadline());
        let signed = self.preparer.sign(&request, deadline, sign).await?;
        sending(signed.hash());
        Ok(self.preparer.bundler().execute(&signed, deadline).await?)
    }

    /// Prepares and signs, and sends nothing. With the lane's next nonce, unless one is given.
    pub(crate) async fn sign(
        &self,
        calls: &[Call],
        nonce: Option<U256>,
        stub: Bytes,
        sign: impl AsyncFnOnce(B256) -> Result<Bytes, Error>,
    ) -> Result<SignedOperation, Error> {
        let mut request = self.request(calls, stub)?;
        if let Some(nonce) = nonce {
            request.nonce = NonceSource::Fixed(nonce);
        }
        Ok(self.preparer.sign(&request, self.chain.deadline(), sign).await?)
    }

    /// Sends an operation, which may have been sent before, and waits.
    pub(crate) async fn finish(&self, signed: &SignedOperation) -> Result<UserOperationReceipt, Error> {
        Ok(self.preparer.bundler().execute(signed, self.chain.deadline()).await?)
    }

    fn request(&self, calls: &[Call], stub: Bytes) -> Result<OperationRequest, Error> {
        let key = self.account.nonce_key(self.validator, ValidationMode::Validate, self.lane)?;
        let call_data = self.account.encode_calls(calls);
        let mut request = OperationRequest::new(self.account.address(), call_data, NonceSource::Next(key), stub);
        request.factory = self.account.factory().cloned();
        Ok(request)
    }
}
