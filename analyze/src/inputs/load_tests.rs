//! Inputs of every form, sound and damaged, as they are loaded.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use cnsim::event::{Kind, Record};
use proptest::prelude::*;

use super::*;
use cnsim_records::columns::{EventColumns, UNKNOWN_NS};

const SEED: &[u8] = include_bytes!("../../tests/fixtures/seed-n5.csv");
const FLOOD: &[u8] = include_bytes!("../../tests/fixtures/flood-n5.jsonl");

/// Writes `bytes` as a file of that name and loads it.
fn load_as(name: &str, bytes: &[u8]) -> Result<Loaded, InputError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    load(&[Input { label: None, path }]).map(|mut loaded| loaded.remove(0))
}

/// The one line that a file gives, without the folder that the test put it in.
fn complaint(name: &str, bytes: &[u8]) -> String {
    let line = load_as(name, bytes).unwrap_err().to_string();
    assert!(!line.contains('\n'), "{line}");
    line[line.find(name).unwrap()..].to_owned()
}

fn seed(from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(SEED).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

/// The events of an input as plain columns.
fn columns(loaded: &Loaded) -> EventColumns {
    loaded.events.columns().unwrap()
}

#[test]
fn the_published_format_is_read() {
    let loaded = load_as("a-5X.csv", SEED).unwrap();
    let events = columns(&loaded);
    assert_eq!(loaded.about.condition, "a-5X");
    assert_eq!(events.len(), 34);
    assert_eq!(events.names.runs.iter().collect::<Vec<_>>(), ["1a2b-cubaan5"]);
    assert_eq!(events.names.nodes.len(), 5);
    assert_eq!(events.kind.iter().filter(|kind| **kind == Kind::Initiate).count(), 7);
    assert!(events.nodes.iter().all(|nodes| *nodes == 5));
    assert!(events.float_timestamp.iter().all(|float| *float));
    for row in 0..events.len() {
        let initiate = events.kind[row] == Kind::Initiate;
        assert_eq!(events.latency_ns[row] == UNKNOWN_NS, initiate);
        assert_eq!(events.sent_ns[row] == UNKNOWN_NS, initiate);
        if !initiate {
            assert_eq!(events.sent_ns[row] + events.latency_ns[row], events.received_ns[row]);
        }
    }
    assert_eq!(loaded.about.facts.files[0].rows, 34);
    assert_eq!(
        (loaded.about.facts.rejected, loaded.about.facts.repeats.len(), loaded.about.facts.conflicts.len()),
        (0, 0, 0)
    );
}

#[test]
fn our_own_lines_are_read() {
    let loaded = load_as("flood.jsonl", FLOOD).unwrap();
    let events = columns(&loaded);
    assert_eq!(events.names.protocols.iter().collect::<Vec<_>>(), ["flood"]);
    assert_eq!(events.names.processes.len(), 5);
    assert!(events.seq.iter().all(|seq| *seq > 0));
    assert!(!events.float_timestamp.iter().any(|float| *float));
    let failed = events.kind.iter().position(|kind| *kind == Kind::Failed).unwrap();
    assert_eq!(events.latency_ns[failed], UNKNOWN_NS);
    assert_eq!(events.received_ns[failed] - events.sent_ns[failed], 5_000_000_000);
}

#[test]
fn the_same_events_come_out_of_every_wrapping() {
    let plain = load_as("a.csv", SEED).unwrap();
    let text = std::str::from_utf8(SEED).unwrap();
    let crlf = text.replace('\n', "\r\n") + "\r\n";
    let quoted: String = text
        .lines()
        .map(|line| line.split(',').map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    let turned: String = text.lines().map(|line| line.split(',').rev().collect::<Vec<_>>().join(",") + "\n").collect();
    let prefixed = "\u{feff}".to_owned() + &text.replacen("sender_id", "jsonPayload.sender_id", 1);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(SEED).unwrap();
    let zstd = zstd::encode_all(SEED, 1).unwrap();
    for (name, bytes) in [
        ("crlf.csv", crlf.into_bytes()),
        ("quoted.csv", quoted.into_bytes()),
        ("turned.csv", turned.into_bytes()),
        ("prefixed.csv", prefixed.into_bytes()),
        ("a.csv.gz", gzip.finish().unwrap()),
        ("a.csv.zst", zstd),
        ("no-ending", SEED.to_vec()),
    ] {
        assert_eq!(columns(&load_as(name, &bytes).unwrap()), columns(&plain), "{name}");
    }
}

#[test]
fn every_fault_gets_one_line_that_names_the_place() {
    let no_time = seed("received_timestamp", "time");
    let header = SEED.split_inclusive(|byte| *byte == b'\n').next().unwrap();
    let mut utf8 = SEED.to_vec();
    let at = utf8.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
    utf8[at + 3] = 0xff;
    for (name, bytes, expected) in [
        ("a.csv", seed("e+18", "x"), "a.csv:2: field received_timestamp: "),
        ("a.csv", seed("initiate", "begun"), "a.csv:2: field event_type: unknown event type \"begun\""),
        ("a.csv", seed(",received,", ","), "a.csv:3: 6 fields where the header has 7"),
        ("a.csv", seed("\n10", "\n\"10"), "a.csv:2: a quoted field has no closing quote"),
        (
            "a.csv",
            no_time,
            "a.csv: column received_timestamp is missing; the columns are sender_id, receiver_id, message, event_type, time, ",
        ),
        (
            "b.csv",
            b"TimeSeries ID,x\n1,2\n".to_vec(),
            "b.csv: column message is missing; the columns are TimeSeries ID, x",
        ),
        ("a.csv", header.to_vec(), "a.csv: there is a header but no row below it"),
        ("a.csv", Vec::new(), "a.csv: the file is empty"),
        ("a.csv", utf8, "a.csv:4: invalid UTF-8"),
        ("a.log", b"hello\nworld\n".to_vec(), "a.log: no line is an event (2 lines; line 1: it is not JSON)"),
        ("a.parquet", b"PAR1 and so on".to_vec(), "a.parquet: cannot read it as Parquet: it is cut off"),
    ] {
        let line = complaint(name, &bytes);
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn a_cut_off_archive_is_told_from_a_short_file() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(SEED).unwrap();
    let (gzip, zstd) = (gzip.finish().unwrap(), zstd::encode_all(SEED, 1).unwrap());
    assert!(complaint("a.gz", &gzip[..gzip.len() / 2]).starts_with("a.gz: the gzip data are cut off or damaged"));
    assert!(complaint("a.zst", &zstd[..zstd.len() / 2]).starts_with("a.zst: the zstd data are cut off or damaged"));
}

#[test]
fn lines_that_are_no_events_are_counted_and_shown() {
    let mut mixed = b"pod-0(10.0.0.1) listening on port 5050\n\n".to_vec();
    mixed.extend_from_slice(FLOOD);
    mixed.extend_from_slice(b"{\"message\":\"x\"}\n");
    let loaded = load_as("mixed.log", &mixed).unwrap();
    let plain = load_as("flood.jsonl", FLOOD).unwrap();
    assert_eq!(columns(&loaded), columns(&plain));
    assert_eq!(loaded.about.facts.rejected, 2);
    assert!(loaded.about.facts.rejected_examples[0].ends_with("mixed.log:1: it is not JSON"));
    let last = plain.events.len() + 3;
    assert!(loaded.about.facts.rejected_examples[1].ends_with(&format!("mixed.log:{last}: it has no event_type")));
}

#[test]
fn a_broken_event_line_is_an_error_and_not_a_reject() {
    let text = std::str::from_utf8(FLOOD).unwrap();
    let broken = text.replacen("\"round\":1", "\"round\":\"one\"", 1);
    let line = 1 + text.lines().position(|line| line.contains("\"round\":1")).unwrap();
    assert_eq!(
        complaint("a.jsonl", broken.as_bytes()),
        format!("a.jsonl:{line}: field round: \"one\" is not a whole number")
    );
}

#[test]
fn repeats_are_removed_and_counted_and_contradictions_kept() {
    let text = std::str::from_utf8(FLOOD).unwrap();
    let first = text.lines().next().unwrap();
    let plain = load_as("a.jsonl", FLOOD).unwrap();
    let repeated = load_as("b.jsonl", format!("{text}{first}\n").as_bytes()).unwrap();
    assert_eq!(columns(&repeated), columns(&plain));
    let round = || ("5f0e9a21-cubaan5".to_owned(), 0);
    assert_eq!(repeated.about.facts.repeats, BTreeMap::from([(round(), 1)]));
    let other = first.replace("\"host\":\"alpha\"", "\"host\":\"beta\"");
    let conflicting = load_as("c.jsonl", format!("{text}{other}\n").as_bytes()).unwrap();
    assert_eq!(conflicting.events.len(), plain.events.len() + 1);
    assert_eq!(
        (conflicting.about.facts.repeats.len(), conflicting.about.facts.conflicts),
        (0, BTreeMap::from([(round(), 1)]))
    );
}

#[test]
fn a_folder_without_events_is_no_run_folder() {
    let dir = tempfile::tempdir().unwrap();
    let error = load(&[Input { label: None, path: dir.path().to_owned() }]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("not a run folder: it holds neither events.parquet nor events.jsonl nor parts/*.jsonl")
    );
}

#[test]
fn a_run_folder_is_read_from_its_parts_until_they_are_merged() {
    let dir = tempfile::tempdir().unwrap();
    let parts = dir.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    let half = FLOOD.len() / 2 + FLOOD[FLOOD.len() / 2..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    std::fs::write(parts.join("0.jsonl"), &FLOOD[..half]).unwrap();
    std::fs::write(parts.join("1.jsonl"), &FLOOD[half..]).unwrap();
    std::fs::write(parts.join("2.jsonl"), "").unwrap();
    let loaded = load(&[Input { label: None, path: dir.path().to_owned() }]).unwrap().remove(0);
    assert_eq!(columns(&loaded), columns(&load_as("a.jsonl", FLOOD).unwrap()));
    assert_eq!((loaded.about.condition.as_str(), loaded.about.facts.files.len()), ("ring", 2));
}

#[test]
fn a_pattern_gives_one_result_for_each_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["b.csv", "a.csv"] {
        std::fs::write(dir.path().join(name), SEED).unwrap();
    }
    let pattern = |text: &str| Input { label: None, path: dir.path().join(text) };
    let conditions: Vec<String> =
        load(&[pattern("*.csv")]).unwrap().into_iter().map(|loaded| loaded.about.condition).collect();
    assert_eq!(conditions, ["a", "b"]);
    let error = load(&[pattern("*.json")]).unwrap_err().to_string();
    assert!(error.ends_with("*.json: no file matches the pattern"), "{error}");
    let error = load(&[pattern("c.csv")]).unwrap_err().to_string();
    assert!(error.ends_with("c.csv: no such file or folder"), "{error}");
}

/// A record of few texts and numbers, so that some are equal.
fn any_record() -> impl Strategy<Value = Record<'static>> {
    let texts = prop::array::uniform6("[ab,\"\n\u{e9}]{1,2}");
    let numbers = (0..4_usize, 0..3_u32, 1..4_u32, 1_600_000_000_000_000_000..1_600_000_000_000_000_004_i64);
    let unknowns = (prop::option::of(-5_i64..5_000_000), prop::option::of(0..3_u32), 1..3_u64);
    (texts, numbers, unknowns).prop_map(|(texts, (kind, round, nodes, received_ns), (latency_ns, hop, seq))| {
        let [message, sender_id, receiver_id, detail, process, run_id] = texts.map(Cow::Owned);
        Record {
            message,
            sender_id,
            receiver_id,
            received_ns,
            propagation_time: latency_ns.map(|ns| ns as f64 / 1e6),
            kind: Kind::ALL[kind],
            detail,
            run_id,
            round,
            nodes,
            protocol: Cow::Borrowed("flood"),
            condition: Cow::Borrowed(""),
            hop,
            sent_ns: Some(received_ns - 7),
            send_id: Cow::Borrowed("x:1"),
            seq: Some(seq),
            process,
            host: Cow::Borrowed("h"),
            bytes: Some(0),
            reason: Cow::Borrowed(""),
            incarnation: 1,
            clock: None,
            topic: Cow::Borrowed(""),
            float_timestamp: false,
            received_twice: false,
        }
    })
}

fn as_json_lines(records: &[Record<'_>]) -> Vec<u8> {
    let mut lines = Vec::new();
    records.iter().for_each(|record| record.write_line(&mut lines));
    lines
}

fn as_csv(records: &[Record<'_>]) -> Vec<u8> {
    let mut text =
        "message,sender_id,receiver_id,received_ns,propagation_time,event_type,detail,run_id,round,nodes,protocol,hop,\
                    sent_ns,send_id,seq,process,host,bytes\n"
            .to_owned();
    for record in records {
        let cells = [
            record.message.to_string(),
            record.sender_id.to_string(),
            record.receiver_id.to_string(),
            record.received_ns.to_string(),
            record.propagation_time.map_or_else(String::new, |ms| ms.to_string()),
            record.kind.to_string(),
            record.detail.to_string(),
            record.run_id.to_string(),
            record.round.to_string(),
            record.nodes.to_string(),
            record.protocol.to_string(),
            record.hop.map_or(-1, i64::from).to_string(),
            record.sent_ns.unwrap().to_string(),
            record.send_id.to_string(),
            record.seq.unwrap().to_string(),
            record.process.to_string(),
            record.host.to_string(),
            record.bytes.unwrap().to_string(),
        ];
        text += &cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).join(",");
        text.push('\n');
    }
    text.into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn lines_and_rows_of_the_same_records_give_the_same_events(records in prop::collection::vec(any_record(), 1..40)) {
        let (json, csv) = (load_as("a.jsonl", &as_json_lines(&records)).unwrap(), load_as("a.csv", &as_csv(&records)).unwrap());
        prop_assert_eq!(columns(&json), columns(&csv));
        prop_assert_eq!(&json.about.facts.repeats, &csv.about.facts.repeats);
        prop_assert_eq!(json.about.facts.conflicts, csv.about.facts.conflicts);
        let distinct = records.iter().enumerate().filter(|(at, record)| !records[..*at].contains(record)).count();
        prop_assert_eq!(records.len() - distinct, json.about.facts.repeats.values().sum::<u64>() as usize);
    }
}

#[test]
fn a_run_that_was_stopped_before_its_first_message_has_no_events() {
    let home = tempfile::tempdir().unwrap();
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/flood-n4");
    for name in ["manifest.json", "topology.json"] {
        std::fs::copy(fixture.join(name), home.path().join(name)).unwrap();
    }
    std::fs::write(home.path().join("events.jsonl"), "").unwrap();
    let loaded = load(&[Input { label: None, path: home.path().to_owned() }]).unwrap();
    assert_eq!((loaded[0].events.len(), loaded[0].about.runs.len()), (0, 1));
}

#[test]
fn a_run_in_two_files_of_one_label_is_one_run_and_what_both_hold_counts_once() {
    let home = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/flood-n5.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (one, two) = (home.path().join("one.jsonl"), home.path().join("two.jsonl"));
    std::fs::write(&one, lines[..10].join("\n")).unwrap();
    std::fs::write(&two, lines[9..].join("\n")).unwrap();
    let inputs = [one, two].map(|path| Input { label: Some("flood".to_owned()), path });
    let loaded = load(&inputs).unwrap();
    assert_eq!(loaded.len(), 1);
    assert_eq!(loaded[0].events.len(), lines.len());
    assert_eq!(loaded[0].about.facts.repeats.values().sum::<u64>(), 1);
    assert_eq!(loaded[0].about.facts.files.len(), 2);
}

const RECORD: &str = r#"{"message":"r-1","sender_id":"a","receiver_id":"b","event_type":"received","run_id":"r","round":1,"sent_ns":1796017791966,"received_ns":1796017791970}"#;

#[test]
fn a_record_behind_something_else_on_its_line_is_read() {
    let record = RECORD.replace("1796017791966", "1796017791966000000").replace("1796017791970", "1796017791970000000");
    let zeroes = [b"\0\0\0\0".as_slice(), record.as_bytes()].concat();
    let prefixed = format!("[pod/gossip-3/gossip] 2026-11-30T14:36:16Z {record}");
    for line in [zeroes, prefixed.into_bytes()] {
        let loaded = load_as("x.log", &line).unwrap();
        assert_eq!((loaded.events.len(), loaded.about.facts.rejected), (1, 0), "{}", String::from_utf8_lossy(&line));
    }
}

#[test]
fn times_in_other_units_are_refused_with_the_unit_and_read_in_it() {
    assert!(complaint("x.jsonl", RECORD.as_bytes()).ends_with("they look like ms: add --time-unit ms"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.jsonl");
    std::fs::write(&path, RECORD).unwrap();
    let read = |scale| {
        let loaded = each(&[Input { label: None, path: path.clone() }], scale).unwrap().next().unwrap().unwrap();
        let events = columns(&loaded);
        (events.received_ns[0], events.received_ns[0] - events.sent_ns[0])
    };
    assert_eq!(read(TimeScale { unit_ns: 1_000_000, origin_ns: 0 }), (1_796_017_791_970_000_000, 4_000_000));
    assert_eq!(read(TimeScale { unit_ns: 1, origin_ns: 1 << 60 }), ((1 << 60) + 1_796_017_791_970, 4));
}
