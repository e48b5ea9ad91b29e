//! What is refused: one line, the right exit code, and nothing half-written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::{cnsim, run};

#[test]
fn what_cannot_be_run_is_refused_before_any_work() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "error: --nodes is missing: complete does not say how many"),
        (&["--nodes", "0"], "error: --nodes 0: a network has at least 2 nodes"),
        (&["--nodes", "1"], "error: --nodes 1: a network has at least 2 nodes"),
        (&["--nodes", "x"], "error: invalid value 'x' for '--nodes <N>': invalid digit found in string (see --help)"),
        (
            &["--nodes", "2", "--protocol", "gossipsub"],
            "error: unknown protocol \"gossipsub\": use direct-mail, flood, push:FANOUT[:TTL], \
             push-periodic:FANOUT, pull, push-pull, anti-entropy:WAY, rumor:WAY:FEEDBACK:INTEREST:K, plumtree, announce, epidemic[:TTL[:BUFFER]], spray:L, seed-h or seed-o",
        ),
        (
            &["--nodes", "2", "--in-flight", "0"],
            "error: invalid value '0' for '--in-flight <COUNT>': use a number from 1 on, or unlimited (see --help)",
        ),
        (
            &["--nodes", "2", "--forward", "never"],
            "error: invalid value 'never' for '--forward <FORWARD>': unknown forward \"never\": use after-ack or \
             before-ack (see --help)",
        ),
        (
            &["--nodes", "2", "--deadline", "0"],
            "error: invalid value '0' for '--deadline <MS>': use whole milliseconds from 1 to 4294967295, or none (see --help)",
        ),
        (
            &["--nodes", "2", "--round-timeout", "0"],
            "error: invalid value '0' for '--round-timeout <SECONDS>': use a number of seconds above 0 (see --help)",
        ),
        (
            &["--nodes", "2", "--run-id", "a b"],
            "error: invalid value 'a b' for '--run-id <ID>': the run id \"a b\" must not contain spaces or control \
             characters (see --help)",
        ),
        (
            &["--nodes", "2", "--run-id", "../a"],
            "error: --run-id ../a: a run's folder cannot have this name; use letters, digits, dots, dashes and underscores",
        ),
        (
            &["--nodes", "5", "--topology", "mesh"],
            "error: unknown topology \"mesh\": use complete, ring, line, star, grid, tree:K, k-regular:K, k-out:K, er:P, \
             ws:K:P, ba:M or outbound:K:TOTAL, or a JSON file",
        ),
        (&["--nodes", "2", "--initiator", "me"], "error: --initiator me: the topology has no such node"),
        (
            &["--nodes", "2", "--link-delay", "weights"],
            "error: --delay weights: the edge from gossip-statefulset-0 to gossip-statefulset-1 has no weight from \
             0 ms to an hour",
        ),
        (
            &["--nodes", "4", "--repeat", "manifest.json"],
            "error: --repeat takes every option from the manifest: only --run-id, --out, --report and a backend go with it",
        ),
    ];
    for (args, line) in cases {
        let out = tempfile::tempdir().unwrap();
        let output = run_into(out.path(), args);
        assert_eq!((output.status.code(), stderr(&output)), (Some(2), format!("{line}\n")), "{args:?}");
        assert_nothing_is_left(out.path(), &output);
    }
}

#[test]
fn a_topology_file_is_read_before_any_work() {
    let cases = [
        (
            r#"{"nodes": ["a", "b"], "edges": [{"source": "a", "target": "c"}]}"#,
            "edge 1, from a to c: there is no node c",
        ),
        (r#"{"nodes": ["a", "b"], "edges": [{"source": "a", "target": "a"}]}"#, "the node a has an edge to itself"),
        (r#"{"nodes": ["a", "b"], "edges": []}"#, "there are no edges"),
        (r#"{"nodes": ["a", "b"], "edges": ["#, "not JSON: EOF while parsing a list at line 1 column 32"),
        ("", "not JSON: EOF while parsing a value at line 1 column 0"),
    ];
    for (text, reason) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (output, file) = run_on(folder.path(), text);
        let expected = format!("error: {file}: {reason}\n");
        assert_eq!((output.status.code(), stderr(&output)), (Some(1), expected));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_topology_that_no_message_can_cover_runs_only_when_asked_to() {
    let pieces = r#"{"nodes": [0, 1, 2, 3], "links": [{"source": 0, "target": 1}, {"source": 2, "target": 3}]}"#;
    let one_way = r#"{"directed": true, "nodes": ["a", "b"], "edges": [{"source": "a", "target": "b"}]}"#;
    let cases = [
        (pieces, "the topology is in 2 pieces, so that no message can reach every node: --allow-partial runs it"),
        (
            one_way,
            "some nodes cannot be reached along the edges' direction: --allow-partial runs the topology all the same",
        ),
    ];
    for (text, reason) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (output, _) = run_on(folder.path(), text);
        assert_eq!((output.status.code(), stderr(&output)), (Some(2), format!("error: {reason}\n")));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_message_above_the_limit_is_refused_with_its_size() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "2", "--payload-bytes", "2000", "--max-message", "1000"];
    let output = run_into(out.path(), &flags);
    assert_eq!(output.status.code(), Some(2));
    let line = stderr(&output);
    assert!(line.starts_with("error: --payload 2kB: a message would have 2"), "{line}");
    assert!(line.ends_with(" bytes, --max-message allows 1000\n"), "{line}");
    assert_nothing_is_left(out.path(), &output);
}

#[test]
fn too_few_file_descriptors_are_counted_before_a_process_starts() {
    let out = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_cnsim");
    let command =
        format!("ulimit -n 40; exec {program} run --nodes 8 --nodes-per-process 1 --out {}", out.path().display());
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = "error: a process of this run needs 56 open files and may have 40, 16 too few: raise the hard limit \
                    (`ulimit -Hn`), use fewer nodes in one process, or a sparser topology\n";
    assert_eq!(stderr(&output), expected);
    assert_nothing_is_left(out.path(), &output);
}

#[test]
fn a_run_folder_that_exists_is_never_written_into() {
    let out = tempfile::tempdir().unwrap();
    let first = run(out.path(), &["--nodes", "2", "--rounds", "0", "--run-id", "once"]);
    let before = fs::read(first.folder.join("manifest.json")).unwrap();

    let output = run_into(out.path(), &["--nodes", "2", "--run-id", "once"]);

    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    let expected = format!("error: {} exists: give another --run-id or --out\n", first.folder.display());
    assert_eq!(line, expected);
    assert_eq!(fs::read(first.folder.join("manifest.json")).unwrap(), before);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn an_output_folder_that_cannot_be_made_is_one_line() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("file");
    fs::write(&file, "in the way").unwrap();

    let output = run_into(&file.join("runs"), &["--nodes", "2"]);

    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert_eq!(line, format!("error: cannot write {}: Not a directory (os error 20)\n", file.join("runs").display()));
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_disk_that_takes_nothing_more_leaves_nothing_half_written() {
    let out = tempfile::tempdir().unwrap();
    let runs = out.path().join("runs");
    let program = env!("CARGO_BIN_EXE_cnsim");
    let command =
        format!("trap '' XFSZ; ulimit -f 0; exec {program} run --nodes 2 --run-id full --out {}", runs.display());
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    assert!(line.starts_with("error: cannot write ") && line.ends_with(": File too large (os error 27)\n"), "{line}");
    assert_eq!(line.lines().count(), 1);
    assert_nothing_is_left(&runs, &output);
}

#[test]
fn a_topology_that_changed_since_its_run_is_not_repeated() {
    let out = tempfile::tempdir().unwrap();
    let first = run(out.path(), &["--nodes", "2", "--rounds", "0", "--run-id", "first"]);
    let topology = first.folder.join("topology.json");
    let mut bytes = fs::read(&topology).unwrap();
    bytes.push(b' ');
    fs::write(&topology, bytes).unwrap();

    let output = run_into(out.path(), &["--repeat", first.folder.join("manifest.json").to_str().unwrap()]);

    assert_eq!(output.status.code(), Some(1));
    let line = stderr(&output);
    let expected = format!("error: {} is not the topology of that run: its digest is sha256:", topology.display());
    assert!(line.starts_with(&expected), "{line}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_manifest_cannot_be_repeated() {
    let out = tempfile::tempdir().unwrap();
    let manifest = out.path().join("manifest.json");
    let repeat = ["--repeat", manifest.to_str().unwrap()];

    let missing = run_into(out.path(), &repeat);
    fs::write(&manifest, "{\"format\": 1}").unwrap();
    let wrong = run_into(out.path(), &repeat);

    let path = manifest.display();
    assert_eq!(stderr(&missing), format!("error: cannot read {path}: No such file or directory (os error 2)\n"));
    let expected = format!("error: {path} is no manifest of a run: missing field `run_id` at line 1 column 13\n");
    assert_eq!((wrong.status.code(), stderr(&wrong)), (Some(1), expected));
}

#[test]
fn a_run_that_no_round_of_could_begin_leaves_no_folder() {
    let out = tempfile::tempdir().unwrap();
    let config = out.path().join("kubeconfig");
    let runs = out.path().join("runs");

    let output = Command::new(env!("CARGO_BIN_EXE_cnsim"))
        .args(["run", "--backend", "kubernetes", "--nodes", "2", "--out"])
        .arg(&runs)
        .env("KUBECONFIG", &config)
        .output()
        .unwrap();

    let printed = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(
        printed.contains("no Kubernetes cluster to talk to") && printed.ends_with("so no run folder is left\n"),
        "{printed}"
    );
    assert_nothing_is_left(&runs, &output);
}

fn run_into(out: &Path, args: &[&str]) -> Output {
    cnsim(&[&["run", "--out", out.to_str().unwrap()], args].concat())
}

/// A run on the topology file `text`, with the file's path.
fn run_on(folder: &Path, text: &str) -> (Output, String) {
    let file = folder.join("t.json");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (run_into(&folder.join("runs"), &["--topology", &file]), file)
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn assert_nothing_is_left(out: &Path, output: &Output) {
    assert!(output.stdout.is_empty());
    assert_eq!(fs::read_dir(out).unwrap().count(), 0);
}
