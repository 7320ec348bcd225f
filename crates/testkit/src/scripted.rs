//! A server that answers what a test tells it to, and records what it was asked: for answers that no real bundler or
//! node gives on demand.
//!
//! ```no_run
//! # async fn example() -> Result<(), testkit::Error> {
//! use serde_json::json;
//! use testkit::scripted::{Answer, Scripted};
//!
//! // One answer after the other; when all are used, every further request gets status 500.
//! let server = Scripted::list([Answer::Reset, Answer::result(json!("0x7a69"))]).await?;
//! // Or by what is asked.
//! let server = Scripted::start(|request| match request.rpc_method() {
//!     "eth_chainId" => Answer::result(json!("0x7a69")),
//!     _ => Answer::error(-32601, "method not found"),
//! })
//! .await?;
//! // … a client uses server.url() …
//! assert_eq!(server.methods(), ["eth_chainId"]);
//! # Ok(())
//! # }
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alloy_primitives::Bytes;
use serde_json::{Value, json};
use url::Url;

use crate::Error;
use crate::http::{Received, Reply, Server};

/// A request that a [`Scripted`] server has received.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method, for example `POST`.
    pub method: String,
    /// Path and query, for example `/v1/quote?x=1`.
    pub target: String,
    /// Header fields, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Bytes,
    /// The body as JSON; null when it is none. Of a JSON-RPC batch, each call is a request of its own.
    pub json: Value,
}

impl Request {
    /// The JSON-RPC method, empty when there is none.
    #[must_use]
    pub fn rpc_method(&self) -> &str {
        self.json["method"].as_str().unwrap_or_default()
    }

    /// The JSON-RPC parameters, null when there are none.
    #[must_use]
    pub fn params(&self) -> &Value {
        &self.json["params"]
    }

    /// A header field, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What a [`Scripted`] server does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// A JSON-RPC result; the id is that of the request.
    Result(Value),
    /// A JSON-RPC error object; the id is that of the request.
    Error(Value),
    /// Any HTTP answer.
    Http {
        /// The status code.
        status: u16,
        /// Header fields.
        headers: Vec<(String, String)>,
        /// The body.
        body: Bytes,
    },
    /// Another answer, after a time.
    Late(Duration, Box<Self>),
    /// Half of a JSON-RPC result, then the connection ends.
    Cut(Value),
    /// The connection ends without an answer.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing, ever.
    Silence,
}

impl Answer {
    /// A JSON-RPC result.
    #[must_use]
    pub fn result(value: impl Into<Value>) -> Self {
        Self::Result(value.into())
    }

    /// A JSON-RPC error without data.
    #[must_use]
    pub fn error(code: i64, message: &str) -> Self {
        Self::Error(json!({ "code": code, "message": message }))
    }

    /// An HTTP answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Http { status, headers: Vec::new(), body: body.to_string().into_bytes().into() }
    }

    /// An HTTP answer with any text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::Http { status, headers: Vec::new(), body: body.into().into_bytes().into() }
    }

    /// The same, after a time.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        Self::Late(time, Box::new(self))
    }

    /// The JSON-RPC object for a request; nothing for what is no JSON-RPC answer.
    fn object(&self, request: &Request) -> Option<Value> {
        let id = &request.json["id"];
        match self {
            Self::Result(result) => Some(json!({ "jsonrpc": "2.0", "id": id, "result": result })),
            Self::Error(error) => Some(json!({ "jsonrpc": "2.0", "id": id, "error": error })),
            _ => None,
        }
    }

    fn reply(self, request: &Request) -> Reply {
        if let Some(object) = self.object(request) {
            return Reply::json(200, object.to_string().into_bytes());
        }
        match self {
            Self::Http { status, headers, body } => Reply::Send { status, headers, body },
            Self::Cut(result) => {
                let object = Self::Result(result).object(request).unwrap_or_default();
                Reply::Cut { body: object.to_string().into_bytes().into() }
            }
            Self::Close => Reply::Close,
            Self::Reset => Reply::Reset,
            _ => Reply::Silence,
        }
    }
}

/// A server that answers by a closure or a list, and records every request.
#[derive(Debug)]
pub struct Scripted {
    server: Server,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    /// A server that answers each request with what the closure says.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when no port can be had.
    pub async fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Result<Self, Error> {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let (record, answer) = (Arc::clone(&requests), Arc::new(answer));
        let server = Server::start(move |received| {
            let (record, answer) = (Arc::clone(&record), Arc::clone(&answer));
            async move { answer_all(received, &record, &*answer).await }
        })
        .await?;
        Ok(Self { server, requests })
    }

    /// A server that gives one answer after the other, and status 500 when there is none left.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when no port can be had.
    pub async fn list(answers: impl IntoIterator<Item = Answer>) -> Result<Self, Error> {
        let left = Mutex::new(answers.into_iter().collect::<VecDeque<_>>());
        Self::start(move |_| {
            let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
            left.pop_front().unwrap_or_else(|| Answer::text(500, "the script has no answer left"))
        })
        .await
    }

    /// Where it answers.
    #[must_use]
    pub const fn url(&self) -> &Url {
        self.server.url()
    }

    /// All requests up to now, in their order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The JSON-RPC methods of all requests up to now, in their order.
    #[must_use]
    pub fn methods(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.rpc_method().to_owned()).collect()
    }
}

async fn answer_all(
    received: Received,
    record: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request) -> Answer + Send + Sync),
) -> Reply {
    let Received { method, target, headers, body } = received;
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let one = |json| Request {
        method: method.clone(),
        target: target.clone(),
        headers: headers.clone(),
        body: body.clone(),
        json,
    };
    let calls: Vec<Request> = match &json {
        Value::Array(calls) if !calls.is_empty() => calls.iter().cloned().map(one).collect(),
        _ => vec![one(json.clone())],
    };
    record.lock().unwrap_or_else(PoisonError::into_inner).extend(calls.iter().cloned());
    let mut objects = Vec::new();
    for call in &calls {
        let mut answer = answer(call);
        while let Answer::Late(time, later) = answer {
            tokio::time::sleep(time).await;
            answer = *later;
        }
        // What is no JSON-RPC answer is one for the whole batch.
        match answer.object(call) {
            Some(object) if json.is_array() => objects.push(object),
            _ => return answer.reply(call),
        }
    }
    Reply::json(200, Value::from(objects).to_string().into_bytes())
}
