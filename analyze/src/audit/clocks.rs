//! Whether the clocks of machines are so far apart that it shows in the times.
//!
//! An offset is told where it is proven (no copy can arrive before it was sent), and else where it exceeds its uncertainty,
//! the smaller of the two smallest latencies and half a millisecond, with copies enough both ways and at least one loop. A
//! drift is told where it is proven by the same argument and moves clocks by half a millisecond or more.

use super::finding::{Check, Finding, Severity};
use crate::measure::{Analysis, Group, HostPair, RunClocks};

/// The offset from which one that is not proven matters, and the change of one that does, in ns.
const OFFSET_MIN_NS: f64 = 500_000.0;

/// Copies each way below which the quickest may still be slow by chance.
const COPIES_MIN: u64 = 30;

/// Runs whose machines' clocks disagree.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let of_group = |group| -> Vec<Finding> {
        let group: &Group = group;
        group.clocks.iter().filter_map(|run| in_run(group, run)).collect()
    };
    analysis.groups.iter().flat_map(of_group).collect()
}

fn in_run(group: &Group, run: &RunClocks) -> Option<Finding> {
    let pairs = run.pairs();
    let apart: Vec<&HostPair<'_>> = pairs.iter().filter(|pair| is_apart(pair)).collect();
    // Of equals the first by name.
    let worst = apart.iter().rev().max_by(|a, b| a.offset.value.abs().total_cmp(&b.offset.value.abs()))?;
    let uncertainty = match worst.offset.uncertainty() {
        Some(uncertainty) => format!("+- {:.3} ms", uncertainty / 1e6),
        None => "(and it changes during the run)".to_owned(),
    };
    let drifting = drifting(&apart);
    let (ahead, behind) = if worst.offset.value < 0.0 { (worst.a, worst.b) } else { (worst.b, worst.a) };
    let detail = format!(
        "the clocks of {} of {} pairs of machines disagree, or the way there always takes longer than the way back; most: \
         {ahead} is {:.3} ms {uncertainty} ahead of {behind}, where the quickest copies seem to take {:.3} and {:.3} ms. \
         {drifting}Latencies and t100 between machines are off by that much, waiting, hops and duplicates are not: see clocks",
        apart.len(),
        pairs.len(),
        worst.offset.value.abs() / 1e6,
        worst.there.least_ns as f64 / 1e6,
        worst.back.least_ns as f64 / 1e6,
    );
    let count = apart.len() as u64;
    let finding = Finding::in_condition(Check::ClockOffset, Severity::Caution, &group.condition, count, detail);
    Some(finding.of_run(&run.run_id))
}

/// The pair whose clocks move apart fastest, where any do, as a sentence.
fn drifting(pairs: &[&HostPair<'_>]) -> String {
    let moving = pairs.iter().filter_map(|pair| Some((*pair, moved(pair)?)));
    // Of equals the first by name.
    let fastest = moving.rev().max_by(|(_, (a, _)), (_, (b, _))| a.abs().total_cmp(&b.abs()));
    let Some((pair, (drift, reach))) = fastest else { return String::new() };
    let (gains, loses) = if drift < 0.0 { (pair.a, pair.b) } else { (pair.b, pair.a) };
    let (ppm, seconds) = (drift.abs() * 1e6, pair.span_ns() as f64 / 1e9);
    let distance_ms = drift.abs() * pair.span_ns() as f64 / 1e6;
    format!(
        "They move apart: {gains} gains {ppm:.2} +- {:.2} ppm on {loses}, {distance_ms:.3} ms in {seconds:.0} s. ",
        reach * 1e6
    )
}

/// A pair's drift and how far its bounds are from that, where it is proven and moves the clocks as far as matters.
fn moved(pair: &HostPair<'_>) -> Option<(f64, f64)> {
    let drift = pair.drift.filter(|drift| drift.is_proven())?;
    let value = drift.value()?;
    (value.abs() * pair.span_ns() as f64 >= OFFSET_MIN_NS).then_some((value, (drift.high - drift.low) / 2.0))
}

fn is_apart(pair: &HostPair<'_>) -> bool {
    let offset = &pair.offset;
    let Some(uncertainty) = offset.uncertainty() else { return true };
    let least_ns = pair.there.least_ns.min(pair.back.least_ns) as f64;
    let is_sampled = pair.there.copies.min(pair.back.copies) >= COPIES_MIN && offset.loops > 0;
    let is_large = offset.value.abs() > uncertainty.max(least_ns).max(OFFSET_MIN_NS);
    offset.is_proven() || (is_sampled && is_large) || moved(pair).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::measure::Way;
    use crate::stats::{Low, Lows};

    /// A run on three machines of which the last is ahead, with copies that take 2 ms.
    fn found(ahead_ms: f64, copies: u64) -> Option<Finding> {
        let ahead = [0.0, 0.0, ahead_ms];
        let mut ways = BTreeMap::new();
        for (from, to) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
            let least_ns = ((2.0 + ahead[to] - ahead[from]) * 1e6) as i64;
            ways.insert((format!("m{from}"), format!("m{to}")), Way { least_ns, copies, lows: Lows::default() });
        }
        found_in(ways)
    }

    fn found_in(ways: BTreeMap<(String, String), Way>) -> Option<Finding> {
        let clocks = vec![RunClocks { run_id: "run".to_owned(), ways }];
        let group = Group { clocks, ..Group::default() };
        findings(&Analysis { groups: vec![group] }).pop()
    }

    /// A run of ten minutes on two machines, of which the second gains so much on the first; copies take 0.3 ms.
    fn found_drifting(ppm: i64) -> Option<Finding> {
        let mut both = [Lows::default(), Lows::default()];
        for second in (0..600).step_by(10) {
            let (at, ahead) = (second * 1_000_000_000, second * ppm * 1_000);
            for (lows, ahead) in both.iter_mut().zip([ahead, -ahead]) {
                lows.push(Low { at, took: 300_000 + ahead });
            }
        }
        let [there, back] = both.map(|lows| Way { least_ns: 300_000 - 590 * ppm.abs() * 1_000, copies: 60, lows });
        let there = Way { least_ns: 300_000, ..there };
        let name = |number: u32| format!("m{number}");
        found_in(BTreeMap::from([((name(0), name(1)), there), ((name(1), name(0)), back)]))
    }

    #[test]
    fn clocks_that_agree_or_hardly_differ_are_not_told() {
        assert_eq!(found(0.0, 100), None);
        assert_eq!(found(0.9, 100), None, "less than the smallest latency");
        assert_eq!(found(1.2, 10), None, "too few copies");
    }

    #[test]
    fn clocks_that_move_apart_are_told_with_how_fast_where_it_is_proven_and_matters() {
        let drifting = found_drifting(20).unwrap().detail;
        assert!(drifting.contains("m1 gains 20.00 +- "), "{drifting}");
        assert!(drifting.contains(" ppm on m0, 11.800 ms in 590 s. Latencies"), "{drifting}");
        assert!(!found(-5.0, 1).unwrap().detail.contains("move apart"));
        assert_eq!(found_drifting(0), None);
    }

    #[test]
    fn a_clock_that_is_ahead_is_told_with_the_machine_and_by_how_much() {
        let likely = found(1.2, 100).unwrap();
        assert_eq!((likely.count, likely.severity), (2, Severity::Caution));
        assert!(likely.detail.contains("m2 is 1.200 ms +- 0.000 ms ahead of m0"), "{}", likely.detail);
        let proven = found(-5.0, 1).unwrap();
        assert!(proven.detail.contains("m0 is 5.000 ms +- 0.000 ms ahead of m2"), "{}", proven.detail);
    }
}
