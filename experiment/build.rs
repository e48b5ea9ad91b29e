//! Stamps the revision that a binary is built from: `CNSIM_REVISION` where it is set (a container build has no `.git`),
//! else git's, else `unknown`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=CNSIM_REVISION");
    println!("cargo:rerun-if-changed=build.rs");
    // Cargo takes a file that is not there for one that has changed.
    for file in ["../.git/HEAD", "../.git/logs/HEAD"].into_iter().filter(|file| Path::new(file).exists()) {
        println!("cargo:rerun-if-changed={file}");
    }
    let revision = std::env::var("CNSIM_REVISION").ok().or_else(head).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=CNSIM_REVISION={revision}");
}

fn head() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output().ok()?;
    let revision = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| revision.trim().to_owned())
}
