use alloy_json_rpc::{RpcRecv, RpcSend};
use alloy_primitives::Bytes;
use alloy_rpc_client::RpcClient;
use alloy_transport::TransportError;
use serde_json::Value;
use url::Url;

use crate::Error;

/// A JSON-RPC server of the local chain.
#[derive(Clone, Debug)]
pub struct JsonRpc {
    client: RpcClient,
    url: Url,
}

impl JsonRpc {
    /// A client of the server at this URL.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self { client: RpcClient::new_http(url.clone()), url }
    }

    /// Where the server is.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Calls a method, with its parameters as a list or tuple.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`] with the server's own error, or when there is no answer.
    pub async fn request<T: RpcRecv>(&self, method: &'static str, parameters: impl RpcSend) -> Result<T, Error> {
        let call = self.client.request::<_, T>(method, parameters);
        call.await.map_err(|error| self.error(method, &error))
    }

    fn error(&self, method: &str, error: &TransportError) -> Error {
        let (url, method) = (self.url.to_string(), method.to_owned());
        match error.as_error_resp() {
            Some(answer) => Error::Rpc {
                url,
                method,
                code: Some(answer.code),
                message: answer.message.to_string(),
                data: answer.data.as_ref().and_then(|data| revert_data(data.get())),
            },
            None => Error::Rpc { url, method, code: None, message: innermost(error), data: None },
        }
    }
}

/// The data of an error, which nodes give as hex text and some as an object with a field `data`.
fn revert_data(json: &str) -> Option<Bytes> {
    let value: Value = serde_json::from_str(json).ok()?;
    let text = value.as_str().or_else(|| value.get("data")?.as_str())?;
    text.parse().ok()
}

/// An HTTP client's outer errors only repeat the URL.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
