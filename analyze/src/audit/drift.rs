//! Whether times change while a deployment runs, so that its rounds are not alike.
//!
//! Each run's rounds are tested at each number of nodes, all tests of one report as a family (Holm), and a difference
//! must be large as well as sure. Times from the first send have to pass a strict threshold, so that a hundred reports on
//! steady runs find nothing. Times from `initiate` are tested where set-up is a relevant part of them and nothing that the
//! protocol waits for: there a drift is likely, and the threshold is the usual one.

use super::{Check, Finding, Severity};
use crate::measure::{Analysis, Group, Origin, RoundMetrics};
use crate::stats::{Correlation, censored_ms, holm, lag_1_autocorrelation, mean, spearman_of_sequence};

/// Rounds below which no trend can be told from chance.
const ROUNDS_MIN: usize = 10;

/// The smallest correlation with the round's place that matters.
const RHO_MIN: f64 = 0.25;

/// The smallest change from the first to the last third, in parts of the mean, that matters.
const CHANGE_MIN: f64 = 0.1;

/// Family-wise error of tests of times from the first send.
const ALPHA_FIRST_SEND: f64 = 1e-4;

/// The same from `initiate`, where set-up is in them.
const ALPHA_INITIATE: f64 = 0.01;

/// Runs whose times rise or fall over their rounds. `has_setup` says of which groups set-up is inside the times.
pub(super) fn drift_over_rounds(analysis: &Analysis, has_setup: impl Fn(&Group) -> bool) -> Vec<Finding> {
    let sequences: Vec<Sequence<'_>> = analysis.groups.iter().flat_map(sequences).collect();
    let spreading = found(&sequences, Origin::FirstSend, ALPHA_FIRST_SEND);
    let with_setup: Vec<Sequence<'_>> = sequences.into_iter().filter(|sequence| has_setup(sequence.group)).collect();
    let mut findings: Vec<Finding> = spreading
        .iter()
        .map(|trend| {
            trend.finding(
                "rounds are not alike, so intervals are \
         narrower than they should be and the mean depends on when the run ended: look for what changes, or raise \
         --warm-up",
            )
        })
        .collect();
    let of_setup = found(&with_setup, Origin::Initiate, ALPHA_INITIATE);
    let is_new = |trend: &&Trend<'_>| !spreading.iter().any(|other| other.is_of(trend));
    findings.extend(of_setup.iter().filter(is_new).map(|trend| {
        trend.finding("from first-send they do not, so it is the set-up that changes: read the times from first-send")
    }));
    findings
}

/// The scored rounds of one run at one number of nodes, in order.
struct Sequence<'a> {
    group: &'a Group,
    run_id: &'a str,
    rounds: Vec<&'a RoundMetrics>,
}

fn sequences(group: &Group) -> Vec<Sequence<'_>> {
    let rounds: Vec<&RoundMetrics> = group.scored().collect();
    rounds
        .chunk_by(|a, b| a.run_id == b.run_id)
        // Rounds of a simulation know nothing of each other.
        .filter(|rounds| rounds.len() >= ROUNDS_MIN && !group.simulated.contains(&rounds[0].run_id))
        // Faults of an open loop lie at one time of it.
        .filter(|rounds| rounds.iter().all(|round| round.under_faults.is_none()))
        .map(|rounds| Sequence { group, run_id: &rounds[0].run_id, rounds: rounds.to_vec() })
        .collect()
}

/// A trend that is sure and large.
struct Trend<'a> {
    group: &'a Group,
    run_id: &'a str,
    origin: Origin,
    rounds: usize,
    correlation: Correlation,
    p_holm: f64,
    lag_1: Option<f64>,
    first_ms: f64,
    last_ms: f64,
}

fn found<'a>(sequences: &[Sequence<'a>], origin: Origin, alpha: f64) -> Vec<Trend<'a>> {
    let tested: Vec<(&Sequence<'a>, Vec<f64>, Correlation)> = sequences
        .iter()
        .filter_map(|sequence| {
            let times = times_ms(sequence, origin);
            let correlation = spearman_of_sequence(&times)?;
            Some((sequence, times, correlation))
        })
        .collect();
    let p: Vec<f64> = tested.iter().map(|(_, _, correlation)| correlation.p).collect();
    let judged = tested.into_iter().zip(holm(&p));
    judged
        .filter_map(|((sequence, times, correlation), p_holm)| {
            let third = times.len() / 3;
            let [all, first, last] = [&times[..], &times[..third], &times[times.len() - third..]].map(mean_of_complete);
            let (first_ms, last_ms) = (first?, last?);
            let is_large = correlation.rho.abs() >= RHO_MIN && (last_ms - first_ms).abs() >= CHANGE_MIN * all?;
            (is_large && p_holm <= alpha).then(|| Trend {
                group: sequence.group,
                run_id: sequence.run_id,
                origin,
                rounds: times.len(),
                correlation,
                p_holm,
                lag_1: lag_1_autocorrelation(&times),
                first_ms,
                last_ms,
            })
        })
        .collect()
}

/// Times until the last delivery; those that never came are infinite.
fn times_ms(sequence: &Sequence<'_>, origin: Origin) -> Vec<f64> {
    sequence.rounds.iter().map(|round| censored_ms(round.complete_ns(origin))).collect()
}

/// The mean of the times that came: few slow rounds at the start move it, and not the median.
fn mean_of_complete(times: &[f64]) -> Option<f64> {
    mean(times.iter().copied().filter(|time| time.is_finite()))
}

impl Trend<'_> {
    fn is_of(&self, other: &Self) -> bool {
        (self.run_id, self.group.nodes, &self.group.condition)
            == (other.run_id, other.group.nodes, &other.group.condition)
    }

    fn finding(&self, meaning: &str) -> Finding {
        let direction = if self.correlation.rho < 0.0 { "fall" } else { "rise" };
        let lag_1 = self.lag_1.map_or_else(String::new, |lag_1| format!(", lag-1 autocorrelation {lag_1:.2}"));
        let detail = format!(
            "with {} nodes, times from {} {direction} over the {} rounds, from {:.1} ms in the first third to {:.1} ms in \
             the last (means; Spearman {:.2}, p {:.1e} adjusted for all runs{lag_1}): {meaning}",
            self.group.nodes,
            self.origin.as_str(),
            self.rounds,
            self.first_ms,
            self.last_ms,
            self.correlation.rho,
            self.p_holm,
        );
        let count = self.rounds as u64;
        Finding::in_condition(Check::DriftOverRounds, Severity::Caution, &self.group.condition, count, detail)
            .of_run(self.run_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::setup::relevant_setup;
    use crate::measure::fixture::silent_round;

    /// A run of `rounds` rounds whose time until the last delivery and whose set-up are as told, in ms.
    fn group(run_id: &str, rounds: u32, time_ms: impl Fn(u32) -> f64, setup_ms: impl Fn(u32) -> f64) -> Group {
        let ns = |ms: f64| (ms * 1e6) as i64;
        let round = |round: u32| RoundMetrics {
            scored: round > 0,
            setup_ns: Some(ns(setup_ms(round))),
            from_initiate: [Some(ns(time_ms(round) + setup_ms(round))); 5],
            from_first_send: [Some(ns(time_ms(round))); 5],
            ..silent_round(run_id, round)
        };
        Group { condition: "c".to_owned(), nodes: 10, rounds: (0..=rounds).map(round).collect(), ..Group::default() }
    }

    /// Steady, and different from round to round.
    fn jitter(round: u32) -> f64 {
        f64::from(round * 37 % 11)
    }

    fn drift(groups: Vec<Group>) -> Vec<Finding> {
        drift_over_rounds(&Analysis { groups }, |group| relevant_setup(group).is_some())
    }

    #[test]
    fn times_that_rise_with_the_rounds_are_found() {
        let found = drift(vec![group("r", 40, |round| 50.0 + jitter(round) + f64::from(round), |_| 0.1)]);
        assert_eq!((found.len(), found[0].count, found[0].run_id.as_deref()), (1, 40, Some("r")));
        let detail = &found[0].detail;
        assert!(detail.contains("times from first-send rise over the 40 rounds"), "{detail}");
        assert!(detail.contains("raise --warm-up"), "{detail}");
    }

    #[test]
    fn a_set_up_that_shrinks_is_found_as_such() {
        let found = drift(vec![group("r", 40, |round| 50.0 + jitter(round), |round| 100.0 - 2.0 * f64::from(round))]);
        assert_eq!(found.len(), 1);
        let detail = &found[0].detail;
        assert!(detail.contains("times from initiate fall") && detail.contains("it is the set-up"), "{detail}");
    }

    #[test]
    fn what_a_protocol_waits_for_is_no_set_up_that_could_shrink() {
        let waiting = group("r", 40, |round| 50.0 + jitter(round), |round| 100.0 - 2.0 * f64::from(round));
        assert_eq!(drift_over_rounds(&Analysis { groups: vec![waiting] }, |_| false), vec![]);
    }

    #[test]
    fn a_drift_of_both_is_told_once() {
        let falling = |round: u32| 200.0 - 3.0 * f64::from(round) + jitter(round);
        let found = drift(vec![group("r", 40, falling, falling)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].detail.contains("times from first-send fall"), "{}", found[0].detail);
    }

    #[test]
    fn what_is_sure_and_small_is_no_drift_nor_what_is_large_and_not_sure() {
        let small = group("r", 100, |round| 500.0 + f64::from(round) / 10.0, |_| 0.1);
        let few = group("s", 9, |round| 50.0 + 9.0 * f64::from(round), |_| 0.1);
        let unsure = group("t", 12, |round| 50.0 + 4.0 * jitter(round) + 2.0 * f64::from(round), |_| 0.1);
        assert_eq!(drift(vec![small, few, unsure]), vec![]);
    }

    #[test]
    fn runs_that_differ_are_no_drift() {
        let mut both = group("r", 20, |round| 50.0 + jitter(round), |_| 0.1);
        both.rounds.extend(group("s", 20, |round| 90.0 + jitter(round), |_| 0.1).rounds);
        assert_eq!(drift(vec![both]), vec![]);
    }

    #[test]
    fn steady_runs_of_every_shape_find_nothing() {
        use cnsim::random::Random;
        for seed in 0..400_u64 {
            let random = |round: u32| Random::keyed(seed, &[&round.to_string()]).below(1000) as f64 / 10.0;
            let found = drift(vec![group("r", 20, |round| 20.0 + random(round), |_| 0.1)]);
            assert_eq!(found, vec![], "seed {seed}");
        }
    }
}
