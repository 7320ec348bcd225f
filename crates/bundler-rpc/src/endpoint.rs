//! What bundler, paymaster and node clients share: calls, repeated reads and batches.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alloy_json_rpc::{RpcRecv, RpcSend};
use alloy_rpc_client::RpcClient;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use crate::{Backoff, BundlerError, TransportFailure, error::beginning};

/// The parameters of a method without any, as `[]`: alloy leaves the member out for types without size.
pub(crate) const NO_PARAMS: &[u8] = &[];

/// One server and how patient to be with it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    rpc: RpcClient,
    reads: Backoff,
    /// Whether the server has refused a batch: it then gets single requests.
    no_batches: Arc<AtomicBool>,
}

/// A request of a batch.
pub(crate) struct Request {
    method: &'static str,
    params: Box<RawValue>,
}

impl Request {
    pub(crate) fn new(method: &'static str, params: &impl Serialize) -> Result<Self, BundlerError> {
        match to_raw_value(params) {
            Ok(params) => Ok(Self { method, params }),
            Err(error) => Err(BundlerError::Request { method: method.into(), reason: error.to_string() }),
        }
    }
}

/// The answer to a request of a batch.
pub(crate) struct Answer {
    method: &'static str,
    result: Result<Box<RawValue>, BundlerError>,
}

impl Answer {
    pub(crate) fn read<T: DeserializeOwned>(self) -> Result<T, BundlerError> {
        let raw = self.result?;
        serde_json::from_str(raw.get()).map_err(|error| BundlerError::Malformed {
            method: self.method.into(),
            reason: error.to_string(),
            body: beginning(raw.get()),
        })
    }

    pub(crate) fn error(&self) -> Option<&BundlerError> {
        self.result.as_ref().err()
    }
}

/// How many single requests replace a batch at a time.
const SINGLES_AT_A_TIME: usize = 16;

impl Endpoint {
    pub(crate) fn new(rpc: RpcClient) -> Self {
        Self { rpc, reads: Backoff::READ, no_batches: Arc::default() }
    }

    pub(crate) const fn set_reads(&mut self, reads: Backoff) {
        self.reads = reads;
    }

    pub(crate) const fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// One request, never repeated.
    pub(crate) async fn call<P: RpcSend, R: RpcRecv>(
        &self,
        method: impl Into<Cow<'static, str>>,
        params: P,
    ) -> Result<R, BundlerError> {
        let method = method.into();
        self.rpc.request(method.clone(), params).await.map_err(|error| BundlerError::new(method, error))
    }

    /// A request without effect, repeated while the server cannot answer.
    pub(crate) async fn read<P: RpcSend, R: RpcRecv>(
        &self,
        method: &'static str,
        params: &P,
    ) -> Result<R, BundlerError> {
        let mut pauses = self.reads.pauses();
        loop {
            let error = match self.call(method, params).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let Some(pause) = pauses.next().filter(|_| error.is_retryable()) else { return Err(error) };
            tracing::debug!(method, %error, "repeating a read");
            tokio::time::sleep(error.retry_after().map_or(pause, |asked| asked.max(pause).min(self.reads.longest * 5)))
                .await;
        }
    }

    /// Several reads in one request, repeated as a whole while the server cannot answer.
    pub(crate) async fn read_batch(&self, requests: &[Request]) -> Result<Vec<Answer>, BundlerError> {
        let mut pauses = self.reads.pauses();
        loop {
            let answers = self.batch(requests).await;
            let failure = match &answers {
                Err(error) => Some(error),
                Ok(answers) => answers.iter().find_map(|answer| answer.error().filter(|error| error.is_retryable())),
            };
            let Some(failure) = failure.filter(|error| error.is_retryable()) else { return answers };
            let Some(pause) = pauses.next() else { return answers };
            let pause = failure.retry_after().map_or(pause, |asked| asked.max(pause).min(self.reads.longest * 5));
            tokio::time::sleep(pause).await;
        }
    }

    /// Several requests in one, or one by one for a server that does not take batches. The answers are in the order of
    /// the requests.
    ///
    /// # Errors
    /// When there was no answer at all.
    pub(crate) async fn batch(&self, requests: &[Request]) -> Result<Vec<Answer>, BundlerError> {
        if let [only] = requests {
            return Ok(vec![self.single(only).await]);
        }
        if !self.no_batches.load(Ordering::Relaxed) {
            let method = || requests.first().map_or(Cow::Borrowed("batch"), |first| Cow::Borrowed(first.method));
            let mut batch = self.rpc.new_batch();
            let mut waiters = Vec::with_capacity(requests.len());
            for request in requests {
                let waiter = batch.add_call::<_, Box<RawValue>>(request.method, &request.params);
                waiters.push((request.method, waiter.map_err(|error| BundlerError::new(request.method, error))?));
            }
            match batch.send().await.map_err(|error| BundlerError::new(method(), error)) {
                Ok(()) => {
                    let mut answers = Vec::with_capacity(waiters.len());
                    for (method, waiter) in waiters {
                        let result = waiter.await.map_err(|error| BundlerError::new(method, error));
                        answers.push(Answer { method, result });
                    }
                    let is_missing = |answer: &Answer| {
                        matches!(
                            answer.error(),
                            Some(BundlerError::Transport { failure: TransportFailure::MissingFromBatch, .. })
                        )
                    };
                    if !answers.iter().all(is_missing) {
                        return Ok(answers);
                    }
                }
                Err(error) if !refuses_batches(&error) => return Err(error),
                Err(_) => {}
            }
            tracing::debug!("the server does not take batches");
            self.no_batches.store(true, Ordering::Relaxed);
        }
        let singles: Vec<_> = requests.iter().map(|request| self.single(request)).collect();
        let answers = stream::iter(singles).buffered(SINGLES_AT_A_TIME);
        Ok(answers.collect().await)
    }

    async fn single(&self, request: &Request) -> Answer {
        Answer { method: request.method, result: self.call(request.method, &request.params).await }
    }
}

/// Servers without batches say so with a status or with a body that is not a list of answers.
const fn refuses_batches(error: &BundlerError) -> bool {
    match error {
        BundlerError::Transport { failure: TransportFailure::Http { status, .. }, .. } => {
            matches!(status, 400 | 405 | 413 | 415 | 422 | 501)
        }
        BundlerError::Malformed { .. } | BundlerError::Response(_) => true,
        _ => false,
    }
}
