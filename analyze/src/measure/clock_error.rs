//! What the clocks at both ends of a round leave open of its times: these begin by the initiator's clock and end by that of the
//! node that was reached last.

use super::RoundMetrics;
use super::clock::RunClocks;

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

/// The machines of the initiator and of the node that was reached last; none where one is not known.
pub(crate) fn end_hosts(round: &RoundMetrics) -> Option<(&str, &str)> {
    let first = round.critical.first()?.from.host.as_deref()?;
    let last = round.critical.last()?.to.host.as_deref()?;
    Some((first, last))
}
