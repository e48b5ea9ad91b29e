//! `report --bundle` and `verify` as a user runs them: what was bundled is made again, and what was changed is named.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use cnsim_records::open::hex;
use predicates::prelude::*;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

mod support;

use support::{command, files, fixture, flood_folder, report};

const EVENTS: &str = "inputs/01/5e1f00d2-cubaan4/events.jsonl";

/// What becomes of a file, by its name.
type Change = dyn Fn(&str, Vec<u8>) -> Option<Vec<u8>>;

/// A bundle of a run folder and of a published CSV.
fn bundled(home: &Path) {
    flood_folder(home);
    let seed = format!("old={}", fixture("seed-n5.csv").display());
    report(&["5e1f00d2-cubaan4", &seed, "--bundle", "paper.zip", "--origin", "initiate"], home).success();
}

/// The bundle's files by name, each changed as told; a file without bytes is left out.
fn rewritten(home: &Path, change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) {
    let mut old = ZipArchive::new(File::open(home.join("paper.zip")).unwrap()).unwrap();
    let mut new = ZipWriter::new(File::create(home.join("other.zip")).unwrap());
    for number in 0..old.len() {
        let mut entry = old.by_index(number).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let Some(bytes) = change(&name, bytes) else { continue };
        new.start_file(name, SimpleFileOptions::default()).unwrap();
        new.write_all(&bytes).unwrap();
    }
    new.finish().unwrap();
}

fn verify(home: &Path, bundle: &str) -> assert_cmd::assert::Assert {
    command(home).args(["verify", bundle]).assert()
}

#[test]
fn figures_are_made_again_for_the_same_journal_with_their_data() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    let look = ["--style", "paper", "--venue", "ieee", "--width", "single", "--formats", "pdf,tiff"];
    report(&[&["5e1f00d2-cubaan4", "--bundle", "paper.zip"], &look[..]].concat(), home.path()).success();

    verify(home.path(), "paper.zip").success().stdout(predicate::str::contains("the same byte for byte"));
    let mut zip = ZipArchive::new(File::open(home.path().join("paper.zip")).unwrap()).unwrap();
    for ending in ["pdf", "tiff", "json"] {
        assert!(zip.by_name(&format!("report/figures/hop-distribution.{ending}")).is_ok(), "{ending}");
    }
}

#[test]
fn a_bundle_is_made_again_byte_for_byte_wherever_it_lies() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    let elsewhere = tempfile::tempdir().unwrap();
    fs::rename(home.path().join("paper.zip"), elsewhere.path().join("paper.zip")).unwrap();
    fs::remove_dir_all(home.path().join("5e1f00d2-cubaan4")).unwrap();

    let expected = predicate::str::starts_with("inputs: 4 files, as they were bundled\nresults: ")
        .and(predicate::str::ends_with("files made again, the same byte for byte\n"));
    verify(elsewhere.path(), "paper.zip").success().stdout(expected).stderr("");
}

/// The files below a folder of the bundle, by their names in it.
fn of_bundle(home: &Path, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(File::open(home.join("paper.zip")).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for number in 0..zip.len() {
        let mut entry = zip.by_index(number).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if let Some(name) = name.strip_prefix(folder) {
            found.insert(name.to_owned(), bytes);
        }
    }
    found
}

#[test]
fn the_folder_is_that_of_a_report_without_a_bundle_and_the_bundle_differs_in_names_alone() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    let with_bundle: BTreeMap<String, Vec<u8>> = files(&home.path().join("report")).into_iter().collect();
    let seed = format!("old={}", fixture("seed-n5.csv").display());
    report(&["5e1f00d2-cubaan4", &seed, "--origin", "initiate"], home.path()).success();
    let without: BTreeMap<String, Vec<u8>> = files(&home.path().join("report")).into_iter().collect();
    assert!(with_bundle == without, "a bundle changes the report");

    let packed = of_bundle(home.path(), "report/");
    assert_eq!(packed.keys().collect::<Vec<_>>(), without.keys().collect::<Vec<_>>());
    let names = ["index.html", "summary.json"];
    let is_different = |name: &&String| packed[*name] != without[*name];
    assert_eq!(without.keys().filter(is_different).collect::<Vec<_>>(), names);
    for name in names {
        let text = |files: &BTreeMap<String, Vec<u8>>| String::from_utf8(files[name].clone()).unwrap();
        let csv = fixture("seed-n5.csv").display().to_string();
        let renamed = text(&packed)
            .replace("inputs/01/5e1f00d2-cubaan4", "5e1f00d2-cubaan4")
            .replace("inputs/02/seed-n5.csv", &csv);
        assert_eq!(renamed, text(&without), "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_named_as_it_was_given() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    let header = "sender_id,receiver_id,message,event_type,received_timestamp,propagation_time,detail\n";
    fs::write(home.path().join("bad.csv"), format!("{header}a,a,r-cubaan2-1,initiate,soon,,x\n")).unwrap();
    for inputs in [&["gone.csv"][..], &["bad.csv"], &["5e1f00d2-cubaan4/", "no*.csv"], &["x=bad.csv", "y=bad.csv"]] {
        let output = |more: &[&str]| {
            let run = report(&[inputs, more].concat(), home.path()).code(1);
            String::from_utf8(run.get_output().stderr.clone()).unwrap()
        };
        assert_eq!(output(&["--bundle", "paper.zip"]), output(&[]));
        assert!(!home.path().join("paper.zip").exists() && !home.path().join("report").exists());
    }
}

#[test]
fn a_bundle_has_the_form_that_earlier_versions_read() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    let index: serde_json::Value = serde_json::from_slice(&of_bundle(home.path(), "bundle.json")[""]).unwrap();
    assert_eq!(index["format"], 2);
    let expected = serde_json::json!({
        "inputs": [
            { "label": null, "path": "inputs/01/5e1f00d2-cubaan4" },
            { "label": "old", "path": "inputs/02/seed-n5.csv" },
        ],
        "telemetry": [],
        "origin": "initiate",
        "warm_up": 1,
        "window": "block",
        "figures": { "style": "screen", "venue": "none", "width": "double", "formats": ["png", "svg"] },
    });
    assert_eq!(index["options"], expected);
}

#[test]
fn the_same_report_gives_the_same_bundle() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    let first = fs::read(home.path().join("paper.zip")).unwrap();
    fs::remove_dir_all(home.path().join("5e1f00d2-cubaan4")).unwrap();
    bundled(home.path());
    assert!(first == fs::read(home.path().join("paper.zip")).unwrap());
}

#[test]
fn the_methods_name_every_setting_and_the_verdict() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    let mut zip = ZipArchive::new(File::open(home.path().join("paper.zip")).unwrap()).unwrap();
    let mut text = String::new();
    zip.by_name("METHODS.md").unwrap().read_to_string(&mut text).unwrap();
    for words in
        ["**flood, 4 nodes.**", "protocol flood over topology", "No manifest of", "began the message", "the verdict is"]
    {
        assert!(text.contains(words), "{words} is not in {text}");
    }
}

#[test]
fn whatever_was_changed_is_named() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    let changes: [(&str, &Change); 3] = [
        ("events.jsonl has other bytes", &|name, bytes| {
            Some(if name == EVENTS { [bytes, b"\n".to_vec()].concat() } else { bytes })
        }),
        ("report/quality.json is gone", &|name, bytes| Some(bytes).filter(|_| name != "report/quality.json")),
        ("report/tables/rounds.csv has other bytes", &|name, bytes| {
            Some(if name == "report/tables/rounds.csv" { b"x".to_vec() } else { bytes })
        }),
    ];
    for (expected, change) in changes {
        rewritten(home.path(), change);
        let finding =
            predicate::str::contains("it was changed after it was made").and(predicate::str::contains(expected));
        verify(home.path(), "other.zip").code(1).stdout("").stderr(finding);
    }
}

#[test]
fn results_that_were_made_to_fit_are_found_even_with_their_digests() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    let path = "report/tables/convergence.csv";
    let mut zip = ZipArchive::new(File::open(home.path().join("paper.zip")).unwrap()).unwrap();
    let mut table = String::new();
    zip.by_name(path).unwrap().read_to_string(&mut table).unwrap();
    let (mut index, mut faster) = (String::new(), table.replacen('5', "4", 1));
    zip.by_name("bundle.json").unwrap().read_to_string(&mut index).unwrap();
    faster.push('\n');
    let sha256 = |text: &str| hex(Sha256::new_with_prefix(text));
    let index = index.replace(&sha256(&table), &sha256(&faster));

    let forge = |index: &str| {
        rewritten(home.path(), |name, bytes| match name {
            "bundle.json" => Some(index.as_bytes().to_vec()),
            _ if name == path => Some(faster.as_bytes().to_vec()),
            _ => Some(bytes),
        });
    };
    forge(&index);
    let finding =
        predicate::str::contains("made again, the report differs: report/tables/convergence.csv; the same build");
    verify(home.path(), "other.zip").code(1).stderr(finding);
    forge(&index.replace("\"revision\": \"", "\"revision\": \"other-"));
    let finding =
        predicate::str::contains("report/tables/convergence.csv (").and(predicate::str::contains("install that one"));
    verify(home.path(), "other.zip").code(1).stderr(finding);
}

#[test]
fn another_builds_bundle_is_compared_table_by_table() {
    let home = tempfile::tempdir().unwrap();
    bundled(home.path());
    rewritten(home.path(), |name, bytes| {
        let text = String::from_utf8_lossy(&bytes).replace("\"revision\": \"", "\"revision\": \"other-");
        Some(if name == "bundle.json" { text.into_bytes() } else { bytes })
    });
    let finding = predicate::str::contains("tables made again, equal to 1e-9; cnsim-analyze")
        .and(predicate::str::contains("revision other-"));
    verify(home.path(), "other.zip").success().stdout(finding);
}

#[test]
fn what_is_no_bundle_is_refused_in_one_line() {
    let home = tempfile::tempdir().unwrap();
    flood_folder(home.path());
    verify(home.path(), "nowhere.zip").code(1).stderr(predicate::str::contains("nowhere.zip"));
    fs::write(home.path().join("text.zip"), "no zip").unwrap();
    verify(home.path(), "text.zip").code(1).stderr(predicate::str::starts_with("error: text.zip: "));
    bundled_without_index(home.path());
    verify(home.path(), "other.zip").code(1).stderr(predicate::str::contains("there is no bundle.json in it"));
    let piped = ["-", "--bundle", "x.zip"];
    let mut command = command(home.path());
    command.arg("report").args(piped).write_stdin(fs::read(fixture("flood-n5.jsonl")).unwrap());
    command.assert().code(1).stderr(predicate::str::contains("standard input cannot go into a bundle"));
    assert!(!home.path().join("x.zip").exists());
}

fn bundled_without_index(home: &Path) {
    let mut zip = ZipWriter::new(File::create(home.join("other.zip")).unwrap());
    zip.start_file("x", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
}
