//! HTTP under the client: one request in, one whole answer out.

mod error_text;
mod request;
mod reqwest_transport;

pub use error_text::error_text;
pub(crate) use request::Headers;
pub use request::{ApiKey, HttpRequest, HttpResponse, HttpTransport, Method, TransportFailure};
pub use reqwest_transport::ReqwestTransport;
