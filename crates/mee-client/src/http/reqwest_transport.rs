use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::{HttpRequest, HttpResponse, HttpTransport, Method, TransportFailure};

/// [`HttpTransport`] on reqwest.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    timeout: Duration,
    longest_answer: usize,
}

impl ReqwestTransport {
    /// Gives each request 30 seconds and takes answers of up to 16 MiB.
    #[must_use]
    pub const fn new(client: reqwest::Client) -> Self {
        Self { client, timeout: Duration::from_secs(30), longest_answer: 16 << 20 }
    }

    /// Gives each request this much time, from connecting to the last byte.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Takes answers of up to `bytes`.
    #[must_use]
    pub const fn with_longest_answer(mut self, bytes: usize) -> Self {
        self.longest_answer = bytes;
        self
    }
}

impl Default for ReqwestTransport {
    fn default() -> Self {
        Self::new(reqwest::Client::new())
    }
}

impl HttpTransport for ReqwestTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportFailure>> {
        async move {
            let method = match request.method {
                Method::Get => reqwest::Method::GET,
                Method::Post => reqwest::Method::POST,
            };
            let mut call =
                self.client.request(method, request.url).headers(header_map(&request.headers)?).timeout(self.timeout);
            if let Some(body) = request.body {
                call = call.body(body);
            }
            let mut response = call.send().await.map_err(failure)?;
            let status = response.status().as_u16();
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(failure)? {
                if body.len() + chunk.len() > self.longest_answer {
                    return Err(TransportFailure::TooLong { limit: self.longest_answer });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(HttpResponse::new(status, body))
        }
        .boxed()
    }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, TransportFailure> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let refuse = || TransportFailure::Header { name: name.clone() };
        let mut value = HeaderValue::from_str(value).map_err(|_| refuse())?;
        value.set_sensitive(name != "content-type");
        map.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse())?, value);
    }
    Ok(map)
}

fn failure(error: reqwest::Error) -> TransportFailure {
    // The address is left out: a caller may carry a key in it.
    let error = error.without_url();
    if error.is_timeout() {
        TransportFailure::Timeout
    } else if error.is_connect() {
        TransportFailure::Connect { reason: error.to_string() }
    } else {
        TransportFailure::Lost { reason: error.to_string() }
    }
}
