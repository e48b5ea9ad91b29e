//! `cnsim-analyze export` as a user runs it: every form is read back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use polars::prelude::{IpcStreamReader, SerReader};
use predicates::prelude::*;

mod support;

use support::{command, fixture, flood_folder};

fn exported(home: &Path, form: &str, file: &str) -> Vec<u8> {
    let arguments = ["export", "5e1f00d2-cubaan4", "--format", form, "--output", file];
    command(home).args(arguments).assert().success().stdout("").stderr("");
    fs::read(home.join(file)).unwrap()
}

#[test]
fn what_fetch_reads_of_an_export_is_the_run() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    let fetched = |source: &Path, out: &str| {
        command(home.path()).args(["fetch", source.to_str().unwrap(), "--out", out]).assert().success();
        fs::read(home.path().join(out).join("5e1f00d2-cubaan4/events.parquet")).unwrap()
    };
    let own = fetched(&folder, "own");
    for (form, file) in [("jsonl", "e.jsonl"), ("csv", "e.csv"), ("parquet", "e.parquet")] {
        exported(home.path(), form, file);
        assert!(fetched(&home.path().join(file), form) == own, "{form}");
    }
}

#[test]
fn the_published_form_has_its_columns_its_line_ends_and_no_quotes() {
    let home = tempfile::tempdir().unwrap();
    let arguments = ["export", fixture("seed-n5.csv").to_str().unwrap(), "--format", "seed-csv"].map(str::to_owned);

    let output = command(home.path()).args(arguments).output().unwrap();

    let (found, original) =
        (String::from_utf8(output.stdout).unwrap(), fs::read_to_string(fixture("seed-n5.csv")).unwrap());
    let sorted = |text: &str| {
        // The fixture has its numbers in their shortest form; the published files are compared as they are elsewhere.
        let of_number = |line: &str| {
            let mut cells: Vec<String> = line.splitn(7, ',').map(str::to_owned).collect();
            cells[4] = cells[4].parse::<f64>().unwrap().to_string();
            cells.join(",")
        };
        let mut lines: Vec<String> = text.lines().skip(1).map(of_number).collect();
        lines.sort();
        lines
    };
    assert_eq!(found.lines().next(), original.lines().next());
    assert_eq!(sorted(&found), sorted(&original));
    assert!(!found.ends_with('\n') && !found.contains('"'));
}

#[test]
fn an_arrow_stream_has_every_row() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    let bytes = exported(home.path(), "arrow", "e.arrow");
    let frame = IpcStreamReader::new(std::io::Cursor::new(bytes)).finish().unwrap();
    let lines = fs::read_to_string(folder.join("events.jsonl")).unwrap().lines().count();
    assert_eq!(frame.height(), lines);
    assert!(frame.column("seq").is_ok() && frame.column("propagation_time").is_ok());
}

#[test]
fn what_cannot_be_exported_leaves_no_file() {
    let home = tempfile::tempdir().unwrap();
    let folder = flood_folder(home.path());
    let events = folder.join("events.jsonl");
    let comma = fs::read_to_string(&events).unwrap().replace("Gossip initiated by", "Gossip, initiated by");
    fs::write(&events, comma).unwrap();
    let arguments = ["export", "5e1f00d2-cubaan4", "--format", "seed-csv", "--output", "e.csv"];
    command(home.path()).args(arguments).assert().code(1).stderr(predicate::str::contains("export with --format csv"));
    let arguments = ["export", "5e1f00d2-cubaan4", "--format", "csv", "--run-id", "other", "--output", "e.csv"];
    command(home.path()).args(arguments).assert().code(1).stderr(predicate::str::contains("no event of run \"other\""));
    assert!(!home.path().join("e.csv").exists());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}
