//! BigQuery's Storage Read API: a table's rows as Arrow batches, in several streams, each resumed where it was cut.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::big_query_read_client::BigQueryReadClient;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::read_session::Schema;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::{
    CreateReadSessionRequest, DataFormat, ReadRowsRequest, ReadSession,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint as Remote};
use tonic::{Code, Request, Status};

use super::super::endpoint::Endpoint;
use super::credentials::{Credentials, Freshness};
use super::error::{ApiError, Operation, one_line, root_cause};
use super::retry_policy::RetryPolicy;
use super::rows::{self, Response};

/// How long a silent connection is believed to be one.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A Storage Read server and who asks it.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    endpoint: Endpoint,
    credentials: Credentials,
    retry_policy: RetryPolicy,
    channel: Channel,
}

/// A table on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// The Arrow schema's message, which comes before every batch.
    pub(crate) schema: Vec<u8>,
    /// The streams; the rows are in all of them together.
    pub(crate) streams: Vec<String>,
}

/// A batch of rows.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The Arrow record batch's message.
    pub(crate) message: Bytes,
    /// Its rows.
    pub(crate) rows: u64,
    /// The stream's next message waits until this is dropped.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// Where streams put their batches. As many streams are read at once as there is room for: while a stream is open, the
/// transport keeps the memory of its last message.
#[derive(Debug, Clone)]
pub(crate) struct BatchSink {
    batches: mpsc::Sender<Batch>,
    room: Arc<Semaphore>,
    /// What a stream takes, in units of room: the largest message so far.
    largest: Arc<AtomicU32>,
}

/// Room for messages, in units of 64 KiB: BigQuery's are small or, up to 128 MB, large as it likes.
const ROOM: u32 = (128 << 20) / UNIT;
const UNIT: u32 = 64 << 10;
/// What a stream takes before its first message.
const FIRST: u32 = ROOM / 2;

impl BatchSink {
    /// An intake into this channel.
    pub(crate) fn new(batches: mpsc::Sender<Batch>) -> Self {
        Self { batches, room: Arc::new(Semaphore::new(ROOM as usize)), largest: Arc::default() }
    }

    /// Waits for room for one stream more.
    async fn room(&self) -> OwnedSemaphorePermit {
        let units = match self.largest.load(Ordering::Relaxed) {
            0 => FIRST,
            largest => largest,
        };
        Arc::clone(&self.room).acquire_many_owned(units).await.expect("nobody closes it")
    }

    /// Passes a batch on, and gives back what its stream does not need of its room; false where nobody takes the batch.
    async fn put(&self, batch: Batch, room: &mut OwnedSemaphorePermit) -> bool {
        let units = (batch.message.len() as u64).div_ceil(u64::from(UNIT)).clamp(1, u64::from(ROOM)) as u32;
        let largest = self.largest.fetch_max(units, Ordering::Relaxed).max(units) as usize;
        if room.num_permits() > largest {
            drop(room.split(room.num_permits() - largest));
        }
        self.batches.send(batch).await.is_ok()
    }
}

impl Storage {
    /// A client of this server; the connection is made with the first call.
    pub(crate) fn new(
        endpoint: Endpoint,
        credentials: Credentials,
        retry_policy: RetryPolicy,
    ) -> Result<Self, ApiError> {
        let failed = |error: tonic::transport::Error| ApiError::Unreachable {
            operation: Operation::Session,
            server: endpoint.to_string(),
            why: root_cause(&error),
        };
        let mut remote = Remote::from_shared(endpoint.to_string()).map_err(failed)?;
        if endpoint.is_tls() {
            remote = remote.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(failed)?;
        }
        let channel = remote
            .connect_timeout(retry_policy.call)
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .connect_lazy();
        Ok(Self { endpoint, credentials, retry_policy, channel })
    }

    /// Opens a session on a table, `projects/P/datasets/D/tables/T`, of at most so many streams.
    pub(crate) async fn session(&self, project: &str, table: &str, most_streams: i32) -> Result<Session, ApiError> {
        let session =
            ReadSession { table: table.to_owned(), data_format: DataFormat::Arrow as i32, ..ReadSession::default() };
        let request = CreateReadSessionRequest {
            parent: format!("projects/{project}"),
            read_session: Some(session),
            max_stream_count: most_streams,
            preferred_min_stream_count: 0,
        };
        let route = format!("read_session.table={}", table.replace('/', "%2F"));
        let session = self
            .ask(async |freshness| {
                let request = self.request(Operation::Session, request.clone(), &route, freshness).await?;
                let mut client = BigQueryReadClient::new(self.channel.clone());
                Ok(self.in_time(Operation::Session, client.create_read_session(request)).await?.into_inner())
            })
            .await?;
        let Some(Schema::ArrowSchema(schema)) = session.schema else {
            let what = "the session has no Arrow schema".to_owned();
            return Err(ApiError::Inconsistent { operation: Operation::Session, what });
        };
        let streams = session.streams.into_iter().map(|stream| stream.name).collect();
        Ok(Session { schema: schema.serialized_schema, streams })
    }

    /// Reads a stream to its end, and gives its rows. Where it is cut, it goes on behind the last batch that came.
    pub(crate) async fn stream(&self, name: &str, sink: &BatchSink) -> Result<u64, ApiError> {
        let mut rows = 0;
        loop {
            let before = rows;
            let read = self.ask(async |freshness| self.read_from(name, &mut rows, sink, freshness).await).await;
            match read {
                Ok(()) => return Ok(rows),
                // What brought rows was no failure of the server's: attempts are counted anew.
                Err(ApiError::GaveUp { .. }) if rows > before => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads on behind `rows` until the stream ends or breaks.
    async fn read_from(
        &self,
        name: &str,
        rows: &mut u64,
        sink: &BatchSink,
        freshness: Freshness,
    ) -> Result<(), ApiError> {
        let (mut room, permits) = (sink.room().await, Arc::new(Semaphore::new(1)));
        let message = ReadRowsRequest { read_stream: name.to_owned(), offset: *rows as i64 };
        let route = format!("read_stream={}", name.replace('/', "%2F"));
        let request = self.request(Operation::Stream, message, &route, freshness).await?;
        let mut stream = self.in_time(Operation::Stream, rows::read(self.channel.clone(), request)).await?;
        loop {
            let permit = Arc::clone(&permits).acquire_owned().await.expect("nobody closes it");
            let Some(response) = self.in_time(Operation::Stream, stream.message()).await? else { return Ok(()) };
            let Some(batch) = batch(response)? else { continue };
            *rows += batch.rows;
            if !sink.put(Batch { permit: Some(permit), ..batch }, &mut room).await {
                // Whoever takes batches has failed, and says why.
                return Ok(());
            }
        }
    }

    async fn request<T>(
        &self,
        operation: Operation,
        message: T,
        route: &str,
        freshness: Freshness,
    ) -> Result<Request<T>, ApiError> {
        let mut request = Request::new(message);
        let value = |text: &str| {
            let what = "a name has a character that a header cannot have".to_owned();
            AsciiMetadataValue::try_from(text).map_err(|_| ApiError::Inconsistent { operation, what })
        };
        request.metadata_mut().insert("x-goog-request-params", value(route)?);
        if let Some(token) = self.credentials.token(freshness).await? {
            let mut bearer = value(&format!("Bearer {token}"))?;
            bearer.set_sensitive(true);
            request.metadata_mut().insert("authorization", bearer);
        }
        Ok(request)
    }

    /// Makes a request as often as it takes. A refused token is renewed once.
    async fn ask<T>(&self, mut request: impl AsyncFnMut(Freshness) -> Result<T, ApiError>) -> Result<T, ApiError> {
        match self.retry_policy.retry(async || request(Freshness::Cached).await).await {
            Err(ApiError::Refused { status: 401, .. }) => {
                self.retry_policy.retry(async || request(Freshness::New).await).await
            }
            answer => answer,
        }
    }

    async fn in_time<T>(
        &self,
        operation: Operation,
        answer: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, ApiError> {
        match tokio::time::timeout(self.retry_policy.call, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(status)) => Err(failure(operation, &status)),
            Err(_) => {
                Err(ApiError::Silent { operation, server: self.endpoint.to_string(), limit: self.retry_policy.call })
            }
        }
    }
}

/// The rows of a response; none in one that tells of the stream alone.
fn batch(response: Response) -> Result<Option<Batch>, ApiError> {
    if response.avro.is_some() {
        let what = "rows came in another format than was asked for".to_owned();
        return Err(ApiError::Inconsistent { operation: Operation::Stream, what });
    }
    let rows = u64::try_from(response.row_count).unwrap_or(0);
    let batch = |arrow: rows::ArrowRecordBatch| Batch { message: arrow.serialized_record_batch, rows, permit: None };
    Ok(response.arrow.filter(|_| rows > 0).map(batch))
}

/// What a status that is no success means.
fn failure(operation: Operation, status: &Status) -> ApiError {
    let message = match (status.message(), std::error::Error::source(status)) {
        ("", Some(source)) => root_cause(source),
        ("", None) => status.code().description().to_lowercase(),
        (message, _) => one_line(message),
    };
    let (code, is_passing) = match status.code() {
        Code::Ok | Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange | Code::AlreadyExists => {
            (400, false)
        }
        Code::Unauthenticated => (401, false),
        Code::PermissionDenied => (403, false),
        Code::NotFound => (404, false),
        Code::Unimplemented => (501, false),
        Code::ResourceExhausted => (429, true),
        Code::Unknown | Code::Internal | Code::DataLoss | Code::Aborted => (500, true),
        Code::Cancelled | Code::Unavailable => (503, true),
        Code::DeadlineExceeded => (504, true),
    };
    let reason = String::new();
    if is_passing {
        ApiError::Busy { operation, status: code, reason, message, pause: None }
    } else {
        ApiError::Refused { operation, status: code, reason, message }
    }
}

#[cfg(test)]
#[path = "storage_tests.rs"]
mod tests;
