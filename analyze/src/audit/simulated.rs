//! Conditions that were simulated, wholly or in part: what a reader must know before anything else of them.

use std::collections::BTreeMap;

use cnsim::manifest::Records;

use super::finding::{Check, Finding, Severity};
use super::scope::Scope;

/// One finding for each condition.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut conditions: BTreeMap<&str, Runs> = BTreeMap::new();
    for ((condition, _), run) in &scope.runs {
        let runs = conditions.entry(condition).or_default();
        let kept = run.manifest().map_or(Records::All, |manifest| manifest.options.records);
        runs.simulated += u64::from(run.is_simulated);
        runs.without_duplicates += u64::from(kept != Records::All);
        runs.all += 1;
    }
    let simulated = conditions.into_iter().filter(|(_, runs)| runs.simulated > 0);
    simulated.map(|(condition, runs)| finding(condition, &runs)).collect()
}

/// How many runs a condition has, and of what kind.
#[derive(Debug, Default)]
struct Runs {
    all: u64,
    simulated: u64,
    /// Those that kept no records of copies which reached a node that held the message.
    without_duplicates: u64,
}

fn finding(condition: &str, runs: &Runs) -> Finding {
    let which = |count: u64| match count == runs.all {
        true => "the runs".to_owned(),
        false => format!("{count} of {} runs", runs.all),
    };
    let mut detail = format!(
        "SIMULATED: {} of this condition are rounds in virtual time, by a model of links; their times are exact and none of a \
         machine, so what clocks, machines and the passing of time do to measurements is not looked for in them",
        which(runs.simulated)
    );
    if runs.without_duplicates > 0 {
        detail.push_str(&format!(
            "; {} kept first receipts and failed sends only (--records first), so that their duplicates, sends, redundancy and load are \
             not known",
            which(runs.without_duplicates)
        ));
    }
    Finding::in_condition(Check::Simulated, Severity::Info, condition, runs.simulated, detail)
}

#[cfg(test)]
mod tests {
    use cnsim::event::{Kind, SIMULATED};
    use cnsim::manifest::{Backend, RoundOutcome, SimFacts, VIRTUAL_EPOCH_NS};
    use cnsim::time::Clock;

    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

    /// A flood in virtual time.
    fn simulated() -> Fixture {
        let mut fixture = Fixture::flood();
        let manifest = fixture.manifest();
        (manifest.backend, manifest.clock) = (Backend::Sim(SimFacts::default()), Clock::Virtual);
        manifest.roster.clear();
        fixture.rows.iter_mut().for_each(|row| row.host = Some(SIMULATED.to_owned()));
        let first_ns = fixture.rows.iter().map(|row| row.received_ns).min().unwrap();
        fixture.shifted(VIRTUAL_EPOCH_NS - first_ns)
    }

    /// Checks that found something above info.
    fn alarms(fixtures: Vec<Fixture>) -> Vec<Check> {
        let quality = audit_all(fixtures);
        quality.findings.iter().filter(|found| found.severity > Severity::Info).map(|found| found.check).collect()
    }

    #[test]
    fn what_makes_a_measurement_doubtful_is_as_asked_for_in_a_simulation() {
        assert_eq!(alarms(vec![simulated()]), vec![]);
        assert_eq!(only(&Fixture::flood().audit(), Check::SingleHostTiming).len(), 1);
        let quality = simulated().audit();
        assert!(only(&quality, Check::Simulated)[0].detail.starts_with("SIMULATED: the runs"));
        assert_eq!(
            (only(&quality, Check::SingleHostTiming), only(&quality, Check::CoarseTimestamps)),
            (vec![], vec![])
        );
    }

    #[test]
    fn equal_rounds_of_two_seeds_are_two_simulations_and_of_one_seed_one() {
        let mut other = simulated().named("run-b");
        assert_eq!(alarms(vec![simulated(), other.clone()]), vec![Check::ReusedRun]);
        other.manifest().options.seed += 1;
        assert!(!alarms(vec![simulated(), other]).contains(&Check::ReusedRun));
    }

    #[test]
    fn copies_that_were_lost_as_asked_for_are_said_and_are_no_alarm() {
        let mut lossy = simulated();
        lossy.fail("n1", "n2", 1);
        assert!(alarms(vec![lossy.clone()]).contains(&Check::FailedSends), "nothing asked for that");
        lossy.manifest().options.transport = "datagram".parse().unwrap();
        lossy.manifest().options.loss = "20%".parse().unwrap();
        let found = only(&lossy.audit(), Check::FailedSends);
        assert_eq!(found[0].severity, Severity::Info);
        assert!(found[0].detail.contains("copies were lost, as --loss asks for"), "{}", found[0].detail);
    }

    #[test]
    fn duplicates_that_were_not_kept_are_said_and_are_no_alarm() {
        let mut firsts = simulated();
        firsts.keep(|row| row.kind != Kind::Duplicate);
        assert!(!alarms(vec![firsts.clone()]).is_empty(), "a flood without its duplicates is none");
        firsts.manifest().options.records = Records::First;

        assert_eq!(alarms(vec![firsts.clone()]), vec![]);
        let found = only(&firsts.audit(), Check::Simulated)[0].detail.clone();
        assert!(found.ends_with("so that their duplicates, sends, redundancy and load are not known"), "{found}");
    }

    #[test]
    fn a_round_that_was_given_up_stays_an_alarm() {
        let mut given_up = simulated();
        given_up.fail("n1", "n2", 1);
        given_up.manifest_round(1).outcome = RoundOutcome::TimedOut;
        let quality = given_up.audit();
        let found = only(&quality, Check::IncompleteRun);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Caution));
        assert!(found[0].detail.contains("were given up"), "{}", found[0].detail);
        assert_eq!(only(&quality, Check::FailedSends)[0].severity, Severity::Info);
    }
}
