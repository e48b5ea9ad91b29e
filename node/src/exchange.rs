//! What nodes ask and tell each other, between the core's numbers and the wire: asks and control messages on their way out,
//! and answers that wait until their link lets them go.

use std::sync::Arc;

use cnsim::id::{ContactId, NodeId};
use cnsim::machine::{Contact, Failure, Input};
use cnsim::protocol::Body;
use cnsim::time::{Interval, Timestamp};
use cnsim::wire::gossip::{Answer, Words};
use cnsim::wire::{self, Arrived};
use prost::Message as _;
use tonic::Status;

use crate::clock::Clock;
use crate::network::Network;
use crate::shared::Shared;
use crate::wake;

/// How an ask ended.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) contact: ContactId,
    /// What was said, the copies that came with it, and the size of all of it.
    pub(crate) result: Result<(Body, Vec<Arrived>, u64), Failure>,
    /// When.
    pub(crate) at: Timestamp,
}

/// An ask or a control message with names.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) to: NodeId,
    pub(crate) words: Words,
}

/// An answer on its way to whoever asked.
#[derive(Debug)]
pub(crate) struct Answering {
    pub(crate) answer: Answer,
    /// How long the uplink and its link hold it back.
    pub(crate) hold: Interval,
    /// Until when that is.
    pub(crate) leaves: Timestamp,
    pub(crate) is_lost: bool,
}

impl Answering {
    /// The answer, once its link lets it go.
    pub(crate) async fn leave(self, clock: &Clock) -> Result<Answer, Status> {
        if self.hold != Interval::ZERO {
            wake::after(clock.until(self.leaves)).await;
        }
        if self.is_lost { Err(Status::data_loss(Failure::Lost.to_string())) } else { Ok(self.answer) }
    }
}

/// Carries an ask, and waits for its answer.
pub(crate) async fn ask(ask: Contact, outgoing: Outgoing, network: Arc<Network>, shared: Arc<Shared>) -> Asked {
    let contact = ask.contact;
    hold(&ask, &network, &shared.clock).await;
    let result = within(ask.deadline, async {
        let answer = if ask.is_lost { Err(Failure::Lost) } else { network.ask(&outgoing.to, &outgoing.words).await };
        // Nobody is told of a loss: it shows when the time is over.
        if answer == Err(Failure::Lost) && ask.deadline.is_some() {
            return std::future::pending().await;
        }
        answer
    });
    let result = result.await.and_then(|answer| {
        let bytes = answer.encoded_len() as u64;
        let answer = wire::answer_from_wire(answer).map(|(body, copies)| (body, copies, bytes));
        answer.map_err(|error| Failure::Refused(format!("an answer that is none: {error}")))
    });
    Asked { contact, result, at: shared.clock.now() }
}

/// Carries a control message. Whether it arrived is no protocol's concern.
pub(crate) async fn tell(control: Contact, outgoing: Outgoing, network: Arc<Network>, shared: Arc<Shared>) -> Input {
    hold(&control, &network, &shared.clock).await;
    let mut answered = None;
    if !control.is_lost {
        match within(control.deadline, network.tell(&outgoing.to, &outgoing.words)).await {
            Ok(()) => answered = Some(shared.clock.now()),
            Err(failure) => tracing::debug!(to = %outgoing.to, %failure, "a control message did not arrive"),
        }
    }
    Input::ControlDone { contact: control.contact, answered }
}

async fn hold(contact: &Contact, network: &Network, clock: &Clock) {
    if contact.hold != Interval::ZERO {
        wake::after(clock.until(contact.since + contact.hold)).await;
        network.held(contact.hold, clock.now().since(contact.since));
    }
}

/// The deadline counts from when it left.
async fn within<T>(deadline: Option<Interval>, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match deadline {
        Some(deadline) => tokio::time::timeout(deadline.into(), call).await.unwrap_or(Err(Failure::Deadline)),
        None => call.await,
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
