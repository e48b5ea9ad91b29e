//! Runs under faults, simulated and on machines: honest ones are sound and their faults confirmed; a lie in any file is found.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use cnsim_analyze::audit::{Check, Finding, Quality, Severity, Verdict, audit};
use cnsim_analyze::evaluation::evaluate;
use cnsim_analyze::inputs::{Input, TimeScale};
use cnsim_analyze::measure::RoundMetrics;
use serde_json::{Value, json};

#[path = "support/mod.rs"]
mod support;

use support::fixture;

const CONFIRMED: [&str; 8] = [
    "sim-split",
    "sim-crash-lost",
    "sim-dead",
    "sim-loss",
    "sim-churn",
    "local-split",
    "local-crash-lost",
    "local-dead",
];

/// A copy of a run folder, which a test may spoil.
struct Run {
    _home: tempfile::TempDir,
    folder: PathBuf,
}

impl Run {
    fn of(name: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(name);
        fs::create_dir(&folder).unwrap();
        for entry in fs::read_dir(fixture(&format!("faults/{name}"))).unwrap() {
            let file = entry.unwrap().path();
            fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
        Self { _home: home, folder }
    }

    fn audit(&self) -> Quality {
        audit(&evaluate(&[input(&self.folder)], TimeScale::default(), 1).unwrap())
    }

    /// Has the records changed; one that is emptied is gone.
    fn records(&self, mut change: impl FnMut(&mut Value)) -> &Self {
        let path = self.folder.join("events.jsonl");
        let mut text = String::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let mut record: Value = serde_json::from_str(line).unwrap();
            change(&mut record);
            if !record.is_null() {
                text += &format!("{record}\n");
            }
        }
        fs::write(path, text).unwrap();
        self
    }

    fn json(&self, file: &str, change: impl FnOnce(&mut Value)) -> &Self {
        let path = self.folder.join(file);
        let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        fs::write(path, value.to_string()).unwrap();
        self
    }

    /// The time 0 of a round, in ns.
    fn origin_ns(&self, round: usize) -> i64 {
        let text = fs::read_to_string(self.folder.join("faults.jsonl")).unwrap();
        let line: Value = serde_json::from_str(text.lines().nth(round).unwrap()).unwrap();
        line["origin_ns"].as_i64().unwrap()
    }
}

fn input(folder: &Path) -> Input {
    Input { label: None, path: folder.to_owned() }
}

fn of_check(quality: &Quality, check: Check) -> Vec<&Finding> {
    quality.findings.iter().filter(|finding| finding.check == check).collect()
}

fn rounds(name: &str) -> Vec<RoundMetrics> {
    let evaluation = evaluate(&[input(&fixture(&format!("faults/{name}")))], TimeScale::default(), 1).unwrap();
    evaluation.analysis.groups.into_iter().flat_map(|group| group.rounds).collect()
}

/// Puts a record's copy at other times, and what else says the same.
fn set_times(record: &mut Value, sent_ns: i64, received_ns: i64) {
    record["sent_ns"] = sent_ns.to_string().into();
    record["received_ns"] = received_ns.to_string().into();
    record["received_timestamp"] = received_ns.into();
    record["propagation_time"] = json!((received_ns - sent_ns) as f64 / 1e6);
}

fn assert_unsound(quality: &Quality, check: Check, words: &str) {
    let found = of_check(quality, check);
    assert!(
        found.iter().any(|finding| finding.severity == Severity::Unsound && finding.detail.contains(words)),
        "no {check:?} that says {words:?}: {:#?}",
        quality.findings
    );
}

#[test]
fn honest_runs_under_faults_find_nothing_but_what_the_faults_meant() {
    // A machine that was busy while the fixtures were made, and its first round, are none of the faults' doing.
    let of_machines = [Check::HostOverload, Check::DelayNotAchieved];
    for name in CONFIRMED {
        let quality = Run::of(name).audit();
        let alarms: Vec<&Finding> = quality
            .findings
            .iter()
            .filter(|finding| {
                finding.counts && finding.severity > Severity::Info && !of_machines.contains(&finding.check)
            })
            .collect();
        assert!(alarms.is_empty(), "{name}: {alarms:#?}");
        assert_eq!(of_check(&quality, Check::FaultUnwitnessed), Vec::<&Finding>::new(), "{name}");
    }
    let quality = Run::of("sim-dead").audit();
    assert_eq!(quality.verdict, Verdict::Sound);
    let failed = of_check(&quality, Check::FailedSends);
    assert!(failed[0].detail.contains("failed under the faults of the run"), "{}", failed[0].detail);
}

#[test]
fn a_fault_that_nobody_could_see_is_told_with_the_reason() {
    let quality = Run::of("sim-rare").audit();
    let found = of_check(&quality, Check::FaultUnwitnessed);
    assert_eq!((found.len(), found[0].severity), (1, Severity::Caution));
    assert!(found[0].detail.contains("too few to tell"), "{}", found[0].detail);
}

#[test]
fn a_copy_that_crosses_a_partition_contradicts_it() {
    for name in ["sim-split", "local-split"] {
        let run = Run::of(name);
        let within = run.origin_ns(1) + 150_000_000;
        // Whatever crossed, crossed after the end: the first failed copy of the round is one that did not.
        let mut is_done = false;
        run.records(|record| {
            if !is_done && record["round"] == 1 && record["event_type"] == "failed" {
                is_done = true;
                record["event_type"] = "duplicate".into();
                set_times(record, within, within + 2_000_000);
            }
        });
        assert!(is_done, "{name}");
        assert_unsound(&run.audit(), Check::FaultContradicted, "nothing crosses a partition");
        assert_unsound(&run.audit(), Check::ReceiptsDiffer, "split");
    }
}

#[test]
fn a_node_that_is_down_and_receives_contradicts_its_crash() {
    for name in ["sim-dead", "local-dead"] {
        let run = Run::of(name);
        let within = run.origin_ns(1) + 80_000_000;
        let mut is_done = false;
        run.records(|record| {
            if !is_done && record["round"] == 1 && record["event_type"] == "failed" {
                is_done = true;
                record["event_type"] = "received".into();
                set_times(record, within, within + 2_000_000);
            }
        });
        assert!(is_done, "{name}");
        assert_unsound(&run.audit(), Check::FaultContradicted, "neither sends nor receives");
    }
}

#[test]
fn failures_that_are_gone_leave_too_little_loss() {
    let run = Run::of("sim-loss");
    run.records(|record| {
        if record["event_type"] == "failed" {
            *record = Value::Null;
        }
    });
    // Probes that were lost are witnesses too.
    let probes = run.folder.join("probes.csv");
    let text = fs::read_to_string(&probes).unwrap();
    let arrived: Vec<&str> = text.lines().filter(|line| !line.ends_with(',')).collect();
    fs::write(&probes, arrived.join("\n") + "\n").unwrap();
    assert_unsound(&run.audit(), Check::FaultContradicted, "30.00% were meant");
}

#[test]
fn timelines_that_the_seed_does_not_make_are_found() {
    let run = Run::of("sim-split");
    let path = run.folder.join("faults.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"ends\":300000000", "\"ends\":200000000", 1)).unwrap();
    assert_unsound(&run.audit(), Check::TimelineDiffers, "gives in round 0");

    let fewer: Vec<&str> = text.lines().take(2).collect();
    fs::write(&path, fewer.join("\n") + "\n").unwrap();
    assert_unsound(&run.audit(), Check::TimelineDiffers, "faults.jsonl has no round 2");

    fs::remove_file(&path).unwrap();
    assert_unsound(&run.audit(), Check::TimelineDiffers, "there is no faults.jsonl");
}

#[test]
fn a_manifest_is_not_believed() {
    let run = Run::of("local-dead");
    run.json("manifest.json", |manifest| manifest["receipts"][0]["witness"]["affected"] = 3.into());
    assert_unsound(&run.audit(), Check::ReceiptsDiffer, "dead");

    let run = Run::of("sim-dead");
    run.json("manifest.json", |manifest| manifest["options"]["faults"][0]["who"] = "50%".into());
    assert_unsound(&run.audit(), Check::TimelineDiffers, "other faults than seed");

    let run = Run::of("sim-dead");
    run.json("manifest.json", |manifest| manifest["options"]["faults"] = json!([]));
    assert_unsound(&run.audit(), Check::TimelineDiffers, "its manifest has no faults");

    let run = Run::of("sim-dead");
    run.json("manifest.json", |manifest| manifest["rounds"][1]["initiator"] = "gossip-statefulset-0".into());
    assert_unsound(&run.audit(), Check::TimelineDiffers, "round 1");
}

#[test]
fn convergence_is_over_the_nodes_that_were_up() {
    for name in ["sim-dead", "local-dead"] {
        for round in rounds(name) {
            let faults = round.under_faults.as_ref().unwrap();
            assert!(round.delivered < round.expected && faults.expected_up < round.expected, "{name}");
            assert_eq!(
                faults.expected_up,
                round.reachable.as_ref().unwrap().expected,
                "{name}: the dead cut nobody off"
            );
            assert_eq!(round.is_complete(), faults.delivered_up == faults.expected_up, "{name}");
            assert_eq!(round.from_initiate[4].is_some(), round.is_complete(), "{name}");
            assert!(faults.failed_to_down > 0 && faults.available < 1.0, "{name}");
        }
    }
}

#[test]
fn a_partition_that_heals_is_followed_by_agreement() {
    for name in ["sim-split", "local-split"] {
        for round in rounds(name) {
            let faults = round.under_faults.as_ref().unwrap();
            let [before, during, after] = faults.delivered_by_phase;
            assert_eq!((before, during + after), (0, u64::from(round.delivered)), "{name}");
            assert!(after > 0 && faults.heal_to_agreement_ns.unwrap() > 0, "{name}: {faults:?}");
            let reachable = round.reachable.as_ref().unwrap().expected;
            assert_eq!((reachable, faults.available), (round.expected, 1.0), "{name}");
        }
    }
}
