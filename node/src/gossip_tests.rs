//! What a node answers to copies and to messages of the published system.

use std::sync::{Mutex, RwLock};

use cnsim::event::Kind;
use cnsim::wire::gossip::gossip_service_server::GossipServiceServer;
use tokio::sync::mpsc;
use tonic::Code;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

use super::*;
use crate::serve::ServeConfig;
use crate::testing::{Net, Plan, Running, config, of_kind};
use cnsim::id::NodeId;

/// The published system's message.
#[derive(Clone, PartialEq, prost::Message)]
struct Published {
    #[prost(string, tag = "1")]
    message: String,
    #[prost(string, tag = "2")]
    sender_id: String,
    #[prost(int64, tag = "3")]
    timestamp: i64,
}

/// The same with texts that may be none.
#[derive(Clone, PartialEq, prost::Message)]
struct Raw {
    #[prost(bytes = "vec", tag = "1")]
    message: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    sender_id: Vec<u8>,
}

#[tokio::test]
async fn a_peer_that_speaks_fields_1_to_3_takes_part_with_unknown_hops() {
    let mut net = Net::start(&[&["a"], &["b"]]).await;
    net.configure(&Plan::both_ways("flood", &[("a", "b")])).await;
    let old = Published { message: "run-1".to_owned(), sender_id: "old".to_owned(), timestamp: 1_000 };
    let reply = unary(&net.processes[0], "a", old.clone()).await.unwrap();
    assert_eq!(reply.details, "a received: 'run-1'");
    let again = unary(&net.processes[0], "a", old).await.unwrap();
    assert_eq!(again.details, "Duplicate message ignored by (a)");
    net.quiescent().await;
    let records = net.stop().await;
    let received = of_kind(&records, Kind::Received);
    let copies: Vec<_> = received.iter().map(|r| (&*r.sender_id, &*r.receiver_id, r.hop, r.sent_ns)).collect();
    assert_eq!(copies[0], ("old", "a", None, Some(1_000)));
    assert_eq!((copies[1].0, copies[1].1, copies[1].2), ("a", "b", None));
    assert_eq!(of_kind(&records, Kind::Duplicate).len(), 1);
}

#[tokio::test]
async fn a_copy_of_another_epoch_is_refused_and_leaves_no_record() {
    let mut net = Net::start(&[&["a"]]).await;
    net.configure(&Plan::new("flood", &[])).await;
    let copy = GossipMessage { message: "run-1".to_owned(), sender_id: "b".to_owned(), epoch: 9, ..Default::default() };
    let refusal = net.processes[0].gossip("a").await.send_message(copy).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.message()), (Code::FailedPrecondition, "epoch 9 is not this node's epoch 1"));
    assert_eq!(net.stop().await, []);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_the_sender_records_it() {
    let mut net = Net::start(&[&["a"]]).await;
    let host = Arc::clone(&net.processes[0].host);
    let (incoming, _unread) = mpsc::channel(1);
    let (instructions, _) = mpsc::channel(1);
    let id = Arc::new(RwLock::new(NodeId::new("busy").unwrap()));
    let busy = Handle { incoming, instructions, load: Arc::new(Mutex::default()), id };
    let gossip = Gossip { node: busy, host, starts: Starts::Accepted };
    let question = Incoming::Seen { message: MessageId::new("x"), reply: oneshot::channel().0 };
    gossip.node.incoming.try_send(question).unwrap();

    let port = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let mut plan = Plan::new("flood", &[("a", "busy")]);
    plan.strangers = vec![("busy", port.local_addr().unwrap())];
    let server = Server::builder().serve_with_incoming(GossipServiceServer::new(gossip), port);
    let server = tokio::spawn(server);
    net.configure(&plan).await;
    net.round(1, "a", 1).await;

    let watch = net.quiescent().await.remove(0);
    assert_eq!(watch.queue_full, 1);
    let records = net.stop().await;
    let details: Vec<_> = of_kind(&records, Kind::Failed).iter().map(|record| &*record.detail).collect();
    assert_eq!(details, ["Failed to send message: 'run-1' to busy: refused: queue full"]);
    server.abort();
}

#[tokio::test]
async fn a_copy_above_the_limit_is_refused_with_a_record() {
    let process = Running::start(ServeConfig { max_message: 50, ..config(&["a"]) }).await;
    let old = Published { message: "run-1".to_owned(), sender_id: "o".repeat(50), timestamp: 1 };
    let refusal = unary(&process, "a", old).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.message()), (Code::OutOfRange, "message of 61 bytes is above the limit of 50"));
    let records = process.stop().await;
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].kind, &*records[0].receiver_id, records[0].bytes), (Kind::Failed, "a", Some(61)));
    assert_eq!(records[0].detail, "refused: message of 61 bytes is above the limit of 50");
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_leaves_no_record() {
    let process = Running::start(config(&["a"])).await;
    let nobody = unary(&process, "a", Published { message: "run-1".to_owned(), ..Default::default() }).await;
    assert_eq!(nobody.unwrap_err().code(), Code::InvalidArgument);
    let no_text = Raw { message: vec![0xff, 0xfe], sender_id: b"b".to_vec() };
    assert_eq!(unary(&process, "a", no_text).await.unwrap_err().code(), Code::Internal);
    assert_eq!(process.stop().await, []);
}

#[tokio::test]
async fn a_node_that_does_not_accept_starts_takes_copies_of_others_only() {
    let process = Running::start(ServeConfig { starts: Starts::Refused, ..config(&["a"]) }).await;
    let own = Published { message: "run-1".to_owned(), sender_id: "a".to_owned(), timestamp: 1 };
    assert_eq!(unary(&process, "a", own.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    unary(&process, "a", Published { sender_id: "b".to_owned(), ..own }).await.unwrap();
    let records = process.stop().await;
    assert_eq!(records.iter().map(|record| record.kind).collect::<Vec<_>>(), [Kind::Received]);
}

#[tokio::test]
async fn seen_tells_what_a_node_holds_and_changes_nothing() {
    let process = Running::start(config(&["a"])).await;
    let mut client = process.gossip("a").await;
    let question = SeenRequest { message: "run-1".to_owned() };
    let before = client.seen(question.clone()).await.unwrap().into_inner();
    assert_eq!((before.seen, before.hop, &*before.node_id), (false, None, "a"));
    let copy = GossipMessage { sender_id: "b".to_owned(), hop: Some(3), ..published("run-1") };
    client.send_message(copy).await.unwrap();
    let after = client.seen(question).await.unwrap().into_inner();
    assert_eq!((after.seen, after.hop), (true, Some(4)));
    assert_eq!(process.stop().await.len(), 1);
}

#[tokio::test]
async fn the_gossip_port_answers_health_checks() {
    let process = Running::start(config(&["a"])).await;
    let mut client = HealthClient::new(channel(&process, "a").await);
    for service in ["", "gossip.GossipService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let reply = client.check(request).await.unwrap().into_inner();
        assert_eq!(reply.status(), ServingStatus::Serving, "{service:?}");
    }
    process.stop().await;
}

fn published(message: &str) -> GossipMessage {
    GossipMessage { message: message.to_owned(), timestamp: 1, ..Default::default() }
}

async fn channel(process: &Running, node: &str) -> Channel {
    Endpoint::from_shared(format!("http://{}", process.address(node))).unwrap().connect().await.unwrap()
}

async fn unary<M: prost::Message + 'static>(
    process: &Running,
    node: &str,
    message: M,
) -> Result<Acknowledgment, Status> {
    let mut grpc = Grpc::new(channel(process, node).await);
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static("/gossip.GossipService/SendMessage");
    let codec = ProstCodec::<M, Acknowledgment>::default();
    grpc.unary(Request::new(message), path, codec).await.map(Response::into_inner)
}
