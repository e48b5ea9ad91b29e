//! The files of docs/examples, from which docs/scenarios.md tells: they run as they are, in fewer rounds, and what comes of them is
//! sound.

use std::path::{Path, PathBuf};
use std::process::Command;

use cnsim::manifest::{Manifest, RunOutcome};
use cnsim::scenario::Verdict;
use serde_json::Value;

use crate::common::manifest;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of docs/examples, run where its paths begin, with its report.
fn example(out: &Path, name: &str, options: &[&str]) -> (Manifest, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_cnsim"))
        .current_dir(root())
        .args(["run", "-f", &format!("docs/examples/{name}.toml"), "--run-id", name, "--report", "--out"])
        .arg(out)
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = out.join(name);
    let quality = std::fs::read(folder.join("report/quality.json")).unwrap();
    (manifest(&folder), serde_json::from_slice(&quality).unwrap())
}

fn assert_confirmed((run, quality): &(Manifest, Value)) {
    assert_eq!((run.outcome, &quality["verdict"]), (RunOutcome::Complete, &"sound".into()), "{quality}");
    assert!(run.receipts.iter().all(|receipt| receipt.verdict == Verdict::Confirmed));
    assert!(run.receipts.len() == run.options.faults.len());
}

#[cfg(feature = "sim")]
#[test]
fn the_network_that_splits_heals_in_the_simulator() {
    let out = tempfile::tempdir().unwrap();
    assert_confirmed(&example(out.path(), "split-and-heal", &["--backend", "sim", "--repeats", "1"]));
}

#[test]
fn the_network_that_splits_heals_on_real_nodes() {
    let out = tempfile::tempdir().unwrap();
    let (run, quality) = example(out.path(), "split-and-heal", &["--rounds", "1", "--nodes-per-process", "20"]);
    assert_ne!(quality["verdict"], "unsound", "{quality}");
    assert!(run.receipts.iter().all(|receipt| receipt.verdict == Verdict::Confirmed));
}

#[cfg(feature = "sim")]
#[test]
fn peers_that_come_and_go_are_seen_doing_so() {
    let out = tempfile::tempdir().unwrap();
    assert_confirmed(&example(out.path(), "churn", &["--rounds", "2", "--repeats", "1"]));
}

#[cfg(feature = "sim")]
#[test]
fn vehicles_carry_a_message_through_the_town() {
    let out = tempfile::tempdir().unwrap();
    let found = example(out.path(), "vehicles", &["--rounds", "3", "--repeats", "1"]);
    assert_confirmed(&found);
    assert_eq!(found.0.options.nodes, 50);
}
