//! `cnsim-analyze explain` as a user runs it: what it prints and what it refuses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

mod support;

use support::{command, fixture, flood_folder};

/// What `explain` prints.
fn explained(home: &Path, arguments: &[&str]) -> String {
    let run = command(home).arg("explain").args(arguments).assert().success();
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

/// The one line with which `explain` refuses.
fn refusal(home: &Path, arguments: &[&str]) -> String {
    let run = command(home).arg("explain").args(arguments).assert().code(1);
    let text = String::from_utf8(run.get_output().stderr.clone()).unwrap();
    assert!(run.get_output().stdout.is_empty());
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn a_round_of_a_flood_is_told_as_a_tree_and_as_json() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    insta::assert_snapshot!("flood_text", explained(home.path(), &["5e1f00d2-cubaan4", "--round", "3"]));
    let json = explained(home.path(), &["5e1f00d2-cubaan4", "--round", "3", "--format", "json"]);
    insta::assert_snapshot!("flood_json", json);
}

#[test]
fn a_round_of_the_published_form_is_told_from_either_origin() {
    let home = tempfile::tempdir().unwrap();
    let input = fixture("seed-n5.csv");
    let input = input.to_str().unwrap();
    insta::assert_snapshot!("seed_text", explained(home.path(), &[input, "--round", "2"]));
    let from_initiate = explained(home.path(), &[input, "--round", "2", "--origin", "initiate", "--format", "json"]);
    let document: Value = serde_json::from_str(&from_initiate).unwrap();
    let path = &document["critical_path"];
    let parts: f64 = ["setup_ms", "waiting_ms", "wire_ms"].map(|part| path[part].as_f64().unwrap()).iter().sum();
    assert!((parts - document["last_ms"].as_f64().unwrap()).abs() < 1e-9, "{document}");
}

/// A flood of 61 nodes: n00 tells n01 to n03 in turn, each of which tells 19 more; the record of n02 is lost, and n60 was
/// not reached.
fn large() -> String {
    let mut csv = "sender_id,receiver_id,message,event_type,received_timestamp,propagation_time,detail\n".to_owned();
    let at = |ms: u64| 1_742_952_259_000_000_000 + ms * 1_000_000;
    writeln!(csv, "n00,n00,abcd-cubaan62-1,initiate,{},,x", at(0)).unwrap();
    for branch in 1..4 {
        if branch != 2 {
            writeln!(csv, "n00,n{branch:02},abcd-cubaan62-1,received,{},1.0,x", at(10 * branch)).unwrap();
        }
        for leaf in 0..19 {
            let node = 4 + 19 * (branch - 1) + leaf;
            let received = at(10 * branch + 5 + leaf);
            writeln!(csv, "n{branch:02},n{node:02},abcd-cubaan62-1,received,{received},2.0,x").unwrap();
        }
    }
    writeln!(csv, "n61,n61,abcd-cubaan62-2,initiate,{},,x", at(1000)).unwrap();
    csv
}

#[test]
fn of_a_large_tree_the_critical_path_and_the_slowest_branches_are_printed_unless_all_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("large.csv"), large()).unwrap();
    let short = explained(home.path(), &["large.csv", "--round", "1"]);
    insta::assert_snapshot!("large_text", short);
    let all = explained(home.path(), &["large.csv", "--round", "1", "--all"]);
    assert!(!all.contains("more, the last"), "{all}");
    let nodes = |text: &str| text.lines().filter(|line| line.contains("─ n")).count();
    assert_eq!((nodes(&short), nodes(&all)), (9, 59));
}

#[test]
fn nodes_that_tie_for_the_last_place_are_all_named_and_one_of_their_paths_is_drawn() {
    let home = tempfile::tempdir().unwrap();
    let at = |ms: u64| (1_742_952_259_000_000_000_u64 + ms * 1_000_000).to_string();
    fs::write(home.path().join("tied.csv"), large().replace(&at(53), &at(52))).unwrap();
    let text = explained(home.path(), &["tied.csv", "--round", "1"]);
    let expected = "reached last at one time: 2 nodes, n59, n60; this path and the marks are those of n60";
    assert!(text.lines().any(|line| line == expected), "{text}");
    let json = explained(home.path(), &["tied.csv", "--round", "1", "--format", "json"]);
    let document: Value = serde_json::from_str(&json).unwrap();
    let path = document["critical_path"]["nodes"].as_array().unwrap().last().unwrap();
    assert_eq!((document["last_nodes"].to_string(), path), ("[\"n59\",\"n60\"]".to_owned(), &Value::from("n60")));
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    let run = "5e1f00d2-cubaan4";
    assert_eq!(
        refusal(home.path(), &[run, "--round", "70"]),
        "error: 5e1f00d2-cubaan4: no record is of round 70; there are rounds 0-7\n"
    );
    assert_eq!(
        refusal(home.path(), &[run, "--round", "1", "--run-id", "other"]),
        "error: 5e1f00d2-cubaan4: no run is called other; there are: 5e1f00d2-cubaan4\n"
    );
    assert!(refusal(home.path(), &["nowhere", "--round", "1"]).contains("nowhere"));
    let lines = fs::read_to_string(fixture("flood-n4/events.jsonl")).unwrap();
    let both = format!("{lines}{}", lines.replace("5e1f00d2", "77770000"));
    fs::write(home.path().join("both.jsonl"), both).unwrap();
    assert_eq!(
        refusal(home.path(), &["both.jsonl", "--round", "1"]),
        "error: both.jsonl: 2 runs have a round 1: choose one with --run-id; there are: 5e1f00d2-cubaan4, \
         77770000-cubaan4\n"
    );
    let one = explained(home.path(), &["both.jsonl", "--round", "1", "--run-id", "77770000-cubaan4"]);
    assert!(one.starts_with("round 1 of 77770000-cubaan4 (both): 3 of 3"), "{one}");
    fs::write(home.path().join(run).join("events.jsonl"), "").unwrap();
    let refused = refusal(home.path(), &[run, "--round", "1"]);
    assert_eq!(refused, "error: 5e1f00d2-cubaan4: there is no round in it\n");
}
