//! Whether a run's records, its manifest and its topology say the same: where they do not, one of them belongs to another run, or
//! was changed.
//!
//! Each file looks at one pair: `records.rs` at records and manifest, `driver.rs` at what the driver counted and timed, `network.rs`
//! at the manifest and its topology, `motion.rs` at both and when links were up, `control.rs` and `counted.rs` at the counts of control
//! messages, `copies.rs` at the numbers of copies, `virtual_time.rs` at the begins of simulated rounds, `typed.rs` at what was typed.

mod control;
mod copies;
mod counted;
mod driver;
mod motion;
mod network;
mod records;
mod typed;
mod virtual_time;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, AuditedRun, RunKey, Scope};

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// One finding for each run that contradicts itself, and one for each input with records of runs without a manifest beside
/// one.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let of_runs = scope.runs.iter().filter_map(|(key, run)| contradicted(scope, *key, run));
    of_runs.chain(strangers(scope)).collect()
}

fn contradicted<'a>(scope: &Scope<'a>, (condition, run_id): RunKey<'a>, run: &AuditedRun<'a>) -> Option<Finding> {
    let manifest = run.manifest()?;
    let rounds: Vec<&AuditedRound<'_>> = scope.rounds_of(run).collect();
    let mut words = records::contradictions(manifest, run, &rounds);
    words.extend(driver::contradictions(manifest, &rounds));
    words.extend(network::contradictions(run.facts()?));
    words.extend(motion::contradictions(run.facts()?));
    words.extend(control::contradictions(run.facts()?));
    words.extend(copies::contradictions(run, &rounds));
    words.extend(counted::contradictions(run.facts()?, &rounds));
    words.extend(virtual_time::contradictions(manifest, &rounds));
    words.extend(typed::contradictions(manifest));
    words.extend(typed::meaningless(manifest));
    let detail = format!(
        "this run contradicts itself: {}; so a file of it belongs to another run, or was changed",
        words.join(", ")
    );
    (!words.is_empty()).then(|| finding(condition, words.len(), detail).of_run(run_id))
}

fn finding(condition: &str, count: usize, detail: String) -> Finding {
    Finding::in_condition(Check::ManifestContradicted, Severity::Unsound, condition, count as u64, detail)
}

/// Runs whose records stand in a run folder that is another's.
fn strangers(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (about, evidence) in scope.inputs.iter().zip(&scope.evidence.inputs) {
        let Some(own) = about.runs.keys().next() else { continue };
        let others: Vec<&str> =
            evidence.runs.keys().map(String::as_str).filter(|run_id| !about.runs.contains_key(*run_id)).collect();
        let shown = &others[..others.len().min(NAMES_SHOWN)];
        let detail = format!("the folder of run {own} holds records of another run ({})", shown.join(", "));
        if !others.is_empty() {
            findings.push(finding(&about.condition, others.len(), detail).of_run(own));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use cnsim::initiator::Initiators;
    use cnsim::link::DelaySpec;
    use cnsim::manifest::RunOutcome;
    use cnsim::motion::read::{Recording, read};
    use cnsim::time::{Clock, Interval};

    use super::super::fixture::{Fixture, only};
    use super::*;
    use crate::inputs::{ControlFacts, FileFacts, MotionFacts, Sent};
    use crate::measure::fixture::control;

    fn details(fixture: &Fixture) -> Vec<String> {
        only(&fixture.audit(), Check::ManifestContradicted).into_iter().map(|finding| finding.detail).collect()
    }

    #[test]
    fn records_that_agree_with_their_manifest_find_nothing() {
        assert_eq!(details(&Fixture::flood()), Vec::<String>::new());
    }

    #[test]
    fn every_contradiction_of_a_run_is_told_in_one_finding() {
        let mut fixture = Fixture::flood();
        fixture.manifest().options.nodes = 5;
        fixture.manifest_round(1).initiator = "n3".to_owned();
        fixture.manifest().rounds.retain(|round| round.round != 2);
        let details = details(&fixture);
        assert_eq!(details.len(), 1);
        for part in ["4 nodes, not 5", "another initiator in round 1", "round 2 that it does not have"] {
            assert!(details[0].contains(part), "{}", details[0]);
        }
    }

    /// A lie that is planted into a clean run.
    type Plant = fn(&mut Fixture);

    /// Each with what is said of it.
    const PLANTS: &[(Plant, &str)] = &[
        (|it| it.manifest().options.condition = "x".to_owned(), "records with another condition"),
        (|it| it.manifest().roster[1].id = "n9".to_owned(), "records with nodes that are none of the run's"),
        (|it| it.manifest().roster[1].host = "venus".to_owned(), "records with another host than their node's"),
        (|it| it.manifest().roster[1].process = "ghost".to_owned(), "records with another process than their node's"),
        (|it| it.manifest().options.payload_bytes = 900, "records with a size that its payload does not have"),
        (|it| it.cut_off("n3"), "records with copies between nodes that are no neighbours"),
        (|it| drop(it.manifest().roster.pop()), "a roster of 3 nodes on 3 lines for 4"),
        (|it| it.manifest().options.nodes_per_process = 3, "up to 1 nodes in a process, not 3"),
        (
            |it| it.manifest().options.link_delay = DelaySpec::Constant(Interval::from_ms(5)),
            "copies quicker than the link delay",
        ),
        (
            |it| it.manifest().options.link_delay = DelaySpec::Constant(Interval::from_ms(5)),
            "copies held for none where the link delay is constant:5ms",
        ),
        (|it| it.manifest().topology_complete = false, "a topology that is complete"),
        (|it| it.manifest().options.topology = "star".parse().unwrap(), "a topology that is no star"),
        (|it| it.manifest().options.topology = "k-regular:2".parse().unwrap(), "a topology that is no k-regular:2"),
        (|it| it.manifest().options.rounds = 9, "asks for 10 rounds, warm-up included, and lists 3"),
        (|it| it.manifest().expected_events = 8, "8 expected events where its rounds make 9"),
        (
            |it| it.manifest_round(1).delivered = 4,
            "other deliveries or failed sends than the driver counted in round 1",
        ),
        (|it| it.manifest_round(1).failed = 1, "other deliveries or failed sends than the driver counted in round 1"),
        (|it| it.manifest_round(1).driver_ms = 6e4, "round 1 that took longer than until the next one began"),
        (
            |it| {
                it.manifest().options.initiator = Initiators::Random;
                it.manifest().tool.revision = "0123456".to_owned();
            },
            "other initiators than seed 1 gives in round",
        ),
        (
            |it| it.files().control = Some(control([(9, [("ihave", Sent::default())])])),
            "control messages of round 9 that it does not have",
        ),
        (
            |it| it.files().control = Some(ControlFacts { strangers: ["n9".to_owned()].into(), ..control([]) }),
            "control messages of nodes that are none of the run's (n9)",
        ),
        (
            |it| {
                it.manifest().options.motion = Some("contacts:x".parse().unwrap());
                it.files().motion = Some(MotionFacts { contacts: None });
            },
            "no contacts.csv, though its network moves",
        ),
        (
            |it| moves(it, "0 n0 n1 up\n0 n0 n2 up\n0 n1 n2 up\n1 n2 n3 up\n"),
            "contacts of other nodes or links than its topology",
        ),
        (
            |it| moves(it, ALL_BUT_LATE),
            "records with copies over links that were down when they were sent (6; first: n2 > n3, 0.004000 s",
        ),
        (|it| it.manifest().started_at = "2025-03-24T02:30:50Z".to_owned(), "no record in its first or last hours"),
    ];

    /// Every link from the beginning, but one.
    const ALL_BUT_LATE: &str = "0 n0 n1 up\n0 n0 n2 up\n0 n0 n3 up\n0 n1 n2 up\n0 n1 n3 up\n10 n2 n3 up\n";

    /// Has the network move by these contacts, in virtual time.
    fn moves(it: &mut Fixture, text: &str) {
        let Ok(Recording::Contacts(contacts)) = read(&mut text.as_bytes(), None) else { panic!("these are contacts") };
        let file = FileFacts { path: "contacts.csv".to_owned(), sha256: String::new(), rows: 6 };
        it.files().motion = Some(MotionFacts { contacts: Some((file, contacts)) });
        it.manifest().options.motion = Some("contacts:x".parse().unwrap());
        it.manifest().clock = Clock::Virtual;
    }

    #[test]
    fn every_plant_is_found_in_its_own_words() {
        for (place, (plant, words)) in PLANTS.iter().enumerate() {
            let mut fixture = Fixture::flood();
            plant(&mut fixture);
            let details = details(&fixture);
            assert!(details.iter().any(|detail| detail.contains(words)), "plant {place}, {words}: {details:?}");
        }
    }

    #[test]
    fn what_befell_a_run_explains_other_counts_and_places() {
        let mut fixture = Fixture::flood();
        fixture.manifest().roster[1].host = "venus".to_owned();
        fixture.manifest_round(1).failed = 1;
        fixture.manifest().expected_events = 8;
        fixture.manifest().backend.processes_mut().resumed_with.push(vec!["cnsim".to_owned()]);
        assert_eq!(details(&fixture), Vec::<String>::new());
    }

    #[test]
    fn a_run_that_was_cut_off_may_have_a_round_that_nobody_wrote_down() {
        let mut fixture = Fixture::flood();
        fixture.manifest().rounds.retain(|round| round.round != 2);
        fixture.files().control = Some(control([(2, [("ihave", Sent::default())])]));
        fixture.manifest().outcome = RunOutcome::Running;
        assert_eq!(details(&fixture), Vec::<String>::new());
    }

    #[test]
    fn times_outside_the_run_are_told() {
        let details_of = |seconds: i64| details(&Fixture::flood().shifted(seconds * 1_000_000_000));
        for hours in [-1, 1] {
            let details = details_of(hours * 3600);
            assert!(
                details[0].contains("records of rounds 0, 1, 2 from before the run began or after it"),
                "{details:?}"
            );
        }
        assert_eq!((details_of(-4), details_of(55)), (vec![], vec![]));
        let mut running = Fixture::flood().shifted(1800 * 1_000_000_000);
        running.manifest().finished_at = None;
        assert_eq!(details(&running), Vec::<String>::new(), "nobody knows yet when it ends");
    }

    #[test]
    fn records_of_another_run_in_a_folder_are_told() {
        let mut fixture = Fixture::flood();
        fixture.manifest().run_id = "other-run".to_owned();
        let other = fixture.in_folder_of("other-run");
        assert!(
            details(&other)[0].contains("the folder of run other-run holds records of another run"),
            "{:?}",
            details(&other)
        );
    }
}
