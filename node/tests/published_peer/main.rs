//! Nodes of the published system and ours in one network. `CNSIM_PEER_PYTHON` names a Python that has grpcio.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "the tests of the program need more of it")]
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::Served;

#[test]
fn a_published_node_between_two_of_ours_takes_part_in_a_run() {
    let ours_last = Served::start(&["--id", "last"]);
    let mut published = Published::serve("published", &[&ours_last.address]);
    let peer = format!("published=127.0.0.1:{}", published.port);
    let ours_first = Served::start(&["--id", "first", "--peer", &peer]);

    let answer = Published::start(&ours_first.address, "first", "old-1");

    assert_eq!(answer, "Done propagate! first received: 'old-1'");
    assert_eq!(published.next(), json!({"message": "old-1", "sender_id": "first", "event": "received"}));
    wait_until_recorded(&ours_last, "old-1");
    assert_eq!(Published::start(&ours_last.address, "published", "old-1"), "Duplicate message ignored by (last)");
    let records: Vec<Value> = ours_last.end().1.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let recorded: Vec<_> =
        records.iter().map(|record| (&record["event_type"], &record["sender_id"], &record["hop"])).collect();
    let (published, unknown) = (json!("published"), json!(-1));
    assert_eq!(recorded, [(&json!("received"), &published, &unknown), (&json!("duplicate"), &published, &unknown)]);
}

/// A node that knows fields 1-3 only.
struct Published {
    child: Child,
    lines: BufReader<ChildStdout>,
    port: u16,
}

impl Published {
    fn serve(id: &str, peers: &[&str]) -> Self {
        let mut child = python()
            .args(["serve", id])
            .args(peers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("CNSIM_PEER_PYTHON can be run");
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        lines.read_line(&mut port).unwrap();
        Self { child, lines, port: port.trim().parse().expect("the Python has grpcio and grpcio-tools") }
    }

    fn start(target: &str, id: &str, message: &str) -> String {
        let output = python().args(["start", target, id, message]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The next receipt that it prints.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until_recorded(served: &Served, message: &str) {
    let is_there = || fs::read_to_string(served.out()).unwrap().contains(&format!("\"message\":\"{message}\""));
    while !is_there() {
        thread::sleep(Duration::from_millis(5));
    }
}

fn python() -> Command {
    let python = std::env::var_os("CNSIM_PEER_PYTHON").expect("CNSIM_PEER_PYTHON names a Python that has grpcio");
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/published_peer/node.py"));
    command
}
