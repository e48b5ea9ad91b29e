//! Storage Read against a server that breaks off, falls silent and refuses.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, StreamExt};
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::read_rows_response::Rows;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::{
    ArrowRecordBatch, ArrowSchema, ReadRowsResponse, ReadStream,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Response;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{Grpc, ServerStreamingService, UnaryService};
use tonic_prost::ProstCodec;

use super::super::scripted_server::{ScriptedReply, ScriptedServer, retry_policy};
use super::*;

/// What a stream sends, one thing after the other.
#[derive(Debug, Clone)]
enum Sent {
    /// A batch of so many rows, called by a letter.
    Batch(u8, i64),
    /// A word on how the stream is, without rows.
    Word,
    /// An end that is none.
    Broken(Code),
    /// Nothing more for as long as the client waits.
    Silence,
}

/// A Storage Read server that plays what a test wrote down, one list for each request.
#[derive(Clone, Default)]
struct Fake {
    streams: Arc<Mutex<VecDeque<Vec<Sent>>>>,
    sessions: Arc<Mutex<VecDeque<Result<ReadSession, Code>>>>,
    /// The offsets and tokens of requests for rows.
    asked: Arc<Mutex<Vec<(i64, String)>>>,
}

impl tower::Service<http::Request<Body>> for Fake {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let fake = self.clone();
        Box::pin(async move {
            Ok(if request.uri().path().ends_with("/ReadRows") {
                Grpc::new(ProstCodec::default()).server_streaming(RowsOf(fake), request).await
            } else {
                Grpc::new(ProstCodec::default()).unary(Sessions(fake), request).await
            })
        })
    }
}

struct RowsOf(Fake);

impl ServerStreamingService<ReadRowsRequest> for RowsOf {
    type Response = ReadRowsResponse;
    type ResponseStream = BoxStream<'static, Result<ReadRowsResponse, Status>>;
    type Future = std::future::Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<ReadRowsRequest>) -> Self::Future {
        let token = request.metadata().get("authorization").map_or("", |token| token.to_str().unwrap()).to_owned();
        self.0.asked.lock().unwrap().push((request.get_ref().offset, token));
        let list = self.0.streams.lock().unwrap().pop_front().expect("no more requests were foreseen");
        if let [Sent::Broken(code @ (Code::Unauthenticated | Code::PermissionDenied))] = list[..] {
            return std::future::ready(Err(Status::new(code, "no")));
        }
        let sent = stream::iter(list).then(async |sent| match sent {
            Sent::Batch(name, rows) => Ok(response(Some(vec![name]), rows)),
            Sent::Word => Ok(response(None, 0)),
            Sent::Broken(code) => Err(Status::new(code, "it broke")),
            Sent::Silence => std::future::pending().await,
        });
        std::future::ready(Ok(Response::new(sent.boxed())))
    }
}

struct Sessions(Fake);

impl UnaryService<CreateReadSessionRequest> for Sessions {
    type Response = ReadSession;
    type Future = std::future::Ready<Result<Response<ReadSession>, Status>>;

    fn call(&mut self, _: Request<CreateReadSessionRequest>) -> Self::Future {
        let session = self.0.sessions.lock().unwrap().pop_front().expect("no more requests were foreseen");
        std::future::ready(session.map(Response::new).map_err(|code| Status::new(code, "the server says no")))
    }
}

fn response(message: Option<Vec<u8>>, rows: i64) -> ReadRowsResponse {
    let batch = |message| {
        Rows::ArrowRecordBatch(ArrowRecordBatch { serialized_record_batch: message, ..ArrowRecordBatch::default() })
    };
    ReadRowsResponse { row_count: rows, rows: message.map(batch), ..ReadRowsResponse::default() }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// A client of a server that plays these things.
async fn storage(fake: &Fake, credentials: Credentials, retry_policy: RetryPolicy) -> Storage {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let fake = fake.clone();
    let incoming = TcpListenerStream::new(listener);
    tokio::spawn(async move { tonic::transport::Server::builder().serve_with_incoming(fake, incoming).await });
    Storage::new(endpoint, credentials, retry_policy).unwrap()
}

/// What reading a stream comes to: its rows, the batches that came, and the offsets that were asked for.
fn read(lists: Vec<Vec<Sent>>, retry_policy: RetryPolicy) -> (Result<u64, String>, String, Vec<i64>) {
    run(async {
        let fake = Fake { streams: Arc::new(Mutex::new(lists.into())), ..Fake::default() };
        let storage = storage(&fake, Credentials::None, retry_policy).await;
        let (sender, mut batches) = mpsc::channel(100);
        let sink = BatchSink::new(sender);
        let send = async move { storage.stream("projects/p/locations/eu/sessions/s/streams/1", &sink).await };
        let take = async {
            let mut letters = String::new();
            while let Some(batch) = batches.recv().await {
                letters.push(char::from(batch.message[0]));
            }
            letters
        };
        let (rows, letters) = tokio::join!(send, take);
        let offsets = fake.asked.lock().unwrap().iter().map(|(offset, _)| *offset).collect();
        (rows.map_err(|error| error.to_string()), letters, offsets)
    })
}

#[test]
fn a_stream_that_was_cut_goes_on_at_its_offset() {
    for code in [Code::Unavailable, Code::Internal, Code::Unknown, Code::Aborted, Code::DeadlineExceeded] {
        let first = vec![Sent::Batch(b'a', 100), Sent::Word, Sent::Batch(b'b', 50), Sent::Broken(code)];
        let (rows, letters, offsets) = read(vec![first, vec![Sent::Batch(b'c', 7)]], retry_policy());
        assert_eq!((rows, letters.as_str(), offsets), (Ok(157), "abc", vec![0, 150]), "{code:?}");
    }
}

#[test]
fn a_stream_that_is_cut_again_and_again_is_read_as_long_as_rows_come() {
    let cut = |rows| vec![Sent::Batch(b'x', rows), Sent::Broken(Code::Unavailable)];
    let lists = (0..12).map(|_| cut(10)).chain([vec![Sent::Batch(b'x', 1)]]).collect();
    let (rows, letters, offsets) = read(lists, retry_policy());
    assert_eq!((rows, letters.len(), offsets.last()), (Ok(121), 13, Some(&120)));
}

#[test]
fn a_stream_that_stays_broken_is_given_up() {
    let (rows, letters, offsets) = read(vec![vec![Sent::Broken(Code::Unavailable)]; 9], retry_policy());
    let error =
        "cannot read a stream of the Storage Read session: it broke (503); gave up after 4 attempts: try again later";
    assert_eq!((rows, letters.as_str(), offsets), (Err(error.to_owned()), "", vec![0; 4]));
}

#[test]
fn a_stream_that_falls_silent_is_asked_for_again() {
    let retry_policy = RetryPolicy { call: Duration::from_millis(200), ..retry_policy() };
    let first = vec![Sent::Batch(b'a', 3), Sent::Silence];
    let (rows, letters, offsets) = read(vec![first, vec![Sent::Batch(b'b', 4)]], retry_policy);
    assert_eq!((rows, letters.as_str(), offsets), (Ok(7), "ab", vec![0, 3]));
}

#[test]
fn a_token_that_expires_within_a_stream_is_renewed() {
    run(async {
        let token = |text: &str| ScriptedReply::ok(&format!(r#"{{"access_token": "{text}", "expires_in": 3600}}"#));
        let metadata = ScriptedServer::start([token("first"), token("second")]).await;
        let host = metadata.endpoint.to_string().replace("http://", "");
        let lists = [
            vec![Sent::Batch(b'a', 5), Sent::Broken(Code::Unavailable)],
            vec![Sent::Broken(Code::Unauthenticated)],
            vec![Sent::Batch(b'b', 5)],
        ];
        let fake = Fake { streams: Arc::new(Mutex::new(lists.into())), ..Fake::default() };
        let storage = storage(&fake, Credentials::of_machine(&host).unwrap(), retry_policy()).await;
        let (sender, mut batches) = mpsc::channel(100);
        tokio::spawn(async move { while batches.recv().await.is_some() {} });
        assert_eq!(storage.stream("s", &BatchSink::new(sender)).await.unwrap(), 10);
        let asked = fake.asked.lock().unwrap().clone();
        let expected = [(0, "Bearer first"), (5, "Bearer first"), (5, "Bearer second")];
        assert_eq!(asked, expected.map(|(offset, token)| (offset, token.to_owned())));
    });
}

#[test]
fn as_many_streams_are_open_as_there_is_room_for_their_messages() {
    run(async {
        let (sender, _batches) = mpsc::channel(100);
        let sink = BatchSink::new(sender);
        let batch = |size| Batch { message: vec![0; size].into(), rows: 1, permit: None };
        let (mut first, second) = (sink.room().await, sink.room().await);
        assert_eq!(sink.room.available_permits(), 0);
        assert!(sink.put(batch(40 << 20), &mut first).await);
        assert_eq!(sink.room.available_permits() as u32, (24 << 20) / UNIT);
        let third = tokio::time::timeout(Duration::from_millis(20), sink.room());
        assert!(third.await.is_err(), "its message would take more than there is");
        drop(second);
        assert_eq!(sink.room().await.num_permits() as u32, (40 << 20) / UNIT);
    });
}

#[test]
fn a_stream_waits_until_its_last_message_was_read() {
    run(async {
        let list = vec![Sent::Batch(b'a', 1), Sent::Batch(b'b', 1)];
        let fake = Fake { streams: Arc::new(Mutex::new([list].into())), ..Fake::default() };
        let storage = storage(&fake, Credentials::None, retry_policy()).await;
        let (sender, mut batches) = mpsc::channel(100);
        let sink = BatchSink::new(sender);
        let read = tokio::spawn(async move {
            let first: Batch = batches.recv().await.unwrap();
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let is_alone = batches.is_empty();
            drop(first);
            (is_alone, batches.recv().await.is_some())
        });
        assert_eq!(storage.stream("s", &sink).await.unwrap(), 2);
        assert_eq!(read.await.unwrap(), (true, true));
    });
}

#[test]
fn a_session_has_a_schema_and_streams_or_a_reason() {
    run(async {
        let streams = vec![ReadStream { name: "s/1".to_owned() }, ReadStream { name: "s/2".to_owned() }];
        let schema = Some(Schema::ArrowSchema(ArrowSchema { serialized_schema: vec![1, 2] }));
        let sessions = [
            Err(Code::Unavailable),
            Ok(ReadSession { schema, streams, ..ReadSession::default() }),
            Err(Code::PermissionDenied),
            Ok(ReadSession::default()),
        ];
        let fake = Fake { sessions: Arc::new(Mutex::new(sessions.into())), ..Fake::default() };
        let storage = storage(&fake, Credentials::None, retry_policy()).await;
        let session = storage.session("p", "projects/p/datasets/d/tables/t", 4).await.unwrap();
        assert_eq!(session, Session { schema: vec![1, 2], streams: vec!["s/1".to_owned(), "s/2".to_owned()] });
        let refused = storage.session("p", "t", 4).await.unwrap_err();
        assert!(refused.is_forbidden());
        let expected = "cannot open a Storage Read session: the server says no (403): it needs the role \
                    roles/bigquery.readSessionUser on the project; --method rest does without";
        assert_eq!(refused.to_string(), expected);
        let without = storage.session("p", "t", 4).await.unwrap_err().to_string();
        assert_eq!(without, "cannot open a Storage Read session: the session has no Arrow schema: fetch again");
    });
}
