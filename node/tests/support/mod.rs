//! A node's process as these tests start it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use assert_cmd::cargo::CommandCargoExt;
use assert_cmd::prelude::OutputAssertExt;
use tempfile::TempDir;

/// A served process whose stdout is a file.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) folder: TempDir,
    pub(crate) address: String,
}

impl Served {
    pub(crate) fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let announce = folder.path().join("announce.json");
        let child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--exit-with-stdin", "--announce"])
            .arg(&announce)
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(File::create(folder.path().join("out")).unwrap())
            .stderr(File::create(folder.path().join("err")).unwrap())
            .spawn()
            .unwrap();
        let address = wait_for(&announce)["nodes"][0]["address"].as_str().unwrap().to_owned();
        Self { child, folder, address }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    pub(crate) fn start_message(&self, message: &str) -> assert_cmd::assert::Assert {
        program().args(["start", "--message", message, "--target", &self.address]).assert()
    }

    /// Closes its stdin and waits until it has ended.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        (status, fs::read_to_string(self.out()).unwrap())
    }
}

/// Without this machine's own settings.
pub(crate) fn program() -> Command {
    let mut command = Command::cargo_bin("cnsim-node").unwrap();
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("CNSIM_"));
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// The JSON of a file that will be there.
pub(crate) fn wait_for(file: &Path) -> serde_json::Value {
    loop {
        match fs::read(file) {
            Ok(bytes) => return serde_json::from_slice(&bytes).unwrap(),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}
