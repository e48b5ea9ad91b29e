//! Lies planted into real runs of every protocol: each is found, by its check and with its severity, and the runs as they are
//! have nothing to find. A run is planted with its manifest, or as records alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use cnsim_analyze::audit::{Check, Quality, Severity, audit};
use cnsim_analyze::evaluation::evaluate;
use cnsim_analyze::inputs::{Input, TimeScale};
use serde_json::{Value, json};

mod support;

use support::fixture;

const RUNS: [&str; 5] = ["flood-cubaan6", "mail-cubaan6", "push-cubaan8", "ring-cubaan6", "seed-cubaan6"];

/// A run that can be lied about. Times of records are numbers here; what else says the same follows when it is written, unless
/// `is_as_written`.
struct Run {
    name: &'static str,
    records: Vec<Value>,
    manifest: Value,
    topology: String,
    is_as_written: bool,
}

/// What a plant is planted into.
#[derive(Clone, Copy, PartialEq)]
enum Into {
    /// A run folder.
    Folder,
    /// Its records alone.
    Records,
    /// Both.
    Either,
}

type Plant = (&'static str, Into, fn(&mut Run), Check, Severity);

const PLANTS: &[Plant] = &[
    ("a clock an hour ahead", Into::Either, |run| set_clock(run, 3_600_000), Check::ImpossibleTimes, Severity::Unsound),
    (
        "a clock an hour behind",
        Into::Either,
        |run| set_clock(run, -3_600_000),
        Check::NegativeLatency,
        Severity::Caution,
    ),
    ("another day", Into::Folder, |run| shift(run, 86_400_000), Check::ManifestContradicted, Severity::Unsound),
    ("whole milliseconds", Into::Either, |run| cut(run, 1_000_000), Check::CoarseTimestamps, Severity::Caution),
    ("whole seconds", Into::Either, |run| cut(run, 1_000_000_000), Check::CoarseTimestamps, Severity::Unsound),
    ("one time a round", Into::Either, one_time, Check::CoarseTimestamps, Severity::Unsound),
    (
        "late by a second",
        Into::Folder,
        |run| last(run, 3)["received_ns"] = plus(last(run, 3), 1_000),
        Check::ImpossibleTimes,
        Severity::Unsound,
    ),
    (
        "rounds reversed",
        Into::Records,
        |run| renumber(run, |round| 7 - round),
        Check::RoundsOutOfOrder,
        Severity::Caution,
    ),
    (
        "two rounds in one",
        Into::Either,
        |run| renumber(run, |round| if round == 6 { 5 } else { round }),
        Check::BegunAgain,
        Severity::Unsound,
    ),
    (
        "a round gone",
        Into::Records,
        |run| run.records.retain(|it| it["round"] != 4),
        Check::MissingRounds,
        Severity::Caution,
    ),
    (
        "a round gone",
        Into::Folder,
        |run| run.records.retain(|it| it["round"] != 4),
        Check::MissingDeliveries,
        Severity::Unsound,
    ),
    (
        "no beginning",
        Into::Either,
        |run| run.records.retain(|it| !is(it, "initiate")),
        Check::MissingInitiate,
        Severity::Unsound,
    ),
    ("the last receipt gone", Into::Folder, |run| drop_last(run, 3), Check::MissingDeliveries, Severity::Unsound),
    ("a round given up", Into::Folder, give_up, Check::LateDeliveries, Severity::Caution),
    (
        "another timestamp",
        Into::Either,
        |run| each(run, 3, |it| it["received_timestamp"] = json!(1)),
        Check::ContradictoryRows,
        Severity::Unsound,
    ),
    (
        "propagation in us",
        Into::Either,
        |run| each(run, 3, |it| scale(it, "propagation_time", 1e3)),
        Check::ContradictoryRows,
        Severity::Unsound,
    ),
    (
        "a message of another round",
        Into::Either,
        |run| each(run, 3, |it| it["message"] = json!(format!("{}-9", it["run_id"].as_str().unwrap()))),
        Check::ContradictoryRows,
        Severity::Unsound,
    ),
    (
        "a stranger sends",
        Into::Folder,
        |run| each(run, 3, |it| it["sender_id"] = json!("stranger")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "a node with two names",
        Into::Records,
        |run| rename(run, |it| it["round"].as_u64() > Some(4)),
        Check::TooManyNodes,
        Severity::Caution,
    ),
    ("a copy twice", Into::Either, send_twice, Check::InvariantBroken, Severity::Unsound),
    (
        "one name for all copies",
        Into::Either,
        |run| each(run, 3, |it| it["send_id"] = json!("x")),
        Check::InvariantBroken,
        Severity::Unsound,
    ),
    (
        "another protocol",
        Into::Folder,
        |run| each(run, 3, |it| it["protocol"] = json!("push:9")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another protocol",
        Into::Records,
        |run| each(run, 3, |it| it["protocol"] = json!("push:9")),
        Check::MixedRecords,
        Severity::Unsound,
    ),
    (
        "another condition",
        Into::Folder,
        |run| each(run, 3, |it| it["condition"] = json!("x")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another host",
        Into::Folder,
        |run| each(run, 3, |it| it["host"] = json!("mars")),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another host",
        Into::Records,
        |run| each(run, 3, |it| it["host"] = json!("mars")),
        Check::MixedRecords,
        Severity::Caution,
    ),
    (
        "sizes that cannot be",
        Into::Folder,
        |run| each(run, 3, |it| scale(it, "bytes", 9.0)),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "another number of nodes",
        Into::Folder,
        |run| each(run, 3, |it| it["nodes"] = json!(99)),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "a number of a process gone",
        Into::Either,
        |run| drop(run.records.remove(run.records.len() / 2)),
        Check::SequenceGap,
        Severity::Unsound,
    ),
    ("a number of a process twice", Into::Either, repeat_number, Check::ConflictingRows, Severity::Unsound),
    (
        "manifest: nodes",
        Into::Folder,
        |run| run.manifest["options"]["nodes"] = json!(9),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: protocol",
        Into::Folder,
        |run| run.manifest["options"]["protocol"] = json!("push:7"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: payload",
        Into::Folder,
        |run| run.manifest["options"]["payload_bytes"] = json!(900),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: link delay",
        Into::Folder,
        |run| run.manifest["options"]["link_delay"] = json!("20"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: seed",
        Into::Folder,
        |run| run.manifest["options"]["seed"] = json!(77),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: topology",
        Into::Folder,
        |run| run.manifest["options"]["topology"] = json!("star"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: packing",
        Into::Folder,
        |run| run.manifest["options"]["nodes_per_process"] = json!(1),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: rounds",
        Into::Folder,
        |run| run.manifest["options"]["rounds"] = json!(3),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: delivered",
        Into::Folder,
        |run| run.manifest["rounds"][3]["delivered"] = json!(99),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: failed",
        Into::Folder,
        |run| run.manifest["rounds"][3]["failed"] = json!(9),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: events",
        Into::Folder,
        |run| run.manifest["expected_events"] = json!(1),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: initiator",
        Into::Folder,
        |run| run.manifest["rounds"][3]["initiator"] = json!("x"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: a long round",
        Into::Folder,
        |run| run.manifest["rounds"][3]["driver_ms"] = json!(9e4),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: begun yesterday",
        Into::Folder,
        |run| run.manifest["started_at"] = json!("2026-01-01T00:00:00Z"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: roster",
        Into::Folder,
        |run| drop(run.manifest["roster"].as_array_mut().unwrap().pop()),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: a host",
        Into::Folder,
        |run| run.manifest["roster"][0]["host"] = json!("venus"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: a process",
        Into::Folder,
        |run| run.manifest["roster"][0]["process"] = json!("ghost"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: digest",
        Into::Folder,
        |run| run.manifest["topology_sha256"] = json!("sha256:0"),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    (
        "manifest: completeness",
        Into::Folder,
        |run| run.manifest["topology_complete"] = json!(!run.manifest["topology_complete"].as_bool().unwrap()),
        Check::ManifestContradicted,
        Severity::Unsound,
    ),
    ("manifest: last number", Into::Folder, raise_last_seq, Check::SequenceGap, Severity::Unsound),
    (
        "manifest: still running",
        Into::Folder,
        |run| run.manifest["outcome"] = json!("running"),
        Check::RunStillGoing,
        Severity::Caution,
    ),
    (
        "manifest: a clock was set",
        Into::Folder,
        |run| run.manifest["rounds"][3]["clock_steps"] = json!(3),
        Check::ClockStep,
        Severity::Caution,
    ),
];

#[test]
fn runs_of_every_protocol_have_nothing_to_find() {
    for name in RUNS {
        for into in [Into::Folder, Into::Records] {
            let quality = Run::read(name).judge(into);
            let found: Vec<_> = quality.findings.iter().filter(|found| found.severity > Severity::Info).collect();
            assert!(found.is_empty(), "{name}: {found:?}");
        }
    }
}

#[test]
fn every_plant_is_found_in_every_run_by_its_check_and_with_its_severity() {
    let mut missed = Vec::new();
    for (what, into, plant, check, severity) in PLANTS {
        let places = match into {
            Into::Folder | Into::Records => vec![*into],
            Into::Either => vec![Into::Folder, Into::Records],
        };
        for (name, place) in RUNS.iter().flat_map(|name| places.iter().map(move |place| (*name, *place))) {
            let mut run = Run::read(name);
            plant(&mut run);
            let quality = run.judge(place);
            if !quality.findings.iter().any(|found| found.check == *check && found.severity >= *severity) {
                let found: Vec<_> = quality.findings.iter().map(|found| (found.check, found.severity)).collect();
                let place = if place == Into::Folder { "with its manifest" } else { "alone" };
                missed.push(format!("{what} in {name} {place}: no {check}, but {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

impl Run {
    fn read(name: &'static str) -> Self {
        let file = |file: &str| fs::read_to_string(fixture(&format!("plants/{name}/{file}"))).unwrap();
        let number = |text: &Value| text.as_str().unwrap().parse::<i64>().unwrap();
        let record = |line: &str| {
            let mut record: Value = serde_json::from_str(line).unwrap();
            for field in ["sent_ns", "received_ns"] {
                record[field] = number(&record[field]).into();
            }
            record
        };
        let records = file("events.jsonl").lines().map(record).collect();
        let manifest = serde_json::from_str(&file("manifest.json")).unwrap();
        Self { name, records, manifest, topology: file("topology.json"), is_as_written: false }
    }

    fn judge(&self, into: Into) -> Quality {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(self.name);
        self.write(&folder, into);
        let path = if into == Into::Folder { folder } else { folder.join("events.jsonl") };
        audit(&evaluate(&[Input { label: None, path }], TimeScale::default(), 1).unwrap())
    }

    fn write(&self, folder: &Path, into: Into) {
        fs::create_dir(folder).unwrap();
        let lines: Vec<String> = self.records.iter().map(|record| format!("{}\n", self.written(record))).collect();
        fs::write(folder.join("events.jsonl"), lines.concat()).unwrap();
        if into == Into::Folder {
            fs::write(folder.join("manifest.json"), self.manifest.to_string()).unwrap();
            fs::write(folder.join("topology.json"), &self.topology).unwrap();
        }
    }

    /// A record as it stands in a file: with what follows from its times, unless the lie is in that.
    fn written(&self, record: &Value) -> Value {
        let mut record = record.clone();
        if !self.is_as_written {
            follow(&mut record);
        }
        for field in ["sent_ns", "received_ns"] {
            record[field] = record[field].to_string().into();
        }
        record
    }
}

/// Has a record's other fields follow from its times.
fn follow(record: &mut Value) {
    let [sent, received] = ["sent_ns", "received_ns"].map(|field| record[field].as_i64().unwrap());
    record["received_timestamp"] = received.into();
    if !record["propagation_time"].is_null() {
        record["propagation_time"] = ((received - sent) as f64 / 1e6).into();
    }
}

fn is(record: &Value, kind: &str) -> bool {
    record["event_type"] == kind
}

/// Changes every third copy of a round that counts, as it is written.
fn each(run: &mut Run, round: u64, change: impl Fn(&mut Value)) {
    run.records.iter_mut().for_each(follow);
    run.is_as_written = true;
    let copies = run.records.iter_mut().filter(|record| record["round"] == round && !is(record, "initiate"));
    copies.step_by(2).for_each(change);
}

fn scale(record: &mut Value, field: &str, by: f64) {
    if let Some(number) = record[field].as_f64() {
        record[field] = if field == "bytes" { ((number * by) as u64).into() } else { (number * by).into() };
    }
}

/// Sets the clock of the second node of the roster, which begins few rounds, so many milliseconds ahead.
fn set_clock(run: &mut Run, ms: i64) {
    let node = run.manifest["roster"][1]["id"].clone();
    for record in &mut run.records {
        let writer = if is(record, "failed") { "sender_id" } else { "receiver_id" };
        let (sends, writes) = (record["sender_id"] == node, record[writer] == node);
        for (field, is_own) in [("sent_ns", sends), ("received_ns", writes)] {
            let by = if is_own { ms * 1_000_000 } else { 0 };
            record[field] = (record[field].as_i64().unwrap() + by).into();
        }
    }
}

fn shift(run: &mut Run, ms: i64) {
    times(run, |time| time + ms * 1_000_000);
}

fn cut(run: &mut Run, step: i64) {
    times(run, |time| time - time % step);
}

fn times(run: &mut Run, change: impl Fn(i64) -> i64) {
    for record in &mut run.records {
        for field in ["sent_ns", "received_ns"] {
            record[field] = change(record[field].as_i64().unwrap()).into();
        }
    }
}

fn one_time(run: &mut Run) {
    let begun = |round: &Value| {
        let begins = run.records.iter().find(|record| is(record, "initiate") && record["round"] == *round);
        begins.unwrap()["received_ns"].clone()
    };
    let begun: Vec<Value> = run.records.iter().map(|record| begun(&record["round"])).collect();
    for (record, begun) in run.records.iter_mut().zip(begun) {
        (record["sent_ns"], record["received_ns"]) = (begun.clone(), begun);
    }
}

/// The last first receipt of a round.
fn last(run: &mut Run, round: u64) -> &mut Value {
    let receipts = run.records.iter_mut().filter(|record| is(record, "received") && record["round"] == round);
    receipts.max_by_key(|record| record["received_ns"].as_i64()).unwrap()
}

fn plus(record: &Value, ms: i64) -> Value {
    (record["received_ns"].as_i64().unwrap() + ms * 1_000_000).into()
}

fn drop_last(run: &mut Run, round: u64) {
    let id = last(run, round)["logging.googleapis.com/insertId"].clone();
    run.records.retain(|record| record["logging.googleapis.com/insertId"] != id);
}

/// The last round is given up before its last receipt, which comes 25 s later.
fn give_up(run: &mut Run) {
    let late = plus(last(run, 7), 25_000);
    last(run, 7)["received_ns"] = late;
    let driven = &mut run.manifest["rounds"][7];
    let delivered = driven["delivered"].as_u64().unwrap() - 1;
    (driven["outcome"], driven["driver_ms"], driven["delivered"]) =
        (json!("timed-out"), json!(3_000.0), json!(delivered));
    run.manifest["finished_at"] = json!("2027-01-01T00:00:00Z");
}

fn renumber(run: &mut Run, number: fn(u64) -> u64) {
    for record in &mut run.records {
        let round = number(record["round"].as_u64().unwrap());
        record["message"] = json!(format!("{}-{round}", record["run_id"].as_str().unwrap()));
        record["round"] = round.into();
    }
}

/// Gives the second node of the roster another name in the records that `of` chooses.
fn rename(run: &mut Run, of: fn(&Value) -> bool) {
    let node = run.manifest["roster"][1]["id"].clone();
    for record in run.records.iter_mut().filter(|record| of(record)) {
        for end in ["sender_id", "receiver_id"] {
            if record[end] == node {
                record[end] = json!("renamed");
            }
        }
        record["send_id"] = json!("");
    }
}

/// A copy that is there comes once more, as another record of the same process.
fn send_twice(run: &mut Run) {
    let mut again = last(run, 3).clone();
    again["event_type"] = json!("duplicate");
    again["received_ns"] = (again["received_ns"].as_i64().unwrap() + 9_000).into();
    again["seq"] = json!(100_000);
    again["send_id"] = json!("another");
    run.records.push(again);
}

/// Another record with the process and number of one that is there.
fn repeat_number(run: &mut Run) {
    let mut again = last(run, 3).clone();
    again["received_ns"] = (again["received_ns"].as_i64().unwrap() + 9_000).into();
    run.records.push(again);
}

fn raise_last_seq(run: &mut Run) {
    let last_seqs = run.manifest["last_seqs"].as_object_mut().unwrap();
    let (_, last) = last_seqs.iter_mut().next().unwrap();
    *last = json!(1_000_000);
}
