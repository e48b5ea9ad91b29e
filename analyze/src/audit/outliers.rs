//! Rounds that took far longer than the others of their run.

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};
use crate::measure::Origin;
use crate::stats::median;

/// Rounds below which nothing is called usual.
const ROUNDS_MIN: usize = 10;

/// So many times the median is far longer, where that is also so many spreads of the logarithm away; a spread is 1.4826 median
/// absolute deviations, which is the standard deviation of normal values, and no less than this.
pub(super) const TIMES_MIN: f64 = 2.5;
pub(super) const SPREADS_MIN: f64 = 3.5;
pub(super) const SPREAD_MIN: f64 = 0.05;

/// The share of what a round took longer that its processes' waiting for a processor explains.
const WAITING_SHARE_MIN: f64 = 0.5;

/// From so many rounds, and this share, on they are no accidents. Without a manifest nobody knows what they waited for: then
/// more are needed.
const COUNT_MIN: usize = 2;
const SHARE_MIN: f64 = 0.05;
const COUNT_MIN_UNKNOWN: usize = 3;
const SHARE_MIN_UNKNOWN: f64 = 0.08;

/// A single round that took so many times the median moves every mean.
const TIMES_EXTREME: f64 = 10.0;

/// One finding for each run.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    scope.runs.iter().filter_map(|(key, run)| finding(scope, *key, run)).collect()
}

/// A round that took far longer.
struct Outlier {
    round: u32,
    /// In parts of the median.
    times: f64,
    is_explained: bool,
}

fn finding<'a>(scope: &Scope<'a>, (condition, run_id): RunKey<'a>, run: &AuditedRun<'a>) -> Option<Finding> {
    // Whom faults meet is drawn for each round anew, so that some last far longer by design.
    let scored = scope.rounds_of(run).filter(|round| round.metrics.scored && round.metrics.under_faults.is_none());
    let timed = scored.filter_map(|round| Some((round, round.metrics.complete_ns(Origin::FirstSend)? as f64)));
    let rounds: Vec<(&AuditedRound<'_>, f64)> = timed.filter(|(_, time)| *time > 0.0).collect();
    let usual = Usual::of(&rounds)?;
    let outliers: Vec<Outlier> = rounds.iter().filter_map(|round| usual.outlier(round, run)).collect();
    let worst = outliers.iter().max_by(|a, b| a.times.total_cmp(&b.times))?;
    let unexplained: Vec<&Outlier> = outliers.iter().filter(|outlier| !outlier.is_explained).collect();
    let (count_min, share_min) = match run.manifest() {
        Some(_) => (COUNT_MIN, SHARE_MIN),
        None => (COUNT_MIN_UNKNOWN, SHARE_MIN_UNKNOWN),
    };
    let are_many = unexplained.len() >= count_min && unexplained.len() as f64 >= share_min * rounds.len() as f64;
    let is_extreme = run.manifest().is_some() && unexplained.iter().any(|outlier| outlier.times >= TIMES_EXTREME);
    // Long rounds of a simulation are its model's.
    let is_alarm = (are_many || is_extreme) && !run.is_simulated;
    let severity = if is_alarm { Severity::Caution } else { Severity::Info };
    let explained = match outliers.len() - unexplained.len() {
        0 => String::new(),
        explained => format!("; in {explained} of them processes waited for a processor"),
    };
    let detail = format!(
        "{} of {} rounds took more than {TIMES_MIN} times the median t100 of {:.1} ms (worst: round {}, {:.1} times){explained}: \
         their mean is theirs, so read medians, and look for what they have in common",
        outliers.len(),
        rounds.len(),
        usual.median_ns / 1e6,
        worst.round,
        worst.times
    );
    Some(Finding::in_condition(Check::OutlierRounds, severity, condition, outliers.len() as u64, detail).of_run(run_id))
}

/// What is usual in a run.
struct Usual {
    median_ns: f64,
    /// Of the logarithm.
    spread: f64,
}

impl Usual {
    fn of(rounds: &[(&AuditedRound<'_>, f64)]) -> Option<Self> {
        if rounds.len() < ROUNDS_MIN {
            return None;
        }
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            median(&values)
        };
        let median_ns = middle(rounds.iter().map(|(_, time)| *time).collect())?;
        let deviation = middle(rounds.iter().map(|(_, time)| (time / median_ns).ln().abs()).collect())?;
        Some(Self { median_ns, spread: (1.4826 * deviation).max(SPREAD_MIN) })
    }

    fn outlier(&self, (round, time_ns): &(&AuditedRound<'_>, f64), run: &AuditedRun<'_>) -> Option<Outlier> {
        let times = time_ns / self.median_ns;
        if times < TIMES_MIN || times.ln() < SPREADS_MIN * self.spread {
            return None;
        }
        let excess_ms = (time_ns - self.median_ns) / 1e6;
        let waited_ms = run.manifest_round(round.round).and_then(|driven| driven.scheduling_delay_ms);
        let is_explained = waited_ms.is_some_and(|waited_ms| waited_ms >= WAITING_SHARE_MIN * excess_ms);
        Some(Outlier { round: round.round, times, is_explained })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    /// Thirty scored rounds of which those with these numbers take three times as long, or as many as `times` says.
    fn run(slow: &[u32], times: i64) -> Fixture {
        let mut fixture = Fixture::direct_mail_of(13, 31, 1);
        for row in fixture.rows.iter_mut().filter(|row| slow.contains(&row.round) && row.received_ns > row.sent_ns) {
            row.received_ns += (times - 1) * 1_000_000;
        }
        fixture
    }

    fn found(fixture: &Fixture) -> Vec<(Severity, u64)> {
        let found = only(&fixture.audit(), Check::OutlierRounds);
        found.into_iter().map(|found| (found.severity, found.count)).collect()
    }

    #[test]
    fn one_round_in_ten_at_three_times_the_time_is_found_from_thirty_rounds_on() {
        assert_eq!(found(&run(&[], 3)), []);
        assert_eq!(found(&run(&[5, 15, 25], 3)), [(Severity::Caution, 3)]);
        assert_eq!(found(&run(&[5], 3)), [(Severity::Info, 1)], "a single one may be an accident");
    }

    #[test]
    fn waiting_for_a_processor_explains_them_and_nothing_else_does() {
        let with_manifest = |waited_ms: f64| {
            let mut fixture = run(&[5, 15, 25], 3).with_manifest("direct-mail");
            for round in [5, 15, 25] {
                fixture.manifest_round(round).scheduling_delay_ms = Some(waited_ms);
            }
            found(&fixture)
        };
        assert_eq!(with_manifest(1.5), [(Severity::Info, 3)]);
        assert_eq!(with_manifest(0.1), [(Severity::Caution, 3)]);
    }
}
