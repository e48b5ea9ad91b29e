//! Open loops: rounds begin at their times, count where the schedule says so, and are reported.

use cnsim::manifest::{RoundOutcome, RunOutcome};
use rustix::process::Signal;

use crate::common::{cnsim, manifest, run, signal, started};

const OPEN: [&str; 8] = ["--nodes", "4", "--every", "20ms", "--warm-up", "2", "--rounds", "5"];

#[test]
fn real_nodes_begin_each_round_at_its_time_and_only_the_run_ends() {
    let out = tempfile::tempdir().unwrap();
    let run = run(out.path(), &OPEN);

    assert_eq!((run.manifest.outcome, run.manifest.rounds.len()), (RunOutcome::Complete, 9));
    assert_eq!(run.manifest.expected_events, 9 * 3);
    run.assert_no_record_is_missing();
    for (round, driven) in (0..).zip(&run.manifest.rounds) {
        let begin = driven.begin.unwrap();
        assert_eq!(
            (driven.round, driven.outcome, begin.intended_ms),
            (round, RoundOutcome::Open, f64::from(round) * 20.0)
        );
        assert!(begin.slip_ms >= 0.0);
        assert_eq!(run.of(round, "received").len(), 3, "round {round}");
    }
    let control = std::fs::read_to_string(run.folder.join("control.csv")).unwrap();
    assert_eq!(control, "round,node,kind,messages,bytes\n");
}

#[test]
fn an_open_loop_that_was_stopped_says_which_rounds_were_cut_and_is_not_gone_on_with() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "3", "--every", "100ms", "--rounds", "1000", "--round-timeout", "1"];
    let child = started(out.path(), &flags);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    signal(child.id().try_into().unwrap(), Signal::INT);
    let output = child.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = out.path().join("mid");
    let manifest = manifest(&folder);
    let cut = manifest.rounds.iter().filter(|round| round.outcome == RoundOutcome::Interrupted).count();
    let open = manifest.rounds.iter().filter(|round| round.outcome == RoundOutcome::Open).count();
    assert_eq!(manifest.outcome, RunOutcome::Interrupted);
    assert!((1..=11).contains(&cut) && open > 0 && cut + open == manifest.rounds.len(), "{cut} of {}", cut + open);

    let output = cnsim(&["run", "--resume", folder.to_str().unwrap()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && stderr.contains("an open loop is not gone on with"), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1);
}

#[cfg(all(feature = "sim", feature = "report"))]
#[test]
fn a_simulated_open_loop_is_sound_and_its_goodput_is_a_table() {
    let out = tempfile::tempdir().unwrap();
    let fixed = ["run", "--backend", "sim", "--topology", "complete", "--protocol", "direct-mail", "--repeats", "1"];
    let slow = ["--delay", "constant:20ms", "--uplink", "1Mbit", "--payload-bytes", "1000", "--initiator", "rotate"];
    let place = ["--seed", "3", "--run-id", "open", "--report", "--out", out.path().to_str().unwrap()];
    let output = cnsim(&[&fixed[..], &slow, &OPEN, &place].concat());

    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.contains("verdict: sound"), "{stderr}");
    let tables = out.path().join("open/report/tables");
    let goodput = std::fs::read_to_string(tables.join("goodput.csv")).unwrap();
    // Three copies of some 8.6 ms each leave in 20 ms with room to spare.
    assert!(goodput.contains("\nopen,open,4,5,20ms,50,50,50,"), "{goodput}");
    let rounds = std::fs::read_to_string(tables.join("rounds.csv")).unwrap();
    let scored: Vec<bool> = rounds.lines().skip(1).map(|line| line.contains(",true,gossip")).collect();
    assert_eq!(scored, [false, false, true, true, true, true, true, false, false], "{rounds}");
}

#[test]
fn what_an_open_loop_cannot_be_is_told() {
    for (flags, line) in [
        (&["--every", "100"][..], "has no unit: write 100ms or 100s"),
        (&["--every", "5ns"], "messages begin at least 1us apart"),
        (&["--warm-up", "3"], "--warm-up goes with --every"),
        (&["--every", "1s", "--pause", "7"], "--pause means nothing with --every"),
        (&["--every", "1us", "--warm-up", "60s"], "more than 10000000 rounds would begin"),
        (&["--every", "1s", "--rounds", "0"], "--every needs --rounds 1 or more"),
    ] {
        let output = cnsim(&[&["run", "--nodes", "4"], flags].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {stderr}");
        assert!(stderr.contains(line) && stderr.trim_end().lines().count() == 1, "{flags:?}: {stderr}");
    }
}
