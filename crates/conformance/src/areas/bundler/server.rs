use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers one JSON-RPC request that came to a path with an HTTP status and either a response object or plain text.
pub(super) type Answer = dyn FnMut(&str, &Value) -> (u16, Value) + Send;

/// A local HTTP server that answers JSON-RPC requests, single and batched, as a script says.
pub(super) struct Server {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(super) async fn start(answer: Box<Answer>) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let url = format!("http://{}", listener.local_addr().map_err(|error| error.to_string())?);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(Mutex::new(answer)));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&answer)));
            }
        });
        Ok(Self { url, requests, task })
    }

    /// The JSON-RPC requests so far with the paths they came to, those of a batch one by one.
    pub(super) fn requests(&self) -> Vec<(String, Value)> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<(String, Value)>>>, answer: Arc<Mutex<Box<Answer>>>) {
    let mut buffer = Vec::new();
    loop {
        let Some((path, body)) = read_request(&mut stream, &mut buffer).await else { return };
        let Ok(request) = serde_json::from_slice::<Value>(&body) else { return };
        let one = |request: &Value| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).push((path.clone(), request.clone()));
            let (status, mut response) = answer.lock().unwrap_or_else(PoisonError::into_inner)(&path, request);
            if let Some(members) = response.as_object_mut() {
                members.insert("id".to_owned(), request["id"].clone());
            }
            (status, response)
        };
        let (status, response) = match &request {
            Value::Array(batch) => (200, json!(batch.iter().map(|request| one(request).1).collect::<Vec<_>>())),
            single => one(single),
        };
        let text = response.as_str().map_or_else(|| response.to_string(), str::to_owned);
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        if stream.write_all((head + &text).as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())?;
            if buffer.len() >= end + 4 + length {
                let path = head.split_whitespace().nth(1)?.to_owned();
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Some((path, body));
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}
