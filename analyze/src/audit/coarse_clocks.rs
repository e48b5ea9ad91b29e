//! Times that were read, or kept, to no more than a coarse step: what is shorter than it is not in them.

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};
use crate::measure::Origin;
use crate::stats::median;

/// The share of t100 above which a step is seen in it.
const T100_SHARE_MAX: f64 = 0.01;

/// One finding for each run.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    // Virtual time is exact: what comes at once there came at once.
    let measured = scope.runs.iter().filter(|(_, run)| !run.is_simulated);
    measured.filter_map(|(key, run)| finding(scope, *key, run)).collect()
}

fn finding<'a>(scope: &Scope<'a>, (condition, run_id): RunKey<'a>, run: &AuditedRun<'a>) -> Option<Finding> {
    let rounds: Vec<&AuditedRound<'_>> = scope.rounds_of(run).filter(|round| round.metrics.scored).collect();
    let t100_ns = median_t100_ns(&rounds);
    let coarsest = run.resolutions().filter_map(|resolution| Some((resolution, resolution.coarsest()?)));
    let coarsest = coarsest.max_by_key(|(_, (step_ns, _))| *step_ns);
    let tied = count_tied(&rounds);
    let (severity, follows) = match t100_ns {
        _ if tied.are_most() => (Severity::Unsound, format!("{}: their order is not in the records", tied.describe())),
        Some(0.0) => (Severity::Unsound, "the median t100 is 0, which is no time".to_owned()),
        _ if coarsest.is_none() && took_no_time(&rounds) => {
            (Severity::Unsound, "most copies were received at the very time they were sent".to_owned())
        }
        Some(t100_ns) => {
            let (_, (step_ns, _)) = coarsest.as_ref()?;
            let share = *step_ns as f64 / t100_ns;
            let severity = if share > T100_SHARE_MAX { Severity::Caution } else { Severity::Info };
            (severity, format!("that is {:.3} % of the median t100", 100.0 * share))
        }
        None => (Severity::Info, "no round has a time that needs more".to_owned()),
    };
    let detail = match coarsest {
        Some((resolution, (step_ns, nodes))) => {
            let (coarse, all) = (nodes.len(), resolution.nodes());
            let whose =
                if coarse == all { "all clocks".to_owned() } else { format!("the clocks of {coarse} of {all} nodes") };
            format!(
                "times of {whose} are multiples of {}, and nothing shorter is in them; {follows}",
                describe_step(step_ns)
            )
        }
        None if severity == Severity::Unsound => format!("times are rounded or made up: {follows}"),
        None => return None,
    };
    let count = rounds.len().max(1) as u64;
    Some(Finding::in_condition(Check::CoarseTimestamps, severity, condition, count, detail).of_run(run_id))
}

/// The median t100 from the first send, over the rounds that have one.
fn median_t100_ns(rounds: &[&AuditedRound<'_>]) -> Option<f64> {
    let times = rounds.iter().filter_map(|round| round.metrics.complete_ns(Origin::FirstSend));
    let mut times: Vec<f64> = times.map(|time_ns| time_ns as f64).collect();
    times.sort_by(f64::total_cmp);
    median(&times)
}

/// Whether copies take no time in most rounds, which none does on a clock that is read finely.
fn took_no_time(rounds: &[&AuditedRound<'_>]) -> bool {
    let latencies = || rounds.iter().filter_map(|round| round.metrics.latency_median_ns);
    2 * latencies().filter(|latency_ns| *latency_ns == 0.0).count() > latencies().count()
}

/// First receipts that came at the very time of another of their round.
struct Tied {
    tied: usize,
    of: usize,
}

fn count_tied(rounds: &[&AuditedRound<'_>]) -> Tied {
    let tied = |times: &[i64]| times.windows(2).filter(|pair| pair[0] == pair[1]).count();
    Tied {
        tied: rounds.iter().map(|round| tied(&round.metrics.reached_ns)).sum(),
        of: rounds.iter().map(|round| round.metrics.reached_ns.len()).sum(),
    }
}

impl Tied {
    fn are_most(&self) -> bool {
        2 * self.tied > self.of
    }

    fn describe(&self) -> String {
        format!("{} of {} first receipts came at the very time of another", self.tied, self.of)
    }
}

/// A step in the largest unit that it is a whole number of.
fn describe_step(step_ns: i64) -> String {
    match step_ns {
        1_000_000_000.. => format!("{} s", step_ns / 1_000_000_000),
        1_000_000.. => format!("{} ms", step_ns / 1_000_000),
        _ => format!("{} us", step_ns / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    /// What the check says of the fixture's flood with every time cut to a multiple of `step_ns`.
    fn found(step_ns: i64, of: impl Fn(&str) -> bool) -> Vec<(Severity, String)> {
        let mut fixture = Fixture::csv_of_flood();
        // Times as clocks give them, so that no step is there by itself.
        for (place, row) in (0..).zip(&mut fixture.rows) {
            let began_ns = 123_456_789 * i64::from(row.round);
            row.received_ns += began_ns + 123_457 * (place % 7);
            row.sent_ns += began_ns;
            let (sender, receiver) = (of(&row.sender), of(&row.receiver));
            row.sent_ns -= if sender { row.sent_ns % step_ns } else { 0 };
            row.received_ns -= if receiver { row.received_ns % step_ns } else { 0 };
        }
        let found = only(&fixture.audit(), Check::CoarseTimestamps);
        found.into_iter().map(|found| (found.severity, found.detail)).collect()
    }

    #[test]
    fn the_step_of_all_times_is_told_and_weighs_what_it_is_of_t100() {
        assert_eq!(found(1, |_| true), []);
        let severities =
            |step_ns| found(step_ns, |_| true).into_iter().map(|(severity, _)| severity).collect::<Vec<_>>();
        assert_eq!(severities(10_000), [Severity::Info]);
        assert_eq!(severities(100_000), [Severity::Caution]);
        assert_eq!(severities(1_000_000_000), [Severity::Unsound], "all receipts come at one time");
        assert!(found(100_000, |_| true)[0].1.starts_with("times of all clocks are multiples of 100 us"));
    }

    #[test]
    fn copies_that_take_no_time_are_told_where_clocks_are_read_finely() {
        let mut fixture = Fixture::direct_mail_of(13, 4, 1);
        for row in &mut fixture.rows {
            row.sent_ns = row.received_ns;
        }
        let found = only(&fixture.audit(), Check::CoarseTimestamps);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Unsound));
        assert!(found[0].detail.contains("at the very time they were sent"), "{}", found[0].detail);
    }

    #[test]
    fn the_step_of_one_clock_is_told_too() {
        let found = found(100_000, |node| node == "n2");
        assert_eq!(found[0].0, Severity::Caution);
        assert!(found[0].1.starts_with("times of the clocks of 1 of 4 nodes are"), "{found:?}");
    }
}
