//! A study of six runs in the pods of a cluster, with a report on all of them.

use std::fs;
use std::process::Command;

use super::{CNSIM, manifest, pods, text};

const STUDY: &str = r#"nodes = 4
topology = "complete"
rounds = 3
seed = 7
backend = "kubernetes"

[vary]
protocol = ["flood", "direct-mail"]

[study]
name = "e2e-study"
deployments = 3
"#;

#[test]
fn a_study_makes_six_deployments_and_one_report() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("e2e-study.toml");
    fs::write(&file, STUDY).unwrap();
    let study = |words: &[&str]| {
        Command::new(CNSIM).arg("study").args(words).args(["--out", out.path().to_str().unwrap()]).output().unwrap()
    };

    let made = study(&["run", file.to_str().unwrap()]);

    assert!(made.status.success(), "{}", text(&made.stderr));
    let runs = out.path().join("e2e-study/runs");
    let mut names: Vec<String> =
        fs::read_dir(&runs).unwrap().map(|run| run.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!((names.len(), names[0].as_str(), names[5].as_str()), (6, "e2e-study-b01-c01", "e2e-study-b03-c02"));
    for name in &names {
        let manifest = manifest(&runs, name);
        assert!(manifest.rounds.iter().all(|round| round.delivered == 3), "{name}");
        assert_eq!(manifest.study.unwrap().blocks, 3, "{name}");
    }
    names.iter().for_each(|name| assert_eq!(pods(&format!("cnsim-{name}")), ""));
    let report = study(&["report", "e2e-study"]);
    assert!(report.status.success(), "{}", text(&report.stderr));
    let factors = fs::read_to_string(out.path().join("e2e-study/report/tables/factors.csv")).unwrap();
    assert!(factors.contains("flood,protocol,flood,varies,"), "{factors}");
}
