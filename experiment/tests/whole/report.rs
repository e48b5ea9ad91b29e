//! A run and its report by one command.

use crate::common::run;

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
