//! Networks that move and nodes that stand still: reports on them are sound, and find out a record or a file that was changed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use cnsim_analyze::audit::audit;
use cnsim_analyze::evaluation::evaluate;
use cnsim_analyze::inputs::{Input, TimeScale};
use serde_json::Value;

#[path = "whole/common.rs"]
#[allow(dead_code, reason = "other tests ask more of a run")]
mod common;

use common::cnsim;

/// What the audit finds that is more than a remark.
fn findings(folder: &Path) -> Vec<String> {
    let input = Input { label: None, path: folder.to_owned() };
    let quality = audit(&evaluate(&[input], TimeScale::default(), 1).unwrap());
    let quality: Value = serde_json::from_slice(&quality.to_json()).unwrap();
    let all = quality["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] != "info");
    let word = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    all.map(|finding| format!("{}: {}", word(finding, "check"), word(finding, "detail"))).collect()
}

/// The folder of a run, which has to succeed.
fn run(out: &Path, options: &[&str]) -> PathBuf {
    let output = cnsim(&[&["run", "--out", out.to_str().unwrap()], options].concat());
    assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim_end())
}

/// A simulation of nodes that walk about.
fn walk(out: &Path, options: &[&str]) -> PathBuf {
    let network = ["--backend", "sim", "--nodes", "20", "--topology", "waypoint:600mx600m:1m/s..20m/s:0s..5s:120m"];
    let length = ["--round-timeout", "90", "--rounds", "2", "--repeats", "1", "--seed", "4"];
    run(out, &[&network[..], &length, options].concat())
}

#[test]
fn whatever_protocol_moves_about_is_sound() {
    let out = tempfile::tempdir().unwrap();
    for protocol in ["flood", "push-periodic:2", "push-pull", "epidemic", "spray:8"] {
        for late in [&[][..], &["--discovery", "300ms"]] {
            let options = [&["--protocol", protocol, "--delay", "lognormal:40ms:0.4"], late].concat();
            assert_eq!(findings(&walk(out.path(), &options)), Vec::<String>::new(), "{options:?}");
        }
    }
}

#[test]
fn links_of_real_nodes_turn_in_time_and_their_report_is_sound() {
    let out = tempfile::tempdir().unwrap();
    let network = ["--nodes", "8", "--nodes-per-process", "8", "--topology", "rewire:1:300ms:er:0.25"];
    let length = ["--round-timeout", "6", "--rounds", "2", "--protocol", "epidemic", "--seed", "4"];
    let run = run(out.path(), &[&network[..], &length].concat());
    let unsound = |finding: &String| finding.starts_with("manifest-contradicted") || finding.starts_with("invariant");
    assert!(!findings(&run).iter().any(unsound), "{:?}", findings(&run));
}

/// A fault of each kind, without its name.
const FAULTS: [&str; 9] = [
    "kind = \"crash\"\nat = \"100ms\"\nfor = \"2s\"\nwho = \"20%\"\nback_after = \"exponential:500ms\"\nstate = \"lost\"",
    "kind = \"churn\"\nat = \"0s\"\nfor = \"3s\"\nwho = \"50%\"\nsession = \"weibull:0.5:700ms\"\ndown = \"exponential:300ms\"",
    "kind = \"pause\"\nat = \"10ms\"\nfor = \"900ms\"\nwho = \"30%\"",
    "kind = \"sleep\"\nat = \"0s\"\nfor = \"3s\"\nwho = \"all\"\nperiod = \"500ms\"\non = \"300ms\"",
    "kind = \"partition\"\nat = \"0s\"\nfor = \"1s\"\nsides = [\"50%\", \"rest\"]",
    "kind = \"loss\"\nat = \"0s\"\nfor = \"3s\"\nloss = \"30%\"",
    "kind = \"delay\"\nat = \"0s\"\nfor = \"2s\"\ndelay = \"uniform:5ms:15ms\"",
    "kind = \"uplink\"\nat = \"0s\"\nfor = \"2s\"\nwho = \"25%\"\nrate = \"1Mbit\"",
    "kind = \"mute\"\nat = \"0s\"\nwho = \"25%\"",
];

#[test]
fn what_a_fault_does_to_copies_and_to_their_times_contradicts_nothing() {
    let out = tempfile::tempdir().unwrap();
    for fault in FAULTS {
        let file = out.path().join("f.toml");
        fs::write(&file, format!("deadline = 300\npayload = \"1kB\"\n[fault.f]\n{fault}\n")).unwrap();
        for protocol in ["flood", "push-periodic:2", "push-pull", "plumtree"] {
            let network = ["--backend", "sim", "--nodes", "24", "--topology", "k-regular:4", "--protocol", protocol];
            let rest = ["--delay", "lognormal:20ms:0.4", "--rounds", "2", "--repeats", "1", "--seed", "3", "-f"];
            let run = run(out.path(), &[&network[..], &rest, &[file.to_str().unwrap()]].concat());
            let unsound = |finding: &String| !finding.starts_with("fault-unwitnessed");
            let found: Vec<String> = findings(&run).into_iter().filter(unsound).collect();
            assert_eq!(found, Vec::<String>::new(), "{protocol} under {fault}");
        }
    }
}

#[test]
fn contacts_that_were_changed_or_are_gone_are_found() {
    let out = tempfile::tempdir().unwrap();
    let run = walk(out.path(), &["--protocol", "epidemic", "--delay", "constant:10ms"]);
    let path = run.join("contacts.csv");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(findings(&run), Vec::<String>::new());

    let last = text.lines().rfind(|line| line.ends_with(",down")).unwrap();
    fs::write(&path, text.replace(&format!("{last}\n"), "")).unwrap();
    let found = findings(&run).join("\n");
    assert!(found.contains("other contacts than waypoint:600mx600m:1m/s..20m/s:0s..5s:120m makes of seed "), "{found}");

    let first = text.lines().find(|line| line.ends_with(",up")).unwrap();
    let [_, a, b, _] = first.split(',').collect::<Vec<_>>()[..] else { panic!("a change has four fields") };
    let is_other = |line: &&str| !(line.contains(&format!(",{a},{b},")) || line.contains(&format!(",{b},{a},")));
    fs::write(&path, text.lines().filter(is_other).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let found = findings(&run).join("\n");
    assert!(found.contains("contacts of other nodes or links than its topology has"), "{found}");

    fs::remove_file(&path).unwrap();
    let found = findings(&run).join("\n");
    assert!(found.contains("no contacts.csv, though its network moves"), "{found}");
}
