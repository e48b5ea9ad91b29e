//! The build script of every program: stamps the revision that it is built from, which is `CNSIM_REVISION` where that is
//! set (a container build has no `.git`), else git's, else `unknown`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=CNSIM_REVISION");
    println!("cargo:rerun-if-changed=../revision.rs");
    // Asked of git, because a work tree keeps them elsewhere. Cargo takes a file that is not there for one that has changed.
    let files = ["HEAD", "logs/HEAD"].into_iter().filter_map(|name| git(&["rev-parse", "--git-path", name]));
    for file in files.filter(|file| Path::new(file).exists()) {
        println!("cargo:rerun-if-changed={file}");
    }
    let head = || git(&["rev-parse", "--short", "HEAD"]);
    let revision = std::env::var("CNSIM_REVISION").ok().or_else(head).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=CNSIM_REVISION={revision}");
}

/// What git says; none outside a repository, or where there is no git.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
