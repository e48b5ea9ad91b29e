//! The help texts, as they are shown.

use crate::common::cnsim;

#[test]
fn the_version_names_the_revision() {
    let output = cnsim(&["--version"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let revision = text.strip_prefix(concat!("cnsim ", env!("CARGO_PKG_VERSION"), " (")).unwrap();
    assert!(output.status.success() && revision.len() > ")\n".len() && revision.ends_with(")\n"), "{text}");
}

#[test]
fn every_command_explains_itself() {
    let commands: [(&str, &[&str]); 12] = [
        ("cnsim", &["--help"]),
        ("run", &["run", "--help"]),
        ("scenario", &["scenario", "--help"]),
        ("scenario_check", &["scenario", "check", "--help"]),
        ("study", &["study", "--help"]),
        ("study_run", &["study", "run", "--help"]),
        ("study_status", &["study", "status", "--help"]),
        ("study_report", &["study", "report", "--help"]),
        ("study_repeat", &["study", "repeat", "--help"]),
        ("topology", &["topology", "--help"]),
        ("topology_generate", &["topology", "generate", "--help"]),
        ("topology_show", &["topology", "show", "--help"]),
    ];
    for (name, args) in commands {
        let output = cnsim(args);
        assert!(output.status.success() && output.stderr.is_empty());
        insta::assert_snapshot!(name, String::from_utf8(output.stdout).unwrap());
    }
}
