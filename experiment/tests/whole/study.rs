//! Studies: the same runs however often one was stopped, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use rustix::process::Signal;

use crate::common::{children, cnsim, manifest, signal, spawn, wait_for};

const SIMULATED: &str = r#"nodes = 40
topology = "k-regular:4"
delay = "lognormal:40ms:0.4"
backend = "sim"
rounds = 5
seed = 7

[vary]
protocol = ["flood", "push:4", "pull"]
loss = ["0%", "5%"]

[study]
repeats = 4
"#;

const LOCAL: &str = r#"nodes = 4
rounds = 4
pause = 100
seed = 7

[vary]
protocol = ["flood", "push:2"]

[study]
deployments = 1
"#;

fn write(folder: &Path, text: &str) -> String {
    let path = folder.join("relay.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn study(file: &str, out: &Path) -> Output {
    cnsim(&["study", "run", file, "--out", out.to_str().unwrap()])
}

/// The records of every run, by its name.
fn records(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let runs = fs::read_dir(out.join("relay/runs")).unwrap().flatten();
    let of_run = |run: fs::DirEntry| {
        let name = run.file_name().into_string().unwrap();
        (name, fs::read(run.path().join("events.parquet")).unwrap_or_default())
    };
    runs.map(of_run).collect()
}

fn complete_runs(out: &Path) -> usize {
    let manifests = fs::read_dir(out.join("relay/runs")).into_iter().flatten().flatten();
    manifests
        .filter(|run| {
            fs::read_to_string(run.path().join("manifest.json")).is_ok_and(|text| text.contains("\"complete\""))
        })
        .count()
}

#[test]
fn a_study_that_was_killed_three_times_has_the_records_of_one_that_was_not() {
    let [whole, killed] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let file = write(whole.path(), SIMULATED);
    let done = study(&file, whole.path());
    assert!(done.status.success(), "{}", stderr(&done));

    let out = killed.path().to_str().unwrap();
    for complete in [3, 9, 17] {
        let mut child = spawn(&["study", "run", &file, "--out", out], &[]);
        wait_for("some runs to be complete", || complete_runs(killed.path()) >= complete);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let done = study(&file, killed.path());
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(String::from_utf8(done.stdout).unwrap(), format!("{out}/relay\n"));

    let [whole, killed] = [whole, killed].map(|folder| records(folder.path()));
    assert_eq!(whole.keys().collect::<Vec<_>>(), killed.keys().collect::<Vec<_>>());
    assert_eq!(whole.len(), 24);
    for (name, bytes) in &whole {
        assert!(!bytes.is_empty() && killed[name] == *bytes, "{name} has other records");
    }
}

#[test]
fn a_run_that_fails_is_tried_again_stops_no_other_and_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (write(folder.path(), LOCAL), folder.path());
    let child = spawn(&["study", "run", &file, "--out", out.to_str().unwrap()], &[]);
    wait_for("nodes to run", || !children(out).is_empty());
    // A node process that is killed ends its run.
    children(out).into_iter().for_each(|pid| signal(pid, Signal::KILL));
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));

    let status = cnsim(&["study", "status", "relay", "--out", out.to_str().unwrap()]);
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.ends_with("2 of 2 runs are complete\n"), "{status}");
    let attempts = fs::read_to_string(out.join("relay/attempts.jsonl")).unwrap();
    assert_eq!((attempts.lines().count(), attempts.matches("\"failed\":null").count()), (3, 2), "{attempts}");
    let place = manifest(&out.join("relay/runs/relay-b01-c02")).study.unwrap();
    assert_eq!((place.cell, place.block, place.cells, place.blocks), (2, 1, 2, 1));
    assert_eq!((place.levels[0].factor.as_str(), place.levels[0].level.as_str()), ("protocol", "push:2"));
}

#[test]
fn a_study_in_use_and_one_whose_file_was_changed_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (write(folder.path(), LOCAL), folder.path());
    let mut child = spawn(&["study", "run", &file, "--out", out.to_str().unwrap()], &[]);
    wait_for("nodes to run", || !children(out).is_empty());
    let second = study(&file, out);
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(
        stderr(&second),
        format!("error: {}/relay is in use: another study run is going on in it\n", out.display())
    );
    signal(child.id() as i32, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(1));

    write(out, &LOCAL.replace("push:2", "push:3"));
    let changed = study(&file, out);
    assert_eq!(changed.status.code(), Some(2));
    let said = stderr(&changed);
    assert!(said.contains("which touches cell 2 (push:2: --protocol=push:2 is now --protocol=push:3)"), "{said}");
}

#[test]
fn a_dry_run_makes_nothing_and_shows_cells_order_and_what_is_not_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), SIMULATED);
    let out = folder.path().join("studies");
    let shown = cnsim(&["study", "run", &file, "--out", out.to_str().unwrap(), "--dry-run"]);
    let text = String::from_utf8(shown.stdout).unwrap().replace(&file, "relay.toml");
    insta::assert_snapshot!("study_shown", text);
    assert!(!out.exists());
}
