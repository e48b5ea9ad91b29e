//! When simulated messages are over.

use cnsim::time::{Interval, Timestamp};

use crate::network::Network;
use crate::spec::{Outcome, RoundSpec};

/// See the module.
pub(crate) struct Ending {
    pub(crate) limit: Timestamp,
    settles: bool,
    /// First receipts when every message has reached everybody.
    receipts: u64,
    period: Interval,
    /// The last step of a fault: no round is over before.
    lasts: Timestamp,
    /// When messages that reached everybody have their timers stopped; none before.
    horizon: Option<Timestamp>,
}

/// How far a world is.
pub(crate) struct Progress {
    pub(crate) now: Timestamp,
    /// When the next event is.
    pub(crate) next: Option<Timestamp>,
    /// Whether nothing is on its way, and no message is still to begin.
    pub(crate) rests: bool,
    /// Messages that nodes may still send unasked.
    pub(crate) unsettled: u64,
    /// First receipts.
    pub(crate) receipts: u64,
    /// Whether every node that is not gone holds every message; none where receipts tell.
    pub(crate) reached: Option<bool>,
    /// Whether links will still come up or go down.
    pub(crate) moves: bool,
}

impl Ending {
    /// That of messages which begin one after another.
    pub(crate) fn of(network: &Network, specs: &[RoundSpec], lasts: Interval) -> Self {
        let settings = network.settings();
        Self {
            limit: specs.iter().map(|spec| spec.begins + spec.limit).max().unwrap_or_default(),
            settles: settings.spec.protocol().settles(),
            receipts: specs.len() as u64 * u64::from(network.nodes().saturating_sub(1)),
            period: settings.period,
            lasts: specs.first().map_or(Timestamp(0), |spec| spec.begins + lasts),
            horizon: None,
        }
    }

    /// What they end with now; none while they go on. A protocol that never rests has its timers stopped one period after
    /// everybody was reached, and what is on its way then still arrives.
    pub(crate) fn reached(&mut self, so_far: &Progress) -> Option<Outcome> {
        if so_far.now < self.lasts {
            return None;
        }
        if self.settles {
            // While the network moves a message may go on, unless everybody has it.
            let waits = so_far.moves && so_far.reached == Some(false);
            return (so_far.rests && so_far.unsettled == 0 && !waits).then_some(Outcome::Quiescent);
        }
        if self.horizon.is_none() && so_far.reached.unwrap_or(so_far.receipts >= self.receipts) {
            self.horizon = Some(so_far.now + self.period);
        }
        let is_past = |horizon: Timestamp| so_far.next.is_none_or(|next| next > horizon);
        (so_far.rests && self.horizon.is_some_and(is_past)).then_some(Outcome::Horizon)
    }

    /// Whether timers are stopped at this time.
    pub(crate) fn stops(&self, time: Timestamp) -> bool {
        self.horizon.is_some_and(|horizon| time > horizon)
    }
}
