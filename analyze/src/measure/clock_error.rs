//! What the clocks at both ends of a round leave open of its times: these begin by the initiator's clock and end by that of the
//! node that was reached last.

use super::RoundMetrics;
use super::clock::{HostPair, RunClocks};

/// How far the clocks at both ends of a round are apart, as far as copies between their machines say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EndClocks {
    /// At least so far, in ns; 0 where they may agree.
    pub(crate) proven_ns: f64,
    /// Half of the distance between the least and the most that is possible, in ns.
    pub(crate) open_ns: f64,
}

/// Those of a round of a run whose clocks were compared. None where its ends are not known, or no copies went both ways between
/// their machines.
pub(crate) fn end_clocks(round: &RoundMetrics, clocks: &RunClocks) -> Option<EndClocks> {
    let (first, last) = end_hosts(round)?;
    if first == last {
        return Some(EndClocks { proven_ns: 0.0, open_ns: 0.0 });
    }
    let pair = clocks.pairs.iter().find(|pair| {
        let (a, b) = (&*pair.a, &*pair.b);
        (a, b) == (first, last) || (b, a) == (first, last)
    })?;
    let (low, high) = (pair.offset.low, pair.offset.high);
    Some(EndClocks { proven_ns: low.max(-high).max(0.0), open_ns: ((high - low) / 2.0).abs() })
}

/// Why nobody can know how far a clock is ahead of another at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AheadUnknown {
    /// Copies did not go both ways between their machines.
    OneWay,
    /// No constant offset explains the copies.
    Moved,
}

impl RunClocks {
    /// How far the clock of machine `to` can be ahead of that of `from` at any time of the run, in ns. `drifted_ns` says how far clocks
    /// move apart at a rate: the most that copies leave possible, which is infinite where they do not tell.
    pub(crate) fn ahead_at_most_ns(
        &self,
        from: &str,
        to: &str,
        drifted_ns: impl Fn(f64) -> f64,
    ) -> Result<f64, AheadUnknown> {
        if from == to && !from.is_empty() {
            return Ok(0.0);
        }
        let ends = |pair: &&HostPair| [(&*pair.a, &*pair.b), (&*pair.b, &*pair.a)].contains(&(from, to));
        let pair = self.pairs.iter().find(ends).ok_or(AheadUnknown::OneWay)?;
        if pair.offset.uncertainty().is_none() {
            return Err(AheadUnknown::Moved);
        }
        let ahead_ns = if &*pair.b == to { pair.offset.high } else { -pair.offset.low };
        let rate = pair.drift.filter(|drift| drift.value().is_some());
        Ok(ahead_ns + drifted_ns(rate.map_or(f64::INFINITY, |drift| drift.high.max(-drift.low))))
    }
}

/// The machines of the initiator and of the node that was reached last; none where one is not known.
pub(crate) fn end_hosts(round: &RoundMetrics) -> Option<(&str, &str)> {
    let first = round.critical.first()?.from.host.as_deref()?;
    let last = round.critical.last()?.to.host.as_deref()?;
    Some((first, last))
}
