//! Plain HTTP, and HTTPS with the feature `tls`.

use std::time::Duration;

use alloy_rpc_client::RpcClient;
use alloy_transport_http::reqwest;
use url::Url;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// An address that no client can be made for. Its text names scheme and host only: paths and queries hold keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// Not a URL.
    #[error("not a URL: {reason}")]
    Url {
        /// What the parser says.
        reason: String,
    },
    /// An `https` address without the feature that brings TLS.
    #[error("{host} is an https address: enable the feature `tls` of bundler-rpc, or hand in an RpcClient of your own")]
    TlsDisabled {
        /// The host.
        host: String,
    },
    /// Neither `http` nor `https`.
    #[error("scheme {scheme:?} of {host} is not served here, expected http or https; for others hand in an RpcClient")]
    Scheme {
        /// The scheme.
        scheme: String,
        /// The host.
        host: String,
    },
    /// The HTTP client cannot be set up.
    #[error("http client: {reason}")]
    Client {
        /// What it says.
        reason: String,
    },
}

/// An [`RpcClient`] for an `http` or (feature `tls`) `https` address, with a limit of ten seconds for one request.
///
/// # Errors
/// When the address is no URL, has another scheme, or is `https` without the feature `tls`.
pub fn connect(url: &str) -> Result<RpcClient, ConnectError> {
    let url: Url = url.parse().map_err(|error: url::ParseError| ConnectError::Url { reason: error.to_string() })?;
    let host = url.host_str().unwrap_or_default().to_owned();
    match url.scheme() {
        "http" => {}
        "https" if cfg!(feature = "tls") => {}
        "https" => return Err(ConnectError::TlsDisabled { host }),
        scheme => return Err(ConnectError::Scheme { scheme: scheme.to_owned(), host }),
    }
    let client = reqwest::Client::builder()
        .timeout(REQUEST_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .build()
        .map_err(|error| ConnectError::Client { reason: error.without_url().to_string() })?;
    Ok(RpcClient::new_http_with_client(client, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_without_a_client_are_named_without_their_secrets() {
        let error = connect("ftp://example.org/key").unwrap_err();
        assert_eq!(error, ConnectError::Scheme { scheme: "ftp".into(), host: "example.org".into() });
        assert!(matches!(connect("no url"), Err(ConnectError::Url { .. })));
        assert!(connect("http://127.0.0.1:1").is_ok());
        let https = connect("https://example.org/v2/s3cret");
        if cfg!(feature = "tls") {
            assert!(https.is_ok());
        } else {
            let error = https.unwrap_err();
            assert_eq!(error, ConnectError::TlsDisabled { host: "example.org".into() });
            assert!(!error.to_string().contains("s3cret"));
        }
    }
}
