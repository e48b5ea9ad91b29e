//! One node's gossip port: copies in, acknowledgments out. Handlers only pass values to the node's queue.

use std::sync::Arc;

use cnsim::event::{NamedEvent, Receipt};
use cnsim::id::{MessageId, NodeId};
use cnsim::time::Timestamp;
use cnsim::wire::gossip::gossip_service_server::GossipService;
use cnsim::wire::gossip::{Acknowledgment, Answer, GossipMessage, SeenReply, SeenRequest, Told, Words};
use cnsim::wire::{self, Arrived};
use prost::Message as _;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tonic::{Request, Response, Status};

use crate::host::Host;
use crate::inbox::{Handle, Incoming};
use crate::recorder::{Entry, Fact};

/// Whether a copy that names the node itself as its sender initiates here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Starts {
    /// It does.
    Accepted,
    /// It is refused: only the control service initiates.
    Refused,
}

/// See the module.
pub(crate) struct Gossip {
    /// The core of the node whose port it is.
    pub(crate) node: Handle,
    /// Its process.
    pub(crate) host: Arc<Host>,
    /// Whether messages can be started here.
    pub(crate) starts: Starts,
}

#[tonic::async_trait]
impl GossipService for Gossip {
    async fn send_message(&self, request: Request<GossipMessage>) -> Result<Response<Acknowledgment>, Status> {
        let received = self.host.shared().clock.now();
        let arrived =
            Arrived::from_wire(request.into_inner()).map_err(|error| Status::invalid_argument(error.to_string()))?;
        let limit = self.host.shared().max_message;
        if arrived.bytes > limit {
            return Err(self.too_large(arrived, received, limit));
        }
        if self.starts == Starts::Refused && arrived.from == self.node.id() {
            return Err(Status::permission_denied("this node does not accept starts (--accept-start=false)"));
        }
        if let Some(what) = self.host.waiting()
            && arrived.from == self.node.id()
        {
            return Err(Status::unavailable(format!("this node is not configured yet: it waits for {what}")));
        }
        let (reply, ack) = oneshot::channel();
        self.pass_on(Incoming::Deliver { arrived, received, reply })?;
        match ack.await {
            Ok(Ok(taken)) => Ok(Response::new(Acknowledgment { details: taken.details, useful: taken.useful })),
            Ok(Err(refusal)) => Err(Status::failed_precondition(refusal.to_string())),
            Err(_) => Err(stopping()),
        }
    }

    async fn ask(&self, request: Request<Words>) -> Result<Response<Answer>, Status> {
        let (from, bytes, words) = words_of(request)?;
        let (reply, answer) = oneshot::channel();
        self.pass_on(Incoming::Asked { from, bytes, words, reply })?;
        match answer.await {
            Ok(Ok(answering)) => answering.leave(&self.host.shared().clock).await.map(Response::new),
            Ok(Err(refusal)) => Err(Status::failed_precondition(refusal.to_string())),
            Err(_) => Err(stopping()),
        }
    }

    async fn tell(&self, request: Request<Words>) -> Result<Response<Told>, Status> {
        let (from, bytes, words) = words_of(request)?;
        let (done, taken) = oneshot::channel();
        self.pass_on(Incoming::Told { from, bytes, words, done })?;
        taken.await.map_err(|_| stopping())?;
        Ok(Response::new(Told {}))
    }

    async fn seen(&self, request: Request<SeenRequest>) -> Result<Response<SeenReply>, Status> {
        let message = MessageId::new(&request.into_inner().message);
        let (reply, answer) = oneshot::channel();
        self.pass_on(Incoming::Seen { message, reply })?;
        let seen = answer.await.map_err(|_| stopping())?;
        let hop = seen.flatten().map(|hop| hop.0);
        Ok(Response::new(SeenReply { seen: seen.is_some(), hop, node_id: self.node.id().to_string() }))
    }
}

impl Gossip {
    fn pass_on(&self, incoming: Incoming) -> Result<(), Status> {
        self.node.incoming.try_send(incoming).map_err(|error| match error {
            TrySendError::Full(_) => {
                self.host.network().count_queue_full();
                tracing::warn!(node = %self.node.id(), "queue full, an input was refused");
                Status::resource_exhausted("queue full")
            }
            TrySendError::Closed(_) => stopping(),
        })
    }

    /// Refuses a copy, with a record: a peer that is not ours writes none.
    fn too_large(&self, arrived: Arrived, received: Timestamp, limit: u64) -> Status {
        let Arrived { from, message, hop, sent, send_id, bytes, .. } = arrived;
        let why = format!("message of {bytes} bytes is above the limit of {limit}");
        let hop = hop.map(cnsim::id::Hop::next);
        let receipt = Receipt { received, sent, send_id, bytes };
        self.host.shared().recorder.record(Entry {
            fact: Fact::Refused {
                event: NamedEvent::Received { message, from, hop, receipt, duplicate: false },
                reason: format!("refused: {why}"),
            },
            node: self.node.id(),
            context: Arc::clone(self.host.network().context()),
            restarts: 0,
        });
        Status::out_of_range(why)
    }
}

/// Who says it, how large it is and what it says.
fn words_of(request: Request<Words>) -> Result<(NodeId, u64, cnsim::machine::Words), Status> {
    let words = request.into_inner();
    let bytes = words.encoded_len() as u64;
    let (from, words) = wire::words_from_wire(words).map_err(|error| Status::invalid_argument(error.to_string()))?;
    Ok((from, bytes, words))
}

fn stopping() -> Status {
    Status::unavailable("node is stopping")
}

#[cfg(test)]
#[path = "gossip_tests.rs"]
mod tests;
