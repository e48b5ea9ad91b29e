//! Whether convergence times fall into two humps, and which known difference between rounds tells them apart.
//!
//! Every way to split a group's rounds that is known beforehand is tested; all tests of one report and origin are one
//! family (Holm). A split makes two humps where it is sure, its sides are further apart than two of their standard
//! deviations (Ashman, Bird and Zepf 1994: below that, a sum of two normal humps has one top), and that matters in parts
//! of the mean. Of several, the one that explains most of the variance is told.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Finding, Severity};
use crate::metric::{Analysis, CriticalHop, End, Group, Origin, RoundMetrics};
use crate::stats::{holm, mann_whitney, mean, median, sorted};

/// Rounds below which a side is no hump.
const ROUNDS_MIN: usize = 5;

/// The distance of the sides' means, in standard deviations inside them, from which there are two tops.
const DISTANCE_MIN: f64 = 2.0;

/// The smallest distance that matters, in parts of the mean of all.
const CHANGE_MIN: f64 = 0.1;

/// Family-wise error.
const ALPHA: f64 = 1e-3;

/// Groups whose times have two humps that a known difference explains.
pub(super) fn bimodal_convergence(analysis: &Analysis) -> Vec<Finding> {
    let [of_initiate, of_first_send] = Origin::ALL.map(|origin| found(analysis, origin));
    let lasts = "the spread of messages differs between the two kinds of rounds, so that no mean and no interval stands for \
                 both: make the rounds alike, or report the kinds apart";
    let setup =
        "from first-send there are no such humps, so it is the set-up that differs: read the times from first-send";
    let mut findings: Vec<Finding> = of_first_send.iter().map(|humps| humps.finding(lasts)).collect();
    let is_new = |humps: &&Humps<'_>| !of_first_send.iter().any(|other| std::ptr::eq(other.group, humps.group));
    findings.extend(of_initiate.iter().filter(is_new).map(|humps| humps.finding(setup)));
    findings
}

/// Two humps of a group.
struct Humps<'a> {
    group: &'a Group,
    origin: Origin,
    split: Split,
    distance: f64,
    /// The share of the variance between the sides.
    explained: f64,
    p_holm: f64,
}

/// Times in ms on the two sides of a difference between rounds.
struct Split {
    /// What the rounds on one side have.
    one: String,
    /// What the others have.
    other: String,
    times: [Vec<f64>; 2],
}

fn found(analysis: &Analysis, origin: Origin) -> Vec<Humps<'_>> {
    let splits = analysis.groups.iter().flat_map(|group| splits(group, origin).into_iter().map(move |it| (group, it)));
    let tested: Vec<(&Group, Split, f64)> = splits
        .filter_map(|(group, split)| {
            let p = mann_whitney(&split.times[0], &split.times[1])?.p;
            Some((group, split, p))
        })
        .collect();
    let p: Vec<f64> = tested.iter().map(|(_, _, p)| *p).collect();
    let mut best: Vec<Humps<'_>> = Vec::new();
    for ((group, split, _), p_holm) in tested.into_iter().zip(holm(&p)) {
        let Some(humps) = judged(group, origin, split, p_holm) else { continue };
        match best.last_mut() {
            Some(last) if std::ptr::eq(last.group, group) && last.explained >= humps.explained => {}
            Some(last) if std::ptr::eq(last.group, group) => *last = humps,
            Some(_) | None => best.push(humps),
        }
    }
    best
}

/// What makes of a split two humps.
fn judged(group: &Group, origin: Origin, split: Split, p_holm: f64) -> Option<Humps<'_>> {
    let all: Vec<f64> = split.times.concat();
    let [mean_of_one, mean_of_other] = [&split.times[0], &split.times[1]].map(|times| mean(times.iter().copied()));
    let (one, other, whole) = (mean_of_one?, mean_of_other?, mean(all.iter().copied())?);
    let [of_one, of_other] = [squares(&split.times[0], one), squares(&split.times[1], other)];
    let variance = |squares: f64, count: usize| squares / (count as f64 - 1.0);
    let [a, b] = [variance(of_one, split.times[0].len()), variance(of_other, split.times[1].len())];
    let distance = (one - other).abs() / ((a + b) / 2.0).sqrt();
    let explained = 1.0 - (of_one + of_other) / squares(&all, whole);
    let is_large = distance >= DISTANCE_MIN && (one - other).abs() >= CHANGE_MIN * whole;
    (is_large && p_holm <= ALPHA).then_some(Humps { group, origin, split, distance, explained, p_holm })
}

/// The sum of squared distances from `centre`.
fn squares(values: &[f64], centre: f64) -> f64 {
    values.iter().map(|value| (value - centre).powi(2)).sum()
}

/// Every known difference between a group's scored, complete rounds that leaves enough of them on both sides.
fn splits(group: &Group, origin: Origin) -> Vec<Split> {
    let first_times = first_times(group);
    let rounds: Vec<(&RoundMetrics, f64, bool)> = group
        .rounds
        .iter()
        .zip(first_times)
        .filter(|(round, _)| round.scored)
        .filter_map(|(round, is_first)| Some((round, round.complete_ns(origin)? as f64 / 1e6, is_first)))
        .collect();
    let split = |one: String, other: &str, is_one: &dyn Fn(&RoundMetrics, bool) -> bool| {
        let (one_side, other_side): (Vec<_>, Vec<_>) =
            rounds.iter().partition(|(round, _, is_first)| is_one(round, *is_first));
        let times = [one_side, other_side].map(|side| side.into_iter().map(|(_, time_ms, _)| time_ms).collect());
        Split { one, other: other.to_owned(), times }
    };
    let first = "by a node that initiates for the first time".to_owned();
    let mut splits = vec![
        split(first, "by one that did before", &|_, is_first| is_first),
        split("with an even number".to_owned(), "with an odd number", &|round, _| round.round.is_multiple_of(2)),
    ];
    let places: [(&str, Place); 2] = [("host", |end| end.host.as_deref()), ("zone", |end| end.zone.as_deref())];
    for (word, place) in places {
        let names: BTreeSet<&str> = rounds.iter().filter_map(|(round, ..)| place(initiator(round)?)).collect();
        splits.extend(names.into_iter().map(|name| {
            let is_there = |round: &RoundMetrics, _| initiator(round).and_then(place) == Some(name);
            split(format!("initiated on {word} {name}"), "initiated elsewhere", &is_there)
        }));
    }
    splits.retain(|split| split.times.iter().all(|times| times.len() >= ROUNDS_MIN));
    splits
}

/// Where an end of a hop is.
type Place = fn(&End) -> Option<&str>;

/// The initiator as the path from it names it.
fn initiator(round: &RoundMetrics) -> Option<&End> {
    round.critical.first().map(|hop: &CriticalHop| &hop.from)
}

/// For each round of a group: whether its initiator initiates for the first time in its run, warm-up rounds counted.
fn first_times(group: &Group) -> Vec<bool> {
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut is_first = |round| {
        let round: &RoundMetrics = round;
        let nodes = seen.entry(&round.run_id).or_default();
        round.initiator.as_deref().is_some_and(|initiator| nodes.insert(initiator))
    };
    // Rounds of a run stand in their order.
    group.rounds.iter().map(&mut is_first).collect()
}

impl Humps<'_> {
    fn finding(&self, meaning: &str) -> Finding {
        let Split { one, other, times } = &self.split;
        let median_of = |side: usize| median(&sorted(times[side].iter().copied())).unwrap_or_default();
        let detail = format!(
            "with {} nodes, times from {} have two humps: {} rounds {one} at {:.1} ms, {} rounds {other} at {:.1} ms \
             (medians; {:.1} standard deviations apart, {:.0} % of the variance, p {:.1e} adjusted for all splits): {meaning}",
            self.group.nodes,
            self.origin.as_str(),
            times[0].len(),
            median_of(0),
            times[1].len(),
            median_of(1),
            self.distance,
            100.0 * self.explained,
            self.p_holm,
        );
        let count = (times[0].len() + times[1].len()) as u64;
        Finding::in_condition(Check::BimodalConvergence, Severity::Caution, &self.group.condition, count, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::fixture::silent_round;

    /// A run of 40 scored rounds by 20 initiators in turn; set-up and spreading in ms.
    fn group(setup_ms: impl Fn(u32) -> f64, time_ms: impl Fn(u32) -> f64, host: impl Fn(u32) -> &'static str) -> Group {
        let ns = |ms: f64| (ms * 1e6) as i64;
        let round = |number: u32| {
            let node = format!("n{}", number % 20);
            let end = End { node: node.clone(), host: Some(host(number).to_owned()), zone: None };
            RoundMetrics {
                scored: number > 0,
                initiator: Some(node),
                from_initiate: [Some(ns(setup_ms(number) + time_ms(number))); 5],
                from_first_send: [Some(ns(time_ms(number))); 5],
                critical: vec![CriticalHop { from: end.clone(), to: end, waiting_ns: 0, wire_ns: 0 }],
                ..silent_round("run", number)
            }
        };
        Group { nodes: 20, rounds: (0..=40).map(round).collect(), ..Group::default() }
    }

    fn jitter(round: u32) -> f64 {
        f64::from(round * 37 % 11)
    }

    fn found_in(group: Group) -> Vec<Finding> {
        bimodal_convergence(&Analysis { groups: vec![group] })
    }

    #[test]
    fn steady_rounds_have_no_humps() {
        assert_eq!(found_in(group(|_| 1.0, |round| 60.0 + jitter(round), |_| "m")), vec![]);
    }

    #[test]
    fn first_time_initiators_are_named_from_initiate_and_not_from_first_send() {
        let setup_ms = |round: u32| if round < 20 { 80.0 } else { 0.5 };
        let found = found_in(group(setup_ms, |round| 60.0 + jitter(round), |_| "m"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Caution));
        let detail = &found[0].detail;
        assert!(
            detail.contains("from initiate have two humps: 19 rounds by a node that initiates for the first"),
            "{detail}"
        );
        assert!(detail.contains("21 rounds by one that did before"), "{detail}");
        assert!(detail.contains("it is the set-up that differs"), "{detail}");
    }

    #[test]
    fn a_slow_machine_and_a_slow_parity_are_named_by_what_explains_most() {
        let host = |round: u32| if round % 20 < 6 { "slow" } else { "fast" };
        let by_host =
            found_in(group(|_| 0.0, |round| if host(round) == "slow" { 200.0 } else { 60.0 } + jitter(round), host));
        assert!(by_host[0].detail.contains("rounds initiated on host"), "{}", by_host[0].detail);
        assert!(by_host[0].detail.contains("times from first-send have"), "{}", by_host[0].detail);
        let slow_if_odd = |round: u32| 60.0 + jitter(round) + 50.0 * f64::from(round % 2);
        let by_parity = found_in(group(|_| 0.0, slow_if_odd, |_| "m"));
        assert_eq!(by_parity.len(), 1);
        assert!(by_parity[0].detail.contains("rounds with an even number at"), "{}", by_parity[0].detail);
    }

    #[test]
    fn a_hump_of_few_rounds_and_a_small_distance_are_none() {
        let few = |round: u32| if round < 4 { 900.0 } else { 60.0 + jitter(round) };
        assert_eq!(found_in(group(|_| 0.0, few, |round| if round < 4 { "slow" } else { "fast" })), vec![]);
        let close = |round: u32| 600.0 + jitter(round) + 40.0 * f64::from(round % 2);
        assert_eq!(found_in(group(|_| 0.0, close, |_| "m")), vec![]);
    }
}
