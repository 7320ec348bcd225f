//! JSON-RPC 2.0 over HTTP, one request at a time.

use std::sync::Arc;

use axum::extract::{State, rejection::JsonRejection};
use axum::http::{HeaderMap, StatusCode, header::ORIGIN};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::permissions::Wallet;

/// A JSON-RPC error: code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Error {
    /// JSON-RPC: the text is not JSON.
    const PARSE: i64 = -32700;
    /// JSON-RPC: not a request.
    const INVALID_REQUEST: i64 = -32600;
    /// JSON-RPC: no such method.
    const METHOD_NOT_FOUND: i64 = -32601;
    /// JSON-RPC: parameters that cannot be granted by anyone.
    pub(crate) const INVALID_PARAMS: i64 = -32602;
    /// JSON-RPC: something that is not the caller's fault.
    pub(crate) const INTERNAL: i64 = -32603;
    /// EIP-1193: the user said no.
    pub(crate) const USER_REJECTED: i64 = 4001;
    /// EIP-1193: not an account of this wallet.
    pub(crate) const UNAUTHORIZED: i64 = 4100;
    /// EIP-1193: not connected to this chain.
    pub(crate) const CHAIN_DISCONNECTED: i64 = 4901;

    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

#[derive(Deserialize)]
struct Request {
    jsonrpc: String,
    method: String,
    #[serde(default)]
    params: Value,
}

/// The service.
pub(crate) fn router(wallet: Arc<Wallet>) -> Router {
    Router::new().route("/", post(answer)).with_state(wallet)
}

async fn answer(
    State(wallet): State<Arc<Wallet>>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Response {
    // Browsers name the page that a request comes from: no page may ask, whatever it says about itself.
    if headers.contains_key(ORIGIN) {
        return (StatusCode::FORBIDDEN, "not for web pages").into_response();
    }
    let (id, outcome) = match body {
        Ok(Json(body)) => {
            let id = body.get("id").cloned();
            let outcome = match &id {
                Some(_) => call(&wallet, body).await,
                None => Err(Error::new(Error::INVALID_REQUEST, "no id: a notification has no answer")),
            };
            (id.unwrap_or_default(), outcome)
        }
        Err(JsonRejection::JsonSyntaxError(error)) => (Value::Null, Err(Error::new(Error::PARSE, error.body_text()))),
        Err(other) => return other.into_response(),
    };
    let mut answer = json!({ "jsonrpc": "2.0", "id": id });
    match outcome {
        Ok(result) => answer["result"] = result,
        Err(Error { code, message }) => answer["error"] = json!({ "code": code, "message": message }),
    }
    Json(answer).into_response()
}

async fn call(wallet: &Wallet, body: Value) -> Result<Value, Error> {
    let request = Request::deserialize(body).map_err(|error| Error::new(Error::INVALID_REQUEST, error.to_string()))?;
    if request.jsonrpc != "2.0" {
        return Err(Error::new(Error::INVALID_REQUEST, "not JSON-RPC 2.0"));
    }
    match request.method.as_str() {
        "wallet_grantPermissions" => {
            let requests = serde_json::from_value(request.params)
                .map_err(|error| Error::new(Error::INVALID_PARAMS, error.to_string()))?;
            let responses = wallet.grant_permissions(requests).await?;
            serde_json::to_value(responses).map_err(|error| Error::new(Error::INTERNAL, error.to_string()))
        }
        other => Err(Error::new(Error::METHOD_NOT_FOUND, format!("{other} is not served here"))),
    }
}
