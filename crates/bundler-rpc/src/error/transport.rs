use std::fmt;
use std::time::Duration;

use alloy_transport::{TransportError, TransportErrorKind};
use alloy_transport_http::reqwest;

/// A request that brought no usable answer: whether the server acted on it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFailure {
    /// No connection could be made: the server has not seen the request.
    Connect {
        /// What the system said; never the URL, which may hold a key.
        reason: String,
    },
    /// The connection broke, or ended before the answer was complete.
    Broken {
        /// What the system said; never the URL, which may hold a key.
        reason: String,
    },
    /// No answer within the time a request may take.
    TimedOut,
    /// The server, or something in front of it, answered with an HTTP error.
    Http {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        body: String,
        /// How long the server asked to wait.
        retry_after: Option<Duration>,
    },
    /// The answer to a batch lacks this request.
    MissingFromBatch,
}

impl TransportFailure {
    /// Whether the same request may pass in a moment.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Broken { .. } | Self::TimedOut | Self::MissingFromBatch => true,
            Self::Http { status, .. } => matches!(status, 403 | 408 | 413 | 425 | 429 | 500 | 502 | 503 | 504),
        }
    }

    /// How long the server asked to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(super) fn new(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::HttpError(error) => {
                Self::Http { status: error.status, body: beginning(&error.body), retry_after: None }
            }
            TransportErrorKind::HttpErrorWithRetryAfter { error, retry_after } => {
                Self::Http { status: error.status, body: beginning(&error.body), retry_after: Some(retry_after) }
            }
            TransportErrorKind::MissingBatchResponse(_) => Self::MissingFromBatch,
            TransportErrorKind::Custom(error) | TransportErrorKind::NonRetryable(error) => {
                match error.downcast::<reqwest::Error>() {
                    Ok(error) => Self::of_reqwest(*error),
                    Err(error) => Self::Broken { reason: error.to_string() },
                }
            }
            other => Self::Broken { reason: other.to_string() },
        }
    }

    fn of_reqwest(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        let is_connect = error.is_connect();
        // The URL may hold a key. The causes tell what happened, reqwest's own text only that something did.
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            reason = error.to_string();
            cause = error.source();
        }
        if is_connect { Self::Connect { reason } } else { Self::Broken { reason } }
    }
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { reason } => write!(f, "no connection: {reason}"),
            Self::Broken { reason } => write!(f, "connection broken: {reason}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Http { status, body, .. } if body.is_empty() => write!(f, "HTTP status {status}"),
            Self::Http { status, body, .. } => write!(f, "HTTP status {status}: {body}"),
            Self::MissingFromBatch => f.write_str("the answer to a batch lacks this request"),
        }
    }
}

impl std::error::Error for TransportFailure {}

/// The first part of a text that may be long: errors are kept and copied.
pub(crate) fn beginning(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Splits alloy's error into the parts that mean different things here.
pub(super) enum Parts {
    Response { code: i64, message: String, data: Option<serde_json::Value> },
    Transport(TransportFailure),
    Malformed { reason: String, body: String },
    Local(String),
}

impl From<TransportError> for Parts {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::ErrorResp(payload) => Self::Response {
                code: payload.code,
                message: payload.message.into_owned(),
                data: payload.data.and_then(|raw| serde_json::from_str(raw.get()).ok()),
            },
            TransportError::Transport(kind) => Self::Transport(TransportFailure::new(kind)),
            TransportError::DeserError { err, text } => {
                Self::Malformed { reason: err.to_string(), body: beginning(&text) }
            }
            TransportError::NullResp => {
                Self::Malformed { reason: "expected a value, saw null".to_owned(), body: "null".to_owned() }
            }
            other => Self::Local(other.to_string()),
        }
    }
}
