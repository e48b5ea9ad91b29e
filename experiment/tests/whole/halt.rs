//! Runs that do not reach their end: nothing outlives them, and what was recorded is kept.

use std::fs;
use std::path::Path;

use crate::common::{Run, children, cnsim, manifest, read, signal, started, wait_for};
use cnsim::manifest::{IncidentKind, RoundOutcome, RunOutcome};
use rustix::process::Signal;

/// A round that outlasts every test.
const ENDLESS: [&str; 8] = ["--nodes", "3", "--nodes-per-process", "1", "--link-delay", "600000", "--deadline", "none"];

#[test]
fn a_child_that_is_killed_ends_the_run_and_is_named() {
    let out = tempfile::tempdir().unwrap();
    let run = started(out.path(), &ENDLESS);
    let victim = children(out.path())[0];

    signal(victim, Signal::KILL);
    let output = run.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(children(out.path()).is_empty());
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("error: node process ") && stderr.contains("signal: 9 (SIGKILL)"), "{stderr}");
    let run = read(&out.path().join("mid"));
    assert_eq!(run.manifest.outcome, RunOutcome::Failed);
    let reason = run.manifest.reason.unwrap();
    assert!(reason.contains("ended with signal: 9 (SIGKILL)"), "{reason}");
    assert_eq!(run.manifest.rounds[0].outcome, RoundOutcome::Disturbed);
    assert!(run.events.iter().any(|event| event["event_type"] == "initiate"));
}

#[test]
fn a_process_that_stands_still_is_named_and_ends_the_run() {
    let out = tempfile::tempdir().unwrap();
    let run = started(out.path(), &ENDLESS);
    let victim = children(out.path())[0];

    signal(victim, Signal::STOP);
    let output = run.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    wait_for("the children to end", || children(out.path()).is_empty());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(" did not answer Watch in 20 s: it was stopped, or waits for memory"), "{stderr}");
    let manifest = manifest(&out.path().join("mid"));
    let [incident] = &manifest.incidents[..] else { panic!("one incident: {:?}", manifest.incidents) };
    let process = incident.process.as_deref().unwrap();
    assert_eq!((incident.kind, incident.round), (IncidentKind::Stalled, Some(0)));
    assert!(stderr.contains(process) && process.contains(&format!(".{victim}.")), "{stderr}");
    assert_eq!(manifest.rounds[0].outcome, RoundOutcome::Disturbed);
}

#[test]
fn an_interrupted_run_keeps_what_was_recorded() {
    for (stop, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM")] {
        let out = tempfile::tempdir().unwrap();
        let run = started(out.path(), &ENDLESS);

        signal(run.id() as i32, stop);
        let output = run.wait_with_output().unwrap();

        assert_eq!(output.status.code(), Some(1));
        assert!(children(out.path()).is_empty());
        let run = read(&out.path().join("mid"));
        assert_eq!(run.manifest.outcome, RunOutcome::Interrupted);
        assert_eq!(run.manifest.reason, Some(format!("stopped by {name}")));
        assert_eq!(run.manifest.rounds[0].outcome, RoundOutcome::Interrupted);
        assert!(run.manifest.finished_at.is_some());
        run.assert_no_record_is_missing();
        assert!(!run.folder.join("parts").exists());
    }
}

/// A run that was halted after its first round, as `--resume` has ended it at the first try.
fn resumed_to_round_3(folder: &Path) -> Run {
    let resumed = cnsim(&["run", "--resume", folder.to_str().unwrap()]);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    let run = read(folder);
    assert_eq!(run.manifest.outcome, RunOutcome::Complete);
    let numbers: Vec<u32> = run.manifest.rounds.iter().map(|round| round.round).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert_eq!(run.manifest.rounds[3].outcome, RoundOutcome::Quiescent);
    run
}

#[test]
fn a_run_that_was_stopped_goes_on_after_the_round_it_was_stopped_in() {
    let out = tempfile::tempdir().unwrap();
    let run = started(out.path(), &["--nodes", "3", "--rounds", "3", "--link-delay", "400"]);
    let folder = out.path().join("mid");
    wait_for("a round to end", || !manifest(&folder).rounds.is_empty());
    signal(run.id() as i32, Signal::INT);
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(1));

    let run = resumed_to_round_3(&folder);

    for round in &run.manifest.rounds {
        assert_eq!(round.resources.is_some(), round.outcome == RoundOutcome::Quiescent, "round {}", round.round);
    }
    run.assert_no_record_is_missing();

    let again = cnsim(&["run", "--resume", folder.to_str().unwrap()]);

    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("the run is complete"));
}

#[test]
fn a_run_whose_driver_was_killed_goes_on_at_the_first_try() {
    let out = tempfile::tempdir().unwrap();
    let mut run = started(out.path(), &["--nodes", "3", "--rounds", "3", "--link-delay", "200"]);
    let folder = out.path().join("mid");
    wait_for("a round to end", || !manifest(&folder).rounds.is_empty());
    signal(run.id() as i32, Signal::KILL);
    run.wait().unwrap();
    wait_for("the children to end", || children(out.path()).is_empty());
    assert!(folder.join("parts/00000.json").exists(), "what the processes before said is there yet");

    let run = resumed_to_round_3(&folder);

    assert_eq!(run.of(3, "received").len(), 2);
}

#[test]
fn a_run_folder_belongs_to_one_driver() {
    let out = tempfile::tempdir().unwrap();
    let run = started(out.path(), &ENDLESS);

    let second = cnsim(&["run", "--resume", out.path().join("mid").to_str().unwrap()]);

    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("a run is going on in it"));
    signal(run.id() as i32, Signal::INT);
    run.wait_with_output().unwrap();
}

#[test]
fn no_child_outlives_a_killed_driver() {
    let out = tempfile::tempdir().unwrap();
    let mut run = started(out.path(), &ENDLESS);
    assert_eq!(children(out.path()).len(), 3);

    signal(run.id() as i32, Signal::KILL);
    run.wait().unwrap();

    wait_for("the children to end", || children(out.path()).is_empty());
    let folder = out.path().join("mid");
    assert_eq!(manifest(&folder).outcome, RunOutcome::Running);
    let parts = fs::read_dir(folder.join("parts")).unwrap();
    let records = parts.flatten().map(|part| part.path()).filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    assert!(records.map(|path| fs::read_to_string(path).unwrap()).any(|text| text.contains("\"initiate\"")));
}
