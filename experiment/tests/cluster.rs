//! Whole runs on a real cluster: that of `KUBECONFIG`, which has the image that `CNSIM_IMAGE` names. Without either these
//! tests fail.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests fail by panics and wait for real processes")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cnsim::manifest::{IncidentKind, Manifest, RoundOutcome, RunOutcome};

const CNSIM: &str = env!("CARGO_BIN_EXE_cnsim");

#[test]
fn a_run_collects_every_record_proves_its_bandwidth_and_leaves_nothing() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "10", "--topology", "ba:3", "--seed", "7", "--rounds", "5", "--set", "bandwidth=5M"];

    let output = run(out.path(), "e2e-flood", &flags);

    assert!(output.status.success(), "{}", text(&output.stderr));
    let manifest = manifest(out.path(), "e2e-flood");
    assert_eq!((manifest.outcome, manifest.incidents.len()), (RunOutcome::Complete, 0));
    assert!(manifest.rounds.iter().all(|round| round.outcome == RoundOutcome::Quiescent && round.delivered == 9));
    let records = std::fs::read_to_string(out.path().join("e2e-flood/events.jsonl")).unwrap();
    assert_eq!(records.lines().count() as u64, manifest.last_seqs.values().sum::<u64>());
    // 10 nodes and 21 edges: a flood sends along each edge but those that copies came by, 2E - n + 1 times.
    let duplicates = records.matches("\"event_type\":\"duplicate\"").count();
    assert_eq!(duplicates, 6 * (2 * 21 - 10 + 1 - 9), "in six rounds");
    let probe = manifest.limits.bandwidth.unwrap().probe.unwrap();
    let rate = probe.achieved_bits_per_s.unwrap();
    assert!((4e6..5.5e6).contains(&rate) && probe.burst_bytes.unwrap() > 1_000_000, "{probe:?}");
    assert_eq!(pods("cnsim-e2e-flood"), "");
}

#[test]
fn a_pod_that_is_killed_in_a_round_is_named_and_the_run_goes_on() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "4", "--rounds", "3", "--link-delay", "4000", "--deadline", "none"];
    let mut run = command(out.path(), "e2e-kill", &flags).spawn().unwrap();
    let folder = out.path().join("e2e-kill/manifest.json");
    wait_for("a round to end", || {
        std::fs::read(&folder).is_ok_and(|bytes| Manifest::from_json(&bytes).is_ok_and(|read| !read.rounds.is_empty()))
    });

    kubectl(&["delete", "pod", "cnsim-e2e-kill-2", "--force", "--grace-period=0"]);

    assert!(run.wait().unwrap().success());
    let manifest = manifest(out.path(), "e2e-kill");
    assert_eq!(manifest.outcome, RunOutcome::Complete);
    let outcomes: Vec<_> = manifest.rounds.iter().map(|round| round.outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == RoundOutcome::Disturbed).count(), 1, "{outcomes:?}");
    let last = manifest.rounds.last().unwrap();
    assert_eq!((last.outcome, last.delivered, last.failed), (RoundOutcome::Quiescent, 3, 0));
    let incident = &manifest.incidents[0];
    assert_eq!((incident.kind, &*incident.pod), (IncidentKind::Deleted, "cnsim-e2e-kill-2"));
    assert_eq!(pods("cnsim-e2e-kill"), "");
}

#[test]
fn an_image_that_is_nowhere_is_named_and_everything_is_taken_away() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "2", "--rounds", "1", "--image", "localhost/nowhere:0", "--ready-timeout", "90"];

    let output = run(out.path(), "e2e-image", &flags);

    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("the image localhost/nowhere:0 of pod cnsim-e2e-image-"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(pods("cnsim-e2e-image"), "");
}

#[test]
fn a_run_that_is_interrupted_takes_its_release_away_and_can_be_resumed() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "3", "--rounds", "3", "--link-delay", "1000"];
    let mut run = command(out.path(), "e2e-stop", &flags).spawn().unwrap();
    let folder = out.path().join("e2e-stop");
    let rounds = || std::fs::read(folder.join("manifest.json")).ok().and_then(|bytes| Manifest::from_json(&bytes).ok());
    wait_for("a round to end", || rounds().is_some_and(|read| !read.rounds.is_empty()));

    let pid = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();

    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert_eq!(manifest(out.path(), "e2e-stop").outcome, RunOutcome::Interrupted);
    assert_eq!(pods("cnsim-e2e-stop"), "");

    let resumed = Command::new(CNSIM).args(["run", "--resume"]).arg(&folder).output().unwrap();

    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    let manifest = manifest(out.path(), "e2e-stop");
    assert_eq!(manifest.outcome, RunOutcome::Complete);
    let numbers: Vec<u32> = manifest.rounds.iter().map(|round| round.round).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    let records = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
    assert_eq!(records.lines().count() as u64, manifest.last_seqs.values().sum::<u64>());
    assert_eq!(pods("cnsim-e2e-stop"), "");
}

fn command(out: &Path, run_id: &str, flags: &[&str]) -> Command {
    let image = std::env::var("CNSIM_IMAGE").expect("CNSIM_IMAGE names an image that the cluster has");
    let mut command = Command::new(CNSIM);
    command.args(["run", "--backend", "kubernetes", "--run-id", run_id, "--out"]).arg(out).args(flags);
    if !flags.contains(&"--image") {
        command.args(["--image", &image]);
    }
    command
}

fn run(out: &Path, run_id: &str, flags: &[&str]) -> Output {
    command(out, run_id, flags).output().unwrap()
}

fn manifest(out: &Path, run_id: &str) -> Manifest {
    Manifest::from_json(&std::fs::read(out.join(run_id).join("manifest.json")).unwrap()).unwrap()
}

/// The pods, services and sets of a release.
fn pods(release: &str) -> String {
    kubectl(&[
        "get",
        "pods,services,statefulsets",
        "--output",
        "name",
        "--selector",
        &format!("app.kubernetes.io/instance={release}"),
    ])
}

fn kubectl(words: &[&str]) -> String {
    let output = Command::new("kubectl").args(words).output().expect("kubectl is installed");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(90), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
