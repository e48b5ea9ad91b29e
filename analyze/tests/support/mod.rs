//! What the whole-command tests share: inputs in a folder of their own, and the command.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;

/// The figures of a report on a flood.
pub(crate) const FIGURES: [&str; 19] = [
    "infection-curves",
    "coverage-under-faults",
    "population",
    "components",
    "convergence-ecdf",
    "convergence-by-nodes",
    "growth-residuals",
    "hop-distribution",
    "latency-by-hop",
    "latency-tail",
    "latency-by-hosts",
    "load-lorenz",
    "copies-by-round",
    "control",
    "convergence-by-round",
    "time-spent",
    "cost-reliability",
    "offered-load",
    "telemetry",
];

/// Where the committed inputs are.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A copy of the run folder of a flood among four nodes, which a test may spoil.
pub(crate) fn flood_folder(home: &Path) -> PathBuf {
    let folder = home.join("5e1f00d2-cubaan4");
    fs::create_dir(&folder).unwrap();
    for name in ["manifest.json", "topology.json", "events.jsonl"] {
        fs::copy(fixture("flood-n4").join(name), folder.join(name)).unwrap();
    }
    folder
}

/// `cnsim-analyze report …` in the folder `home`.
pub(crate) fn report(arguments: &[&str], home: &Path) -> Assert {
    command(home).arg("report").args(arguments).assert()
}

/// `cnsim-analyze` in the folder `home`.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::cargo_bin("cnsim-analyze").unwrap();
    command.current_dir(home);
    command
}

/// Every file below `folder` with its bytes, by path.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Writes limits and an incident into a run folder's manifest.
pub(crate) fn limit_and_disturb(folder: &Path) {
    let path = folder.join("manifest.json");
    let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["limits"] = serde_json::json!({
        "bandwidth": {
            "intended_bits_per_s": 5_000_000,
            "probe": {
                "from": "gossip-0.1.17", "to": "gossip-3.1.17", "bytes": 31_000_000, "seconds": 16.2,
                "achieved_bits_per_s": 4_781_234.0, "burst_bytes": 20_875_123
            },
            "reason": null
        },
        "memory": null
    });
    manifest["incidents"] = serde_json::json!([{
        "at": "2025-03-26T00:00:04Z", "round": 4, "process": "gossip-3.1.17", "pod": "gossip-statefulset-3",
        "kind": "oom-killed", "detail": "it ended with OOMKilled, exit code 137"
    }]);
    fs::write(path, manifest.to_string()).unwrap();
}
