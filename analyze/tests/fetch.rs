//! `cnsim-analyze fetch` and `runs` as a user meets them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use cnsim_analyze::inputs::{Input, Loaded, load};
use predicates::prelude::*;

const SEED: &str = include_str!("fixtures/seed-n5.csv");
const FLOOD: &str = include_str!("fixtures/flood-n5.jsonl");
const SEED_RUN: &str = "1a2b-cubaan5";
const FLOOD_RUN: &str = "5f0e9a21-cubaan5";

/// A folder with both fixtures.
fn place() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("seed.csv"), SEED).unwrap();
    fs::write(dir.path().join("flood.jsonl"), FLOOD).unwrap();
    dir
}

fn analyze(dir: &tempfile::TempDir, args: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("cnsim-analyze").unwrap().current_dir(dir.path()).args(args).assert()
}

fn loaded(path: &Path) -> Loaded {
    load(&[Input { label: None, path: path.to_owned() }]).unwrap().remove(0)
}

fn parquet(dir: &tempfile::TempDir, run: &str) -> Vec<u8> {
    fs::read(dir.path().join("runs").join(run).join("events.parquet")).unwrap()
}

/// The events as texts in the total order, whatever the order of rows.
fn sorted(loaded: &Loaded) -> Vec<String> {
    let events = loaded.events.columns().unwrap();
    let names = &events.names;
    let row = |row: usize| {
        let texts = [
            names.runs.text(events.run[row]),
            names.nodes.text(events.sender[row]),
            names.nodes.text(events.receiver[row]),
            names.processes.text(events.process[row]),
            names.hosts.text(events.host[row]),
            names.protocols.text(events.protocol[row]),
            names.conditions.text(events.condition[row]),
        ];
        let numbers = (events.round[row], events.nodes[row], events.received_ns[row], events.sent_ns[row]);
        let rest =
            (events.latency_ns[row], events.hop[row], events.send[row], events.seq[row], events.float_timestamp[row]);
        let rest = (rest, events.bytes[row]);
        format!("{texts:?} {:?} {numbers:?} {rest:?}", events.kind[row])
    };
    let mut rows: Vec<String> = (0..events.len()).map(row).collect();
    rows.sort();
    rows
}

#[test]
fn every_run_gets_its_folder_and_the_folder_says_what_the_files_said() {
    let dir = place();
    analyze(&dir, &["fetch", "seed.csv", "flood.jsonl"])
        .success()
        .stdout(format!("runs/{SEED_RUN}\nruns/{FLOOD_RUN}\n"))
        .stderr("");
    for (run, file) in [(SEED_RUN, "seed.csv"), (FLOOD_RUN, "flood.jsonl")] {
        let fetched = loaded(&dir.path().join("runs").join(run));
        let original = loaded(&dir.path().join(file));
        assert_eq!(sorted(&fetched), sorted(&original));
        assert_eq!(fetched.events.names(), original.events.names());
        assert_eq!(fetched.about.facts.files[0].sha256, original.about.facts.files[0].sha256);
        assert_eq!(fetched.about.facts.files[0].path, file);
    }
    assert!(!dir.path().join("runs").join(SEED_RUN).join("rejects.jsonl").exists());
}

#[test]
fn any_order_of_lines_and_any_number_of_threads_gives_the_same_bytes() {
    let dir = place();
    analyze(&dir, &["fetch", "flood.jsonl", "seed.csv"]).success();
    let (flood, seed) = (parquet(&dir, FLOOD_RUN), parquet(&dir, SEED_RUN));
    let mut lines: Vec<&str> = FLOOD.lines().collect();
    lines.reverse();
    lines.swap(3, 11);
    let (header, rows) = SEED.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.rotate_left(9);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("turned.jsonl"), lines.join("\n")).unwrap();
    fs::write(other.path().join("turned.csv"), format!("{header}\n{}", rows.join("\n"))).unwrap();
    for threads in ["1", "8"] {
        Command::cargo_bin("cnsim-analyze")
            .unwrap()
            .current_dir(other.path())
            .env("RAYON_NUM_THREADS", threads)
            .env("POLARS_MAX_THREADS", threads)
            .args(["fetch", "--force", "turned.csv", "turned.jsonl"])
            .assert()
            .success();
        assert!(parquet(&other, FLOOD_RUN) == flood, "{threads} threads");
        assert!(parquet(&other, SEED_RUN) == seed, "{threads} threads");
    }
}

#[test]
fn one_run_is_fetched_by_name_and_an_absent_one_is_named_with_those_that_are_there() {
    let dir = place();
    analyze(&dir, &["fetch", "seed.csv", "flood.jsonl", "--run-id", FLOOD_RUN, "-o", "out"])
        .success()
        .stdout(format!("out/{FLOOD_RUN}\n"));
    assert!(!dir.path().join("out").join(SEED_RUN).exists());
    analyze(&dir, &["fetch", "seed.csv", "flood.jsonl", "--run-id", "x", "-o", "none"])
        .code(1)
        .stdout("")
        .stderr(format!("error: no event of run \"x\": the runs there are {SEED_RUN}, {FLOOD_RUN}\n"));
    assert!(!dir.path().join("none").exists());
}

#[test]
fn events_of_another_source_are_not_replaced_unless_told_to() {
    let dir = place();
    analyze(&dir, &["fetch", "flood.jsonl"]).success();
    analyze(&dir, &["fetch", "flood.jsonl"]).success();
    let half: String = FLOOD.lines().take(9).map(|line| format!("{line}\n")).collect();
    fs::write(dir.path().join("half.jsonl"), half).unwrap();
    let before = parquet(&dir, FLOOD_RUN);
    analyze(&dir, &["fetch", "half.jsonl"]).code(1).stderr(format!(
        "error: runs/{FLOOD_RUN}: holds events of another source (flood.jsonl): use --force to replace them\n"
    ));
    assert!(parquet(&dir, FLOOD_RUN) == before);
    analyze(&dir, &["fetch", "half.jsonl", "--force"]).success();
    assert_eq!(loaded(&dir.path().join("runs").join(FLOOD_RUN)).events.len(), 9);
}

#[test]
fn a_local_runs_own_lines_may_be_fetched_into_it_but_no_others() {
    let dir = place();
    let run = dir.path().join("runs").join(FLOOD_RUN);
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("events.jsonl"), FLOOD).unwrap();
    fs::write(dir.path().join("other.jsonl"), FLOOD.lines().next().unwrap()).unwrap();
    analyze(&dir, &["fetch", "other.jsonl"]).code(1).stderr(predicate::str::contains("events.jsonl): use --force"));
    analyze(&dir, &["fetch", &format!("runs/{FLOOD_RUN}")]).success().stdout(format!("runs/{FLOOD_RUN}\n"));
    assert!(run.join("events.parquet").exists() && run.join("events.jsonl").exists());
}

#[test]
fn repeats_and_rejects_are_counted_and_kept_in_the_run_folder() {
    let dir = place();
    let first = FLOOD.lines().next().unwrap();
    let other = first.replace("\"host\":\"alpha\"", "\"host\":\"beta\"");
    fs::write(dir.path().join("more.jsonl"), format!("hello \u{1}\n{FLOOD}{first}\n{{\"a\":1}}\n{other}\n")).unwrap();
    analyze(&dir, &["fetch", "more.jsonl"]).success();
    let run = dir.path().join("runs").join(FLOOD_RUN);
    let facts = loaded(&run).about.facts;
    let round = (FLOOD_RUN.to_owned(), 0);
    assert_eq!((facts.repeats.get(&round), facts.repeats.len()), (Some(&1), 1));
    assert_eq!((facts.conflicts.get(&round), facts.conflicts.len()), (Some(&1), 1));
    assert_eq!(facts.rejected, 2);
    let last = FLOOD.lines().count() + 3;
    assert_eq!(facts.rejected_examples[1], format!("more.jsonl:{last}: it has no event_type"));
    let rejects = fs::read_to_string(run.join("rejects.jsonl")).unwrap();
    assert_eq!(
        rejects,
        format!(
            "{{\"file\":\"more.jsonl\",\"line\":1,\"reason\":\"it is not JSON\",\"text\":\"hello \\u0001\"}}\n\
             {{\"file\":\"more.jsonl\",\"line\":{last},\"reason\":\"it has no event_type\",\"text\":\"{{\\\"a\\\":1}}\"}}\n"
        )
    );
}

#[test]
fn standard_input_and_what_was_fetched_are_sources_too() {
    let dir = place();
    Command::cargo_bin("cnsim-analyze")
        .unwrap()
        .current_dir(dir.path())
        .args(["fetch", "-"])
        .write_stdin(FLOOD)
        .assert()
        .success();
    let before = parquet(&dir, FLOOD_RUN);
    analyze(&dir, &["fetch", &format!("runs/{FLOOD_RUN}/events.parquet"), "-o", "again"]).success();
    assert!(fs::read(dir.path().join("again").join(FLOOD_RUN).join("events.parquet")).unwrap() == before);
}

#[test]
fn a_fault_leaves_nothing_behind() {
    let dir = place();
    fs::write(dir.path().join("bad.csv"), SEED.replacen("e+18", "e+x", 1)).unwrap();
    analyze(&dir, &["fetch", "flood.jsonl", "bad.csv"]).code(1).stdout("").stderr(
        predicate::str::starts_with("error: bad.csv:2: field received_timestamp: ")
            .and(predicate::str::ends_with("is not a whole number\n")),
    );
    assert!(!dir.path().join("runs").exists());
    fs::write(dir.path().join("file"), "").unwrap();
    analyze(&dir, &["fetch", "flood.jsonl", "-o", "file"])
        .code(1)
        .stderr("error: file: cannot write it: File exists (os error 17)\n");
    analyze(&dir, &["fetch"])
        .code(2)
        .stderr(predicate::str::starts_with("error: ").and(predicate::str::contains("\n").count(1)));
    analyze(&dir, &["fetch", "absent.csv"]).code(1).stderr("error: absent.csv: no such file or folder\n");
}

#[test]
fn a_damaged_parquet_file_gets_one_line() {
    let dir = place();
    analyze(&dir, &["fetch", "flood.jsonl"]).success();
    let whole = parquet(&dir, FLOOD_RUN);
    let mut bent = whole.clone();
    let metadata = bent.len() - 40;
    bent[metadata..metadata + 20].fill(0xff);
    for (name, bytes) in [("cut.parquet", &whole[..whole.len() / 2]), ("bent.parquet", &bent)] {
        fs::write(dir.path().join(name), bytes).unwrap();
        let one_line = predicate::str::starts_with(format!("error: {name}: cannot read it as Parquet: "))
            .and(predicate::str::contains("\n").count(1));
        analyze(&dir, &["fetch", name]).code(1).stderr(one_line);
    }
}

#[test]
fn a_run_id_that_leads_out_of_the_folder_is_refused() {
    let dir = place();
    fs::write(dir.path().join("evil.csv"), SEED.replace(SEED_RUN, "../evil")).unwrap();
    analyze(&dir, &["fetch", "evil.csv"])
        .code(1)
        .stderr("error: the run id \"../evil\" cannot name a folder: fetch the other runs with --run-id\n");
}

#[test]
fn runs_lists_what_is_there_in_every_format() {
    let dir = place();
    analyze(&dir, &["fetch", "seed.csv", "flood.jsonl"]).success();
    fs::create_dir(dir.path().join("runs/notes")).unwrap();
    let csv = analyze(&dir, &["runs", "--format", "csv"]).success().get_output().stdout.clone();
    let csv = String::from_utf8(csv).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "run_id,condition,nodes,rounds,rows,delivered,expected,outcome,started,bytes");
    assert!(lines[1].starts_with("1a2b-cubaan5,,5,7,34,,,fetched,,"), "{csv}");
    assert!(lines[2].starts_with("5f0e9a21-cubaan5,,5,3,27,,,fetched,,"), "{csv}");
    assert_eq!(lines.len(), 3);
    let json = analyze(&dir, &["runs", "runs", "--format", "json"]).success().get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((json[0]["rows"].as_u64(), json[1]["run_id"].as_str()), (Some(34), Some(FLOOD_RUN)));
    analyze(&dir, &["runs"])
        .success()
        .stdout(predicate::str::starts_with("run_id            condition  nodes  rounds  rows"));
    analyze(&dir, &["runs", "absent"])
        .code(1)
        .stderr("error: absent: cannot list the runs in it: No such file or directory (os error 2)\n");
}
