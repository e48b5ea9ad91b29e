//! The program as a user or a driver runs it: its exit codes, its streams, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs::{self, File};
use std::net::TcpListener;
use std::process::Stdio;

use assert_cmd::prelude::OutputAssertExt;
use predicates::prelude::{PredicateBooleanExt, predicate};
use predicates::str::{contains, ends_with};
use support::{Served, program, wait_for};

#[test]
fn start_prints_the_acknowledgment_as_its_last_line() {
    let served = Served::start(&["--id", "a"]);
    let expected =
        "Sending message to self (a): 'hello 1'\nReceived acknowledgment: Done propagate! a received: 'hello 1'\n";
    served.start_message("hello 1").success().stdout(expected).stderr("");
    let (status, out) = served.end();
    assert!(status.success());
    let record: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&record["event_type"], &record["receiver_id"]), (&"initiate".into(), &"a".into()));
}

#[test]
fn the_version_names_the_revision_that_the_environment_says_or_the_build() {
    let version = concat!("cnsim-node ", env!("CARGO_PKG_VERSION"), " (");
    program()
        .arg("--version")
        .env_remove("CNSIM_REVISION")
        .assert()
        .success()
        .stdout(predicate::str::starts_with(version));
    program().arg("--version").env("CNSIM_REVISION", "abc").assert().stdout(format!("{version}abc)\n"));
}

#[test]
fn sigterm_leaves_every_record_and_exit_code_0() {
    let mut served = Served::start(&["--id", "a"]);
    for round in 0..50 {
        served.start_message(&format!("run-{round}")).success();
    }
    let pid = rustix::process::Pid::from_child(&served.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = served.child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    let out = fs::read_to_string(served.out()).unwrap();
    let seqs =
        out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_u64().unwrap());
    assert_eq!(seqs.collect::<Vec<_>>(), (1..=50).collect::<Vec<_>>());
}

#[test]
fn two_processes_with_peers_on_the_command_line_need_no_driver() {
    let b = Served::start(&["--id", "b"]);
    let peer = format!("b={}", b.address);
    let a = Served::start(&["--id", "a", "--peer", &peer, "--protocol", "direct-mail", "--condition", "c"]);
    a.start_message("run-4").success();
    let (_, sent) = a.end();
    let (_, received) = b.end();
    let record: serde_json::Value = serde_json::from_str(&received).unwrap();
    assert_eq!(
        (&record["event_type"], &record["sender_id"], &record["hop"]),
        (&"received".into(), &"a".into(), &1.into())
    );
    let record: serde_json::Value = serde_json::from_str(&sent).unwrap();
    assert_eq!((&record["nodes"], &record["condition"]), (&2.into(), &"c".into()));
}

#[test]
fn one_process_hosts_the_nodes_of_a_range_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids");
    fs::write(&ids, "x\n\ny\n").unwrap();
    let from_range = Served::start(&["--id", "n", "--nodes", "8..10"]);
    let from_file = Served::start(&["--ids-file", ids.to_str().unwrap()]);
    let names = |served: &Served| {
        let announced = wait_for(&served.folder.path().join("announce.json"));
        let nodes = announced["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&from_range), ["n-10", "n-8", "n-9"], "in the order of their names");
    assert_eq!(names(&from_file), ["x", "y"]);
    assert!(from_range.end().0.success() && from_file.end().0.success());
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line =
        format!("error: cannot listen on {address}: choose another address with --listen: Address already in use");
    let serve = program().args(["serve", "--id", "a", "--listen", &address, "--control", "127.0.0.1:0"]).assert();
    serve.code(1).stdout("").stderr(predicate::str::starts_with(line).and(predicate::str::contains("\n").count(1)));
    let serve = program().args(["serve", "--id", "a", "--listen", "127.0.0.1:0", "--control", &address]).assert();
    serve.code(1).stderr(contains("choose another address with --control"));
}

#[test]
fn a_target_that_is_not_there_is_one_clear_line() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let start = program().args(["start", "--message", "m", "--target", &gone]).assert();
    let line = format!("error: cannot start the message at {gone} (--target): Connection refused (os error 111)\n");
    start.code(1).stdout("").stderr(line);
}

#[test]
fn records_that_cannot_be_written_end_the_process_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let announce = folder.path().join("announce.json");
    let serve = program()
        .args(["serve", "--id", "a", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--exit-with-stdin"])
        .arg("--announce")
        .arg(&announce)
        .stdin(Stdio::piped())
        .stdout(File::options().write(true).open("/dev/full").unwrap())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let address = wait_for(&announce)["nodes"][0]["address"].as_str().unwrap().to_owned();
    program().args(["start", "--message", "m", "--target", &address]).output().unwrap();
    let line = "error: cannot write event records to stdout: No space left on device (os error 28)\n";
    serve.wait_with_output().unwrap().assert().code(1).stderr(ends_with(line));
}

#[test]
fn flags_that_contradict_each_other_are_usage_errors() {
    let cases: [(&[&str], &str); 7] = [
        (&["serve"], "<--id <ID>|--ids-file <FILE>|--total-nodes <N>>"),
        (&["serve", "--id", "a", "--nodes", "3..1"], "write A..B"),
        (&["serve", "--id", "a", "--nodes", "0..1", "--peer", "b=h:1"], "this process would host 2"),
        (&["serve", "--id", "a", "--peer", "a=h:1"], "a node is not its own neighbour"),
        (&["serve", "--id", "a", "--peer", "b"], "write ID=HOST:PORT"),
        (&["serve", "--id", "a", "--peer", "b=h:1", "--deadline", "0"], "milliseconds from 1 on, or none"),
        (&["serve", "--id", "a", "--protocol", "flood"], "--peer"),
    ];
    for (flags, text) in cases {
        program().args(flags).assert().code(2).stdout("").stderr(contains(text));
    }
}

#[test]
fn every_flag_can_come_from_the_environment() {
    let served = program()
        .arg("serve")
        .envs([("CNSIM_ID", "a b"), ("CNSIM_LISTEN", "127.0.0.1:0"), ("CNSIM_CONTROL", "127.0.0.1:0")])
        .assert();
    served.code(2).stderr(contains("the node id \"a b\" must not contain spaces"));
}

#[test]
fn help_leads_with_an_example() {
    for (name, flags) in
        [("help", &["--help"] as &[_]), ("serve", &["serve", "--help"]), ("start", &["start", "--help"])]
    {
        let output = program().args(flags).output().unwrap();
        assert!(output.status.success());
        insta::assert_snapshot!(name, String::from_utf8(output.stdout).unwrap());
    }
}
