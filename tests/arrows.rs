//! The arrows between crates as cargo resolves them, and what the protocol core must not reach. `circles` reads those between files.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_core_reaches_no_runtime_no_socket_no_clock_and_no_global_random_numbers() {
    let reached = tree(&["-p", "cnsim", "--no-default-features", "--edges", "normal"]);
    for banned in ["tokio", "tonic", "hyper", "mio", "socket2", "rand", "getrandom", "iana-time-zone", "polars"] {
        assert!(!reached.contains(banned), "cnsim without grpc reaches {banned}");
    }
    assert!(reached.contains("rand_xoshiro"), "the tree was read");
}

#[test]
fn every_crate_knows_only_the_crates_it_may() {
    let allowed: [(&str, &[&str]); 9] = [
        ("cnsim", &[]),
        ("cnsim-charts", &[]),
        ("cnsim-cluster", &[]),
        ("cnsim-files", &[]),
        ("cnsim-node", &["cnsim"]),
        ("cnsim-records", &["cnsim"]),
        ("cnsim-sim", &["cnsim"]),
        ("cnsim-analyze", &["cnsim", "cnsim-charts", "cnsim-cluster", "cnsim-files", "cnsim-records"]),
        (
            "cnsim-experiment",
            &[
                "cnsim",
                "cnsim-analyze",
                "cnsim-charts",
                "cnsim-cluster",
                "cnsim-files",
                "cnsim-node",
                "cnsim-records",
                "cnsim-sim",
            ],
        ),
    ];
    for (package, may_know) in allowed {
        let known: BTreeSet<String> = tree(&["-p", package, "--edges", "normal,build"])
            .into_iter()
            .filter(|name| name.starts_with("cnsim") && name != package)
            .collect();
        let may_know: BTreeSet<String> = may_know.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(known, may_know, "{package}");
    }
}

#[test]
fn without_the_report_the_experiment_needs_no_analysis() {
    let reached = tree(&["-p", "cnsim-experiment", "--no-default-features", "--edges", "normal"]);
    assert!(!reached.contains("cnsim-analyze") && !reached.contains("polars"));
}

#[test]
fn the_analysis_speaks_grpc_with_bigquery_alone() {
    let without = ["-p", "cnsim-analyze", "--no-default-features", "--features", "kubernetes", "--edges", "normal"];
    let reached = tree(&without);
    assert!(!reached.contains("tonic") && !reached.contains("prost"));
    assert!(tree(&["-p", "cnsim-analyze", "--edges", "normal"]).contains("tonic"));
}

#[test]
fn the_experiment_s_analysis_knows_no_bigquery() {
    let reached = tree(&["-p", "cnsim-experiment", "--edges", "normal"]);
    assert!(reached.contains("cnsim-analyze") && !reached.contains("gcp-bigquery-client"));
}

/// The names of every package in `cargo tree` with these arguments.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs: it is what runs this test");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}
