//! A run and its report by one command.

use std::fs::File;
use std::process::{Command, Stdio};

use cnsim::manifest::RunOutcome;

use crate::common::{manifest, run};

#[test]
fn a_run_with_a_report_leaves_its_page_tables_and_verdict() {
    let out = tempfile::tempdir().unwrap();
    let run = run(out.path(), &["--nodes", "4", "--rounds", "2", "--nodes-per-process", "4", "--report"]);

    let report = run.folder.join("report");
    for file in ["index.html", "quality.json", "summary.json", "tables/convergence.csv", "tables/rounds.csv"] {
        assert!(report.join(file).is_file(), "{file}");
    }
    let quality: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report.join("quality.json")).unwrap()).unwrap();
    assert_ne!(quality["verdict"], "unsound", "{quality}");
}

#[test]
fn a_run_and_its_report_go_on_where_nobody_can_read_what_they_say() {
    let full = Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let gone = Stdio::from(std::io::pipe().unwrap().1);
    for (run_id, stderr) in [("full", full), ("gone", gone)] {
        let out = tempfile::tempdir().unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_cnsim"))
            .args(["run", "--nodes", "3", "--rounds", "1", "--report", "--run-id", run_id, "--out"])
            .arg(out.path())
            .stdout(Stdio::null())
            .stderr(stderr)
            .status()
            .unwrap();
        assert!(status.success(), "{run_id}: {status}");
        assert_eq!(manifest(&out.path().join(run_id)).outcome, RunOutcome::Complete, "{run_id}");
        assert!(out.path().join(run_id).join("report/summary.json").exists(), "{run_id}");
    }
}
