//! `cnsim-analyze fetch` from a real server of BigQuery's interfaces, which `CNSIM_BIGQUERY_SERVER` names: what comes is,
//! byte for byte, the run of its own file. See `just bigquery`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use serde_json::Value;

#[path = "support/sink.rs"]
mod sink;
mod support;

use sink::{DATASET, Divided, PROJECT, Server, entry, seed_entries};
use support::{command, fixture, flood_folder, report};

const RUN: &str = "5e1f00d2-cubaan4";
const SEED_RUN: &str = "1a2b-cubaan5";
const METHODS: [&str; 2] = ["rest", "storage"];

/// `cnsim-analyze fetch` of a run from the server.
fn fetch(server: &Server, home: &Path, run: &str, arguments: &[&str]) -> Assert {
    let mut command = command(home);
    command.args(["fetch", "--run-id", run, "--project", PROJECT, "--dataset", DATASET]);
    command.args(["--endpoint", &server.rest, "--storage-endpoint", &server.storage]);
    command.args(arguments).assert()
}

/// The flood's lines as entries, in an order of their own, one of them exported twice.
fn entries() -> Vec<Value> {
    let lines = fs::read_to_string(fixture("flood-n4").join("events.jsonl")).unwrap();
    let mut entries: Vec<Value> = lines.lines().map(entry).collect();
    entries.push(entries[11].clone());
    entries.reverse();
    entries
}

/// The events that a fetch from files gives.
fn from_files(home: &Path, file: &Path, run: &str) -> Vec<u8> {
    command(home).args(["fetch", file.to_str().unwrap(), "--out", "own"]).assert().success();
    fs::read(home.join("own").join(run).join("events.parquet")).unwrap()
}

fn facts(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("fetch.json")).unwrap()).unwrap()
}

fn repeats(facts: &Value) -> u64 {
    facts["rounds"].as_array().unwrap().iter().map(|round| round["repeats"].as_u64().unwrap()).sum()
}

fn manifest() -> PathBuf {
    fixture("flood-n4").join("manifest.json")
}

#[test]
fn a_run_from_any_kind_of_table_and_by_any_way_is_the_run_of_its_own_file() {
    let server = Server::start();
    let entries = entries();
    let half = entries.len() / 2;
    server.table("stdout", Divided::ByTimestamp, &entries);
    server.table("plain", Divided::No, &entries);
    server.table("ingested", Divided::ByIngestion, &entries);
    server.table("daily_20250325", Divided::No, &entries[half..]);
    server.table("daily_20250326", Divided::No, &entries[..half]);
    let home = tempfile::tempdir().unwrap();
    let own = from_files(home.path(), &fixture("flood-n4"), RUN);
    for (table, times) in [
        ("stdout", ["--since", "2025-03-25"]),
        ("plain", ["--since", "2025-03-25"]),
        ("ingested", ["--since", "2025-03-25"]),
        ("daily", ["--since", "2025-03-25"]),
    ] {
        for method in METHODS {
            let out = format!("{table}-{method}");
            let arguments = [&times[..], &["--table", table, "--method", method, "--out", &out]].concat();
            fetch(&server, home.path(), RUN, &arguments).success().stdout(format!("{out}/{RUN}\n"));
            let folder = home.path().join(&out).join(RUN);
            assert_eq!(fs::read(folder.join("events.parquet")).unwrap(), own, "{out}");
            let facts = facts(&folder);
            assert_eq!((repeats(&facts), facts["source"].as_str()), (1, Some("bigquery")), "{out}");
            assert_eq!(facts["queries"][0]["method"], method, "{out}");
        }
    }
}

#[test]
fn the_report_of_a_fetched_run_has_the_tables_of_its_own_file_and_counts_what_was_repeated() {
    let server = Server::start();
    server.table("stdout", Divided::ByTimestamp, &entries());
    let home = tempfile::tempdir().unwrap();
    let own = flood_folder(home.path());
    let arguments = ["--manifest", manifest().to_str().unwrap(), "--out", "bq"].map(str::to_owned);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    fetch(&server, home.path(), RUN, &arguments).success();
    let fetched = home.path().join("bq").join(RUN);
    assert_eq!(fs::read(fetched.join("manifest.json")).unwrap(), fs::read(manifest()).unwrap());
    fs::copy(own.join("topology.json"), fetched.join("topology.json")).unwrap();
    for (folder, out) in [(&own, "report-own"), (&fetched, "report-bq")] {
        report(&[folder.to_str().unwrap(), "-o", out], home.path()).success();
    }
    let tables = |out: &str| support::files(&home.path().join(out).join("tables"));
    assert_eq!(tables("report-bq"), tables("report-own"));
    let quality = fs::read_to_string(home.path().join("report-bq/quality.json")).unwrap();
    assert!(quality.contains("repeated-rows"), "{quality}");
}

#[test]
fn a_run_of_this_machine_goes_the_whole_way() {
    let cnsim = assert_cmd::cargo::cargo_bin("cnsim");
    assert!(cnsim.is_file(), "no program {}: build the workspace first", cnsim.display());
    let home = tempfile::tempdir().unwrap();
    let mut run = assert_cmd::Command::new(cnsim);
    let run =
        run.current_dir(home.path()).args(["run", "--nodes", "5", "--rounds", "3", "--seed", "7"]).assert().success();
    let folder = String::from_utf8(run.get_output().stdout.clone()).unwrap().trim().to_owned();
    let own = home.path().join(&folder);
    let id = own.file_name().unwrap().to_str().unwrap();
    let lines = fs::read_to_string(own.join("events.jsonl")).unwrap();
    let mut entries: Vec<Value> = lines.lines().map(entry).collect();
    entries.push(entries[3].clone());
    let days = fs::read_to_string(own.join("manifest.json")).unwrap();
    let day = days.split("\"started_at\": \"").nth(1).unwrap()[..10].replace('-', "");
    let server = Server::start();
    server.table(&format!("stdout_{day}"), Divided::No, &entries[20..]);
    server.table("stdout_20250101", Divided::No, &entries[..20]);
    let manifest = own.join("manifest.json");
    let fetched = |out: &str, arguments: &[&str]| {
        let manifest = ["--manifest", manifest.to_str().unwrap(), "--out", out];
        fetch(&server, home.path(), id, &[&manifest[..], arguments].concat()).success()
    };
    fetched("part", &[])
        .stderr(predicates::str::contains("19 of the").and(predicates::str::contains("have not arrived")));
    fetched("bq", &["--since", "2025-01-01"]).stderr(predicates::str::contains("have not arrived").not());
    let parquet = from_files(home.path(), &own, id);
    let bq = home.path().join("bq").join(id);
    assert_eq!(fs::read(bq.join("events.parquet")).unwrap(), parquet);
    assert_eq!(repeats(&facts(&bq)), 1);
    for name in ["manifest.json", "topology.json", "control.csv"] {
        fs::copy(own.join(name), bq.join(name)).unwrap();
    }
    for (folder, out) in [(&own, "report-own"), (&bq, "report-bq")] {
        report(&[folder.to_str().unwrap(), "-o", out], home.path()).success();
    }
    let tables = |out: &str| support::files(&home.path().join(out).join("tables"));
    assert_eq!(tables("report-bq"), tables("report-own"));
}

#[test]
fn a_run_of_the_published_system_is_found_by_its_messages() {
    let server = Server::start();
    let csv = fs::read_to_string(fixture("seed-n5.csv")).unwrap();
    let entries = seed_entries(&csv);
    server.table("stdout", Divided::ByTimestamp, &entries);
    let home = tempfile::tempdir().unwrap();
    let own = from_files(home.path(), &fixture("seed-n5.csv"), SEED_RUN);
    for method in METHODS {
        fetch(&server, home.path(), SEED_RUN, &["--scan-all", "--method", method, "--out", method]).success();
        assert_eq!(fs::read(home.path().join(method).join(SEED_RUN).join("events.parquet")).unwrap(), own, "{method}");
    }
}

#[test]
fn shards_of_different_columns_are_read_together_and_missing_days_are_told() {
    let server = Server::start();
    let entries = entries().split_off(1);
    let (newer, older) = entries.split_at(30);
    let mut without_host = older.to_vec();
    for entry in &mut without_host {
        entry["jsonPayload"].as_object_mut().unwrap().remove("host");
    }
    server.table("stdout_20250325", Divided::No, &without_host);
    server.table("stdout_20250327", Divided::No, newer);
    let home = tempfile::tempdir().unwrap();
    let times = ["--since", "2025-03-25", "--until", "2025-03-28"];
    let missing =
        "warning: no table stdout_20250326: nothing was logged on that day, or it has not arrived or has expired";
    fetch(&server, home.path(), RUN, &times).success().stderr(predicates::str::contains(missing));
    let facts = facts(&home.path().join("runs").join(RUN));
    assert_eq!(facts["rows"], 80);
    let tables: Vec<&str> =
        facts["queries"].as_array().unwrap().iter().map(|query| query["table"].as_str().unwrap()).collect();
    assert_eq!(tables, ["study.gke_logs.stdout_20250325", "study.gke_logs.stdout_20250327"]);
}

#[test]
fn only_the_run_that_was_named_comes_and_wildcards_are_letters() {
    let server = Server::start();
    let renamed = |run: &str| -> Vec<Value> {
        entries().iter().map(|entry| serde_json::from_str(&entry.to_string().replace(RUN, run)).unwrap()).collect()
    };
    let all = [renamed("a_c"), renamed("abc"), renamed("a_c-7"), renamed("a_cd")].concat();
    server.table("stdout", Divided::ByTimestamp, &all);
    let home = tempfile::tempdir().unwrap();
    fetch(&server, home.path(), "a_c", &["--since", "2025-03-25"]).success().stdout("runs/a_c\n");
    let prefixed = |prefix: &str| {
        let mut prefixed = command(home.path());
        prefixed.args(["fetch", "--run-id-prefix", prefix, "--project", PROJECT, "--dataset", DATASET]);
        prefixed.args(["--endpoint", &server.rest, "--since", "2025-03-25", "--out", "more"]);
        prefixed.assert()
    };
    prefixed("a_c").success().stdout("more/a_c\nmore/a_c-7\nmore/a_cd\n");
    // A run's messages end with their round, which is no part of its name.
    prefixed("abc-1").code(1).stderr(predicates::str::contains("no record of abc-1"));
    let error = "no record of a% in study.gke_logs.stdout";
    fetch(&server, home.path(), "a%", &["--since", "2025-03-25"]).code(1).stderr(predicates::str::contains(error));
}

#[test]
fn the_runs_of_a_log_are_listed_with_what_they_lack() {
    let server = Server::start();
    let whole = entries();
    let lost =
        |entry: &&Value| entry["jsonPayload"]["event_type"] != "received" || entry["jsonPayload"]["round"] != 2.0;
    let part: Vec<Value> = whole.iter().filter(lost).cloned().collect();
    let renamed = part.iter().map(|entry| entry.to_string().replace(RUN, "lossy"));
    let lossy: Vec<Value> = renamed.map(|entry| serde_json::from_str(&entry).unwrap()).collect();
    server.table("stdout_20250324", Divided::No, &lossy[..20]);
    server.table("stdout_20250325", Divided::No, &[&lossy[20..], &whole].concat());
    server.table("ingested", Divided::ByIngestion, &whole);
    let home = tempfile::tempdir().unwrap();
    let list = |arguments: &[&str]| {
        let mut list = command(home.path());
        list.args(["runs", "--project", PROJECT, "--dataset", DATASET, "--endpoint", &server.rest, "--format", "csv"]);
        list.args(arguments).assert().success()
    };
    let header = "run_id,first,last,nodes,rounds,entries,delivered,expected,complete";
    let run = "5e1f00d2-cubaan4,2025-03-25T02:30:53Z,2025-03-25T02:30:54Z,4,8,81,24,24,true";
    let times = ["--since", "2025-03-24", "--until", "2025-03-26"];
    let listed = list(&times);
    let text = String::from_utf8(listed.get_output().stdout.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, header), "{text}");
    assert!(lines[1..].contains(&run), "{text}");
    assert!(lines[1..].iter().any(|line| line.starts_with("lossy,") && line.ends_with(",false")), "{text}");
    list(&["--since", "2025-03-24", "--table", "ingested"]).stdout(format!("{header}\n{run}\n"));
}

#[test]
fn the_doctor_finds_a_sound_table_and_what_is_wrong_with_others() {
    let server = Server::start();
    let mut entries = entries();
    // The run of the fixture wrote records of format 1.
    for entry in &mut entries {
        let record = entry["jsonPayload"].as_object_mut().unwrap();
        let added =
            [("reason", "".into()), ("incarnation", 1.0.into()), ("clock", "wall".into()), ("topic", "".into())];
        record.extend(added.map(|(name, value)| (name.to_owned(), value)));
    }
    server.table("stdout", Divided::ByTimestamp, &entries);
    for entry in &mut entries {
        entry["jsonPayload"]["sent_ns"] = 1.5e18.into();
    }
    server.table("locked", Divided::ByIngestion, &entries);
    let home = tempfile::tempdir().unwrap();
    let doctor = |arguments: &[&str]| {
        let mut doctor = command(home.path());
        doctor.args(["doctor", "--project", PROJECT, "--dataset", DATASET, "--endpoint", &server.rest]);
        doctor.args(["--storage-endpoint", &server.storage]).args(arguments).assert().code(3)
    };
    let sound = "ok     table: study.gke_logs.stdout is divided by timestamp\n\
                 ok     columns: every field of a record has a column of its type\n\
                 ok     Storage Read: it is permitted\n";
    let old = "WRONG  records: none of the last 7 days";
    doctor(&[]).stdout(predicates::str::contains(sound).and(predicates::str::contains(old)));
    let locked = "WRONG  columns: study.gke_logs.locked: jsonpayload.sent_ns is FLOAT";
    doctor(&["--table", "locked"]).stdout(predicates::str::contains(locked));
    doctor(&["--table", "nope"]).stdout(predicates::str::contains("WRONG  table: no table study.gke_logs.nope"));
    for entry in &mut entries {
        entry["jsonPayload"]["message"] = 1.into();
    }
    let today = format!("daily_{}", chrono::Utc::now().format("%Y%m%d"));
    server.table(&today, Divided::No, &entries);
    let unfit = format!("WRONG  table: study.gke_logs.{today}: ");
    doctor(&["--table", "daily"])
        .stdout(predicates::str::contains(unfit + "its column jsonpayload.message is not of type STRING"));
}

#[test]
fn without_a_time_nothing_is_read_and_a_dry_run_only_tells() {
    let server = Server::start();
    server.table("stdout", Divided::ByTimestamp, &entries());
    let home = tempfile::tempdir().unwrap();
    let refused = fetch(&server, home.path(), RUN, &[]).code(1);
    refused.stderr(predicates::str::contains("--scan-all").and(predicates::str::contains("per TiB")));
    let priced = fetch(&server, home.path(), RUN, &["--dry-run"]).success();
    priced.stdout(predicates::str::contains("FROM `study.gke_logs.stdout`").and(predicates::str::contains("per TiB")));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn the_result_of_an_earlier_query_is_read_again_only_if_nothing_was_missing_in_it() {
    let server = Server::start();
    let mut late = entries();
    let last = late.pop().unwrap();
    server.table("stdout", Divided::ByTimestamp, &late);
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("runs").join(RUN);
    fs::create_dir_all(&folder).unwrap();
    fs::copy(manifest(), folder.join("manifest.json")).unwrap();
    let fetched = || {
        fetch(&server, home.path(), RUN, &[]).success();
        let facts = facts(&folder);
        let query = &facts["queries"][0];
        (facts["complete"] == true, query["cache_hit"] == true, query["job"].clone())
    };
    let (complete, _, first) = fetched();
    assert!(!complete);
    server.add("stdout", &[last]);
    let (complete, again, second) = fetched();
    assert!(complete && !again && second != first, "late rows are in no earlier result");
    let events = fs::read(folder.join("events.parquet")).unwrap();
    let (complete, again, third) = fetched();
    assert!(complete && again && third == second, "{third} {second}");
    assert_eq!(fs::read(folder.join("events.parquet")).unwrap(), events);
}

#[test]
fn a_run_is_fetched_again_from_its_table_and_not_over_another_source() {
    let server = Server::start();
    server.table("stdout", Divided::ByTimestamp, &entries());
    let home = tempfile::tempdir().unwrap();
    let since = ["--since", "2025-03-25"];
    fetch(&server, home.path(), RUN, &since).success();
    fetch(&server, home.path(), RUN, &since).success();
    fs::rename(home.path().join("runs"), home.path().join("old")).unwrap();
    from_files(home.path(), &fixture("flood-n4"), RUN);
    let other = fetch(&server, home.path(), RUN, &[&since[..], &["--out", "own"]].concat()).code(1);
    other.stderr(predicates::str::contains("holds events of another source"));
    fetch(&server, home.path(), RUN, &[&since[..], &["--out", "own", "--force"]].concat()).success();
}
