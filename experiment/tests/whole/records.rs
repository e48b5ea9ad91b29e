//! What a simulation keeps: all records, first receipts only, or none; and how little it says of what it did not keep.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use cnsim::manifest::Records;

use crate::common::{cnsim, manifest};

const LOSSY: [&str; 17] = [
    "run",
    "--backend",
    "sim",
    "--nodes",
    "60",
    "--topology",
    "k-regular:6",
    "--rounds",
    "4",
    "--seed",
    "5",
    "--delay",
    "lognormal:20ms:0.5",
    "--transport",
    "datagram",
    "--loss",
    "5%",
];

fn simulate(out: &Path, name: &str, more: &[&str]) -> Output {
    let place = ["--repeats", "1", "--run-id", name, "--condition", "c", "--out", out.to_str().unwrap()];
    cnsim(&[&LOSSY, more, &place].concat())
}

/// A line of a report's rounds.csv for each scored round, by the names of its columns.
fn rounds(folder: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(folder.join("report/tables/rounds.csv")).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let names = lines.next().unwrap();
    lines.map(|cells| names.iter().cloned().zip(cells).collect()).collect()
}

#[test]
fn first_receipts_alone_make_a_report_that_knows_no_duplicates() {
    let out = tempfile::tempdir().unwrap();
    let (all, first) = (out.path().join("all"), out.path().join("first"));
    for (name, more) in [("all", &["--report"][..]), ("first", &["--report", "--records", "first"])] {
        let output = simulate(out.path(), name, more);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        assert!(stderr.contains("verdict: sound"), "{stderr}");
    }

    assert_eq!(manifest(&all).options.records, Records::All);
    assert_eq!(manifest(&first).options.records, Records::First);
    let ended = |folder: &Path| {
        manifest(folder)
            .rounds
            .into_iter()
            .map(|round| (round.delivered, round.failed, round.outcome))
            .collect::<Vec<_>>()
    };
    assert_eq!(ended(&all), ended(&first));
    let (all_rounds, first_rounds) = (rounds(&all), rounds(&first));
    assert_eq!((all_rounds.len(), first_rounds.len()), (5, 5));
    for (of_all, of_first) in all_rounds.iter().zip(&first_rounds) {
        for unknown in ["duplicates", "sends", "rmr", "load_gini"] {
            assert!(!of_all[unknown].is_empty(), "{unknown}");
            assert_eq!(of_first[unknown], "", "{unknown}");
        }
        for known in
            ["delivered", "coverage", "t50_ms", "t100_first_send_ms", "failed", "hops_max", "latency_median_ms"]
        {
            assert_eq!(of_all[known], of_first[known], "{known}");
        }
    }
    let page = fs::read_to_string(first.join("report/index.html")).unwrap();
    assert!(page.contains("kept first receipts and failed sends only"));
}

#[test]
fn a_run_without_records_has_its_counts_and_says_that_it_kept_none() {
    let out = tempfile::tempdir().unwrap();

    let output = simulate(out.path(), "none", &["--records", "none"]);

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = out.path().join("none");
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["control.csv", "manifest.json", "topology.json"]);
    let made = manifest(&folder);
    assert_eq!((made.options.records, made.rounds.len(), made.expected_events), (Records::None, 5, 5 * 59));
    assert!(
        made.last_seqs.is_empty() && made.rounds.iter().all(|round| round.last_seqs.is_empty() && round.failed > 0)
    );

    let typed = folder.join("manifest.json");
    let repeated = ["run", "--repeat", typed.to_str().unwrap(), "--run-id", "again", "--report", "--out"];
    let output = cnsim(&[&repeated[..], &[out.path().to_str().unwrap()]].concat());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("this run kept no records (--records none)"), "{stderr}");
}

#[test]
fn records_are_chosen_for_simulations_only_and_a_report_needs_some() {
    let out = tempfile::tempdir().unwrap();
    let report = simulate(out.path(), "none", &["--records", "none", "--report"]);
    let local = cnsim(&["run", "--nodes", "3", "--records", "first"]);
    for (output, line) in [
        (report, "--report needs records, and --records none keeps none"),
        (local, "--records goes with --backend sim"),
    ] {
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(line), "{stderr}");
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
}
