//! Comparisons and growth in the published study's data, against SciPy: Wira et al., PLOS ONE 2025, DOI
//! 10.1371/journal.pone.0325817. The folder is named by `CNSIM_PLOSONE`; without it these tests fail.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use assert_cmd::assert::Assert;
use serde_json::Value;

mod support;

use support::command;

#[test]
fn the_limit_on_bandwidth_slows_as_much_as_scipy_says() {
    let run = compare(&["--by", "nodes", "--format", "json"]).success();
    let found: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    // numpy.subtract.outer and scipy.stats.mannwhitneyu(method="exact") on t100_first_send_ms of rounds.csv.
    let expected: [(u32, [(&str, f64); 6]); 2] = [
        (
            100,
            [
                ("shift", 94.76156399999994),
                ("shift_low", 50.30503500000009),
                ("shift_high", 119.17972900000001),
                ("p", 0.023230639329710537),
                ("cliffs_delta", 0.6),
                ("median_ratio", 1.1821861736388661),
            ],
        ),
        (
            600,
            [
                ("shift", 863.0387395),
                ("shift_low", 734.9760409999999),
                ("shift_high", 1040.5656829999998),
                ("p", 1.082508822446903e-05),
                ("cliffs_delta", 1.0),
                ("median_ratio", 1.281897329267136),
            ],
        ),
    ];
    for (nodes, fields) in expected {
        let comparison = found.as_array().unwrap().iter().find(|found| found["nodes"] == nodes).unwrap();
        for (field, expected) in fields {
            let found = comparison[field].as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-9 * expected, "N={nodes}: {field} is {found}, SciPy {expected}");
        }
    }
    assert_eq!(found.as_array().unwrap().len(), 6);
}

#[test]
fn without_by_nodes_several_numbers_of_nodes_are_refused() {
    compare(&[]).code(1);
}

#[test]
fn a_gate_on_the_published_slow_down_fails() {
    compare(&["--by", "nodes", "--fail-if", "t100_first_send.shift_low > 0"]).code(3);
    compare(&["--by", "nodes", "--fail-if", "t100_first_send.shift_low > 1000"]).success();
}

#[test]
fn direct_mail_grows_as_a_power_of_the_nodes_that_is_nearly_one() {
    let home = tempfile::tempdir().unwrap();
    let files = ["5649-cubaan10", "8db7-cubaan30", "ea4b-cubaan50", "0c28-cubaan70", "ee93-cubaan100"];
    let inputs = files.map(|file| format!("all={}", published(&format!("distribution/{file}-100X.csv")).display()));
    command(home.path()).arg("report").args(inputs).args(["-o", "r"]).assert().success();
    let growth = std::fs::read_to_string(home.path().join("r/tables/growth.csv")).unwrap();
    let line = growth.lines().find(|line| line.starts_with("all,first-send,power-law,a N^b,5,500,")).unwrap();
    let numbers: Vec<f64> = line.split(',').skip(6).map(|cell| cell.parse().unwrap()).collect();
    let [_, exponent, low, high, _, r2, ..] = numbers[..] else { panic!("{line}") };
    // scipy.stats.linregress over the logarithms: 1.05321, standard error 0.00854.
    assert!((exponent - 1.0532110731277222).abs() < 1e-9 && (r2 - 0.968328701533113).abs() < 1e-9, "{line}");
    assert!((1.02..1.05).contains(&low) && (1.055..1.09).contains(&high), "{line}");
}

fn compare(arguments: &[&str]) -> Assert {
    let home = tempfile::tempdir().unwrap();
    let inputs = [("default", "test-default-bwidth-10X.csv"), ("5M", "test-bwidth-5M-10X.csv")];
    let inputs = inputs.map(|(label, file)| format!("{label}={}", published(&format!("bandwidth/{file}")).display()));
    command(home.path()).arg("compare").args(inputs).args(arguments).assert()
}

fn published(file: &str) -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/plosone");
    let folder = std::env::var_os("CNSIM_PLOSONE").map_or_else(default, PathBuf::from);
    assert!(folder.is_dir(), "no folder {}: set CNSIM_PLOSONE to the published data", folder.display());
    folder.join(file)
}
