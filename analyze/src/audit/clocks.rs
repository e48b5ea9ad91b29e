//! Whether the clocks of machines are so far apart that it shows in the times.
//!
//! An offset is told where it is proven (no copy can arrive before it was sent), and else where it exceeds its uncertainty,
//! the smaller of the two smallest latencies and half a millisecond, with copies enough both ways and at least one loop. A
//! drift is told where it is proven by the same argument and moves clocks by half a millisecond or more.

use super::finding::{Check, Finding, Severity};
use crate::measure::clock_error::{end_clocks, end_hosts};
use crate::measure::{Analysis, Group, HostPair, Origin, RoundMetrics, RunClocks};

/// The offset from which one that is not proven matters, and the change of one that does, in ns.
const OFFSET_MIN_NS: f64 = 500_000.0;

/// The share of t100 from which an error of clocks makes it worthless.
const T100_SHARE_MAX: f64 = 0.05;

/// Copies each way below which the quickest may still be slow by chance.
const COPIES_MIN: u64 = 30;

/// Runs whose machines' clocks disagree.
pub(super) fn findings(analysis: &Analysis) -> Vec<Finding> {
    let of_group = |group| -> Vec<Finding> {
        let group: &Group = group;
        let of_run = |run| [in_run(group, run), in_times(group, run), nobody_knows(group, run)];
        group.clocks.iter().flat_map(of_run).flatten().collect()
    };
    analysis.groups.iter().flat_map(of_group).collect()
}

/// The scored rounds of a run.
fn scored<'a>(group: &'a Group, run: &'a RunClocks) -> impl Iterator<Item = &'a RoundMetrics> {
    group.scored().filter(|round| round.run_id == run.run_id)
}

/// Rounds whose ends have clocks that are proven to be further apart than a part of their t100.
fn in_times(group: &Group, run: &RunClocks) -> Option<Finding> {
    let worthless = |round: &RoundMetrics| {
        let (ends, t100_ns) = (end_clocks(round, run)?, round.complete_ns(Origin::FirstSend)? as f64);
        (ends.proven_ns > T100_SHARE_MAX * t100_ns.abs()).then_some((round.round, ends.proven_ns, t100_ns))
    };
    let found: Vec<(u32, f64, f64)> = scored(group, run).filter_map(worthless).collect();
    let (round, proven_ns, t100_ns) = *found.first()?;
    let detail = format!(
        "in {} rounds the clocks of the initiator's machine and of the last node's are proven to be further apart than {:.0} % of \
         t100 (first: round {round}, {:.3} ms of {:.3}): these times are not those of the network",
        found.len(),
        100.0 * T100_SHARE_MAX,
        proven_ns / 1e6,
        t100_ns / 1e6
    );
    let count = found.len() as u64;
    let finding = Finding::in_condition(Check::ClockOffset, Severity::Unsound, &group.condition, count, detail);
    Some(finding.of_run(&run.run_id))
}

/// Rounds between machines that copies went one way only, so that nobody can know how far their clocks are apart. Machines that
/// only addresses tell are left out: their clocks may be one.
fn nobody_knows(group: &Group, run: &RunClocks) -> Option<Finding> {
    let is_named = |host: &str| !host.ends_with(".x");
    let apart: Vec<&RoundMetrics> = scored(group, run)
        .filter(|round| {
            end_hosts(round).is_some_and(|(first, last)| first != last && is_named(first) && is_named(last))
        })
        .collect();
    let is_one_way = |round: &&&RoundMetrics| {
        end_hosts(round).is_some_and(|(first, last)| {
            run.one_way.iter().any(|(a, b)| (&**a, &**b) == (first, last) || (&**b, &**a) == (first, last))
        })
    };
    let unknown = apart.iter().filter(is_one_way).count();
    let detail = format!(
        "in {unknown} of {} rounds that end on another machine than they began on copies went one way only between these two, so \
         nobody can know how far their clocks are apart, and t100 is off by that: let initiators rotate, or send both ways",
        apart.len()
    );
    let is_most = 2 * unknown > apart.len();
    let finding =
        || Finding::in_condition(Check::ClockOffset, Severity::Caution, &group.condition, unknown as u64, detail);
    is_most.then(|| finding().of_run(&run.run_id))
}

fn in_run(group: &Group, run: &RunClocks) -> Option<Finding> {
    let apart = ClocksApart::of(&run.pairs)?;
    let (count, detail) = (apart.count as u64, apart.describe());
    let finding = Finding::in_condition(Check::ClockOffset, Severity::Caution, &group.condition, count, detail);
    Some(finding.of_run(&run.run_id))
}

/// The pairs of a run's machines whose clocks disagree.
struct ClocksApart<'a> {
    /// How many they are.
    count: usize,
    /// Of so many.
    pairs: usize,
    /// The pair with the largest offset.
    worst: &'a HostPair,
    /// The pair whose clocks move apart fastest, where any do.
    fastest: Option<ProvenDrift<'a>>,
}

/// A drift that is proven and moves the clocks of a pair as far as matters.
#[derive(Clone, Copy)]
struct ProvenDrift<'a> {
    pair: &'a HostPair,
    /// How much faster one clock is than the other, in parts of time.
    drift: f64,
    /// How far its bounds are from that.
    reach: f64,
}

impl<'a> ClocksApart<'a> {
    /// None where all clocks agree. Of equals the first by name counts.
    fn of(pairs: &'a [HostPair]) -> Option<Self> {
        let apart: Vec<&HostPair> = pairs.iter().filter(|pair| is_apart(pair)).collect();
        let worst = apart.iter().copied().rev().max_by(|a, b| a.offset.value.abs().total_cmp(&b.offset.value.abs()))?;
        let drifts = apart.iter().filter_map(|pair| ProvenDrift::of(pair));
        let fastest = drifts.rev().max_by(|a, b| a.drift.abs().total_cmp(&b.drift.abs()));
        Some(Self { count: apart.len(), pairs: pairs.len(), worst, fastest })
    }

    fn describe(&self) -> String {
        let Self { count, pairs, worst, fastest } = self;
        let uncertainty = match worst.offset.uncertainty() {
            Some(uncertainty) => format!("+- {:.3} ms", uncertainty / 1e6),
            None => "(and it changes during the run)".to_owned(),
        };
        let drifting = fastest.map_or_else(String::new, |drift| drift.describe());
        let (ahead, behind) = if worst.offset.value < 0.0 { (&worst.a, &worst.b) } else { (&worst.b, &worst.a) };
        format!(
            "the clocks of {count} of {pairs} pairs of machines disagree, or the way there always takes longer than the \
             way back; most: {ahead} is {:.3} ms {uncertainty} ahead of {behind}, where the quickest copies seem to take \
             {:.3} and {:.3} ms. {drifting}Latencies and t100 between machines are off by that much, waiting, hops and \
             duplicates are not: see clocks",
            worst.offset.value.abs() / 1e6,
            worst.there.least_ns as f64 / 1e6,
            worst.back.least_ns as f64 / 1e6,
        )
    }
}

impl<'a> ProvenDrift<'a> {
    fn of(pair: &'a HostPair) -> Option<Self> {
        let bounds = pair.drift.filter(|drift| drift.is_proven())?;
        let drift = bounds.value()?;
        let moves_far = drift.abs() * pair.span_ns as f64 >= OFFSET_MIN_NS;
        moves_far.then_some(Self { pair, drift, reach: (bounds.high - bounds.low) / 2.0 })
    }

    fn describe(&self) -> String {
        let Self { pair, drift, reach } = self;
        let (gains, loses) = if *drift < 0.0 { (&pair.a, &pair.b) } else { (&pair.b, &pair.a) };
        let (ppm, seconds) = (drift.abs() * 1e6, pair.span_ns as f64 / 1e9);
        let distance_ms = drift.abs() * pair.span_ns as f64 / 1e6;
        format!(
            "They move apart: {gains} gains {ppm:.2} +- {:.2} ppm on {loses}, {distance_ms:.3} ms in {seconds:.0} s. ",
            reach * 1e6
        )
    }
}

/// Whether an offset or a drift shows in the times, as the module says.
fn is_apart(pair: &HostPair) -> bool {
    let offset = &pair.offset;
    let Some(uncertainty) = offset.uncertainty() else { return true };
    let least_ns = pair.there.least_ns.min(pair.back.least_ns) as f64;
    let is_sampled = pair.there.copies.min(pair.back.copies) >= COPIES_MIN && offset.loops > 0;
    let is_large = offset.value.abs() > uncertainty.max(least_ns).max(OFFSET_MIN_NS);
    offset.is_proven() || (is_sampled && is_large) || ProvenDrift::of(pair).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use cnsim::event::Kind;

    use super::super::fixture::{Fixture, Row, only};
    use super::*;
    use crate::measure::{RunWays, Way};
    use crate::stats::{Low, Lows};

    /// A run on three machines of which the last is ahead, with copies that take 2 ms.
    fn found(ahead_ms: f64, copies: u64) -> Option<Finding> {
        let ahead = [0.0, 0.0, ahead_ms];
        let mut ways = BTreeMap::new();
        for (from, to) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
            let least_ns = ((2.0 + ahead[to as usize] - ahead[from as usize]) * 1e6) as i64;
            ways.insert((from, to), (Way { least_ns, copies }, Lows::default()));
        }
        found_in(ways)
    }

    fn found_in(ways: BTreeMap<(u32, u32), (Way, Lows)>) -> Option<Finding> {
        let names = ["m0", "m1", "m2"].map(Arc::from);
        let clocks = vec![RunWays(ways).compare("run".to_owned(), &names)];
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
        let way = |least_ns| Way { least_ns, copies: 60 };
        let [there, back] = both;
        let ways = [((0, 1), (way(300_000), there)), ((1, 0), (way(300_000 - 590 * ppm.abs() * 1_000), back))];
        found_in(BTreeMap::from(ways))
    }

    #[test]
    fn a_clock_that_is_proven_to_be_off_makes_the_times_that_it_ends_worthless() {
        let severities = |ahead_ns: i64| {
            let mut fixture = Fixture::csv_of_flood().on_hosts();
            // Without a copy back to the initiator nobody knows.
            let of_last = fixture.rows.iter().filter(|row| row.kind == Kind::Duplicate && row.sender == "n3");
            let back: Vec<Row> = of_last.map(|row| Row { receiver: "n0".to_owned(), ..row.clone() }).collect();
            fixture.rows.extend(back);
            fixture.set_clock("n3", ahead_ns);
            only(&fixture.audit(), Check::ClockOffset).into_iter().map(|found| found.severity).collect::<Vec<_>>()
        };
        assert_eq!(severities(0), []);
        assert_eq!(severities(3_000_000), [Severity::Unsound, Severity::Caution]);
    }

    #[test]
    fn copies_that_went_one_way_only_tell_nothing_of_clocks() {
        let one_way = Fixture::direct_mail_csv(["a", "b", "c", "d"]).on_hosts();
        let found = only(&one_way.audit(), Check::ClockOffset);
        assert_eq!((found.len(), found[0].severity, found[0].count), (1, Severity::Caution, 2));
        assert!(found[0].detail.contains("one way only between these two"), "{}", found[0].detail);
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
