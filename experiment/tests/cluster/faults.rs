//! Faults, networks that move and every kind of protocol in the pods of a cluster, one run after another on one release.

use std::path::Path;

use cnsim::manifest::{Manifest, RoundOutcome};
use cnsim::scenario::{FaultSpec, Verdict};

use super::{helm, manifest, pods, run, text};

const RELEASE: &str = "cnsim-e2e-faults";

/// One of each kind, but for a partition and for processes.
const KINDS: &str = r#"
[fault.slow]
kind = "uplink"
at = "0s"
for = "700ms"
who = "all"
rate = "50kbit"
[fault.silent]
kind = "mute"
at = "0s"
for = "2s"
who = "all"
[fault.outage]
kind = "crash"
at = "800ms"
for = "800ms"
who = "20%"
state = "lost"
[fault.churn]
kind = "churn"
at = "1700ms"
for = "1500ms"
who = "20%"
session = "exponential:300ms"
down = "400ms"
[fault.pause]
kind = "pause"
at = "3300ms"
for = "600ms"
who = "0..0"
[fault.sleep]
kind = "sleep"
at = "4s"
for = "1200ms"
who = "30%"
period = "500ms"
on = "150ms"
[fault.lossy]
kind = "loss"
at = "5300ms"
for = "800ms"
who = "all"
loss = "70%"
[fault.far]
kind = "delay"
at = "6200ms"
for = "800ms"
who = "all"
delay = "constant:100ms"
"#;

const SPLIT: &str = r#"
[fault.split]
kind = "partition"
at = "0s"
for = "1500ms"
sides = ["0..4", "rest"]
"#;

const KILL: &str = r#"
[fault.outage]
kind = "crash"
at = "1s"
for = "3s"
who = "20%"
how = "process"
"#;

#[test]
fn faults_moving_networks_and_every_kind_of_protocol_work_in_pods() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path();
    let small = ["--nodes", "10", "--payload", "1kB", "--seed", "7"];
    let kept = run(out, "e2e-faults", &[&small[..], &["--rounds", "1", "--topology", "complete", "--keep"]].concat());
    assert!(kept.status.success(), "{}", text(&kept.stderr));
    let driven = |run_id: &str, faults: &str, flags: &[&str]| {
        let file = out.join(format!("{run_id}.toml"));
        std::fs::write(&file, format!("deadline = 500\n{faults}")).unwrap();
        let file = ["-f", file.to_str().unwrap(), "--release", RELEASE, "--report"];
        let output = run(out, run_id, &[&small[..], &file, flags].concat());
        assert!(output.status.success(), "{run_id}: {}", text(&output.stderr));
        assert_nothing_is_wrong(out, run_id);
        manifest(out, run_id)
    };

    let healed = driven("heal", SPLIT, &["--protocol", "anti-entropy:push-pull", "--period", "200ms", "--rounds", "1"]);
    assert!(healed.rounds.iter().all(|round| round.delivered == 9), "{:?}", healed.rounds);
    // Its tree has no repair for what a partition stopped: those on the message's own side have it.
    let parted = driven("tree", SPLIT, &["--protocol", "plumtree", "--topology", "complete", "--rounds", "1"]);
    assert!(parted.rounds.iter().all(|round| round.delivered == 4 && round.failed > 0), "{:?}", parted.rounds);

    let all = driven("kinds", KINDS, &["--protocol", "push-pull", "--period", "100ms", "--rounds", "2"]);
    let kinds: Vec<&str> = all.receipts.iter().map(|receipt| receipt.intended.kind.word()).collect();
    assert_eq!(kinds, ["uplink", "mute", "crash", "churn", "pause", "sleep", "loss", "delay"]);

    let killed = driven("kill", KILL, &["--protocol", "anti-entropy:push-pull", "--period", "200ms", "--rounds", "1"]);
    assert_pods_were_deleted(&killed);

    let moving = ["--topology", "rewire:0.5:200ms:er:0.3", "--round-timeout", "20", "--rounds", "1"];
    let epidemic = driven("moving", "", &[&["--protocol", "epidemic"][..], &moving].concat());
    assert!(epidemic.rounds.iter().all(|round| round.delivered == 9), "{:?}", epidemic.rounds);
    for (run_id, flags) in [
        ("plumtree", &["--protocol", "plumtree"][..]),
        ("rumor", &["--protocol", "rumor:push:feedback:counter:3", "--period", "100ms"]),
        ("announce", &["--protocol", "announce"]),
    ] {
        driven(run_id, "", &[flags, &["--rounds", "1"]].concat());
    }
    helm(&["uninstall", RELEASE]);
}

/// No finding is unsound, every fault was seen at work, and nothing befell a pod that was not meant to.
fn assert_nothing_is_wrong(out: &Path, run_id: &str) {
    let manifest = manifest(out, run_id);
    assert_eq!(manifest.incidents, [], "{run_id}");
    for receipt in &manifest.receipts {
        assert_eq!(receipt.verdict, Verdict::Confirmed, "{run_id}: {receipt:?}");
    }
    let quality = std::fs::read(out.join(run_id).join("report/quality.json")).unwrap();
    let quality: serde_json::Value = serde_json::from_slice(&quality).unwrap();
    let unsound = |finding: &&serde_json::Value| finding["severity"] == "unsound";
    let findings: Vec<_> = quality["findings"].as_array().unwrap().iter().filter(unsound).collect();
    assert!(findings.is_empty(), "{run_id}: {findings:?}");
}

/// Pods are gone and others stand in their places, whose nodes heard of the message again.
fn assert_pods_were_deleted(manifest: &Manifest) {
    assert!(manifest.options.faults.iter().all(FaultSpec::ends_processes));
    let kills = &manifest.receipts[0].control.processes;
    assert_eq!(kills.len(), 4, "two pods in each of two rounds: {kills:?}");
    let now = pods_by_uid();
    for kill in kills {
        let (pod, uid) = kill.id.strip_prefix("pod ").and_then(|id| id.split_once(' ')).unwrap();
        assert!(
            now.iter().any(|line| line.starts_with(pod)) && now.iter().all(|line| !line.ends_with(uid)),
            "{kill:?}"
        );
        assert!(kill.back_ms.is_some() && kill.last_seq.is_some(), "{kill:?}");
    }
    let horizon = |round: &cnsim::manifest::Round| round.outcome == RoundOutcome::Horizon && round.delivered >= 9;
    assert!(manifest.rounds.iter().all(horizon), "{:?}", manifest.rounds);
    assert!(!pods(RELEASE).is_empty());
}

/// A line for each pod of the release: its name and uid.
fn pods_by_uid() -> Vec<String> {
    let template = "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{\"\\n\"}{end}";
    let selector = format!("app.kubernetes.io/instance={RELEASE}");
    let found = super::kubectl(&["get", "pods", "--output", template, "--selector", &selector]);
    found.lines().map(str::to_owned).collect()
}
