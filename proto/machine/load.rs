//! How much a machine has to do, and has done.

use std::iter::Sum;

/// How much a machine has to do: quiescence is decided on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Copies that wait for a permit.
    pub queued: u64,
    /// Copies that have one: held back by a link, or with the host.
    pub in_flight: u64,
    /// Asks, with their answers, and control messages that have not ended; polls do not count. A host that can count the
    /// answers to polls which are on their way with copies has to: no machine knows of one.
    pub control: u64,
    /// Messages that this node may still send, or have sent to it, without being asked from outside.
    pub unsettled: u64,
    /// Copies given a permit since `Configure`, and copies in answers.
    pub started: u64,
    /// Of those, the ones that have ended.
    pub finished: u64,
    /// First receipts since `Configure`.
    pub delivered: u64,
    /// Sends that failed since `Configure`.
    pub failed: u64,
    /// Messages that the node holds, or has held; 0 of one that is down to the round's end.
    pub held: u64,
    /// 1 of a node that is down to the round's end.
    pub gone: u64,
}

impl Sum for Load {
    /// Of several machines together.
    fn sum<I: Iterator<Item = Self>>(loads: I) -> Self {
        loads.fold(Self::default(), |sum, one| Self {
            queued: sum.queued + one.queued,
            in_flight: sum.in_flight + one.in_flight,
            control: sum.control + one.control,
            unsettled: sum.unsettled + one.unsettled,
            started: sum.started + one.started,
            finished: sum.finished + one.finished,
            delivered: sum.delivered + one.delivered,
            failed: sum.failed + one.failed,
            held: sum.held + one.held,
            gone: sum.gone + one.gone,
        })
    }
}
