//! What is said of a round, whatever the format.

use crate::measure::{Dissemination, Origin, Reached, RoundMetrics};

/// One round, its tree and its measurements.
pub(super) struct ExplainedRound {
    pub(super) condition: String,
    pub(super) is_simulated: bool,
    pub(super) metrics: RoundMetrics,
    pub(super) dissemination: Dissemination,
    /// Nodes that are known and were not reached.
    pub(super) stranded: Vec<String>,
    /// Copies that failed, where faults befell the round.
    pub(super) failed: Vec<FailedCopy>,
    pub(super) origin: Origin,
}

/// A copy that failed.
pub(super) struct FailedCopy {
    pub(super) sender: String,
    pub(super) receiver: String,
    pub(super) sent_ns: i64,
    /// The first fault that may have stopped it or its acknowledgment; none where none was at work between its ends.
    pub(super) fault: Option<String>,
}

impl ExplainedRound {
    /// When time began: the chosen origin, else the first receipt where no record tells of that; and which it is.
    pub(super) fn zero(&self) -> (i64, &'static str) {
        match self.metrics.origin_ns(self.origin) {
            Some(at_ns) => (at_ns, self.origin.as_str()),
            None => (self.metrics.reached_ns.first().copied().unwrap_or(0), "first-receipt"),
        }
    }

    /// How many nodes were not reached and stand in no record.
    pub(super) fn stranded_unnamed(&self) -> usize {
        let missing = self.metrics.expected.saturating_sub(self.metrics.delivered) as usize;
        missing.saturating_sub(self.stranded.len())
    }

    /// When a node was reached, in ms since time began.
    pub(super) fn at_ms(&self, node: &Reached) -> f64 {
        ms(node.received_ns.saturating_sub(self.zero().0))
    }

    /// The nodes that were reached last: several where they tie.
    pub(super) fn last(&self) -> &[Reached] {
        let reached = &self.dissemination.reached;
        let last_ns = reached.last().map(|last| last.received_ns);
        &reached[reached.partition_point(|node| Some(node.received_ns) < last_ns)..]
    }

    /// By position in `reached`: whether the node is on the path to the last one.
    pub(super) fn on_path(&self) -> Vec<bool> {
        let mut on_path = vec![false; self.dissemination.reached.len()];
        self.dissemination.critical.iter().for_each(|position| on_path[*position] = true);
        on_path
    }
}

pub(super) fn ms(time_ns: i64) -> f64 {
    time_ns as f64 / 1e6
}
