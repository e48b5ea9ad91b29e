//! One HTTP/2 connection to a peer, and the gRPC calls that are made over it.
//!
//! Written on `h2` itself: a general client opens a stream, waits until its connection has sent the headers, and sends
//! the message after that, so that the peer's process is woken twice for each copy. Here headers and message leave in
//! one write, and no other task stands between a send and its connection.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use cnsim::machine::Failure;
use cnsim::wire::gossip::{Acknowledgment, Answer, GossipMessage, Told, Words};
use h2::client::SendRequest;
use prost::Message;
use tokio::net::TcpStream;
use tonic::Status;
use tonic::codegen::http::header::{CONTENT_TYPE, TE, USER_AGENT};
use tonic::codegen::http::uri::{Authority, PathAndQuery, Scheme};
use tonic::codegen::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};

use crate::traffic::{Counted, Traffic};

/// The calls.
const SEND_MESSAGE: &str = "/gossip.GossipService/SendMessage";
const ASK: &str = "/gossip.GossipService/Ask";
const TELL: &str = "/gossip.GossipService/Tell";
/// The largest reply that is read.
const REPLY_BYTES_MAX: usize = 2 << 30;
/// What gRPC puts before a message: whether it is compressed, and its length.
const PREFIX_BYTES: usize = 5;

/// A connection that any number of sends can share. It closes when the last handle of it is gone.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    requests: SendRequest<Bytes>,
    authority: Authority,
    /// Of the call that is made most.
    send_message: Uri,
    closed: Arc<AtomicBool>,
}

impl Connection {
    /// Connects to `HOST:PORT`; what passes counts in `traffic`.
    pub(crate) async fn open(address: &Authority, traffic: &Arc<Traffic>) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address.as_str()).await.map_err(|error| unreachable(&error))?;
        stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
        let (requests, connection) =
            h2::client::handshake(Counted::new(stream, traffic)).await.map_err(|error| unreachable(&error))?;
        let closed = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&closed);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            ended.store(true, Ordering::Release);
        });
        Ok(Self { requests, authority: address.clone(), send_message: uri(address, SEND_MESSAGE), closed })
    }

    /// Whether it can carry nothing more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Sends one copy and waits for its acknowledgment, which may say whether it was of use. Dropping the future gives
    /// the copy up.
    pub(crate) async fn deliver(self, message: &GossipMessage) -> Result<Option<bool>, Failure> {
        let uri = self.send_message.clone();
        self.call::<_, Acknowledgment>(uri, message).await.map(|acknowledgment| acknowledgment.useful)
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(self, words: &Words) -> Result<Answer, Failure> {
        let uri = uri(&self.authority, ASK);
        self.call(uri, words).await
    }

    /// Tells.
    pub(crate) async fn tell(self, words: &Words) -> Result<(), Failure> {
        let uri = uri(&self.authority, TELL);
        self.call::<_, Told>(uri, words).await.map(drop)
    }

    async fn call<M: Message, R: Message + Default>(self, uri: Uri, message: &M) -> Result<R, Failure> {
        let mut requests = self.requests.ready().await.map_err(|error| unreachable(&error))?;
        let (response, mut body) = requests.send_request(request(uri), false).map_err(|error| unreachable(&error))?;
        body.send_data(framed(message), true).map_err(|error| unreachable(&error))?;
        let reply = replied(response.await.map_err(|error| unreachable(&error))?).await?;
        unframed(reply)
    }
}

fn uri(address: &Authority, path: &'static str) -> Uri {
    let path = PathAndQuery::from_static(path);
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(address.clone()).path_and_query(path).build();
    uri.expect("scheme, authority and path make a URI")
}

fn request(uri: Uri) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("cnsim-node/", env!("CARGO_PKG_VERSION"))));
    request
}

fn framed(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut bytes = BytesMut::with_capacity(PREFIX_BYTES + length);
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(length).expect("the limit of a message's size is below 4 GiB"));
    message.encode(&mut bytes).expect("the buffer has room for the message");
    bytes.freeze()
}

/// What the peer replies; its status stands in the headers, or in the trailers behind the reply.
async fn replied(response: Response<h2::RecvStream>) -> Result<BytesMut, Failure> {
    if response.status() != StatusCode::OK {
        return Err(Failure::Refused(format!("HTTP status {}", response.status())));
    }
    let (head, mut body) = response.into_parts();
    let mut reply = BytesMut::new();
    if let Some(status) = Status::from_header_map(&head.headers) {
        return outcome(&status).map(|()| reply);
    }
    while let Some(data) = body.data().await {
        let data = data.map_err(|error| unreachable(&error))?;
        body.flow_control().release_capacity(data.len()).map_err(|error| unreachable(&error))?;
        if reply.len() + data.len() > REPLY_BYTES_MAX {
            return Err(Failure::Refused(format!("the reply is larger than {REPLY_BYTES_MAX} bytes")));
        }
        reply.extend_from_slice(&data);
    }
    let trailers = body.trailers().await.map_err(|error| unreachable(&error))?;
    match trailers.as_ref().and_then(|trailers: &HeaderMap| Status::from_header_map(trailers)) {
        Some(status) => outcome(&status).map(|()| reply),
        None => Err(Failure::Refused("the answer has no gRPC status".to_owned())),
    }
}

/// The message in a reply; an empty reply is an empty message.
fn unframed<R: Message + Default>(mut reply: BytesMut) -> Result<R, Failure> {
    reply.advance(PREFIX_BYTES.min(reply.len()));
    R::decode(reply).map_err(|error| Failure::Refused(format!("a reply that is none: {error}")))
}

fn outcome(status: &Status) -> Result<(), Failure> {
    match (status.code(), status.message()) {
        (tonic::Code::Ok, _) => Ok(()),
        (tonic::Code::DataLoss, _) => Err(Failure::Lost),
        (code, "") => Err(Failure::Refused(code.to_string())),
        (_, text) => Err(Failure::Refused(text.to_owned())),
    }
}

/// The innermost cause says most.
fn unreachable(error: &dyn Error) -> Failure {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Failure::Unreachable(cause.to_string())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_peer_that_is_no_grpc_server_refuses_with_its_http_status() {
        let address = answering(Response::builder().status(404).body(()).unwrap(), None).await;
        let failure =
            Connection::open(&address, &Arc::default()).await.unwrap().deliver(&GossipMessage::default()).await;
        assert_eq!(failure, Err(Failure::Refused("HTTP status 404 Not Found".to_owned())));
    }

    #[tokio::test]
    async fn the_status_is_read_from_headers_or_trailers_and_must_be_there() {
        let mut refused = HeaderMap::new();
        refused.insert("grpc-status", HeaderValue::from_static("8"));
        refused.insert("grpc-message", HeaderValue::from_static("queue%20full"));
        let mut in_headers = Response::new(());
        *in_headers.headers_mut() = refused.clone();
        for (answer, trailers, reason) in [
            (in_headers, None, "queue full"),
            (Response::new(()), Some(refused), "queue full"),
            (Response::new(()), None, "the answer has no gRPC status"),
        ] {
            let address = answering(answer, trailers).await;
            let failure =
                Connection::open(&address, &Arc::default()).await.unwrap().deliver(&GossipMessage::default()).await;
            assert_eq!(failure, Err(Failure::Refused(reason.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_connection_that_the_peer_closes_is_known_to_be_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let connection = Connection::open(&address, &Arc::default()).await.unwrap();
        assert!(!connection.is_closed());
        drop(listener.accept().await.unwrap());
        while !connection.is_closed() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(connection.deliver(&GossipMessage::default()).await, Err(Failure::Unreachable(_))));
    }

    /// A peer that gives one answer.
    async fn answering(answer: Response<()>, trailers: Option<HeaderMap>) -> Authority {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        tokio::spawn(async move {
            let mut peer = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
            let (_request, mut respond) = peer.accept().await.unwrap().unwrap();
            match trailers {
                Some(trailers) => {
                    let mut body = respond.send_response(answer, false).unwrap();
                    body.send_data(Bytes::from_static(b"\0\0\0\0\0"), false).unwrap();
                    body.send_trailers(trailers).unwrap();
                }
                None => drop(respond.send_response(answer, true).unwrap()),
            }
            while peer.accept().await.is_some() {}
        });
        address
    }
}
