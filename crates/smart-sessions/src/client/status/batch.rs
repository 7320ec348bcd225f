//! Several questions to contracts in one request.

use std::marker::PhantomData;
use std::vec::Vec;

use alloy_primitives::{Address, Bytes};
use bundler_rpc::{BundlerError, CallRequest, NodeClient};
use futures_util::future::try_join_all;
use session_types::abi::ModuleFunction;

use crate::client::Error;

/// Nodes refuse longer batches; more questions go into several requests at the same time.
const MOST: usize = 500;

/// Questions that are asked together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    requests: Vec<CallRequest>,
}

/// Where the answer to a question of the session module is.
pub(crate) struct Asked<F> {
    place: usize,
    function: PhantomData<F>,
}

impl Batch {
    /// Asks the session module.
    pub(crate) fn module<F: ModuleFunction>(&mut self, module: Address, question: &F) -> Asked<F> {
        Asked { place: self.call(module, question.calldata()), function: PhantomData }
    }

    /// Asks any contract; answers where the answer will be.
    pub(crate) fn call(&mut self, to: Address, data: Bytes) -> usize {
        self.requests.push(CallRequest::new(to, data));
        self.requests.len() - 1
    }

    /// Sends the questions; nothing is sent when there are none.
    pub(crate) async fn send(&self, node: &NodeClient) -> Result<Answers, Error> {
        let parts = try_join_all(self.requests.chunks(MOST).map(|part| node.call_many(part))).await?;
        Ok(Answers(parts.into_iter().flatten().collect()))
    }
}

/// The answers, each with its own failure.
#[derive(Debug)]
pub(crate) struct Answers(Vec<Result<Bytes, BundlerError>>);

impl Answers {
    pub(crate) fn read<F: ModuleFunction>(&self, asked: &Asked<F>) -> Result<F::Return, Error> {
        F::decode_return(self.raw(asked.place)?).map_err(|error| Error::ModuleAnswer { function: F::SIGNATURE, error })
    }

    pub(crate) fn raw(&self, place: usize) -> Result<&Bytes, BundlerError> {
        let missing = || BundlerError::Request { method: "eth_call".into(), reason: "no answer in the batch".into() };
        self.0.get(place).ok_or_else(missing)?.as_ref().map_err(Clone::clone)
    }
}
