//! Faults that kill whole processes of a real run, and what becomes of one that was not killed.

use std::path::Path;

use cnsim::manifest::{RoundOutcome, RunOutcome};
use cnsim::scenario::{Receipt, Verdict};

use crate::common::{Run, cnsim, read, run, spawn};
use crate::scenario::assert_refused;

const KILL: &str = r#"nodes = 6
topology = "complete"
protocol = "anti-entropy:push-pull"
period = "50ms"
initiator = "gossip-statefulset-0"
payload = "1kB"
rounds = 1
seed = 7
deadline = 300
nodes_per_process = 3

[fault.outage]
kind = "crash"
at = "400ms"
for = "900ms"
who = "3..5"
how = "process"
"#;

fn write(folder: &Path, text: &str) -> String {
    let path = folder.join("f.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn receipt(run: &Run) -> &Receipt {
    &run.manifest.receipts[0]
}

#[test]
fn a_process_that_is_killed_comes_back_as_another_that_holds_nothing() {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), KILL);

    let run = run(out.path(), &["-f", &file]);

    let killed = receipt(&run);
    assert_eq!((killed.verdict, killed.witness.leaked), (Verdict::Confirmed, 0), "{killed:?}");
    assert_eq!((killed.control.steps, killed.control.processes.len()), (12, 2), "three nodes in two rounds");
    for kill in &killed.control.processes {
        assert!(kill.id.starts_with("pid ") && kill.killed_ms >= 400.0 && kill.back_ms > Some(1_300.0), "{kill:?}");
        assert_eq!(run.manifest.last_seqs.get(&kill.process).copied(), kill.last_seq);
    }
    let rounds = &run.manifest.rounds;
    assert!(rounds.iter().all(|round| round.outcome == RoundOutcome::Horizon && round.resources.is_none()));
    assert_eq!(run.manifest.incidents, []);
    run.assert_no_record_is_missing();
    // Who lost the message hears of it again, under the next number.
    let again: Vec<_> = run.of(1, "received").into_iter().filter(|event| event["incarnation"] == 3).collect();
    assert_eq!(again.len(), 3, "{again:?}");
    let places: Vec<&str> = run.manifest.roster.iter().map(|node| node.process.as_str()).collect();
    assert!(again.iter().all(|event| places[3..].contains(&event["process"].as_str().unwrap())), "{places:?}");
}

#[test]
fn copies_to_a_process_that_is_killed_are_refused_and_it_is_whole_in_the_next_round() {
    let out = tempfile::tempdir().unwrap();
    let flood =
        KILL.replace("anti-entropy:push-pull", "flood").replace("period = \"50ms\"\n", "delay = \"constant:20ms\"\n");
    let file = write(out.path(), &flood.replace("400ms", "0s").replace("for = \"900ms\"\n", ""));

    let run = run(out.path(), &["-f", &file]);

    for round in 0..=1 {
        // The initiator's three copies to the other process, and as many of each that it reached.
        let failed = run.of(round, "failed");
        assert_eq!((failed.len(), run.of(round, "received").len()), (9, 2), "{failed:?}");
        assert!(failed.iter().all(|event| event["reason"] == "unreachable"), "{failed:?}");
    }
    assert_eq!(receipt(&run).verdict, Verdict::Confirmed);
    let outcomes: Vec<_> = run.manifest.rounds.iter().map(|round| round.outcome).collect();
    assert_eq!((outcomes, run.manifest.outcome), (vec![RoundOutcome::Quiescent; 2], RunOutcome::Complete));
    let names: Vec<_> = receipt(&run).control.processes.iter().map(|kill| &kill.process).collect();
    assert_ne!(names[0], names[1], "another process stands in its place in each round");
}

#[test]
fn a_process_that_was_to_be_killed_and_was_not_contradicts_the_fault() {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), KILL);
    let words = ["run", "--out", out.path().to_str().unwrap(), "--run-id", "spared", "-f", &file];

    let output = spawn(&words, &[("CNSIM_TEST_SPARE_KILLED", "1")]).wait_with_output().unwrap();

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let spared = read(&out.path().join("spared"));
    let found = receipt(&spared);
    assert_eq!((found.verdict, found.witness.affected), (Verdict::Contradicted, 0), "{found:?}");
    assert!(found.reason.ends_with("a node that is down neither sends nor receives"), "{}", found.reason);
}

#[test]
fn what_kills_a_part_of_a_process_is_refused_with_its_line_before_any_work() {
    let base = "nodes = 4\nprotocol = \"flood\"\n";
    let cases = [
        (
            "nodes_per_process = 3\n[fault.a]\nkind = \"crash\"\nhow = \"process\"\nat = \"1s\"\nwho = \"0..1\"",
            4,
            "fault a: how = \"process\" kills whole processes, and gossip-statefulset-2 is in the process of gossip-statefulset-0 without being meant: name the nodes 0 to 2, or give each node its own process (--nodes-per-process 1)",
        ),
        (
            "nodes_per_process = 3\n[fault.a]\nkind = \"crash\"\nhow = \"process\"\nat = \"1s\"\nwho = \"25%\"",
            4,
            "fault a: how = \"process\" kills whole processes, and a share draws single nodes: with 3 nodes in a process name all of them, as who = \"0..2\", or give each node its own (--nodes-per-process 1)",
        ),
        (
            "nodes_per_process = 3\n[fault.a]\nkind = \"crash\"\nhow = \"process\"\nat = \"1s\"\nfor = \"9s\"\nwho = \"0..2\"\nback_after = \"exponential:1s\"",
            4,
            "fault a: nodes of one process are back together: give back_after one time, as \"3s\", or each node its own process (--nodes-per-process 1)",
        ),
        (
            "[fault.a]\nkind = \"crash\"\nhow = \"process\"\nstate = \"kept\"\nat = \"1s\"\nwho = \"0..2\"",
            3,
            "fault a: a process that is killed keeps nothing: leave state out, or use state = \"lost\"",
        ),
        (
            "every = \"1s\"\n[fault.a]\nkind = \"crash\"\nhow = \"process\"\nat = \"1s\"\nwho = \"0..2\"",
            4,
            "fault a: how = \"process\" goes without --every: use how = \"dark\"",
        ),
    ];
    cases.into_iter().for_each(|(text, line, said)| assert_refused(&format!("{base}{text}"), line, said));
}

#[cfg(feature = "report")]
#[test]
fn a_report_on_killed_processes_finds_nothing_wrong() {
    let out = tempfile::tempdir().unwrap();
    let file =
        write(out.path(), &KILL.replace("anti-entropy:push-pull", "plumtree").replace("period = \"50ms\"\n", ""));

    let output = cnsim(&["run", "--out", out.path().to_str().unwrap(), "-f", &file, "--report"]);

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("unsound"), "{said}");
}

#[cfg(feature = "sim")]
#[test]
fn a_simulation_has_no_processes_to_kill() {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), KILL);
    let output = cnsim(&["run", "--out", out.path().to_str().unwrap(), "-f", &file, "--backend", "sim"]);
    let expected =
        format!("error: {file}:12: fault outage: a simulation has no processes to kill: use how = \"dark\"\n");
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(2), expected));
}
