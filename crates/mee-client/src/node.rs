use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{Address, B256, U256};
use backon::{ExponentialBuilder, Retryable};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::MeeError;
use crate::http::{ApiKey, Headers, HttpRequest, HttpTransport, Method, TransportFailure, error_text};
use crate::status::Report;
use crate::wire::{NodeInfo, Quote, QuoteRequest, SignedQuote, TriggerInfo, decimal};

/// The published node.
pub const DEFAULT_NODE: &str = "https://network.biconomy.io/v1";
/// The published node for test networks.
pub const STAGING_NODE: &str = "https://staging-network.biconomy.io/v1";

/// Where quotes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuotePath {
    Quote,
    QuotePermit,
}

/// How often, and how long apart, a read is repeated after a transient failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadRetries {
    /// How many times after the first.
    pub times: usize,
    /// The first pause; each later one is twice as long, with jitter.
    pub first_pause: Duration,
}

impl Default for ReadRetries {
    fn default() -> Self {
        Self { times: 3, first_pause: Duration::from_millis(200) }
    }
}

/// A node's endpoints. Only reads are repeated; a quote or an execution is sent once.
#[derive(Clone, Debug)]
pub struct NodeApi {
    transport: Arc<dyn HttpTransport>,
    base: Url,
    api_key: Option<ApiKey>,
    headers: Headers,
    retries: ReadRetries,
}

/// What a node answers to an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Executed {
    /// The supertransaction.
    #[doc(alias = "UsePermissionResponse")]
    pub hash: B256,
}

#[derive(Deserialize)]
struct TankNonce {
    #[serde(with = "decimal")]
    nonce: U256,
}

#[derive(Serialize)]
struct Execution<'a> {
    #[serde(flatten)]
    signed: &'a SignedQuote,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<&'a TriggerInfo>,
}

impl NodeApi {
    /// A node at `base`, for example [`DEFAULT_NODE`]. Nothing is sent yet.
    ///
    /// # Errors
    /// When `base` is not an absolute address of HTTP.
    pub fn new(transport: Arc<dyn HttpTransport>, base: &str) -> Result<Self, MeeError> {
        Ok(Self {
            transport,
            base: base_url(base)?,
            api_key: None,
            headers: Headers::default(),
            retries: ReadRetries::default(),
        })
    }

    /// Sends this key as `x-api-key`.
    #[must_use]
    pub fn with_api_key(mut self, api_key: Option<ApiKey>) -> Self {
        self.api_key = api_key;
        self
    }

    /// Sends a header with every request. It replaces one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let name = name.to_ascii_lowercase();
        self.headers.0.retain(|(known, _)| *known != name);
        self.headers.0.push((name, value.to_owned()));
        self
    }

    /// Repeats reads so often after transient failures.
    #[must_use]
    pub const fn with_retries(mut self, retries: ReadRetries) -> Self {
        self.retries = retries;
        self
    }

    /// `GET info`: what the node supports.
    ///
    /// # Errors
    /// When the node fails or its answer cannot be read.
    pub async fn info(&self) -> Result<NodeInfo, MeeError> {
        self.read("info").await
    }

    /// `POST quote` or `POST quote-permit`.
    pub(crate) async fn quote(&self, path: QuotePath, request: &QuoteRequest) -> Result<Quote, MeeError> {
        let path = match path {
            QuotePath::Quote => "quote",
            QuotePath::QuotePermit => "quote-permit",
        };
        self.post(path, request).await
    }

    /// `POST exec`: hands a signed supertransaction over. Never repeated.
    ///
    /// # Errors
    /// [`MeeError::ExecutionUnknown`] when it may have arrived but the node's answer did not; else as the node answered.
    #[doc(alias = "executeSignedQuote")]
    pub async fn execute(&self, signed: &SignedQuote, trigger: Option<&TriggerInfo>) -> Result<Executed, MeeError> {
        let hash = signed.quote.hash;
        let unknown = |source| MeeError::ExecutionUnknown { hash, source };
        let executed: Executed =
            self.post("exec", &Execution { signed, trigger }).await.map_err(|error| match error {
                MeeError::Transport { source: TransportFailure::Connect { .. }, .. } => error,
                MeeError::Transport { source: TransportFailure::Header { .. }, .. } => error,
                MeeError::Transport { source, .. } => unknown(source),
                MeeError::Node { status: status @ 502..=504, .. } => unknown(TransportFailure::Gateway { status }),
                MeeError::Answer { reason, .. } => unknown(TransportFailure::Unreadable { reason }),
                other => other,
            })?;
        if executed.hash == hash {
            return Ok(executed);
        }
        Err(unknown(TransportFailure::Unreadable { reason: format!("it is about {}", executed.hash) }))
    }

    /// `GET explorer/{hash}`: how far a supertransaction is.
    ///
    /// # Errors
    /// When the node does not know it, fails, or its answer cannot be read.
    pub async fn report(&self, hash: B256) -> Result<Report, MeeError> {
        self.read(&format!("explorer/{hash}")).await
    }

    /// `GET sponsorship/nonce/{chain}/{tank}`: the next nonce of a gas tank.
    pub(crate) async fn tank_nonce(&self, chain_id: u64, tank: Address) -> Result<U256, MeeError> {
        let answer: TankNonce = self.read(&format!("sponsorship/nonce/{chain_id}/{tank}")).await?;
        Ok(answer.nonce)
    }

    /// `POST sponsorship/sign/{chain}/{tank}`: the quote with the tank's signature.
    pub(crate) async fn tank_signature(&self, chain_id: u64, tank: Address, quote: &Quote) -> Result<Quote, MeeError> {
        self.post(&format!("sponsorship/sign/{chain_id}/{tank}"), quote).await
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, MeeError> {
        let pauses =
            ExponentialBuilder::default().with_min_delay(self.retries.first_pause).with_max_times(self.retries.times);
        let body = (|| self.exchange(Method::Get, path, None))
            .retry(pauses.with_jitter())
            .when(MeeError::is_transient)
            .notify(|error, pause| tracing::debug!(%error, ?pause, "repeating a read"))
            .await?;
        parse(path, &body)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, MeeError> {
        let body = serde_json::to_vec(body)
            .map_err(|error| MeeError::Answer { endpoint: path.to_owned(), reason: error.to_string() })?;
        parse(path, &self.exchange(Method::Post, path, Some(body)).await?)
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, MeeError> {
        let url = self.base.join(path).map_err(|error| MeeError::Url { reason: error.to_string() })?;
        let request = HttpRequest { method, url, headers: self.header_list(), body };
        let response = self
            .transport
            .send(request)
            .await
            .map_err(|source| MeeError::Transport { endpoint: path.to_owned(), source })?;
        if (200..300).contains(&response.status) {
            return Ok(response.body);
        }
        Err(refusal(path, response.status, &response.body))
    }

    fn header_list(&self) -> Vec<(String, String)> {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(self.api_key.as_ref().map(|key| ("x-api-key".to_owned(), key.reveal().to_owned())));
        headers.retain(|(name, _)| self.headers.0.iter().all(|(own, _)| own != name));
        headers.extend(self.headers.0.iter().cloned());
        headers
    }
}

fn base_url(text: &str) -> Result<Url, MeeError> {
    // A base without a closing slash would lose its last part when paths are joined to it.
    let url = Url::parse(&format!("{}/", text.trim_end_matches('/')))
        .map_err(|error| MeeError::Url { reason: error.to_string() })?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
        return Err(MeeError::Url { reason: "expected an http or https address without a query".to_owned() });
    }
    Ok(url)
}

fn parse<T: DeserializeOwned>(path: &str, body: &[u8]) -> Result<T, MeeError> {
    serde_json::from_slice(body)
        .map_err(|error| MeeError::Answer { endpoint: path.to_owned(), reason: error.to_string() })
}

fn refusal(path: &str, status: u16, body: &[u8]) -> MeeError {
    const LONGEST: usize = 4096;
    let text = String::from_utf8_lossy(body);
    let message = match serde_json::from_slice::<Value>(body) {
        Ok(value) => error_text(value.get("error").filter(|error| !error.is_null()).unwrap_or(&value)),
        Err(_) => text.trim().chars().take(200).collect(),
    };
    MeeError::Node { endpoint: path.to_owned(), status, message, body: text.chars().take(LONGEST).collect() }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::http::HttpResponse;

    #[derive(Debug, Default)]
    struct Script {
        answers: Mutex<Vec<Result<HttpResponse, TransportFailure>>>,
        seen: Mutex<Vec<HttpRequest>>,
    }

    impl HttpTransport for Script {
        fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportFailure>> {
            self.seen.lock().unwrap().push(request);
            let answer = self.answers.lock().unwrap().remove(0);
            async move { answer }.boxed()
        }
    }

    fn node(answers: Vec<Result<HttpResponse, TransportFailure>>) -> (Arc<Script>, NodeApi) {
        let script = Arc::new(Script { answers: Mutex::new(answers), seen: Mutex::default() });
        let retries = ReadRetries { times: 2, first_pause: Duration::from_millis(1) };
        (script.clone(), NodeApi::new(script, "http://node.example/v1").unwrap().with_retries(retries))
    }

    fn answer(status: u16, body: &str) -> Result<HttpResponse, TransportFailure> {
        Ok(HttpResponse::new(status, body.as_bytes().to_vec()))
    }

    #[tokio::test]
    async fn reads_are_repeated_after_transient_failures_only() {
        let (script, node) = node(vec![Err(TransportFailure::Timeout), answer(503, "busy"), answer(200, "{}")]);
        node.info().await.unwrap();
        assert_eq!(script.seen.lock().unwrap().len(), 3);
        assert_eq!(script.seen.lock().unwrap()[0].url.as_str(), "http://node.example/v1/info");

        let (script, node) = self::node(vec![answer(404, r#"{"error":"Supertransaction not found"}"#)]);
        let error = node.report(B256::ZERO).await.unwrap_err();
        let MeeError::Node { status: 404, message, body, .. } = error else { panic!("{error}") };
        assert_eq!((message.as_str(), body.contains("error")), ("Supertransaction not found", true));
        assert_eq!(script.seen.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_error_page_keeps_its_status() {
        let (_, node) = node(vec![answer(400, "<html>no</html>")]);
        assert!(
            matches!(node.info().await, Err(MeeError::Node { status: 400, message, .. }) if message.contains("no"))
        );
    }

    #[tokio::test]
    async fn what_may_have_arrived_is_told_by_its_hash() {
        let op = serde_json::json!({
            "userOp": {
                "sender": Address::ZERO, "nonce": "0", "initCode": "0x", "callData": "0x", "callGasLimit": "1",
                "verificationGasLimit": "1", "maxFeePerGas": "1", "maxPriorityFeePerGas": "1",
                "paymasterAndData": "0x", "preVerificationGas": "1",
            },
            "userOpHash": B256::ZERO, "meeUserOpHash": B256::ZERO, "lowerBoundTimestamp": "0",
            "upperBoundTimestamp": "1", "chainId": "1",
        });
        let quote: Quote = serde_json::from_value(serde_json::json!({
            "hash": B256::repeat_byte(7), "quoteType": "simple", "userOps": [op],
            "paymentInfo": {
                "sender": Address::ZERO, "token": Address::ZERO, "nonce": "0", "chainId": "1", "tokenWeiAmount": "1",
            },
        }))
        .unwrap();
        let signed = SignedQuote { quote, signature: Default::default(), mee_versions: Vec::new() };
        let hash = format!("{{\"hash\":\"{}\"}}", B256::repeat_byte(7));
        let other = format!("{{\"hash\":\"{}\"}}", B256::repeat_byte(8));
        let lost = || Err(TransportFailure::Lost { reason: String::new() });
        for unknown in [Err(TransportFailure::Timeout), lost(), answer(504, ""), answer(200, "?"), answer(200, &other)]
        {
            let (script, node) = node(vec![unknown]);
            let error = node.execute(&signed, None).await.unwrap_err();
            assert!(
                matches!(error, MeeError::ExecutionUnknown { hash, .. } if hash == B256::repeat_byte(7)),
                "{error}"
            );
            assert!(!error.is_transient());
            assert_eq!(script.seen.lock().unwrap().len(), 1);
        }
        let refused = Err(TransportFailure::Connect { reason: String::new() });
        let (_, node) = node(vec![refused, answer(400, "{}"), answer(200, &hash)]);
        assert!(matches!(node.execute(&signed, None).await, Err(MeeError::Transport { .. })));
        assert!(matches!(node.execute(&signed, None).await, Err(MeeError::Node { status: 400, .. })));
        assert_eq!(node.execute(&signed, None).await.unwrap().hash, B256::repeat_byte(7));
    }

    #[test]
    fn own_headers_replace_and_the_key_stays_hidden() {
        let (_, node) = node(Vec::new());
        let node = node.with_api_key(ApiKey::new("secret-1")).with_header("X-Api-Key", "secret-2");
        let own: Vec<_> = node.header_list().into_iter().filter(|(name, _)| name == "x-api-key").collect();
        assert_eq!(own, [("x-api-key".to_owned(), "secret-2".to_owned())]);
        assert!(!format!("{node:?}").contains("secret"));
        assert_eq!(ApiKey::new(""), None);
    }

    #[test]
    fn only_whole_http_addresses() {
        for bad in ["", "node.example", "ftp://node.example", "http://node.example/?key=1"] {
            assert!(NodeApi::new(Arc::new(Script::default()), bad).is_err(), "{bad}");
        }
    }
}
