//! What a round is, and how it ended.

use bytes::Bytes;
use cnsim::id::{Message, NodeIx};
use cnsim::machine::Load;
use cnsim::time::{Interval, Timestamp};

/// What a round is.
#[derive(Debug, Clone)]
pub struct RoundSpec {
    /// The message that begins.
    pub message: Message,
    /// Length of its name.
    pub text_bytes: u32,
    /// What it carries.
    pub payload: Bytes,
    /// Where it begins.
    pub initiator: NodeIx,
    /// When.
    pub begins: Timestamp,
    /// How long it may last.
    pub limit: Interval,
}

/// The messages of a world, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Messages(Vec<RoundSpec>);

impl Messages {
    /// Adds messages whose numbers are above those that there are.
    pub(crate) fn add(&mut self, specs: &[RoundSpec]) {
        self.0.extend_from_slice(specs);
        debug_assert!(self.0.is_sorted_by_key(|spec| spec.message.0), "messages begin in the order of their numbers");
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// What a message is.
    pub(crate) fn of(&self, message: Message) -> &RoundSpec {
        let place = self.0.binary_search_by_key(&message.0, |spec| spec.message.0);
        &self.0[place.expect("only messages that have begun go round")]
    }
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundEnd {
    /// Whether nothing was left to do.
    pub outcome: Outcome,
    /// When the last event happened, or the limit came.
    pub at: Timestamp,
    /// The sum over all machines.
    pub load: Load,
    /// How many events it took.
    pub events: u64,
}

/// Why a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was left to do.
    Quiescent,
    /// Everybody was reached, and a period of a protocol that never rests has passed since.
    Horizon,
    /// The limit came first.
    TimedOut,
    /// It was not to go on.
    Halted,
}

/// What has been added to counters that only grow; the rest is as it is now.
pub(crate) fn grown(before: Load, now: Load) -> Load {
    Load {
        started: now.started - before.started,
        finished: now.finished - before.finished,
        delivered: now.delivered - before.delivered,
        failed: now.failed - before.failed,
        ..now
    }
}
