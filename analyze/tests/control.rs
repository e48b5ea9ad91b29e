//! Control messages from a run folder's `control.csv` to tables and figures, with numbers that can be computed by hand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use serde_json::Value;

mod support;

use support::{command, flood_folder, report};

const RUN: &str = "5e1f00d2-cubaan4";

/// Four nodes, rounds 0 (warm-up) to 7. In rounds 1 to 6 n0 sends as many announcements of 20 bytes as the round's number, and n2 one;
/// in round 6 n3 asks twice, 10 bytes each. Round 7 has no line. Every round has nine copies of 62 bytes: 558 bytes.
const CONTROL: &str = "round,node,kind,messages,bytes
0,n1,ihave,90,9000
1,n0,ihave,1,20
1,n2,ihave,1,20
2,n0,ihave,2,40
2,n2,ihave,1,20
3,n0,ihave,3,60
3,n2,ihave,1,20
4,n0,ihave,4,80
4,n2,ihave,1,20
5,n0,ihave,5,100
5,n2,ihave,1,20
6,n0,ihave,6,120
6,n2,ihave,1,20
6,n3,ask,2,20
";

/// The run folder with this `control.csv`.
fn folder(home: &Path, control: &str) {
    let folder = flood_folder(home);
    fs::write(folder.join("control.csv"), control).unwrap();
}

/// Columns of a table of the report, line by line; `|` stands between.
fn columns(home: &Path, table: &str, columns: &[&str]) -> Vec<String> {
    let mut lines = csv::Reader::from_path(home.join(RUN).join("report/tables").join(table)).unwrap();
    let header = lines.headers().unwrap().clone();
    let places: Vec<usize> =
        columns.iter().map(|column| header.iter().position(|name| name == *column).unwrap()).collect();
    let line = |line: csv::StringRecord| places.iter().map(|place| &line[*place]).collect::<Vec<_>>().join("|");
    lines.records().map(|record| line(record.unwrap())).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_rounds_control_messages_stand_beside_its_copies() {
    let home = tempfile::tempdir().unwrap();
    folder(home.path(), CONTROL);
    report(&[RUN], home.path()).success();
    let of = |column: &str| columns(home.path(), "rounds.csv", &[column]);
    assert_eq!(of("control_messages"), ["90", "2", "3", "4", "5", "6", "9", "0"]);
    assert_eq!(of("control_bytes"), ["9000", "40", "60", "80", "100", "120", "160", "0"]);
    let share = |bytes: f64| (bytes / 558.0).to_string();
    assert_eq!(of("control_per_payload_byte")[6..], [share(160.0), share(0.0)]);
    assert_eq!(of("rmr"), ["1.25"; 8], "nine copies reach four nodes, whatever else is sent");
}

#[test]
fn the_table_has_a_line_for_each_kind_and_one_for_all() {
    let home = tempfile::tempdir().unwrap();
    folder(home.path(), CONTROL);
    report(&[RUN], home.path()).success();
    let table = |names: &[&str]| columns(home.path(), "control.csv", names);
    // Per node: 0, 2/4, 3/4, 4/4, 5/4, 6/4, 7/4 announcements (9/4 messages) in rounds 7 and 1 to 6; the interval of seven is all of it.
    let messages = ["messages_per_node_median", "messages_per_node_median_low", "messages_per_node_median_high"];
    assert_eq!(
        table(&[&["kind", "rounds"], &messages[..]].concat()),
        ["ask|7|0|0|0.5", "ihave|7|1|0|1.75", "all|7|1|0|2.25"]
    );
    assert_eq!(table(&["kind", "messages_node_max", "senders_median"]), ["ask|2|0", "ihave|6|2", "all|6|2"]);
    assert_eq!(table(&["kind", "per_node_median_bytes"]), ["ask|0", "ihave|20", "all|20"]);
    let share = (80.0_f64 / 558.0).to_string();
    assert_eq!(
        table(&["kind", "per_payload_byte_median"]),
        ["ask|0".to_owned(), format!("ihave|{share}"), format!("all|{share}")]
    );
    let tables = home.path().join(RUN).join("report/tables");
    assert!(fs::read_to_string(tables.join("control.md")).unwrap().contains("| ihave |"));
    assert!(tables.join("control.tex").is_file());

    let figure = json(&home.path().join(RUN).join("report/figures/control.json"));
    // (2 + 3 + 4 + 5 + 6 + 7 + 0) / 7 / 4 announcements and 2 / 7 / 4 asks.
    assert_eq!(figure["data"]["kinds"], serde_json::json!(["ask", "ihave"]));
    let lengths: Vec<f64> = serde_json::from_value(figure["data"]["bars"][0]["messages"].clone()).unwrap();
    assert!((lengths[0] - 2.0 / 28.0).abs() < 1e-12 && (lengths[1] - 27.0 / 28.0).abs() < 1e-12, "{lengths:?}");
    assert!(figure["caption"].as_str().unwrap().ends_with(" 7 scored rounds."), "{figure}");
}

#[test]
fn a_header_alone_is_none_and_no_file_is_nothing_known() {
    for (control, known) in [(Some("round,node,kind,messages,bytes\n"), "0|0|0"), (None, "||")] {
        let home = tempfile::tempdir().unwrap();
        match control {
            Some(control) => folder(home.path(), control),
            None => drop(flood_folder(home.path())),
        }
        report(&[RUN], home.path()).success();
        let names = ["control_messages", "control_bytes", "control_per_payload_byte"];
        assert_eq!(columns(home.path(), "rounds.csv", &names), [known; 8]);
        let report = home.path().join(RUN).join("report");
        assert!(!report.join("tables/control.csv").exists() && !report.join("figures/control.png").exists());
    }
}

#[test]
fn the_file_is_an_input_that_a_bundle_holds_and_a_fetch_leaves_in_its_place() {
    let home = tempfile::tempdir().unwrap();
    folder(home.path(), CONTROL);
    report(&[RUN, "--bundle", "paper.zip"], home.path()).success();
    let summary = json(&home.path().join(RUN).join("report/summary.json"));
    let file = &summary["input"]["files"][1];
    assert_eq!((file["path"].as_str().unwrap(), file["rows"].as_u64().unwrap()), ("5e1f00d2-cubaan4/control.csv", 14));
    let same = predicate::str::contains("inputs: 4 files, as they were bundled")
        .and(predicate::str::contains("the same byte for byte"));
    command(home.path()).args(["verify", "paper.zip"]).assert().success().stdout(same);

    command(home.path()).args(["fetch", RUN, "--out", "."]).assert().success();
    report(&[RUN], home.path()).success();
    assert!(home.path().join(RUN).join("events.parquet").is_file());
    assert_eq!(columns(home.path(), "rounds.csv", &["control_messages"])[6], "9");
}

#[test]
fn what_cannot_be_read_ends_the_report_and_what_cannot_be_is_told_by_it() {
    let home = tempfile::tempdir().unwrap();
    folder(home.path(), &CONTROL.replace("6,n3,ask,2,20", "6,n3,ask,two,20"));
    let told = "error: 5e1f00d2-cubaan4/control.csv:15: messages is \"two\", no whole number in range\n";
    report(&[RUN], home.path()).code(1).stderr(told);

    fs::write(home.path().join(RUN).join("control.csv"), format!("{CONTROL}9,x,ask,1,9\n")).unwrap();
    let told =
        "control messages of nodes that are none of the run's (x), control messages of round 9 that it does not have";
    report(&[RUN], home.path()).success().stderr(predicate::str::contains(told));
}

#[test]
fn conditions_are_compared_by_it() {
    let home = tempfile::tempdir().unwrap();
    folder(home.path(), CONTROL);
    // The same run at another time, under another name, with control messages in one round alone.
    let other = home.path().join("77770000-cubaan4");
    fs::create_dir(&other).unwrap();
    for name in ["manifest.json", "topology.json", "events.jsonl"] {
        let text = fs::read_to_string(home.path().join(RUN).join(name)).unwrap();
        fs::write(other.join(name), text.replace("5e1f00d2", "77770000").replace("17428698", "17428699")).unwrap();
    }
    fs::write(other.join("control.csv"), "round,node,kind,messages,bytes\n1,n1,ihave,70,700\n").unwrap();
    // Moved times lie outside those that its manifest names: --force.
    let arguments = "compare a=5e1f00d2-cubaan4 b=77770000-cubaan4 --metric control_messages --format json --force";
    let compared = command(home.path()).args(arguments.split(' ')).assert().success();
    let compared: Value = serde_json::from_slice(&compared.get_output().stdout).unwrap();
    assert_eq!(compared[0]["metric"], "control_messages");
    // Of the 49 differences 70 - x and 0 - x, x one of 2, 3, 4, 5, 6, 9, 0, the one in the middle.
    assert_eq!(compared[0]["shift"], -3.0, "{compared}");
}
