//! Lies of somebody who knows what the audit looks at: numbers are without a gap, the driver counts what records say, and what was typed
//! follows. What is left to contradict them is what a seed, a period or a process's own order say.

use std::collections::BTreeMap;

use cnsim_analyze::audit::{Check, Finding, Severity};
use serde_json::{Value, json};

use crate::run::{Into, Run, is, last};

const HOUR_MS: i64 = 3_600_000;

/// A run, a lie that is planted into it, and what is said of it.
type Forged = (&'static str, &'static str, fn(&mut Run), &'static str);

const FORGED: &[Forged] = &[
    ("flood-cubaan6", "copies without names", nameless, "copies without a name"),
    ("pull-cubaan6", "copies without names", nameless, "copies without a name"),
    ("sim-cubaan8", "copies without names", nameless, "copies without a name"),
    ("flood-cubaan6", "no hosts", |run| blank(run, "host", json!("")), "no host or no hop"),
    ("sim-cubaan8", "no hops", |run| blank(run, "hop", json!(-1)), "no host or no hop"),
    ("push-cubaan8", "back to the sender, as typed", back_to_sender, "no copy back to a sender"),
    ("flood-cubaan6", "back to the sender, as typed", back_to_sender, SENT_TO_OTHERS),
    ("tree-cubaan6", "back to the sender, as typed", back_to_sender, "--back-to-sender with plumtree"),
    ("pull-cubaan6", "another period", |run| option(run, "period", json!("30ms")), "command line (--period)"),
    ("pull-cubaan6", "another phase", |run| option(run, "phase", json!("aligned")), "command line (--phase)"),
    ("seed-cubaan6", "another deadline", |run| option(run, "deadline_ms", json!(7)), "command line (--deadline)"),
    ("ring-cubaan6", "more in flight", |run| option(run, "in_flight", json!(7)), "command line (--in-flight)"),
    ("mail-cubaan6", "a pause", |run| option(run, "pause_ms", json!(7)), "command line (--pause)"),
    ("period-cubaan6", "a period too long, as typed", |run| period(run, "75ms"), "periods of this length"),
    ("period-cubaan6", "a period too short, as typed", |run| period(run, "9ms"), "periods of this length"),
    ("period-cubaan6", "a period off, as typed", |run| period(run, "21ms"), "periods of this length"),
    ("calls-cubaan6", "a period too long, as typed", |run| period(run, "90ms"), "digest messages more or fewer"),
    ("calls-cubaan6", "a period too short, as typed", |run| period(run, "7ms"), "digest messages more or fewer"),
    ("push-cubaan8", "duplicates gone", without_duplicates, SENT_TO_OTHERS),
    ("push-cubaan8", "duplicates gone", without_duplicates, LEFT_OUT),
    ("period-cubaan6", "duplicates gone", without_duplicates, LEFT_OUT),
    ("tree-cubaan6", "a duplicate more", |run| duplicate(run, 0), "duplicates of which nodes did not tell by prune"),
    ("push-cubaan8", "a duplicate more", |run| duplicate(run, 3), SENT_TO_OTHERS),
    ("period-cubaan6", "a duplicate more", |run| duplicate(run, 3), "left when their sender does not send"),
    ("calls-cubaan6", "a duplicate more", |run| duplicate(run, 3), LEFT_OUT),
    ("push-cubaan8", "a round's last number", last_of_round, "numbers that their process used in another round"),
    ("sim-cubaan8", "numbers of records exchanged", exchange_numbers, "numbers of a process before those of earlier"),
    ("period-cubaan6", "numbers of copies exchanged", exchange_copies, "left before one with a smaller number"),
    ("sim-cubaan8", "an hour between rounds", |run| pause(run, |_, round| round > 1), BEGINS_OTHERWISE),
    ("calls-cubaan6", "an hour between rounds", |run| pause(run, |_, round| round > 1), BEGINS_OTHERWISE),
    ("sim-cubaan8", "an hour in a round", pause_in_round, OTHER_WAY),
    ("period-cubaan6", "an hour in a round", pause_in_round, "periods of this length"),
    ("sim-cubaan8", "times doubled", double, OTHER_WAY),
    ("period-cubaan6", "times doubled", double, OTHER_WAY),
    ("sim-cubaan8", "the last receipt earlier", earlier, OTHER_WAY),
    ("period-cubaan6", "the last receipt earlier", earlier, OTHER_WAY),
    ("ring-cubaan6", "the last receipt earlier", earlier, OTHER_WAY),
];

const SENT_TO_OTHERS: &str = "nodes that sent to others than their protocol does";
const LEFT_OUT: &str = "numbers of copies left out";
const BEGINS_OTHERWISE: &str = "that does not begin when the one before has ended";
const OTHER_WAY: &str = "on their way for another time than the seed gives";

#[test]
fn lies_that_hide_their_traces_contradict_what_options_make() {
    let mut missed = Vec::new();
    for (name, what, plant, words) in FORGED {
        let mut run = Run::read(name);
        plant(&mut run);
        let findings = run.judge(Into::Folder).findings;
        let is_it = |found: &&Finding| found.check == Check::ManifestContradicted && found.detail.contains(words);
        if !findings.iter().any(|found| is_it(&found) && found.severity == Severity::Unsound) {
            missed.push(format!("{what} in {name}: no {words:?}, but {findings:#?}"));
        }
    }
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

fn nameless(run: &mut Run) {
    run.records.iter_mut().filter(|record| record["round"] == 3).for_each(|record| record["send_id"] = json!(""));
}

fn blank(run: &mut Run, field: &str, value: Value) {
    run.records.iter_mut().filter(|record| record["round"] == 3).for_each(|record| record[field] = value.clone());
}

fn option(run: &mut Run, name: &str, value: Value) {
    run.manifest["options"][name] = value;
}

fn type_words(run: &mut Run, words: &[&str]) {
    let line = run.manifest["command_line"].as_array_mut().unwrap();
    if let Some(place) = line.iter().position(|word| *word == words[0]) {
        line.drain(place..(place + words.len()));
    }
    line.extend(words.iter().map(|word| json!(word)));
}

fn back_to_sender(run: &mut Run) {
    type_words(run, &["--back-to-sender"]);
    option(run, "back_to_sender", json!(true));
}

fn period(run: &mut Run, text: &'static str) {
    type_words(run, &["--period", text]);
    option(run, "period", json!(text));
}

/// Two duplicates of a round are gone, and all numbers of processes are without a gap.
fn without_duplicates(run: &mut Run) {
    let found: Vec<usize> = (0..run.records.len())
        .filter(|place| run.records[*place]["round"] == 3 && is(&run.records[*place], "duplicate"))
        .collect();
    for place in found.into_iter().take(2).rev() {
        run.records.remove(place);
    }
    renumber_processes(run);
}

/// A copy of a round arrives once more, 2 us later, with a number of its sender's that is free.
fn duplicate(run: &mut Run, round: u64) {
    let place = run.records.iter().position(|record| record["round"] == round && is(record, "received")).unwrap();
    let mut again = run.records[place].clone();
    again["event_type"] = json!("duplicate");
    for field in ["sent_ns", "received_ns"] {
        again[field] = (again[field].as_i64().unwrap() + 2_000).into();
    }
    let name = again["send_id"].as_str().unwrap().rsplit_once(':').unwrap().0.to_owned();
    again["send_id"] = json!(format!("{name}:9"));
    run.records.insert(place + 1, again);
    renumber_processes(run);
}

/// Numbers the records of each process anew, in their order; the manifest says the same.
fn renumber_processes(run: &mut Run) {
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    let rounds = run.manifest["rounds"].as_array_mut().unwrap();
    for driven in rounds {
        for record in run.records.iter_mut().filter(|record| record["round"] == driven["round"]) {
            let seq = last.entry(record["process"].as_str().unwrap().to_owned()).or_default();
            *seq += 1;
            record["seq"] = json!(*seq);
        }
        driven["last_seqs"] = json!(last);
    }
    run.manifest["last_seqs"] = json!(last);
}

fn last_of_round(run: &mut Run) {
    let last_seqs = run.manifest["rounds"][3]["last_seqs"].as_object_mut().unwrap();
    let (_, last) = last_seqs.iter_mut().next().unwrap();
    *last = json!(last.as_u64().unwrap() - 1);
}

/// Puts the times that `of` chooses, by how long after their round began they are and by its number, an hour off.
fn pause(run: &mut Run, of: impl Fn(i64, u64) -> bool) {
    let begins: BTreeMap<u64, i64> = run
        .records
        .iter()
        .filter(|record| is(record, "initiate"))
        .map(|record| (number(record), time(record, "received_ns")))
        .collect();
    for record in &mut run.records {
        let round = number(record);
        for field in ["sent_ns", "received_ns"] {
            let at = time(record, field);
            if of(at - begins[&round], round) {
                record[field] = json!(at + HOUR_MS * 1_000_000);
            }
        }
    }
}

/// The same from the middle of a round on; its driver saw it take longer.
fn pause_in_round(run: &mut Run) {
    let driven = &mut run.manifest["rounds"][2]["driver_ms"];
    let took_ms = driven.as_f64().unwrap();
    *driven = json!(took_ms + HOUR_MS as f64);
    pause(run, |since, round| round > 2 || round == 2 && since as f64 > took_ms / 2.0 * 1e6);
}

/// Every time of a round is twice as long after its begin; its driver saw it take as long, and those behind it come later.
fn double(run: &mut Run) {
    let driven = &mut run.manifest["rounds"][2]["driver_ms"];
    let took_ms = driven.as_f64().unwrap();
    *driven = json!(2.0 * took_ms);
    let begin = run.records.iter().find(|record| is(record, "initiate") && record["round"] == 2).unwrap();
    let begun = time(begin, "received_ns");
    for record in &mut run.records {
        let round = number(record);
        for field in ["sent_ns", "received_ns"] {
            let at = time(record, field);
            let more = if round == 2 {
                at - begun
            } else if round > 2 {
                (took_ms * 1e6) as i64
            } else {
                0
            };
            record[field] = json!(at + more);
        }
    }
}

/// The last receipt of a round comes after a third of its way.
fn earlier(run: &mut Run) {
    let receipt = last(run, 3);
    let (sent, received) = (time(receipt, "sent_ns"), time(receipt, "received_ns"));
    receipt["received_ns"] = json!(sent + (received - sent) / 3);
}

/// Two records of a round have each other's number.
fn exchange_numbers(run: &mut Run) {
    exchange(run, "seq", |record| is(record, "received"));
}

/// The first and the last copy of who began a round have each other's name.
fn exchange_copies(run: &mut Run) {
    let is_begin = |record: &&Value| is(record, "initiate") && record["round"] == 3;
    let sender = run.records.iter().find(is_begin).unwrap()["sender_id"].clone();
    exchange(run, "send_id", |record| record["sender_id"] == sender && record["send_id"] != "");
}

fn exchange(run: &mut Run, field: &str, of: impl Fn(&Value) -> bool) {
    let chosen = |(_, record): &(usize, &Value)| record["round"] == 3 && of(record);
    let places: Vec<usize> = run.records.iter().enumerate().filter(chosen).map(|(place, _)| place).collect();
    let (first, last) = (places[0], places[places.len() - 1]);
    let value = run.records[first][field].take();
    run.records[first][field] = run.records[last][field].take();
    run.records[last][field] = value;
}

fn number(record: &Value) -> u64 {
    record["round"].as_u64().unwrap()
}

fn time(record: &Value, field: &str) -> i64 {
    record[field].as_i64().unwrap()
}
