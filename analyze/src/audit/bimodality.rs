//! Whether convergence times fall into two humps, and which known difference between rounds tells them apart, if one does.
//!
//! Every way to split a group's rounds that is known beforehand is tested; all tests of one report and origin are one
//! family (Holm). A split makes two humps where it is sure, its sides are further apart than two of their standard
//! deviations (Ashman, Bird and Zepf 1994: below that, a sum of two normal humps has one top), and that matters in parts
//! of the mean. Of several, the one that explains most of the variance is told.
//!
//! Where no known split does, Hartigan's dip test finds humps without any: all groups of one report and origin are one
//! family. The times are then cut where that explains most of the variance; the sides have to be as far apart, in parts of
//! the mean, and further apart in standard deviations than the halves of evenly spread times are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Finding, Severity};
use crate::measure::{Analysis, CriticalHop, End, Group, Origin, RoundMetrics};
use crate::stats::{DipReference, RankedValues, dip, holm, mean, median, sorted};

/// Rounds below which a side is no hump.
const ROUNDS_MIN: usize = 5;

/// The distance of the sides' means, in standard deviations inside them, from which there are two tops.
const DISTANCE_MIN: f64 = 2.0;

/// The smallest distance that matters, in parts of the mean of all.
const CHANGE_MIN: f64 = 0.1;

/// The same where the sides follow from the times themselves: the halves of evenly spread ones are 2 sqrt(3) apart.
const UNEXPLAINED_DISTANCE_MIN: f64 = 3.5;

/// Family-wise error.
const ALPHA: f64 = 1e-3;

/// Samples that a dip is compared with, for each test of the family: so many that the smallest probability is well below
/// what the family allows.
const REPLICATES: usize = 4_000;

/// Groups whose times have two humps.
pub(super) fn bimodal_convergence(analysis: &Analysis) -> Vec<Finding> {
    let mut reference = DipReference::default();
    let [of_initiate, of_first_send] = Origin::ALL.map(|origin| {
        let mut found = explained(analysis, origin);
        let unexplained = unexplained(analysis, origin, &found, &mut reference);
        found.extend(unexplained);
        found
    });
    let lasts = "the spread of messages differs between the two kinds of rounds, so that no mean and no interval stands for \
                 both: make the rounds alike, or report the kinds apart";
    let setup =
        "from first-send there are no such humps, so it is the set-up that differs: read the times from first-send";
    let mut findings: Vec<Finding> = of_first_send.iter().map(|found| found.finding(lasts)).collect();
    let is_new = |found: &&Bimodality<'_>| !of_first_send.iter().any(|other| std::ptr::eq(other.group, found.group));
    findings.extend(of_initiate.iter().filter(is_new).map(|found| found.finding(setup)));
    findings
}

/// A group whose times have two humps.
struct Bimodality<'a> {
    group: &'a Group,
    origin: Origin,
    split: Split,
    found_by: FoundBy,
    /// Between the sides' means, in standard deviations inside them.
    distance: f64,
    /// The share of the variance between the sides.
    explained: f64,
    p_holm: f64,
}

/// What tells that there are two humps.
#[derive(Clone, Copy)]
enum FoundBy {
    /// A known difference tells them apart.
    KnownSplit,
    /// The dip of the times is that of no single hump.
    Dip(f64),
}

/// Times in ms on the two sides of a difference between rounds.
struct Split {
    /// What the rounds on one side have.
    one: String,
    /// What the others have.
    other: String,
    times: [Vec<f64>; 2],
}

/// Of each group the known split that explains most, where one makes two humps.
fn explained(analysis: &Analysis, origin: Origin) -> Vec<Bimodality<'_>> {
    let of_group = |group| splits(group, origin).into_iter().map(move |(split, p)| (group, split, p));
    let tested: Vec<(&Group, Split, f64)> = analysis.groups.iter().flat_map(of_group).collect();
    let p: Vec<f64> = tested.iter().map(|(_, _, p)| *p).collect();
    let mut best: Vec<Bimodality<'_>> = Vec::new();
    for ((group, split, _), p_holm) in tested.into_iter().zip(holm(&p)) {
        let Some(found) = judged(group, origin, split, FoundBy::KnownSplit, p_holm) else { continue };
        match best.last_mut() {
            Some(last) if std::ptr::eq(last.group, group) && last.explained >= found.explained => {}
            Some(last) if std::ptr::eq(last.group, group) => *last = found,
            Some(_) | None => best.push(found),
        }
    }
    best
}

/// What makes of a split two humps.
fn judged(group: &Group, origin: Origin, split: Split, found_by: FoundBy, p_holm: f64) -> Option<Bimodality<'_>> {
    let all: Vec<f64> = split.times.concat();
    let [mean_of_one, mean_of_other] = [&split.times[0], &split.times[1]].map(|times| mean(times.iter().copied()));
    let (one, other, whole) = (mean_of_one?, mean_of_other?, mean(all.iter().copied())?);
    let [of_one, of_other] = [squares(&split.times[0], one), squares(&split.times[1], other)];
    let variance = |squares: f64, count: usize| squares / (count as f64 - 1.0);
    let [a, b] = [variance(of_one, split.times[0].len()), variance(of_other, split.times[1].len())];
    let distance = (one - other).abs() / ((a + b) / 2.0).sqrt();
    let explained = 1.0 - (of_one + of_other) / squares(&all, whole);
    let distance_min = match found_by {
        FoundBy::KnownSplit => DISTANCE_MIN,
        FoundBy::Dip(_) => UNEXPLAINED_DISTANCE_MIN,
    };
    let is_large = distance >= distance_min && (one - other).abs() >= CHANGE_MIN * whole;
    (is_large && p_holm <= ALPHA).then_some(Bimodality { group, origin, split, found_by, distance, explained, p_holm })
}

/// Groups whose times have humps that no split of `known` explains.
fn unexplained<'a>(
    analysis: &'a Analysis,
    origin: Origin,
    known: &[Bimodality<'_>],
    reference: &mut DipReference,
) -> Vec<Bimodality<'a>> {
    let times = |group: &Group| {
        let rounds = group.scored().filter(|round| round.under_faults.is_none());
        sorted(rounds.filter_map(|round| Some(round.complete_ns(origin)? as f64 / 1e6)))
    };
    let tested: Vec<(&Group, Vec<f64>)> = analysis
        .groups
        .iter()
        .map(|group| (group, times(group)))
        .filter(|(_, times)| times.len() >= 2 * ROUNDS_MIN)
        .collect();
    let is_explained = |group: &Group| known.iter().any(|found| std::ptr::eq(found.group, group));
    let may_be_found = |(group, times): &(&Group, Vec<f64>)| {
        let is_large = |split| judged(group, origin, split, FoundBy::Dip(0.0), 0.0).is_some();
        !is_explained(group) && cut(times).is_some_and(is_large)
    };
    let dips: Vec<f64> = tested.iter().map(|(_, times)| dip(times).unwrap_or_default()).collect();
    let replicates = REPLICATES * tested.len();
    // A group that cannot be found counts in the family with 1, which only makes the others harder to find, and spares
    // drawing its samples.
    let p = |(of_group, dip): (&(&Group, Vec<f64>), &f64)| match may_be_found(of_group) {
        true => reference.probability(of_group.1.len(), *dip, replicates),
        false => 1.0,
    };
    let p: Vec<f64> = tested.iter().zip(&dips).map(p).collect();
    let found = tested.into_iter().zip(dips).zip(holm(&p)).filter_map(|(((group, times), dip), p_holm)| {
        let split = cut(&times).filter(|_| !is_explained(group))?;
        judged(group, origin, split, FoundBy::Dip(dip), p_holm)
    });
    found.collect()
}

/// Sorted times cut where that explains most of their variance, with enough on both sides.
fn cut(times: &[f64]) -> Option<Split> {
    let total: f64 = times.iter().sum();
    let count = times.len() as f64;
    let mut below: f64 = times.iter().take(ROUNDS_MIN - 1).sum();
    let mut best: Option<(f64, usize)> = None;
    for size in ROUNDS_MIN..=times.len().checked_sub(ROUNDS_MIN)? {
        below += times[size - 1];
        let (one, other) = (below / size as f64, (total - below) / (count - size as f64));
        let between = size as f64 * (count - size as f64) * (one - other).powi(2);
        if best.is_none_or(|(most, _)| between > most) {
            best = Some((between, size));
        }
    }
    let (one, other) = times.split_at(best?.1);
    let (last, first) = (one.last()?, other.first()?);
    let names = (format!("up to {last:.1} ms"), format!("from {first:.1} ms on"));
    Some(Split { one: names.0, other: names.1, times: [one.to_vec(), other.to_vec()] })
}

/// The sum of squared distances from `centre`.
fn squares(values: &[f64], centre: f64) -> f64 {
    values.iter().map(|value| (value - centre).powi(2)).sum()
}

/// Every known difference between a group's scored, complete rounds that leaves enough of them on both sides, with the
/// probability that the test of Mann and Whitney gives it.
fn splits(group: &Group, origin: Origin) -> Vec<(Split, f64)> {
    let first_times = first_times(group);
    let rounds: Vec<(&RoundMetrics, f64, bool)> = group
        .rounds
        .iter()
        .zip(first_times)
        // Whom faults meet is drawn for each round anew: two kinds of rounds may be meant.
        .filter(|(round, _)| round.scored && round.under_faults.is_none())
        .filter_map(|(round, is_first)| Some((round, round.complete_ns(origin)? as f64 / 1e6, is_first)))
        .collect();
    let ranked = RankedValues::of(&rounds.iter().map(|(_, time_ms, _)| *time_ms).collect::<Vec<_>>());
    let split = |one: String, other: &str, is_one: &dyn Fn(&RoundMetrics, bool) -> bool| {
        let on_one: Vec<bool> = rounds.iter().map(|(round, _, is_first)| is_one(round, *is_first)).collect();
        let times = [true, false].map(|side| {
            let on_side = rounds.iter().zip(&on_one).filter(|(_, is_one)| **is_one == side);
            on_side.map(|((_, time_ms, _), _)| *time_ms).collect::<Vec<f64>>()
        });
        let is_enough = times.iter().all(|times| times.len() >= ROUNDS_MIN);
        let p = ranked.mann_whitney(|place| !on_one[place]).filter(|_| is_enough)?.p;
        Some((Split { one, other: other.to_owned(), times }, p))
    };
    let first = "by a node that initiates for the first time".to_owned();
    let mut splits = vec![
        split(first, "by one that did before", &|_, is_first| is_first),
        split("with an even number".to_owned(), "with an odd number", &|round, _| round.round.is_multiple_of(2)),
    ];
    let names_of: [(&str, EndName); 2] = [("host", |end| end.host.as_deref()), ("zone", |end| end.zone.as_deref())];
    for (word, name_of) in names_of {
        let names: BTreeSet<&str> = rounds.iter().filter_map(|(round, ..)| name_of(initiator(round)?)).collect();
        splits.extend(names.into_iter().map(|name| {
            let is_there = |round: &RoundMetrics, _| initiator(round).and_then(name_of) == Some(name);
            split(format!("initiated on {word} {name}"), "initiated elsewhere", &is_there)
        }));
    }
    splits.into_iter().flatten().collect()
}

/// What an end of a hop is called by where it is.
type EndName = fn(&End) -> Option<&str>;

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

impl Bimodality<'_> {
    fn finding(&self, meaning: &str) -> Finding {
        let Split { one, other, times } = &self.split;
        let median_of = |side: usize| median(&sorted(times[side].iter().copied())).unwrap_or_default();
        let (family, unexplained) = match self.found_by {
            FoundBy::KnownSplit => ("splits".to_owned(), ""),
            FoundBy::Dip(dip) => (
                format!("groups, dip {dip:.3}"),
                "no known split of the rounds explains it (first-time initiators, the initiator's host or zone, even \
                 numbers), so look for what else changed from round to round; ",
            ),
        };
        let detail = format!(
            "with {} nodes, times from {} have two humps: {} rounds {one} at {:.1} ms, {} rounds {other} at {:.1} ms \
             (medians; {:.1} standard deviations apart, {:.0} % of the variance, p {:.1e} adjusted for all {family}): \
             {unexplained}{meaning}",
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
        // Humps of a simulation are its model's: equal delays make times of whole hops.
        let severity = if self.group.simulated.is_empty() { Severity::Caution } else { Severity::Info };
        Finding::in_condition(Check::BimodalConvergence, severity, &self.group.condition, count, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::silent_round;

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
    fn humps_that_no_known_split_explains_are_told_as_such() {
        // Every third round is slow, whoever initiates it.
        let slow = |round: u32| jitter(round) + if round.is_multiple_of(3) { 120.0 } else { 60.0 };
        let found = found_in(group(|_| 0.0, slow, |_| "m"));
        let [finding] = &found[..] else { panic!("{found:?}") };
        assert!(finding.detail.contains("27 rounds up to 70.0 ms at"), "{}", finding.detail);
        assert!(finding.detail.contains("13 rounds from 120.0 ms on at"), "{}", finding.detail);
        assert!(finding.detail.contains("no known split of the rounds explains it"), "{}", finding.detail);
        let from_initiate = found_in(group(slow, |round| 60.0 + jitter(round), |_| "m"));
        assert_eq!(from_initiate.len(), 1);
        assert!(from_initiate[0].detail.contains("it is the set-up that differs"), "{}", from_initiate[0].detail);
    }

    #[test]
    fn one_hump_of_any_form_is_none() {
        let in_order = |round: u32| f64::from(round * 17 % 41);
        let shapes: [fn(f64) -> f64; 4] = [
            |place| 50.0 + place,
            |place| 50.0 * (place / 12.0).exp(),
            |place| 20.0 + place * place,
            |place| 90.0 - 900.0 / (place + 12.0),
        ];
        for shape in shapes {
            assert_eq!(found_in(group(|_| 0.0, |round| shape(in_order(round)), |_| "m")), vec![]);
        }
    }

    #[test]
    fn a_hump_of_few_rounds_and_a_small_distance_are_none() {
        let few = |round: u32| if round < 4 { 900.0 } else { 60.0 + jitter(round) };
        assert_eq!(found_in(group(|_| 0.0, few, |round| if round < 4 { "slow" } else { "fast" })), vec![]);
        let close = |round: u32| 600.0 + jitter(round) + 40.0 * f64::from(round % 2);
        assert_eq!(found_in(group(|_| 0.0, close, |_| "m")), vec![]);
    }
}
