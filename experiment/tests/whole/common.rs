//! Runs the built `cnsim` and reads what it leaves behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use cnsim::invariant::Arrival;
use cnsim::manifest::Manifest;
use serde_json::Value;

/// A minute of looks, enough for a loaded machine; what is waited for comes within milliseconds on an idle one.
const LOOKS_MAX: u32 = 6000;

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) events: Vec<Value>,
}

pub(crate) fn cnsim(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cnsim")).args(args).output().unwrap()
}

/// A `cnsim` that goes on, under these variables besides its own.
pub(crate) fn spawn(args: &[&str], variables: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cnsim"))
        .args(args)
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// `cnsim run` into `out`, which has to succeed.
pub(crate) fn run(out: &Path, args: &[&str]) -> Run {
    let output = cnsim(&[&["run", "--out", out.to_str().unwrap()], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stdout = String::from_utf8(output.stdout).unwrap();
    let folder = stdout.strip_suffix('\n').unwrap();
    assert!(!folder.contains('\n'), "{stdout}");
    read(Path::new(folder))
}

/// `cnsim run` into `out`, left to itself until its first message has been initiated.
pub(crate) fn started(out: &Path, args: &[&str]) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_cnsim"))
        .args(["run", "--run-id", "mid", "--out", out.to_str().unwrap()])
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let parts = out.join("mid/parts");
    wait_for("a message to be initiated", || {
        let files = fs::read_dir(&parts).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_to_string(file.path()).ok()).any(|text| text.contains("\"initiate\""))
    });
    child
}

pub(crate) fn read(folder: &Path) -> Run {
    Run { folder: folder.to_owned(), manifest: manifest(folder), events: events(&folder.join("events.jsonl")) }
}

pub(crate) fn manifest(folder: &Path) -> Manifest {
    Manifest::from_json(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

/// The process ids of the nodes of runs in `out`.
pub(crate) fn children(out: &Path) -> Vec<i32> {
    let out = out.to_str().unwrap();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command);
        if command.contains(out) && command.contains("--ids-file") {
            found.push(pid);
        }
    }
    found
}

pub(crate) fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..LOOKS_MAX {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain for {what}");
}

pub(crate) fn signal(pid: i32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn events(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Run {
    pub(crate) fn initiators(&self) -> Vec<&str> {
        self.manifest.rounds.iter().map(|round| round.initiator.as_str()).collect()
    }

    /// The events of one kind in one round.
    pub(crate) fn of(&self, round: u32, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["round"] == round && event["event_type"] == kind).collect()
    }

    /// The copies that arrived in one round, nodes by their place in the roster.
    pub(crate) fn arrivals(&self, round: u32) -> Vec<Arrival> {
        let arrived = [self.of(round, "received"), self.of(round, "duplicate")].concat();
        arrived
            .into_iter()
            .map(|event| Arrival {
                receiver: self.node(event["receiver_id"].as_str().unwrap()),
                sender: self.node(event["sender_id"].as_str().unwrap()),
                hop: event["hop"].as_i64().and_then(|hop| u32::try_from(hop).ok()),
                duplicate: event["event_type"] == "duplicate",
            })
            .collect()
    }

    pub(crate) fn node(&self, id: &str) -> u32 {
        self.manifest.roster.iter().position(|node| node.id == id).unwrap() as u32
    }

    /// Every process counts its records from 1 without a gap up to the last one in the manifest.
    pub(crate) fn assert_no_record_is_missing(&self) {
        let mut seqs: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for event in &self.events {
            let process = event["process"].as_str().unwrap().to_owned();
            seqs.entry(process).or_default().push(event["seq"].as_u64().unwrap());
        }
        for (process, last) in &self.manifest.last_seqs {
            let mut found = seqs.remove(process).unwrap_or_default();
            found.sort_unstable();
            assert!(found.iter().copied().eq(1..=*last), "{process}: {found:?}, last {last}");
        }
        assert!(seqs.is_empty(), "records of unknown processes: {seqs:?}");
    }
}
