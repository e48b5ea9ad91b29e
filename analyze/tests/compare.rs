//! `cnsim-analyze compare` as a user runs it: what it prints, what it refuses, and what makes it fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use assert_cmd::assert::Assert;
use serde_json::Value;

mod support;

use support::{command, fixture};

const FIELDS: [&str; 21] = [
    "metric",
    "nodes",
    "a",
    "b",
    "rounds_a",
    "rounds_b",
    "unit",
    "origin",
    "test",
    "paired",
    "level",
    "shift",
    "shift_low",
    "shift_high",
    "median_ratio",
    "p",
    "p_holm",
    "cliffs_delta",
    "cliffs_delta_low",
    "cliffs_delta_high",
    "sentence",
];

#[test]
fn a_slower_condition_is_told_in_a_sentence_and_in_columns() {
    let home = home();
    let run = compare(&["fast.jsonl", "slow.jsonl"], home.path()).success();
    insta::assert_snapshot!("text", stdout(&run));
    insta::assert_snapshot!("text_stderr", stderr(&run));
}

#[test]
fn json_has_exactly_the_promised_fields_in_their_order() {
    let home = home();
    let run = compare(&["fast.jsonl", "slow.jsonl", "--format", "json"], home.path()).success();
    let text = stdout(&run);
    let found: Value = serde_json::from_str(&text).unwrap();
    let [comparison] = found.as_array().unwrap().as_slice() else { panic!("{text}") };
    let places: Vec<usize> = FIELDS.iter().map(|field| text.find(&format!("\"{field}\": ")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert_eq!(comparison.as_object().unwrap().len(), FIELDS.len());
    assert_eq!(comparison["metric"], "t100_first_send_ms");
    assert_eq!((&comparison["a"], &comparison["b"]), (&Value::from("fast"), &Value::from("slow")));
    assert_eq!(comparison["test"], "mann-whitney-exact");
    assert_eq!((&comparison["origin"], &comparison["unit"]), (&Value::from("first-send"), &Value::from("ms")));
}

#[test]
fn a_forest_plot_shows_each_shift_with_its_interval() {
    let home = home();
    let look = ["--figures", "plots", "--style", "paper", "--formats", "pdf", "--format", "json"];
    let run = compare(&[&["fast.jsonl", "slow.jsonl"], &look[..]].concat(), home.path()).success();

    let found: Value = serde_json::from_str(&stdout(&run)).unwrap();
    let about = fs::read_to_string(home.path().join("plots/effects-t100_first_send_ms.json")).unwrap();
    let about: Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["data"]["words"], "Shift of t100_first_send against fast");
    let row = &about["data"]["rows"][0];
    for (field, shown) in [("shift", "shift"), ("shift_low", "low"), ("shift_high", "high"), ("b", "label")] {
        assert_eq!(found[0][field], row[shown], "{field}");
    }
    assert!(fs::read(home.path().join("plots/effects-t100_first_send_ms.pdf")).unwrap().starts_with(b"%PDF-"));
}

#[test]
fn csv_holds_what_json_holds() {
    let home = home();
    let json = stdout(&compare(&["fast.jsonl", "slow.jsonl", "--format", "json"], home.path()).success());
    let csv = stdout(&compare(&["fast.jsonl", "slow.jsonl", "--format", "csv"], home.path()).success());
    let (header, line) = csv.trim_end().split_once('\n').unwrap();
    assert_eq!(header, FIELDS.join(","));
    let found: Value = serde_json::from_str(&json).unwrap();
    for field in ["shift", "shift_low", "shift_high", "median_ratio", "p", "cliffs_delta"] {
        assert!(line.contains(&format!(",{},", found[0][field])), "{field}: {line}");
    }
}

#[test]
fn the_shift_is_turned_by_another_baseline() {
    let home = home();
    let shift = |arguments: &[&str]| {
        let run = compare(&[&["fast.jsonl", "slow.jsonl", "--format", "json"], arguments].concat(), home.path());
        let found: Value = serde_json::from_str(&stdout(&run.success())).unwrap();
        (found[0]["a"].clone(), found[0]["shift"].as_f64().unwrap())
    };
    let ((first, one), (second, other)) = (shift(&[]), shift(&["--baseline", "slow"]));
    assert_eq!((first, second), (Value::from("fast"), Value::from("slow")));
    assert_eq!(one, -other);
    assert!(one > 0.0);
}

#[test]
fn every_other_condition_and_metric_is_in_the_family() {
    let home = home();
    variant(home.path(), "slower", "55550000", 2.2, |_| true);
    let metrics = ["--metric", "t50", "--metric", "t100_ms", "--format", "json"];
    let run = compare(&[&["fast.jsonl", "slow.jsonl", "slower.jsonl"], &metrics[..]].concat(), home.path()).success();
    let found: Value = serde_json::from_str(&stdout(&run)).unwrap();
    let found = found.as_array().unwrap();
    let pairs: Vec<String> = found
        .iter()
        .map(|found| format!("{} {} {}", found["metric"].as_str().unwrap(), found["a"], found["b"]).replace('"', ""))
        .collect();
    assert_eq!(pairs, ["t50_ms fast slow", "t50_ms fast slower", "t100_ms fast slow", "t100_ms fast slower"]);
    let smallest = found.iter().map(|found| found["p"].as_f64().unwrap()).fold(1.0, f64::min);
    let adjusted = found.iter().map(|found| found["p_holm"].as_f64().unwrap()).fold(1.0, f64::min);
    assert!((adjusted - 4.0 * smallest).abs() < 1e-12, "{adjusted} against {smallest}");
}

#[test]
fn rounds_of_the_same_number_and_initiator_can_be_paired() {
    let home = home();
    let run = compare(&["fast.jsonl", "slow.jsonl", "--paired", "--format", "json"], home.path()).success();
    let found: Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!((&found[0]["paired"], &found[0]["test"]), (&Value::Bool(true), &Value::from("wilcoxon-exact")));
    // Every one of the seven differences is above 0: 2 / 2^7.
    assert_eq!(found[0]["p"], 2.0 / 128.0);
}

#[test]
fn rounds_that_another_node_began_are_no_pairs() {
    let home = home();
    let text = fs::read_to_string(home.path().join("slow.jsonl")).unwrap();
    let swapped = text.replace("\"n1", "\"nx").replace("\"n2", "\"n1").replace("\"nx", "\"n2");
    fs::write(home.path().join("slow.jsonl"), swapped).unwrap();
    refused(&["fast.jsonl", "slow.jsonl", "--paired"], home.path(), "was begun by");
}

#[test]
fn a_gate_looks_at_the_interval_and_exits_with_three() {
    let home = home();
    let gate = |gate: &str| compare(&["fast.jsonl", "slow.jsonl", "--fail-if", gate], home.path());
    let run = gate("t100_first_send.shift_low > 0").code(3);
    assert!(stderr(&run).contains("--fail-if t100_first_send_ms.shift_low > 0 holds of slow against fast"));
    assert!(stdout(&run).contains("slow is "), "the comparison is printed all the same");
    gate("t100_first_send.shift_high < 0").success();
    gate("t90.p_holm <= 1").code(3);
    let run = compare(&["fast.jsonl", "slow.jsonl", "--warm-up", "7", "--fail-if", "t100.shift_low > 0"], home.path());
    assert!(stderr(&run.code(1)).contains("cannot be told"), "no interval, no verdict");
}

#[test]
fn few_rounds_have_a_shift_and_say_how_many_an_interval_needs() {
    let home = home();
    let run = compare(&["fast.jsonl", "slow.jsonl", "--warm-up", "7"], home.path()).success();
    let text = stdout(&run);
    assert!(text.contains("but 1 and 1 rounds are too few for a 95 % interval; 4 a side have one;"), "{text}");
}

#[test]
fn rounds_that_never_got_there_are_the_longest() {
    let home = home();
    variant(home.path(), "lossy", "55550000", 1.4, |line| {
        !(line["round"].as_u64().unwrap() > 4 && line["event_type"] == "received" && line["receiver_id"] == "n3")
    });
    let arguments = ["fast.jsonl", "lossy.jsonl", "--force", "--format", "json"];
    let found: Value = serde_json::from_str(&stdout(&compare(&arguments, home.path()).success())).unwrap();
    assert!(found[0]["shift_low"].is_number() && found[0]["shift_high"].is_null(), "{found}");
    let sentence = found[0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("rounds of lossy never got there"), "{sentence}");
    // Whoever began a round, one of both is missing.
    variant(home.path(), "gone", "66660000", 1.4, |line| {
        !(line["event_type"] == "received" && (line["receiver_id"] == "n3" || line["receiver_id"] == "n2"))
    });
    let arguments = ["fast.jsonl", "gone.jsonl", "--force", "--format", "json"];
    let found: Value = serde_json::from_str(&stdout(&compare(&arguments, home.path()).success())).unwrap();
    assert!(found[0]["shift"].is_null() && found[0]["median_ratio"].is_null(), "{found}");
    assert_eq!(found[0]["cliffs_delta"], 1.0);
    let sentence = found[0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("0 of 7 rounds of fast and 7 of 7 of gone have no such time"), "{sentence}");
    assert!(sentence.contains("what is known puts gone behind (p 1.1e-3, Cliff's delta 1.00)"), "{sentence}");
}

#[test]
fn a_metric_that_does_not_vary_does_not_differ() {
    let home = home();
    let run = compare(&["fast.jsonl", "slow.jsonl", "--metric", "duplicates", "--format", "json"], home.path());
    let found: Value = serde_json::from_str(&stdout(&run.success())).unwrap();
    assert_eq!((&found[0]["p"], &found[0]["cliffs_delta"]), (&Value::from(1.0), &Value::from(0.0)));
    let sentence = found[0]["sentence"].as_str().unwrap();
    assert_eq!(
        sentence,
        "With 4 nodes, duplicates is the same in slow as in fast: 95 % interval 0 to 0 copies; this holds for these two \
         deployments"
    );
}

#[test]
fn what_may_not_be_compared_is_refused_with_its_reason() {
    let home = home();
    let csv = fixture("seed-n5.csv");
    let csv = csv.to_str().unwrap();
    refused(&["fast.jsonl"], home.path(), "there is only one condition, fast");
    refused(&["fast.jsonl", "other=fast.jsonl"], home.path(), "the same rounds are there twice");
    refused(&["fast.jsonl", csv], home.path(), "fast has 4 and seed-n5 has 5 nodes");
    refused(&["fast.jsonl", csv, "--by", "nodes"], home.path(), "no number of nodes in common");
    refused(&["fast.jsonl", "slow.jsonl", "--baseline", "calm"], home.path(), "there are fast, slow");
    refused(&["fast.jsonl", "slow.jsonl", "--warm-up", "90"], home.path(), "fast has no scored round with 4 nodes");
    refused(&["fast.jsonl", "gone.jsonl"], home.path(), "gone.jsonl");
}

#[test]
fn a_number_of_nodes_that_only_one_has_is_named_and_left_out() {
    let home = home();
    let csv = format!("both={}", fixture("seed-n5.csv").display());
    let run = compare(&["both=fast.jsonl", &csv, "slow.jsonl", "--by", "nodes"], home.path()).success();
    assert!(stderr(&run).contains("note: only one of both and slow has 5 nodes: left out"), "{}", stderr(&run));
    assert!(stdout(&run).starts_with("With 4 nodes, slow is "), "{}", stdout(&run));
}

#[test]
fn several_deployments_are_resampled_as_a_whole_and_the_note_says_so() {
    let home = home();
    variant(home.path(), "again", "77770000", 1.1, |_| true);
    let inputs = ["calm=fast.jsonl", "calm=again.jsonl", "slow.jsonl", "--format", "json"];
    let run = compare(&inputs, home.path()).success();
    let found: Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!((&found[0]["rounds_a"], &found[0]["rounds_b"]), (&Value::from(14), &Value::from(7)));
    assert!(stderr(&run).contains("come from resampling them, then their rounds"), "{}", stderr(&run));
    assert!(found[0]["sentence"].as_str().unwrap().contains("more deployments a side would halve it"), "{found}");
}

#[test]
fn unsound_data_are_compared_only_by_force() {
    let home = home();
    variant(home.path(), "lossy", "55550000", 1.4, |line| {
        !(line["round"] == 3 && line["event_type"] == "received" && line["receiver_id"] == "n3")
    });
    refused(
        &["fast.jsonl", "lossy.jsonl"],
        home.path(),
        "the verdict on the data is unsound (missing-deliveries, lossy",
    );
    let run = compare(&["fast.jsonl", "lossy.jsonl", "--force"], home.path()).success();
    assert!(stderr(&run).contains("note: the verdict on the data is unsound"), "{}", stderr(&run));
}

#[test]
fn usage_errors_are_two_and_say_what_would_do() {
    let home = home();
    let usage = |arguments: &[&str], expected: &str| {
        let run = compare(&[&["fast.jsonl", "slow.jsonl"], arguments].concat(), home.path()).code(2);
        assert!(stderr(&run).contains(expected) && stderr(&run).lines().count() == 1, "{}", stderr(&run));
    };
    usage(&["--metric", "speed"], "there are delivered, coverage, setup_ms");
    usage(&["--fail-if", "speed"], "as in t100_first_send.shift_low > 0");
    usage(&["--level", "95"], "as in 0.95");
    usage(&["--by", "zone"], "nodes");
    compare(&[], home.path()).code(2);
}

#[test]
fn a_seed_gives_the_same_bytes_on_one_thread_and_on_eight() {
    let home = home();
    let printed = |threads: &str, seed: &str| {
        let mut command = command(home.path());
        command.env("RAYON_NUM_THREADS", threads).args(["compare", "fast.jsonl", "slow.jsonl", "--seed", seed]);
        stdout(&command.assert().success())
    };
    assert_eq!(printed("1", "5"), printed("8", "5"));
    assert_ne!(printed("8", "5"), printed("8", "6"), "means are resampled");
}

#[test]
fn compare_explains_itself() {
    let home = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help", stdout(&compare(&["--help"], home.path()).success()));
}

/// A folder with the runs `fast` and `slow` of a flood.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    variant(home.path(), "fast", "11110000", 1.0, |_| true);
    variant(home.path(), "slow", "22220000", 1.4, |_| true);
    home
}

/// Writes a run in which everything takes `factor` times as long, of the records that `keep` keeps.
fn variant(home: &Path, name: &str, run: &str, factor: f64, keep: impl Fn(&Value) -> bool) {
    let lines = fs::read_to_string(fixture("flood-n4/events.jsonl")).unwrap().replace("5e1f00d2", run);
    let lines = lines.replace("\"condition\":\"flood\"", "\"condition\":\"\"");
    let mut start_ns = 0;
    let mut kept = String::new();
    for line in lines.lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let at = |line: &Value, field: &str| line[field].as_str().unwrap().parse::<i64>().unwrap();
        if line["event_type"] == "initiate" {
            start_ns = at(&line, "received_ns");
        }
        for field in ["sent_ns", "received_ns"] {
            let stretched = start_ns + ((at(&line, field) - start_ns) as f64 * factor) as i64;
            line[field] = stretched.to_string().into();
        }
        line["received_timestamp"] = at(&line, "received_ns").into();
        if !line["propagation_time"].is_null() {
            line["propagation_time"] = ((at(&line, "received_ns") - at(&line, "sent_ns")) as f64 / 1e6).into();
        }
        if keep(&line) {
            kept.push_str(&format!("{line}\n"));
        }
    }
    fs::write(home.join(format!("{name}.jsonl")), kept).unwrap();
}

/// Runs a comparison that fails with one line that holds `expected`, and nothing on stdout.
fn refused(arguments: &[&str], home: &Path, expected: &str) {
    let run = compare(arguments, home).code(1);
    let text = stderr(&run);
    assert!(text.starts_with("error: ") && text.lines().count() == 1, "not one line: {text}");
    assert!(text.contains(expected), "{text}");
    assert_eq!(stdout(&run), "");
}

fn compare(arguments: &[&str], home: &Path) -> Assert {
    command(home).arg("compare").args(arguments).assert()
}

fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}
