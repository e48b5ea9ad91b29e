//! A run fetched from BigQuery itself, by both ways: `CNSIM_LIVE_BIGQUERY` is PROJECT.DATASET of a sink that has logged a
//! run of the last month. It costs what reading that run costs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use serde_json::Value;

mod support;

use support::command;

#[test]
fn the_newest_run_comes_the_same_by_both_ways() {
    let place = std::env::var("CNSIM_LIVE_BIGQUERY").expect("CNSIM_LIVE_BIGQUERY is PROJECT.DATASET");
    let (project, dataset) = place.split_once('.').expect("CNSIM_LIVE_BIGQUERY is PROJECT.DATASET");
    let home = tempfile::tempdir().unwrap();
    let table = ["--project", project, "--dataset", dataset];
    let since = (chrono::Utc::now() - chrono::TimeDelta::days(30)).format("%Y-%m-%d").to_string();
    let listed =
        command(home.path()).args(["runs", "--format", "json", "--since", &since]).args(table).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let runs: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let newest =
        runs.iter().max_by_key(|run| run["last"].as_str().map(str::to_owned)).expect("a run of the last month");
    let run_id = newest["run_id"].as_str().unwrap();

    let fetched = |method: &str| {
        let limits = ["--since", &since, "--max-bytes-billed", "1GB", "--method", method, "--out", method];
        command(home.path()).args(["fetch", "--run-id", run_id]).args(table).args(limits).assert().success();
        fs::read(Path::new(home.path()).join(method).join(run_id).join("events.parquet")).unwrap()
    };

    assert!(fetched("rest") == fetched("storage"), "the ways give different files");
}
