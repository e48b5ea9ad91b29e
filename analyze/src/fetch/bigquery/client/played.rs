//! A server that plays faults: it answers requests one after the other with what a test wrote down.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::super::endpoint::Endpoint;
use super::retry::Patience;

/// How a request is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Play {
    /// An answer.
    Answer { status: u16, headers: &'static str, body: String },
    /// The connection ends within an answer.
    Cut,
    /// Nothing, for as long as the client waits.
    Silence,
}

/// A server on this machine.
pub(crate) struct Played {
    pub(crate) endpoint: Endpoint,
    requests: Arc<Mutex<Vec<String>>>,
    plays: Arc<Mutex<VecDeque<Play>>>,
}

impl Play {
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

impl Played {
    /// Answers requests on a free port of this machine.
    pub(crate) async fn start(plays: impl IntoIterator<Item = Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let played =
            Self { endpoint, requests: Arc::default(), plays: Arc::new(Mutex::new(plays.into_iter().collect())) };
        let (requests, plays) = (Arc::clone(&played.requests), Arc::clone(&played.plays));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&requests), Arc::clone(&plays)));
            }
        });
        played
    }

    /// The requests so far: their line, their token and their body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Whether every answer was asked for.
    pub(crate) fn is_done(&self) -> bool {
        self.plays.lock().unwrap().is_empty()
    }
}

/// A client's patience in a test: as many attempts as it has, with hardly a pause.
pub(crate) fn patience() -> Patience {
    let pause = Duration::from_millis(1);
    Patience { attempts: 4, first_pause: pause, longest_pause: pause, call: Duration::from_secs(20) }
}

async fn serve(
    connection: TcpStream,
    requests: Arc<Mutex<Vec<String>>>,
    plays: Arc<Mutex<VecDeque<Play>>>,
) -> Option<()> {
    let mut connection = BufReader::new(connection);
    loop {
        let request = request(&mut connection).await?;
        requests.lock().unwrap().push(request);
        let play = plays.lock().unwrap().pop_front();
        match play.unwrap_or_else(|| Play::error(400, "unforeseen", "nothing more was written down")) {
            Play::Answer { status, headers, body } => {
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
                connection.write_all((head + &body).as_bytes()).await.ok()?;
            }
            Play::Cut => {
                connection.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 1000\r\n\r\n{\"half").await.ok()?;
                return None;
            }
            Play::Silence => std::future::pending().await,
        }
    }
}

async fn request(connection: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut told, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let line = line.trim_end();
        let header = line.to_ascii_lowercase();
        if told.is_empty() {
            told = line.trim_end_matches(" HTTP/1.1").to_owned();
        } else if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().unwrap();
        } else if header.starts_with("authorization: ") {
            told = format!("{told} {}", &line["authorization: ".len()..]);
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    Some(format!("{told} {}", String::from_utf8_lossy(&body)).trim_end().to_owned())
}
