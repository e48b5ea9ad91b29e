//! Scenario files: runs with faults, what is refused with its line, and files that are written.

use std::fs;
use std::path::Path;
use std::process::Output;

use cnsim::manifest::RoundOutcome;
use cnsim::scenario::Verdict;
use rustix::process::Signal;

use crate::common::{cnsim, manifest, read, run, signal, started, wait_for};

const SMALL: &str = r#"nodes = 8
topology = "k-regular:4"
protocol = "flood"
delay = "constant:5ms"
payload = "1kB"
rounds = 2
seed = 7
deadline = 200

[fault.split]
kind = "partition"
at = "0s"
for = "300ms"
sides = ["50%", "50%"]

[fault.outage]
kind = "crash"
at = "400ms"
for = "300ms"
who = "25%"
state = "lost"
"#;

fn write(folder: &Path, text: &str) -> String {
    let path = folder.join("f.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn faults_of_a_file_are_seen_at_work_on_machines_and_kept_where_the_run_is_repeated() {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), SMALL);

    let first = run(out.path(), &["-f", &file, "--condition", "split"]);

    let named = |run: &crate::common::Run| {
        run.manifest.options.faults.iter().map(|fault| fault.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(&first), ["split", "outage"]);
    assert_eq!((first.manifest.options.payload_bytes, first.manifest.options.condition.as_str()), (1_000, "split"));
    for receipt in &first.manifest.receipts {
        assert_eq!((receipt.verdict, receipt.rounds), (Verdict::Confirmed, 3), "{receipt:?}");
    }
    assert_eq!(first.manifest.receipts.len(), 2);

    let again = run(out.path(), &["--repeat", first.folder.join("manifest.json").to_str().unwrap()]);
    assert_eq!(again.manifest.options, first.manifest.options);
    let timelines = |run: &crate::common::Run| {
        let text = fs::read_to_string(run.folder.join("faults.jsonl")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.map(|line| line["timeline"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(timelines(&first), timelines(&again), "targets follow from the seed");
}

#[test]
fn a_run_with_faults_goes_on_with_them_after_it_was_stopped() {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), &SMALL.replace("rounds = 2", "rounds = 3"));
    let run = started(out.path(), &["-f", &file]);
    let folder = out.path().join("mid");
    wait_for("a round to end", || !manifest(&folder).rounds.is_empty());
    signal(run.id() as i32, Signal::INT);
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(1));

    let resumed = cnsim(&["run", "--resume", folder.to_str().unwrap()]);

    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let run = read(&folder);
    assert_eq!(run.manifest.rounds.last().unwrap().round, 3);
    let driven = run.manifest.rounds.iter().filter(|round| round.outcome != RoundOutcome::Interrupted).count();
    assert_eq!(fs::read_to_string(folder.join("faults.jsonl")).unwrap().lines().count(), driven);
    for receipt in &run.manifest.receipts {
        assert_eq!((receipt.verdict, receipt.rounds as usize), (Verdict::Confirmed, driven), "{receipt:?}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_line_before_any_work() {
    let base = "nodes = 4\nprotocol = \"flood\"\n";
    let cases = [
        ("rounds = \"x\"", 3, "invalid value 'x' for '--rounds <R>': invalid digit found in string"),
        ("protocl = \"flood\"", 3, "there is no key protocl: did you mean protocol?"),
        ("initiator = \"n9\"", 3, "--initiator n9: the topology has no such node"),
        (
            "topology = \"mesh\"",
            3,
            "unknown topology \"mesh\": use complete, ring, line, star, grid, tree:K, k-regular:K, k-out:K, er:P, ws:K:P, ba:M or outbound:K:TOTAL, or a JSON file",
        ),
        (
            "[fault.a]\nkind = \"crash\"\nat = \"1s\"\nfor = \"1s\"\nwho = \"0..1\"\n[fault.b]\nkind = \"pause\"\nat = \"1500ms\"\nfor = \"1s\"\nwho = \"1..2\"",
            8,
            "fault b: it stops node gossip-statefulset-1 at a time when fault a does",
        ),
        ("[fault.a]\nkind = \"crash\"\nat = \"1s\"\nwho = \"1%\"", 3, "fault a: 1% of the nodes is nobody"),
        (
            "[fault.a]\nkind = \"crash\"\nat = \"-1s\"\nwho = \"10%\"",
            5,
            "fault a: at: \"-1s\" is before 0s: times count from the instant at which the round begins",
        ),
        (
            "[fault.a]\nkind = \"partition\"\nat = \"1s\"\nsides = [\"60%\", \"60%\"]",
            3,
            "fault a: the sides are more than 100% of the nodes",
        ),
        (
            "[fault.a]\nkind = \"partition\"\nat = \"1s\"\nsides = [\"100%\"]",
            3,
            "fault a: a partition has at least two sides",
        ),
        (
            "[fault.a]\nkind = \"partition\"\nat = \"1s\"\nsides = [\"100%\", \"rest\"]",
            3,
            "fault a: side 2 is empty: nothing would be parted",
        ),
        ("[fault.a]\nkind = \"mute\"\nat = \"0s\"\nwho = [\"n9\"]", 3, "fault a: there is no node n9"),
        (
            "[fault.a]\nkind = \"crash\"\nat = \"0s\"\nfor = \"1s\"\nwho = \"all\"",
            3,
            "fault a: every node stands still at 0s, so that no message can begin",
        ),
        (
            "[fault.a]\nkind = \"mute\"\nat = \"0s\"\nfor = \"2s\"\nwho = \"all\"\n[fault.b]\nkind = \"mute\"\nat = \"50s\"\nfor = \"20s\"\nwho = \"all\"",
            8,
            "fault b lasts until 70s, and a round is given up after 60s: give it a shorter `for`, or the run a longer --round-timeout",
        ),
        // With the node of the pause as initiator there would be enough.
        (
            "[fault.a]\nkind = \"pause\"\nat = \"1s\"\nfor = \"1s\"\nwho = \"0..0\"\n[fault.b]\nkind = \"crash\"\nat = \"1s\"\nfor = \"1s\"\nwho = \"75%\"",
            8,
            "fault b: 3 nodes are meant, and 2 are there that no other fault stops meanwhile and that begin no message",
        ),
    ];
    cases.into_iter().for_each(|(text, line, said)| assert_refused(&format!("{base}{text}"), line, said));
}

/// Neither run nor checked, in one line.
pub(crate) fn assert_refused(text: &str, line: u32, said: &str) {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), text);
    let said = format!("error: {file}:{line}: {said}\n");
    for words in [&["run", "--out", out.path().to_str().unwrap(), "-f", &file][..], &["scenario", "check", &file]] {
        let output = cnsim(words);
        assert_eq!((output.status.code(), stderr(&output)), (Some(2), said.clone()), "{text}");
        assert!(output.stdout.is_empty());
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1, "only the file itself");
}

#[test]
fn a_file_that_is_not_there_or_goes_with_repeat_is_refused() {
    let missing = cnsim(&["run", "-f", "nowhere.toml"]);
    let expected = "error: cannot read nowhere.toml: No such file or directory (os error 2)\n";
    assert_eq!((missing.status.code(), stderr(&missing).as_str()), (Some(1), expected));
    let both = cnsim(&["run", "-f", "nowhere.toml", "--repeat", "manifest.json"]);
    let expected = "error: --repeat takes every option from the manifest: only --run-id, --out, --report and a backend go with it\n";
    assert_eq!((both.status.code(), stderr(&both).as_str()), (Some(2), expected));
}

#[cfg(feature = "sim")]
#[test]
fn a_check_says_whom_faults_meet_and_what_each_backend_can_do() {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), &SMALL.replace("deadline = 200", "deadline = \"none\""));

    let output = cnsim(&["scenario", "check", &file]);
    // No deadline: on no backend a sender would end that waits for a crashed node.
    let expected =
        format!("error: {file}:10: fault split needs a --deadline: nobody tells a sender that nothing arrives\n");
    assert_eq!((output.status.code(), stderr(&output)), (Some(2), expected));

    let file = write(out.path(), &SMALL.replace("delay = \"constant:5ms\"\n", ""));
    let output = cnsim(&["scenario", "check", &file, "--round", "2"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap().replace(&file, "f.toml");
    insta::assert_snapshot!("checked", text);
}

#[cfg(feature = "sim")]
#[test]
fn the_template_is_checked_and_run_as_it_is_and_a_command_is_saved_once() {
    let out = tempfile::tempdir().unwrap();
    let template = cnsim(&["scenario", "new"]);
    let file = write(out.path(), &String::from_utf8(template.stdout).unwrap());
    let check = cnsim(&["scenario", "check", &file]);
    assert!(check.status.success(), "{}", stderr(&check));

    let saved = out.path().join("saved.toml");
    let saved = saved.to_str().unwrap();
    let simulate = |words: &[&str]| {
        let output = cnsim(&[&["run", "--out", out.path().to_str().unwrap()], words].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        manifest(Path::new(String::from_utf8(output.stdout).unwrap().trim_end()))
    };
    let first = simulate(&["-f", &file, "--backend", "sim", "--repeats", "1", "--rounds", "1", "--save", saved]);
    for receipt in &first.receipts {
        assert_eq!(receipt.verdict, Verdict::Confirmed, "{receipt:?}");
    }
    assert_eq!((first.options.rounds, first.receipts.len()), (1, 2));
    assert_eq!(simulate(&["-f", saved]).options, first.options);

    let again = cnsim(&["run", "-f", saved, "--save", saved]);
    let expected = format!("error: --save {saved}: there is such a file, which is not written over\n");
    assert_eq!((again.status.code(), stderr(&again)), (Some(2), expected));
}

#[test]
fn reports_on_runs_of_a_file_and_of_a_network_that_moves_find_nothing_wrong() {
    let out = tempfile::tempdir().unwrap();
    let file = write(out.path(), SMALL);
    let moving =
        ["--topology", "rewire:0.5:100ms:er:0.2", "--nodes", "12", "--protocol", "epidemic", "--payload", "1kB"];
    let cases: [(&str, Vec<&str>); 2] = [
        ("file", vec!["-f", &file, "--protocol", "push-pull", "--period", "50ms"]),
        ("moving", [&moving[..], &["--delay", "constant:5ms", "--rounds", "3", "--seed", "4"]].concat()),
    ];
    for (name, flags) in cases {
        let place = ["--backend", "sim", "--repeats", "2", "--run-id", name, "--report", "--out"];
        let typed = [&["run"][..], &flags, &place, &[out.path().to_str().unwrap()]].concat();

        let output = cnsim(&typed);

        assert!(output.status.success(), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains("verdict: sound"), "{name}: {}", stderr(&output));
    }
}
