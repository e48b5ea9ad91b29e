//! A server that plays faults: it answers requests one after the other with what a test wrote down.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::super::endpoint::Endpoint;
use super::retry_policy::RetryPolicy;

/// How a request is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScriptedReply {
    /// An answer.
    Answer { status: u16, headers: &'static str, body: String },
    /// The connection ends within an answer.
    Cut,
    /// Nothing, for as long as the client waits.
    Silence,
}

/// A server on this machine.
pub(crate) struct ScriptedServer {
    pub(crate) endpoint: Endpoint,
    requests: Arc<Mutex<Vec<String>>>,
    replies: Arc<Mutex<VecDeque<ScriptedReply>>>,
}

impl ScriptedReply {
    pub(crate) fn ok(body: &str) -> Self {
        Self::Answer { status: 200, headers: "", body: body.to_owned() }
    }

    /// An error as Google's servers write it.
    pub(crate) fn error(status: u16, reason: &str, message: &str) -> Self {
        let error = serde_json::json!({"error": {
            "code": status, "message": message, "errors": [{"reason": reason, "message": message, "domain": "global"}]
        }});
        Self::Answer { status, headers: "", body: error.to_string() }
    }
}

impl ScriptedServer {
    /// Answers requests on a free port of this machine.
    pub(crate) async fn start(replies: impl IntoIterator<Item = ScriptedReply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server =
            Self { endpoint, requests: Arc::default(), replies: Arc::new(Mutex::new(replies.into_iter().collect())) };
        let (requests, replies) = (Arc::clone(&server.requests), Arc::clone(&server.replies));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&requests), Arc::clone(&replies)));
            }
        });
        server
    }

    /// The requests so far: their line, their token and their body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Whether every answer was asked for.
    pub(crate) fn is_done(&self) -> bool {
        self.replies.lock().unwrap().is_empty()
    }
}

/// How a client retries in a test: a few attempts, with hardly a pause.
pub(crate) fn retry_policy() -> RetryPolicy {
    let pause = Duration::from_millis(1);
    RetryPolicy { attempts: 4, first_pause: pause, longest_pause: pause, call: Duration::from_secs(20) }
}

async fn serve(
    connection: TcpStream,
    requests: Arc<Mutex<Vec<String>>>,
    replies: Arc<Mutex<VecDeque<ScriptedReply>>>,
) -> Option<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let request = request(&mut connection).await?;
        requests.lock().unwrap().push(request);
        let reply = replies.lock().unwrap().pop_front();
        match reply.unwrap_or_else(|| ScriptedReply::error(400, "unforeseen", "nothing more was written down")) {
            ScriptedReply::Answer { status, headers, body } => {
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
                connection.write_all((head + &body).as_bytes()).await.ok()?;
            }
            ScriptedReply::Cut => {
                connection.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 1000\r\n\r\n{\"half").await.ok()?;
                return None;
            }
            ScriptedReply::Silence => std::future::pending().await,
        }
    }
}

async fn request(connection: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut summary, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        let header = line.to_ascii_lowercase();
        if summary.is_empty() {
            summary = line.trim_end_matches(" HTTP/1.1").to_owned();
        } else if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        } else if header.starts_with("authorization: ") {
            summary = format!("{summary} {}", &line["authorization: ".len()..]);
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    Some(format!("{summary} {}", String::from_utf8_lossy(&body)).trim_end().to_owned())
}
