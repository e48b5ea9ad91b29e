//! A run that can be lied about, and the ways to lie.

use std::fs;
use std::path::Path;

use cnsim_analyze::audit::{Quality, audit};
use cnsim_analyze::evaluation::evaluate;
use cnsim_analyze::inputs::{Input, TimeScale};
use serde_json::{Value, json};

use crate::support::fixture;

/// A run that can be lied about. Times of records are numbers here; what else says the same follows when it is written, unless
/// `is_as_written`.
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) records: Vec<Value>,
    pub(crate) manifest: Value,
    topology: String,
    pub(crate) control: Option<String>,
    is_as_written: bool,
}

/// What a plant is planted into.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Into {
    /// A run folder.
    Folder,
    /// Its records alone.
    Records,
    /// Both.
    Either,
}

impl Run {
    pub(crate) fn read(name: &'static str) -> Self {
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
        Self {
            name,
            records,
            manifest,
            topology: file("topology.json"),
            control: fs::read_to_string(fixture(&format!("plants/{name}/control.csv"))).ok(),
            is_as_written: false,
        }
    }

    pub(crate) fn judge(&self, into: Into) -> Quality {
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
            self.control.iter().for_each(|control| fs::write(folder.join("control.csv"), control).unwrap());
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
pub(crate) fn follow(record: &mut Value) {
    let [sent, received] = ["sent_ns", "received_ns"].map(|field| record[field].as_i64().unwrap());
    record["received_timestamp"] = received.into();
    if !record["propagation_time"].is_null() {
        record["propagation_time"] = ((received - sent) as f64 / 1e6).into();
    }
}

pub(crate) fn is(record: &Value, kind: &str) -> bool {
    record["event_type"] == kind
}

/// Changes every third copy of a round that counts, as it is written.
pub(crate) fn each(run: &mut Run, round: u64, change: impl Fn(&mut Value)) {
    run.records.iter_mut().for_each(follow);
    run.is_as_written = true;
    let copies = run.records.iter_mut().filter(|record| record["round"] == round && !is(record, "initiate"));
    copies.step_by(2).for_each(change);
}

pub(crate) fn scale(record: &mut Value, field: &str, by: f64) {
    if let Some(number) = record[field].as_f64() {
        record[field] = if field == "bytes" { ((number * by) as u64).into() } else { (number * by).into() };
    }
}

/// Sets the clock of the second node of the roster, which begins few rounds, so many milliseconds ahead.
pub(crate) fn set_clock(run: &mut Run, ms: i64) {
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

/// Has the processes of a run be pods on machines of their own, driven from elsewhere; the clock of the second is so many milliseconds
/// ahead.
pub(crate) fn on_two_machines(run: &mut Run, ms: i64) {
    (run.manifest["backend"], run.manifest["backend_facts"]) = (json!("kubernetes"), json!({}));
    let mut second = Vec::new();
    for node in run.manifest["roster"].as_array_mut().unwrap() {
        let is_second = node["process"].as_str().unwrap().starts_with("local-1");
        node["host"] = json!(if is_second { "m1" } else { "m0" });
        second.extend(is_second.then(|| node["id"].clone()));
    }
    for record in &mut run.records {
        let writer = if is(record, "failed") { "sender_id" } else { "receiver_id" };
        let [sends, writes] = ["sender_id", writer].map(|end| second.contains(&record[end]));
        record["host"] = json!(if writes { "m1" } else { "m0" });
        for (field, is_own) in [("sent_ns", sends), ("received_ns", writes)] {
            let by = if is_own { ms * 1_000_000 } else { 0 };
            record[field] = (record[field].as_i64().unwrap() + by).into();
        }
    }
}

pub(crate) fn shift(run: &mut Run, ms: i64) {
    times(run, |time| time + ms * 1_000_000);
}

pub(crate) fn cut(run: &mut Run, step: i64) {
    times(run, |time| time - time % step);
}

pub(crate) fn times(run: &mut Run, change: impl Fn(i64) -> i64) {
    for record in &mut run.records {
        for field in ["sent_ns", "received_ns"] {
            record[field] = change(record[field].as_i64().unwrap()).into();
        }
    }
}

/// Every copy arrives at the time that it was sent.
pub(crate) fn no_time(run: &mut Run) {
    for record in run.records.iter_mut().filter(|record| is(record, "received") || is(record, "duplicate")) {
        record["sent_ns"] = record["received_ns"].clone();
    }
}

/// Every duplicate comes from further away than its sender is.
pub(crate) fn duplicates_from_afar(run: &mut Run) {
    for record in run.records.iter_mut().filter(|record| is(record, "duplicate")) {
        record["hop"] = json!(77);
    }
}

pub(crate) fn one_time(run: &mut Run) {
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
pub(crate) fn last(run: &mut Run, round: u64) -> &mut Value {
    let receipts = run.records.iter_mut().filter(|record| is(record, "received") && record["round"] == round);
    receipts.max_by_key(|record| record["received_ns"].as_i64()).unwrap()
}

pub(crate) fn plus(record: &Value, ms: i64) -> Value {
    (record["received_ns"].as_i64().unwrap() + ms * 1_000_000).into()
}

pub(crate) fn drop_last(run: &mut Run, round: u64) {
    let id = last(run, round)["logging.googleapis.com/insertId"].clone();
    run.records.retain(|record| record["logging.googleapis.com/insertId"] != id);
}

/// The last round is given up before its last receipt, which comes 25 s later.
pub(crate) fn give_up(run: &mut Run) {
    let late = plus(last(run, 7), 25_000);
    last(run, 7)["received_ns"] = late;
    let driven = &mut run.manifest["rounds"][7];
    let delivered = driven["delivered"].as_u64().unwrap() - 1;
    (driven["outcome"], driven["driver_ms"], driven["delivered"]) =
        (json!("timed-out"), json!(3_000.0), json!(delivered));
    run.manifest["finished_at"] = json!("2027-01-01T00:00:00Z");
}

pub(crate) fn renumber(run: &mut Run, number: fn(u64) -> u64) {
    for record in &mut run.records {
        let round = number(record["round"].as_u64().unwrap());
        record["message"] = json!(format!("{}-{round}", record["run_id"].as_str().unwrap()));
        record["round"] = round.into();
    }
}

/// Rounds 5 and 6 have one message, and the last receipt of the first comes when the second has begun.
pub(crate) fn overlap(run: &mut Run) {
    let begun = run.records.iter().find(|record| is(record, "initiate") && record["round"] == 6).unwrap();
    let late = plus(begun, 1);
    last(run, 5)["received_ns"] = late;
    renumber(run, |round| if round == 6 { 5 } else { round });
}

/// Rounds 5 and 6 have one message, and whoever received it in the first takes it for a duplicate in the second.
pub(crate) fn remember(run: &mut Run) {
    for record in run.records.iter_mut().filter(|record| is(record, "received") && record["round"] == 6) {
        record["event_type"] = json!("duplicate");
    }
    renumber(run, |round| if round == 6 { 5 } else { round });
}

/// Gives the second node of the roster another name in the records that `of` chooses.
pub(crate) fn rename(run: &mut Run, of: fn(&Value) -> bool) {
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
pub(crate) fn send_twice(run: &mut Run) {
    let mut again = last(run, 3).clone();
    again["event_type"] = json!("duplicate");
    again["received_ns"] = (again["received_ns"].as_i64().unwrap() + 9_000).into();
    again["seq"] = json!(100_000);
    again["send_id"] = json!("another");
    run.records.push(again);
}

/// Another record with the process and number of one that is there.
pub(crate) fn repeat_number(run: &mut Run) {
    let mut again = last(run, 3).clone();
    again["received_ns"] = (again["received_ns"].as_i64().unwrap() + 9_000).into();
    run.records.push(again);
}

pub(crate) fn raise_last_seq(run: &mut Run) {
    let last_seqs = run.manifest["last_seqs"].as_object_mut().unwrap();
    let (_, last) = last_seqs.iter_mut().next().unwrap();
    *last = json!(1_000_000);
}
