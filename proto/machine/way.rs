//! What becomes of something on its way to another node: what its link does to it, and what faults do besides.

use super::{Configured, Machine};
use crate::id::NodeIx;
use crate::link::{CopyKey, Edge, Links, Passage, WorkModel, coordinates};
use crate::random::{Purpose, Random};
use crate::time::{Interval, Timestamp};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// So long after it was sent it arrives, or would have arrived.
    pub(super) after: Interval,
    /// Whether it is lost.
    pub(super) is_lost: bool,
    /// Whether nothing passes here now.
    pub(super) is_cut: bool,
}

impl Way {
    const AT_ONCE: Self = Self { after: Interval::ZERO, is_lost: false, is_cut: false };
}

impl Machine {
    /// The way of what this node sends now. An edge has one weight, whichever of its ends lists it.
    pub(super) fn way(&self, now: Timestamp, to: NodeIx, key: CopyKey) -> Way {
        let Some(Configured { config, .. }) = &self.configured else { return Way::AT_ONCE };
        let neighbours = &config.common.neighbours;
        let weight = neighbours.weight(self.me, to).or_else(|| neighbours.weight(to, self.me));
        self.way_over(now, Edge { from: self.me, to, weight }, key)
    }

    /// The same over an edge that is known, from either of its ends.
    #[inline]
    pub(super) fn way_over(&self, now: Timestamp, edge: Edge, key: CopyKey) -> Way {
        let Some(Configured { config, .. }) = &self.configured else { return Way::AT_ONCE };
        let links = &config.common.links;
        let passage = links.passage(edge, key);
        match &self.faults {
            None => Way { after: passage.after, is_lost: passage.is_lost, is_cut: false },
            Some(_) => self.way_under_faults(now, edge, key, passage, links),
        }
    }

    fn way_under_faults(&self, now: Timestamp, edge: Edge, key: CopyKey, passage: Passage, links: &Links) -> Way {
        let (Some(Configured { config, .. }), Some(faults)) = (&self.configured, &self.faults) else {
            return Way::AT_ONCE;
        };
        let (timeline, at, seed) = (faults.timeline(), faults.since_origin(now), config.common.seed);
        let random = |purpose, fault: u32| {
            let [from, to, round, kind, nth] = coordinates(edge, key);
            Random::at(seed, purpose, &[from, to, round, kind, nth, fault.into()])
        };
        let mut passage = timeline.losses(edge.from, at).fold(passage, |passage, (fault, loss)| {
            links.lose_besides(passage, loss, &mut random(Purpose::FaultLoss, fault))
        });
        for (fault, delay) in timeline.delays(edge.from, at) {
            let model = WorkModel::new(delay, None).expect("a fault's delay is drawn from no file");
            let longer = model.draw(|| random(Purpose::FaultDelay, fault));
            passage.after.0 = passage.after.0.saturating_add(longer.0);
        }
        Way { after: passage.after, is_lost: passage.is_lost, is_cut: timeline.is_cut(edge.from, edge.to, at) }
    }
}
