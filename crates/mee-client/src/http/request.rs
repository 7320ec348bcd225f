use std::fmt;

use futures_util::future::BoxFuture;
use url::Url;

/// The node's API key. Its `Debug` form never shows the value.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key; `None` for an empty text, which is the same as no key.
    pub fn new(key: impl Into<String>) -> Option<Self> {
        Some(key.into()).filter(|key| !key.is_empty()).map(Self)
    }

    /// The value, for the header and nothing else.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(<redacted>)")
    }
}

/// Headers of the caller's. Their `Debug` form shows names only: values can be credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Headers(pub(crate) Vec<(String, String)>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// The methods that a node knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Reads; safe to repeat.
    Get,
    /// Everything else; never repeated.
    Post,
}

/// One request, whole.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Header names in lower case, each once.
    pub headers: Vec<(String, String)>,
    /// The JSON text to send, if any.
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Header values can be secrets, so only their names are shown.
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url.as_str())
            .field("headers", &names)
            .field("body_length", &self.body.as_ref().map(Vec::len))
            .finish()
    }
}

/// One answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// An answer with this status and body.
    #[must_use]
    pub const fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, body }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportFailure {
    /// No connection: the request did not leave.
    #[error("cannot connect: {reason}")]
    Connect {
        /// What the HTTP library says, without the address.
        reason: String,
    },
    /// The time for one request is over; the request may have arrived.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke; the request may have arrived.
    #[error("connection lost: {reason}")]
    Lost {
        /// What the HTTP library says, without the address.
        reason: String,
    },
    /// The answer is longer than the client takes.
    #[error("answer longer than {limit} bytes")]
    TooLong {
        /// The most bytes taken.
        limit: usize,
    },
    /// A gateway before the node gave up; the request may have arrived.
    #[error("gateway answered {status}")]
    Gateway {
        /// The HTTP status: 502, 503 or 504.
        status: u16,
    },
    /// The answer cannot be read, so what became of the request is not known.
    #[error("unreadable answer: {reason}")]
    Unreadable {
        /// What could not be read.
        reason: String,
    },
    /// A header cannot be sent as it is.
    #[error("header {name} is not valid")]
    Header {
        /// The header's name.
        name: String,
    },
}

/// What carries requests. [`ReqwestTransport`](super::ReqwestTransport) is the usual one.
pub trait HttpTransport: fmt::Debug + Send + Sync {
    /// Sends one request and reads the whole answer, whatever its status.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportFailure>>;
}
