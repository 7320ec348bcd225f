use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use alloy_primitives::Bytes;
use futures_util::future::pending;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use url::Url;

use crate::Error;

/// A request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

/// What a server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers.
    Send { status: u16, headers: Vec<(String, String)>, body: Bytes },
    /// Sends the head and half of the body, then closes the connection.
    Cut { body: Bytes },
    /// Closes the connection in the ordinary way.
    Close,
    /// Resets the connection.
    Reset,
    /// Keeps the connection open and never says anything.
    Silence,
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::Send { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn unavailable() -> Self {
        let headers = vec![(RETRY_AFTER.to_string(), "0".to_owned())];
        Self::Send { status: 503, headers, body: Bytes::from_static(b"service unavailable") }
    }
}

/// An HTTP server on a free port, until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    url: Url,
    task: AbortHandle,
}

impl Server {
    /// Answers every request with what `handle` says. Lives on the runtime that it is started on.
    pub(crate) async fn start<F, A>(handle: F) -> Result<Self, Error>
    where
        F: Fn(Received) -> A + Send + Sync + 'static,
        A: Future<Output = Reply> + Send + 'static,
    {
        let cannot = |reason: io::Error| Error::file("127.0.0.1:0", &reason);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot)?;
        let url = crate::local_url(listener.local_addr().map_err(cannot)?.port());
        let handle = Arc::new(handle);
        let task = tokio::spawn(async move {
            // Dropped with this task, which ends them all.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => {
                        connections.spawn(serve(stream, Arc::clone(&handle)));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { url, task: task.abort_handle() })
    }

    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<F, A>(stream: TcpStream, handle: Arc<F>)
where
    F: Fn(Received) -> A + Send + Sync + 'static,
    A: Future<Output = Reply> + Send + 'static,
{
    // A second handle to the socket, to reset it when hyper has the first.
    let Ok(stream) = stream.into_std() else { return };
    let second = stream.try_clone().and_then(TcpStream::from_std).ok().map(Arc::new);
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let service = service_fn(|request| {
        let (handle, second) = (Arc::clone(&handle), second.clone());
        async move { respond(handle(receive(request).await?).await, second.as_deref()).await }
    });
    // An error here is a connection that one side has broken off, which is what this is for.
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

async fn receive(request: hyper::Request<Incoming>) -> io::Result<Received> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Received {
        method: head.method.to_string(),
        target: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        headers: head.headers.iter().map(text).collect(),
        body: body.into(),
    })
}

/// Parts of a body, where an error breaks the connection off.
type Parts = StreamBody<stream::Iter<std::vec::IntoIter<io::Result<Frame<hyper::body::Bytes>>>>>;

async fn respond(reply: Reply, socket: Option<&TcpStream>) -> io::Result<Response<Parts>> {
    let broken = || io::Error::from(io::ErrorKind::ConnectionAborted);
    let (status, headers, parts) = match reply {
        Reply::Send { status, headers, body } => (status, headers, vec![Ok(Frame::data(body.0))]),
        Reply::Cut { body } => {
            let half = body.0.slice(..body.len() / 2);
            (200, Vec::new(), vec![Ok(Frame::data(half)), Err(broken())])
        }
        Reply::Close => return Err(broken()),
        Reply::Reset => {
            if let Some(socket) = socket {
                socket.set_zero_linger()?;
            }
            return Err(broken());
        }
        Reply::Silence => return pending().await,
    };
    let mut response = Response::new(StreamBody::new(stream::iter(parts)));
    *response.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(io::Error::other)?;
        response.headers_mut().insert(name, HeaderValue::try_from(value).map_err(io::Error::other)?);
    }
    Ok(response)
}
