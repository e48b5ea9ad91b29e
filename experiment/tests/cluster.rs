//! Whole runs on a real cluster: that of `KUBECONFIG`, which has the image that `CNSIM_IMAGE` names. Without either these
//! tests fail.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests fail by panics and wait for real processes")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cnsim::manifest::{IncidentKind, Manifest, RoundOutcome, RunOutcome};

#[path = "cluster/faults.rs"]
mod faults;
#[path = "cluster/study.rs"]
mod study;

const CNSIM: &str = env!("CARGO_BIN_EXE_cnsim");
/// Built beside it.
const ANALYZE: &str = concat!(env!("CARGO_BIN_EXE_cnsim"), "-analyze");

#[test]
fn a_run_collects_every_record_proves_its_bandwidth_and_leaves_nothing() {
    let out = tempfile::tempdir().unwrap();
    let flags =
        ["--nodes", "10", "--topology", "ba:3", "--seed", "7", "--rounds", "5", "--set", "bandwidth=5M", "--report"];

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
    let quality = std::fs::read(out.path().join("e2e-flood/report/quality.json")).unwrap();
    let quality: serde_json::Value = serde_json::from_slice(&quality).unwrap();
    let is_loud = |finding: &&serde_json::Value| finding["severity"] != "info" && !is_of_this_machine(finding);
    let loud: Vec<_> = quality["findings"].as_array().unwrap().iter().filter(is_loud).collect();
    assert!(loud.len() == 1 && loud[0]["check"] == "condition-not-exercised", "{loud:?}");
    assert_eq!(pods("cnsim-e2e-flood"), "");
}

/// What a host says that other work keeps busy while this test runs.
fn is_of_this_machine(finding: &serde_json::Value) -> bool {
    finding["check"] == "host-overload"
}

#[test]
fn a_release_serves_one_run_after_another_and_its_logs_hold_what_the_runs_collected() {
    let out = tempfile::tempdir().unwrap();
    let nodes = ["--nodes", "6", "--rounds", "2"];
    let kept = run(out.path(), "e2e-one", &[&nodes[..], &["--topology", "ring", "--keep"]].concat());
    assert!(kept.status.success(), "{}", text(&kept.stderr));

    let on_release = ["--topology", "complete", "--release", "cnsim-e2e-one"];
    let second = run(out.path(), "e2e-two", &[&nodes[..], &on_release].concat());
    let again = run(&out.path().join("other"), "e2e-one", &[&nodes[..], &on_release].concat());

    assert!(second.status.success(), "{}", text(&second.stderr));
    assert!(text(&again.stderr).contains("has records of a run e2e-one already"), "{}", text(&again.stderr));
    let fetched = out.path().join("fetched");
    for run_id in ["e2e-one", "e2e-two"] {
        let logs: &[&str] = &["--kubernetes", "--release", "cnsim-e2e-one"];
        let events = |source: &[&str], to: &Path| {
            let mut fetch = Command::new(ANALYZE);
            fetch.args(["fetch", "--run-id", run_id, "--out"]).arg(to).args(source);
            let output = fetch.output().expect("cnsim-analyze is built beside cnsim");
            assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
            std::fs::read(to.join(run_id).join("events.parquet")).unwrap()
        };
        let file = out.path().join(run_id).join("events.jsonl");
        let own = events(&[file.to_str().unwrap()], &out.path().join("own"));
        assert!(events(logs, &fetched) == own, "the logs hold other records of {run_id} than the run folder");
    }
    helm(&["uninstall", "cnsim-e2e-one"]);
}

#[test]
fn the_least_role_is_enough_for_a_run_and_for_its_logs() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../helm/cnsim/rbac-example.yaml");
    let out = tempfile::tempdir().unwrap();
    kubectl(&["create", "namespace", "gossip"]);
    kubectl(&["apply", "--filename", rules]);
    kubectl(&["delete", "clusterrole,clusterrolebinding", "cnsim-hosts"]);
    kubectl(&["create", "serviceaccount", "researcher", "--namespace", "gossip"]);
    let bind = ["--role=cnsim-user", "--serviceaccount=gossip:researcher", "--namespace", "gossip"];
    kubectl(&[&["create", "rolebinding", "researcher"][..], &bind].concat());
    let config = out.path().join("kubeconfig");
    std::fs::write(&config, least_config()).unwrap();

    let flags = ["--nodes", "3", "--rounds", "2", "--namespace", "gossip"];
    let output = command(out.path(), "e2e-least", &flags).env("KUBECONFIG", &config).output().unwrap();

    assert!(output.status.success(), "{}", text(&output.stderr));
    let elsewhere = ["--nodes", "3", "--rounds", "2", "--namespace", "default"];
    let output = command(out.path(), "e2e-else", &elsewhere).env("KUBECONFIG", &config).output().unwrap();
    assert!(
        text(&output.stderr).contains("no permission to list pods in namespace default"),
        "{}",
        text(&output.stderr)
    );
    assert!(!out.path().join("e2e-else").exists());
    kubectl(&["delete", "namespace", "gossip", "--wait=false"]);
}

/// The cluster's kubeconfig, for the researcher of the namespace `gossip` alone.
fn least_config() -> String {
    let token = kubectl(&["create", "token", "researcher", "--namespace", "gossip"]);
    let config = kubectl(&["config", "view", "--raw", "--minify", "--output", "json"]);
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    config["users"][0]["user"] = serde_json::json!({ "token": token });
    config.to_string()
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
    assert!(!out.path().join("e2e-image").exists(), "no round had begun");
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
    if !flags.contains(&"--image") && !flags.contains(&"--release") {
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

fn helm(words: &[&str]) {
    let helm = std::env::var_os("CNSIM_HELM").unwrap_or("helm".into());
    let output = Command::new(helm).args(words).output().expect("Helm is installed");
    assert!(output.status.success(), "{}", text(&output.stderr));
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
