//! `cnsim topology`, as a user runs it.

use std::fs;

use crate::common::cnsim;

#[test]
fn what_was_generated_is_shown_the_same_from_its_file_and_from_its_spec() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ws.json");
    let file = file.to_str().unwrap();

    let generated = cnsim(&["topology", "generate", "ws:4:0.25", "-n", "20", "--seed", "7", "-o", file]);
    let from_file = cnsim(&["topology", "show", file]);
    let from_spec = cnsim(&["topology", "show", "ws:4:0.25", "-n", "20", "--seed", "7"]);

    assert_eq!(String::from_utf8(generated.stdout).unwrap(), format!("{file}\n"));
    assert_eq!(String::from_utf8_lossy(&from_file.stdout), String::from_utf8_lossy(&from_spec.stdout));
    insta::assert_snapshot!("shown", String::from_utf8(from_file.stdout).unwrap());
}

#[test]
fn a_graph_on_stdout_is_the_graph_of_a_run_with_that_seed() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "5", "--rounds", "0", "--topology", "ba:2", "--seed", "3", "--nodes-per-process", "5"];
    let run = crate::common::run(out.path(), &flags);
    let generated = cnsim(&["topology", "generate", "ba:2", "-n", "5", "--seed", "3", "-o", "-"]);
    assert_eq!(fs::read(run.folder.join("topology.json")).unwrap(), generated.stdout);
}

#[test]
fn what_cannot_be_generated_or_shown_is_one_line() {
    let cases: [(&[&str], i32, &str); 9] = [
        (
            &["generate", "k-regular:3", "-n", "5"],
            2,
            "k-regular:3 with 5 nodes: K times the number of nodes is odd, and every edge has two ends",
        ),
        (&["generate", "ring", "-n", "1"], 2, "ring with 1 nodes: a network has at least 2 nodes"),
        (&["show", "ring"], 2, "--nodes is missing: ring does not say how many"),
        (&["generate", "ring"], 2, "--nodes is missing: ring does not say how many"),
        (
            &["generate", "rewire:1:1s:er:0.1", "-n", "9"],
            2,
            "--span is missing: rewire:1:1s:er:0.1 does not say how long",
        ),
        (&["show", "rewire:1:0s:er:0.1"], 2, "\"rewire:1:0s:er:0.1\": PERIOD is above 0s"),
        (&["show", "ring", "-n", "5", "--span", "9s"], 2, "--span is for networks that move: leave it out"),
        (&["show", "contacts:no.csv"], 1, "cannot read no.csv: No such file or directory (os error 2)"),
        (&["show", "no.json"], 1, "cannot read no.json: No such file or directory (os error 2)"),
    ];
    for (args, code, line) in cases {
        let output = cnsim(&[&["topology"], args].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr), (Some(code), format!("error: {line}\n")));
        assert!(output.stdout.is_empty());
    }
}
