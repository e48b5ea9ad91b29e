//! `cnsim-analyze report` as a user runs it: what it prints, what it writes, and what it refuses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::assert::Assert;
use serde_json::Value;

mod support;

use support::{FIGURES, command, files, fixture, flood_folder, limit_and_disturb, report};

#[test]
fn a_run_folder_becomes_a_report_inside_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    let run = report(&["5e1f00d2-cubaan4"], home.path()).success();
    let names: Vec<String> = files(&folder.join("report")).into_iter().map(|(name, _)| name).collect();
    insta::assert_snapshot!("files", names.join("\n"));
    insta::assert_snapshot!("run_folder_stdout", stdout(&run));
    insta::assert_snapshot!("run_folder_stderr", stderr(&run));
}

#[test]
fn what_nobody_can_read_changes_no_exit_code() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    for (input, code) in [("5e1f00d2-cubaan4", 0), ("no-such-folder", 1)] {
        let full = Stdio::from(File::options().write(true).open("/dev/full").unwrap());
        let gone = Stdio::from(std::io::pipe().unwrap().1);
        for stderr in [full, gone] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_cnsim-analyze"));
            command.args(["report", input]).current_dir(home.path()).stdout(Stdio::null()).stderr(stderr);
            assert_eq!(command.status().unwrap().code(), Some(code), "{input}");
        }
    }
}

#[test]
fn the_version_names_the_revision() {
    let run = command(Path::new(".")).arg("--version").assert().success();
    let text = stdout(&run);
    let version = concat!("cnsim-analyze ", env!("CARGO_PKG_VERSION"), " (");
    assert!(text.starts_with(version) && text.ends_with(")\n"), "{text}");
}

#[test]
fn the_quality_of_a_clean_run_is_sound() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    report(&["5e1f00d2-cubaan4"], home.path()).success();
    insta::assert_snapshot!("quality", fs::read_to_string(folder.join("report/quality.json")).unwrap());
}

#[test]
fn the_summary_names_inputs_options_numbers_and_figures() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    report(&["5e1f00d2-cubaan4", "--origin", "initiate", "--warm-up", "2"], home.path()).success();
    let mut summary: Value = json(&folder.join("report/summary.json"));
    summary["tool"]["revision"] = "(revision)".into();
    insta::assert_snapshot!("summary", serde_json::to_string_pretty(&summary).unwrap());
}

#[test]
fn the_published_csv_is_read_and_its_printed_forms_agree() {
    let home = tempfile::tempdir().unwrap();
    let input = fixture("seed-n5.csv");
    let input = input.to_str().unwrap();
    for format in ["table", "json", "csv"] {
        let run = report(&[input, "--format", format], home.path()).success();
        insta::assert_snapshot!(format!("seed_csv_{format}"), stdout(&run));
    }
    let printed = stdout(&report(&[input, "--format", "csv"], home.path()).success());
    let written = fs::read_to_string(home.path().join("report/tables/convergence.csv")).unwrap();
    assert!(printed.lines().all(|line| written.contains(line)), "{written}");
}

#[test]
fn labels_bring_files_into_one_condition() {
    let home = tempfile::tempdir().unwrap();
    let lines = fs::read_to_string(fixture("flood-n4/events.jsonl")).unwrap();
    fs::write(home.path().join("a.jsonl"), &lines).unwrap();
    let later = lines.replace("5e1f00d2", "77770000").replace("17428698", "17428699");
    fs::write(home.path().join("b.jsonl"), later).unwrap();
    let run = report(&["calm=a.jsonl", "calm=b.jsonl", "--format", "csv"], home.path()).success();
    assert!(stdout(&run).contains("\ncalm,4,14,14,first-send,"), "{}", stdout(&run));
}

#[test]
fn equal_names_without_labels_are_refused() {
    let home = tempfile::tempdir().unwrap();
    for folder in ["x", "y"] {
        fs::create_dir(home.path().join(folder)).unwrap();
        fs::write(home.path().join(folder).join("a.csv"), "").unwrap();
    }
    refused(home.path(), &["x/a.csv", "y/a.csv"], "LABEL=x/a.csv");
}

#[test]
fn the_same_input_gives_the_same_bytes_on_one_thread_and_on_eight() {
    let home = tempfile::tempdir().unwrap();
    let input = flood_folder(home.path());
    let csv = fixture("seed-n5.csv");
    let mut reports = Vec::new();
    for threads in ["1", "8"] {
        let out = home.path().join(threads);
        let mut command = command(home.path());
        command.env("RAYON_NUM_THREADS", threads).env("POLARS_MAX_THREADS", threads);
        command.arg("report").arg(&input).arg(&csv).arg("-o").arg(&out).assert().success();
        reports.push(files(&out));
    }
    let names = |report: &[(String, Vec<u8>)]| report.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&reports[0]), names(&reports[1]));
    for ((name, one), (_, eight)) in reports[0].iter().zip(&reports[1]) {
        assert!(one == eight, "{name} differs");
    }
}

#[test]
fn strict_says_no_to_an_event_with_a_hop_below_its_parents() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    spoil(&folder, |line| {
        let is_hop = line["round"] == 3 && line["event_type"] == "received";
        if is_hop {
            line["hop"] = 0.into();
        }
        true
    });
    let run = report(&["5e1f00d2-cubaan4", "--strict"], home.path()).code(3);
    assert!(stderr(&run).starts_with("verdict: unsound\nunsound: invariant-broken (flood"), "{}", stderr(&run));
    assert!(stdout(&run).contains("first-send"), "the table is printed all the same");
    report(&["5e1f00d2-cubaan4"], home.path()).success();
}

#[test]
fn a_record_that_was_lost_is_found_and_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    spoil(&folder, |line| !(line["round"] == 3 && line["event_type"] == "received" && line["receiver_id"] == "n3"));
    report(&["5e1f00d2-cubaan4"], home.path()).success();
    let quality: Value = json(&folder.join("report/quality.json"));
    let unsound: Vec<(&str, u64)> = quality["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "unsound")
        .map(|finding| (finding["check"].as_str().unwrap(), finding["round"].as_u64().unwrap()))
        .collect();
    assert_eq!(unsound, [("missing-deliveries", 3), ("sequence-gap", 3)]);
}

#[test]
fn limits_and_incidents_stand_beside_the_verdict_and_in_tables() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    limit_and_disturb(&folder);
    let run = report(&["5e1f00d2-cubaan4"], home.path()).success();
    let checks: Vec<&str> = ["condition-not-exercised", "process-disturbed"].to_vec();
    assert!(checks.iter().all(|check| stderr(&run).contains(&format!("caution: {check} "))), "{}", stderr(&run));
    let tables = folder.join("report/tables");
    let conditions = fs::read_to_string(tables.join("conditions.csv")).unwrap();
    let factors = "flood,complete,4,0,5 Mbit/s,none,local,1";
    let expected = format!(",4781234,20875123,n0,1,186,\"effective, not exercised\",{factors}\n");
    assert!(conditions.ends_with(&expected), "{conditions}");
    let incidents = fs::read_to_string(tables.join("incidents.csv")).unwrap();
    assert!(incidents.contains(",4,2025-03-26T00:00:04Z,gossip-statefulset-3,was killed"), "{incidents}");
    let page = fs::read_to_string(folder.join("report/index.html")).unwrap();
    let at = |text: &str| page.find(text).unwrap();
    assert!(at("id=\"verdict\"") < at("id=\"conditions\"") && at("id=\"incidents\"") < at("id=\"convergence\""));
}

#[test]
fn a_round_without_a_record_has_its_line() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    spoil(&folder, |line| line["round"] != 3);
    report(&["5e1f00d2-cubaan4"], home.path()).success();
    let rounds = fs::read_to_string(folder.join("report/tables/rounds.csv")).unwrap();
    let line = rounds.lines().find(|line| line.starts_with("flood,5e1f00d2-cubaan4,3,")).unwrap();
    assert!(line.starts_with("flood,5e1f00d2-cubaan4,3,4,true,n") && line.contains(",3,0,0,,,,"), "{line}");
}

#[test]
fn figures_without_data_are_left_out_and_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    report(&["5e1f00d2-cubaan4", "--warm-up", "9"], home.path()).success();
    let summary: Value = json(&folder.join("report/summary.json"));
    assert_eq!(summary["figures"], Value::Array(Vec::new()));
    assert_eq!(summary["figures_left_out"].as_array().unwrap().len(), FIGURES.len());
    assert!(!folder.join("report/figures").exists());
    let page = fs::read_to_string(folder.join("report/index.html")).unwrap();
    assert!(page.contains("Left out: <code>infection-curves</code>, because"), "{page}");
}

#[test]
fn figures_for_a_journal_have_its_size_and_what_they_show_beside_them() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    let look = ["--style", "paper", "--venue", "plos", "--width", "single", "--formats", "tiff,pdf,tiff"];
    report(&[&["5e1f00d2-cubaan4"], &look[..]].concat(), home.path()).success();

    let names = entries(&folder.join("report/figures"));
    let of = |ending: &str| names.iter().filter(|name| name.ends_with(ending)).count();
    assert_eq!(names.len(), of(".tiff") + of(".pdf") + of(".json"), "{names:?}");
    assert!(of(".tiff") == of(".json") && of(".pdf") == of(".json"), "{names:?}");
    let about = json(&folder.join("report/figures/convergence-ecdf.json"));
    assert_eq!(about["width_in"], 5.2);
    let shown = about["data"]["series"][0]["complete_ms"].as_array().unwrap();
    let rounds = fs::read_to_string(folder.join("report/tables/rounds.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(rounds.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "t100_first_send_ms").unwrap();
    let scored = rows.records().map(Result::unwrap).filter(|row| row.get(2).unwrap() != "0");
    let mut expected: Vec<f64> = scored.map(|row| row[column].parse().unwrap()).collect();
    expected.sort_by(f64::total_cmp);
    assert_eq!(shown.iter().map(|value| value.as_f64().unwrap()).collect::<Vec<_>>(), expected);
    let boxes = json(&folder.join("report/figures/latency-by-hop.json"));
    assert!(boxes["caption"].as_str().unwrap().contains("Boxes: quartiles and median;"), "{boxes}");
}

#[test]
fn input_that_cannot_be_read_gets_one_line_and_leaves_nothing() {
    let header = "sender_id,receiver_id,message,event_type,received_timestamp,propagation_time,detail\n";
    let row = "a,a,r-cubaan2-1,initiate,soon,,x\n";
    let cases: [(&str, String, &str); 4] = [
        ("empty.csv", String::new(), "empty.csv: the file is empty"),
        ("header.csv", header.to_owned(), "header.csv"),
        ("column.csv", header.replace("event_type,", ""), "event_type"),
        ("number.csv", format!("{header}{row}"), "number.csv:2"),
    ];
    for (name, text, expected) in cases {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(name), text).unwrap();
        refused(home.path(), &[name], expected);
        assert_eq!(entries(home.path()), [name], "something was left behind");
    }
}

#[test]
fn a_missing_file_is_named() {
    let home = tempfile::tempdir().unwrap();
    refused(home.path(), &["gone.csv"], "gone.csv: no such file or folder");
}

#[test]
fn a_truncated_gzip_is_named() {
    let home = tempfile::tempdir().unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&fs::read(fixture("flood-n4/events.jsonl")).unwrap()).unwrap();
    let bytes = encoder.finish().unwrap();
    fs::write(home.path().join("cut.jsonl.gz"), &bytes[..bytes.len() / 2]).unwrap();
    refused(home.path(), &["cut.jsonl.gz"], "cut.jsonl.gz");
    assert_eq!(entries(home.path()), ["cut.jsonl.gz"]);
}

#[test]
fn a_folder_that_is_no_report_is_not_replaced() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    fs::create_dir(home.path().join("thesis")).unwrap();
    fs::write(home.path().join("thesis/chapter.tex"), "text").unwrap();
    refused(
        home.path(),
        &["5e1f00d2-cubaan4", "-o", "thesis"],
        "thesis exists and is no report (it holds chapter.tex)",
    );
    assert_eq!(fs::read_to_string(home.path().join("thesis/chapter.tex")).unwrap(), "text");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    fs::write(home.path().join("file"), "").unwrap();
    refused(home.path(), &["5e1f00d2-cubaan4", "-o", "file/report"], "cannot write the report to file");
}

#[test]
fn a_report_replaces_its_predecessor() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    report(&["5e1f00d2-cubaan4", "-o", "r"], home.path()).success();
    report(&["5e1f00d2-cubaan4", "-o", "r", "--origin", "initiate"], home.path()).success();
    assert_eq!(json(&home.path().join("r/summary.json"))["options"]["origin"], "initiate");
    assert_eq!(entries(home.path()), ["5e1f00d2-cubaan4", "r"]);
}

#[test]
fn usage_errors_are_two() {
    let home = tempfile::tempdir().unwrap();
    report(&[], home.path()).code(2);
    report(&["x.csv", "--origin", "noon"], home.path()).code(2);
    let unknown = report(&["x.csv", "--venue", "nature"], home.path()).code(2);
    let printed = stderr(&unknown);
    assert!(printed.contains("[possible values: none, plos, ieee, acm]") && printed.lines().count() == 1, "{printed}");
}

#[test]
fn help_leads_with_an_example() {
    let home = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help", stdout(&report(&["--help"], home.path()).success()));
}

#[test]
fn every_other_command_explains_itself() {
    let home = tempfile::tempdir().unwrap();
    for (name, words) in
        [("help_all", &["--help"][..]), ("help_fetch", &["fetch", "--help"]), ("help_runs", &["runs", "--help"])]
    {
        let help = command(home.path()).args(words).assert().success();
        insta::assert_snapshot!(name, stdout(&help));
    }
}

/// Runs a report that fails with one line that holds `expected`, and nothing on stdout.
fn refused(home: &Path, arguments: &[&str], expected: &str) {
    let run = report(arguments, home).code(1);
    let text = stderr(&run);
    assert!(text.starts_with("error: ") && text.lines().count() == 1, "not one line: {text}");
    assert!(text.contains(expected), "{text}");
    assert_eq!(stdout(&run), "");
    assert!(!home.join("report").exists(), "something was written");
}

/// Rewrites a run folder's events: `change` alters a record and says whether it stays.
fn spoil(folder: &Path, change: impl Fn(&mut Value) -> bool) {
    let path = folder.join("events.jsonl");
    let mut kept = String::new();
    for line in fs::read_to_string(&path).unwrap().lines() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        if change(&mut record) {
            kept.push_str(&record.to_string());
            kept.push('\n');
        }
    }
    fs::write(path, kept).unwrap();
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}
