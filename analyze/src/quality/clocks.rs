//! Whether the clocks of machines are so far apart that it shows in the times.
//!
//! An offset is told where it is proven (no copy can arrive before it was sent), and else where it exceeds its uncertainty,
//! the smaller of the two smallest latencies and half a millisecond, with copies enough both ways and at least one loop.

use super::{Check, Finding, Severity};
use crate::metric::{Analysis, Group, HostPair, RunClocks};

/// The offset from which one that is not proven matters, in ns.
const OFFSET_MIN_NS: f64 = 500_000.0;

/// Copies each way below which the quickest may still be slow by chance.
const COPIES_MIN: u64 = 30;

/// Runs whose machines' clocks disagree.
pub(super) fn clock_offset(analysis: &Analysis) -> Vec<Finding> {
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
        None => "and it changes during the run".to_owned(),
    };
    let (ahead, behind) = if worst.offset.value < 0.0 { (worst.a, worst.b) } else { (worst.b, worst.a) };
    let detail = format!(
        "the clocks of {} of {} pairs of machines disagree, or the way there always takes longer than the way back; most: \
         {ahead} is {:.3} ms {uncertainty} ahead of {behind}, where the quickest copies seem to take {:.3} and {:.3} ms. \
         Latencies and t100 between machines are off by that much, waiting, hops and duplicates are not: see clocks",
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

fn is_apart(pair: &HostPair<'_>) -> bool {
    let offset = &pair.offset;
    let Some(uncertainty) = offset.uncertainty() else { return true };
    let least_ns = pair.there.least_ns.min(pair.back.least_ns) as f64;
    let is_sampled = pair.there.copies.min(pair.back.copies) >= COPIES_MIN && offset.loops > 0;
    let is_large = offset.value.abs() > uncertainty.max(least_ns).max(OFFSET_MIN_NS);
    offset.is_proven() || (is_sampled && is_large)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::metric::Way;

    /// A run on three machines of which the last is ahead, with copies that take 2 ms.
    fn found(ahead_ms: f64, copies: u64) -> Option<Finding> {
        let ahead = [0.0, 0.0, ahead_ms];
        let mut ways = BTreeMap::new();
        for (from, to) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
            let least_ns = ((2.0 + ahead[to] - ahead[from]) * 1e6) as i64;
            ways.insert((format!("m{from}"), format!("m{to}")), Way { least_ns, copies });
        }
        let clocks = vec![RunClocks { run_id: "run".to_owned(), ways }];
        let group = Group { clocks, ..Group::default() };
        clock_offset(&Analysis { groups: vec![group] }).pop()
    }

    #[test]
    fn clocks_that_agree_or_hardly_differ_are_not_told() {
        assert_eq!(found(0.0, 100), None);
        assert_eq!(found(0.9, 100), None, "less than the smallest latency");
        assert_eq!(found(1.2, 10), None, "too few copies");
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
