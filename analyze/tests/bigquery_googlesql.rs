//! `cnsim-analyze fetch` by REST from a server whose SQL engine is Google's own: the statements mean there what they mean
//! elsewhere, so what comes is, byte for byte, the run of its own file. See `just googlesql`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use serde_json::Value;

#[allow(dead_code, reason = "the tests of the other server need more of it")]
#[path = "support/sink.rs"]
mod sink;
mod support;

use sink::{DATASET, Divided, PROJECT, Server, entry, seed_entries};
use support::{command, fixture, report};

const RUN: &str = "5e1f00d2-cubaan4";
const SEED_RUN: &str = "1a2b-cubaan5";

#[test]
fn a_run_comes_the_same_from_googles_own_sql_engine() {
    let server = Server::start();
    let lines = fs::read_to_string(fixture("flood-n4").join("events.jsonl")).unwrap();
    let mut entries: Vec<Value> = lines.lines().map(entry).collect();
    entries.push(entries[11].clone());
    let half = entries.len() / 2;
    server.table("stdout", Divided::ByTimestamp, &entries);
    server.table("daily_20250325", Divided::No, &entries[half..]);
    server.table("daily_20250326", Divided::No, &entries[..half]);
    let home = tempfile::tempdir().unwrap();

    let own = events(home.path(), "own", RUN, &[fixture("flood-n4/events.jsonl").to_str().unwrap()]);
    for table in ["stdout", "daily"] {
        let place = ["--project", PROJECT, "--dataset", DATASET, "--table", table, "--endpoint", &server.rest];
        let asked = ["--run-id", RUN, "--since", "2025-03-01", "--method", "rest"];
        assert!(events(home.path(), table, RUN, &[&place[..], &asked].concat()) == own, "{table}");
    }
    let listed =
        ["runs", "--since", "2025-03-01", "--project", PROJECT, "--dataset", DATASET, "--endpoint", &server.rest];
    let output = command(home.path()).args(listed).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains(RUN), "{output:?}");
}

#[test]
fn a_run_of_the_published_system_has_float_timestamps_though_they_are_written_as_whole_numbers() {
    let server = Server::start();
    let csv = fs::read_to_string(fixture("seed-n5.csv")).unwrap();
    server.table("stdout", Divided::ByTimestamp, &seed_entries(&csv));
    let home = tempfile::tempdir().unwrap();
    let own = events(home.path(), "own", SEED_RUN, &[fixture("seed-n5.csv").to_str().unwrap()]);
    let place = ["--project", PROJECT, "--dataset", DATASET, "--endpoint", &server.rest];
    let asked = ["--run-id", SEED_RUN, "--scan-all", "--method", "rest"];
    assert!(events(home.path(), "bq", SEED_RUN, &[&place[..], &asked].concat()) == own);
    report(&[&format!("bq/{SEED_RUN}"), "-o", "report"], home.path()).success();
    let quality = fs::read_to_string(home.path().join("report/quality.json")).unwrap();
    assert!(quality.contains("float-timestamps"), "{quality}");
}

/// The events that a fetch gives.
fn events(home: &Path, out: &str, run: &str, arguments: &[&str]) -> Vec<u8> {
    command(home).args(["fetch", "--out", out]).args(arguments).assert().success();
    fs::read(home.join(out).join(run).join("events.parquet")).unwrap()
}
