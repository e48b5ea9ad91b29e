//! What all nodes of a process share.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::recorder::Recorder;
use crate::traffic::Traffic;

/// What every hosted node shares.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The time.
    pub(crate) clock: Clock,
    /// Where events go.
    pub(crate) recorder: Recorder,
    /// Bytes over all gossip connections.
    pub(crate) traffic: Arc<Traffic>,
    /// Largest encoded message that is sent or taken, in bytes.
    pub(crate) max_message: u64,
    /// Ends sends that are still in flight when the process cannot wait any longer.
    pub(crate) give_up: Notify,
}
