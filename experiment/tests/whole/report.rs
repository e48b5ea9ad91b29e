//! A run and its report by one command.

use std::fs::File;
use std::process::{Command, Stdio};

use cnsim::manifest::RunOutcome;

use crate::common::{cnsim, manifest, run};

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
fn repeats_of_a_simulation_are_one_condition_with_one_report_that_says_so_everywhere() {
    let out = tempfile::tempdir().unwrap();
    let model = ["--backend", "sim", "--nodes", "20", "--topology", "k-regular:4", "--delay", "exponential:20ms"];
    let rest = ["--rounds", "3", "--repeats", "3", "--seed", "3", "--run-id", "s", "--report", "--out"];
    let output = cnsim(&[&["run"][..], &model, &rest, &[out.path().to_str().unwrap()]].concat());

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for number in 1..=3 {
        assert_eq!(manifest(&out.path().join(format!("s-r{number}"))).options.condition, "s");
    }
    let report = out.path().join("s/report");
    let read = |name: &str| std::fs::read_to_string(report.join(name)).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&read("summary.json")).unwrap();
    assert_eq!((&summary["verdict"], summary["groups"].as_array().unwrap().len()), (&"sound".into(), 1), "{summary}");
    assert!(read("index.html").contains("<h1>Gossip report: s (SIMULATED)</h1>"));
    assert!(read("quality.json").contains("\"simulated\""));
    let files = |folder: &str| std::fs::read_dir(report.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    for file in files("tables").filter(|file| file.extension().is_some_and(|ending| ending == "csv")) {
        let table = std::fs::read_to_string(&file).unwrap();
        let mut lines = table.lines();
        assert!(lines.next().unwrap().ends_with(",simulated"), "{}", file.display());
        assert!(lines.all(|line| line.ends_with(",true")), "{}", file.display());
    }
    for file in
        files("figures").filter(|file| file.extension().is_some_and(|ending| ending == "svg" || ending == "json"))
    {
        assert!(std::fs::read_to_string(&file).unwrap().contains("SIMULATED"), "{}", file.display());
    }
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
