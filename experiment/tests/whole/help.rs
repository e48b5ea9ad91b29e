//! The help texts, as they are shown.

use crate::common::cnsim;

#[test]
fn every_command_explains_itself() {
    for (name, args) in [("cnsim", &["--help"][..]), ("run", &["run", "--help"])] {
        let output = cnsim(args);
        assert!(output.status.success() && output.stderr.is_empty());
        insta::assert_snapshot!(name, String::from_utf8(output.stdout).unwrap());
    }
}
