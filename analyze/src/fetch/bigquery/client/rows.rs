//! `ReadRows` of BigQuery's Storage Read API, whose batches stay where the transport put them: the client that is made from
//! Google's description copies each one.

use bytes::Bytes;
use gcp_bigquery_client::google::cloud::bigquery::storage::v1::ReadRowsRequest;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

const PATH: &str = "/google.cloud.bigquery.storage.v1.BigQueryRead/ReadRows";
/// The largest message that is taken: BigQuery's are up to 128 MB, where the transport's own limit is 4 MB.
const MESSAGE: usize = 256 << 20;

/// What is needed of a `ReadRowsResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Response {
    /// Rows in the batch.
    #[prost(int64, tag = "6")]
    pub(super) row_count: i64,
    /// Rows as Arrow.
    #[prost(message, optional, tag = "4")]
    pub(super) arrow: Option<ArrowRecordBatch>,
    /// Rows in the format that nobody asked for.
    #[prost(message, optional, tag = "3")]
    pub(super) avro: Option<AvroRows>,
}

/// A batch of rows as Arrow.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ArrowRecordBatch {
    /// The record batch's message.
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) serialized_record_batch: Bytes,
}

/// A batch of rows as Avro, of which nothing is needed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct AvroRows {}

/// Asks for a stream's rows.
pub(super) async fn read(channel: Channel, request: Request<ReadRowsRequest>) -> Result<Streaming<Response>, Status> {
    let mut client = Grpc::new(channel).max_decoding_message_size(MESSAGE);
    let unready = |error: tonic::transport::Error| Status::from_error(error.into());
    client.ready().await.map_err(unready)?;
    let codec = ProstCodec::<ReadRowsRequest, Response>::default();
    let answer = client.server_streaming(request, PathAndQuery::from_static(PATH), codec).await?;
    Ok(answer.into_inner())
}
