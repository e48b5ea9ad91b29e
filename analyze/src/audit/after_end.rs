//! Records from after the end of their round as its driver saw it, on machines that are not the driver's.
//!
//! Nothing proves how far the driver's clock is from those of machines, so that only differences are compared: what the driver timed
//! from before `Start` to the end that it saw, by its own clock, and what records have from `initiate` to a receipt. The former is
//! longer, whatever clocks say. The latter is wrong by how far the clocks of two machines are apart, and copies between them bound that.

use std::collections::BTreeMap;

use cnsim::manifest::Round as DrivenRound;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};
use crate::evidence::{LatestRecord, OTHER_CLOCK_NS};
use crate::measure::RunClocks;
use crate::measure::clock_error::AheadUnknown;

/// How long a driver may sleep between two looks at its processes.
const POLLING_NS: f64 = 10_000_000.0;

/// How much faster than another a clock may run, as a share: twice what Linux may slew one by.
const RATE_MAX: f64 = 1e-3;

/// One finding for each round with such records.
pub(super) fn findings<'a>(scope: &Scope<'a>) -> Vec<Finding> {
    let groups = scope.analysis.groups.iter();
    let clocks =
        groups.flat_map(|group| group.clocks.iter().map(|run| ((group.condition.as_str(), &*run.run_id), run)));
    let clocks: BTreeMap<RunKey<'_>, &RunClocks> = clocks.collect();
    let of_round = |round: &AuditedRound<'a>| {
        let clocks = clocks.get(&(round.condition, round.run_id))?;
        in_round(scope, round, clocks)
    };
    scope.rounds.iter().filter_map(of_round).collect()
}

fn in_round<'a>(scope: &Scope<'a>, round: &AuditedRound<'a>, clocks: &RunClocks) -> Option<Finding> {
    let latest = round.evidence.latest_records.as_ref()?;
    let run = scope.run(round);
    let driven = run.manifest_round(round.round)?;
    let span_ns = span_ns(scope, run);
    let was_set = run.manifest()?.rounds.iter().any(|round| round.clock_steps > 0);
    let from = round.names.host(latest.initiator_host);
    let late = |record: &LatestRecord| {
        let host = round.names.host(record.host);
        let ahead = match was_set {
            true => Err(AheadUnknown::Moved),
            false => clocks.ahead_at_most_ns(from, host, |rate| rate.min(RATE_MAX) * span_ns),
        };
        let late = LateRecord { record: *record, node: round.names.node(record.node), host, from, ahead, driven };
        late.is_late().then_some(late)
    };
    let late: Vec<LateRecord<'_>> = latest.of_hosts.iter().filter_map(late).collect();
    let worst = late.iter().max_by(|a, b| a.excess_ns().total_cmp(&b.excess_ns()))?;
    let detail = format!(
        "{} machines have records from after this round was over (worst: {}), so records of this round are damaged or belong to \
         another, and no time of it can be trusted",
        late.len(),
        worst.describe()
    );
    Some(round.finding(Check::ImpossibleTimes, Severity::Unsound, late.len() as u64, detail))
}

/// From the first beginning of a round of a run to the last: as long may clocks have drifted.
fn span_ns<'a>(scope: &Scope<'a>, run: &AuditedRun<'a>) -> f64 {
    let begun = || scope.rounds_of(run).filter_map(|round| round.metrics.initiate_ns);
    begun().max().zip(begun().min()).map_or(0.0, |(last, first)| last.saturating_sub(first) as f64)
}

/// The latest record of a machine, and what is known of when it could be.
struct LateRecord<'a> {
    record: LatestRecord,
    node: &'a str,
    host: &'a str,
    /// The initiator's machine.
    from: &'a str,
    /// How far the clock of `host` is ahead of that of `from` at most.
    ahead: Result<f64, AheadUnknown>,
    driven: &'a DrivenRound,
}

impl LateRecord<'_> {
    fn took_ns(&self) -> f64 {
        self.driven.driver_ms * 1e6
    }

    /// How much later it is than it can be. Clocks of a cluster are not a minute apart, whatever copies leave open.
    fn excess_ns(&self) -> f64 {
        let other_ns = OTHER_CLOCK_NS as f64;
        let apart_ns = match self.ahead {
            Ok(ahead_ns) => (POLLING_NS + RATE_MAX * self.took_ns() + ahead_ns).min(other_ns),
            Err(_) => other_ns,
        };
        self.record.since_ns as f64 - self.took_ns() - apart_ns
    }

    fn is_late(&self) -> bool {
        self.excess_ns() > 0.0
    }

    fn describe(&self) -> String {
        let Self { node, host, from, .. } = self;
        let known = match self.ahead {
            Ok(_) if host == from => "both by the clock of one machine".to_owned(),
            Ok(ahead_ns) => format!(
                "and by the copies between them the clock of {host} is ahead of that of {from} by {:.3} ms at most",
                ahead_ns / 1e6
            ),
            Err(AheadUnknown::OneWay) => format!(
                "and since copies did not go both ways between {host} and {from}, nobody can know how far their clocks are apart: \
                 a minute is allowed"
            ),
            Err(AheadUnknown::Moved) => format!(
                "and since clocks were set or moved during the run, nobody can know how far those of {host} and {from} are apart: a \
                 minute is allowed"
            ),
        };
        format!(
            "{node} has one {:.3} ms after the message began, where its driver saw the end {:.3} ms after it had it begun, {known}",
            self.record.since_ns as f64 / 1e6,
            self.driven.driver_ms
        )
    }
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;

    use super::super::fixture::{Fixture, Row, only};
    use super::*;

    const MS: i64 = 1_000_000;

    /// Four nodes on machines of their own, driven from outside; with copies back to the initiator's machine or without.
    fn flood(comes_back: bool) -> Fixture {
        let mut fixture = Fixture::flood().on_hosts();
        fixture.on_kubernetes(["p0", "p1", "p2", "p3"]);
        if comes_back {
            let is_first = |row: &&Row| row.kind == Kind::Duplicate;
            let back = fixture.rows.iter().filter(is_first).map(|row| Row { receiver: "n0".to_owned(), ..row.clone() });
            let back: Vec<Row> = back.collect();
            fixture.rows.extend(back);
        }
        fixture
    }

    fn found(fixture: &Fixture) -> Vec<Finding> {
        let mut found = only(&fixture.audit(), Check::ImpossibleTimes);
        found.retain(|found| found.detail.contains("its driver saw the end"));
        found
    }

    fn late(mut fixture: Fixture, by_ns: i64) -> Vec<Finding> {
        fixture.first_receipt("n2", 1).received_ns += by_ns;
        found(&fixture)
    }

    #[test]
    fn a_receipt_after_the_drivers_end_is_found_where_clocks_are_bound_both_ways() {
        assert_eq!(found(&flood(true)), []);
        let findings = late(flood(true), 40 * MS);
        assert_eq!(
            (findings.len(), findings[0].severity, findings[0].round, findings[0].count),
            (1, Severity::Unsound, Some(1), 1)
        );
        let expected = "n2 has one 41.020 ms after the message began, where its driver saw the end 10.000 ms after";
        assert!(
            findings[0].detail.contains(expected) && findings[0].detail.contains("the clock of m2"),
            "{}",
            findings[0].detail
        );
        assert_eq!(late(flood(true), 15 * MS), [], "drivers look every 10 ms");
    }

    #[test]
    fn a_clock_that_is_ahead_by_as_much_is_no_late_receipt() {
        let mut ahead = flood(true);
        ahead.set_clock("n2", 40 * MS);
        assert_eq!(found(&ahead), []);
        assert_eq!(late(ahead, 40 * MS).len(), 1, "and does not hide one that is");
    }

    #[test]
    fn where_nobody_knows_how_far_clocks_are_apart_a_minute_is_allowed_and_said() {
        assert_eq!(late(flood(false), 50_000 * MS), []);
        let findings = late(flood(false), 70_000 * MS);
        assert!(findings[0].detail.contains("copies did not go both ways between m2 and m0"), "{}", findings[0].detail);
        let mut set = flood(true);
        set.manifest_round(2).clock_steps = 1;
        assert_eq!(late(set.clone(), 50_000 * MS), []);
        assert!(late(set, 70_000 * MS)[0].detail.contains("clocks were set or moved"));
    }

    #[test]
    fn on_the_initiators_machine_there_is_one_clock() {
        let mut fixture = flood(false);
        fixture.rows.iter_mut().for_each(|row| row.host = Some("m0".to_owned()));
        let findings = late(fixture, 40 * MS);
        assert!(findings[0].detail.contains("both by the clock of one machine"), "{}", findings[0].detail);
    }
}
