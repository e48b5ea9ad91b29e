//! Runs in virtual time: the folder of any run, the same bytes every time, and no default that hides a model.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use cnsim::manifest::{Backend, RoundOutcome, RunOutcome};
use cnsim::time::Clock;
use rustix::process::Signal;

use crate::common::{cnsim, manifest, signal, spawn, wait_for};

const SMALL: [&str; 11] =
    ["run", "--backend", "sim", "--nodes", "60", "--topology", "k-regular:4", "--rounds", "6", "--seed", "5"];

fn simulate(out: &Path, more: &[&str]) -> Output {
    let out = out.to_str().unwrap();
    cnsim(&[&SMALL, more, &["--out", out]].concat())
}

#[test]
fn a_simulation_leaves_the_folder_of_any_run() {
    let out = tempfile::tempdir().unwrap();

    let output =
        simulate(out.path(), &["--delay", "exponential:20ms", "--repeats", "1", "--run-id", "one", "--report"]);

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = out.path().join("one");
    assert_eq!(output.stdout, format!("{}\n", folder.display()).as_bytes());
    let manifest = manifest(&folder);
    assert_eq!((manifest.outcome, manifest.clock), (RunOutcome::Complete, Clock::Virtual));
    assert!(matches!(manifest.backend, Backend::Sim(_)));
    assert_eq!(manifest.rounds.len(), 7);
    assert!(manifest.rounds.iter().all(|round| round.outcome == RoundOutcome::Quiescent && round.delivered == 59));
    assert!(String::from_utf8_lossy(&output.stderr).contains("verdict: sound"));
    assert!(!folder.join("parts").exists());
}

#[test]
fn repeats_have_seeds_and_graphs_of_their_own() {
    let out = tempfile::tempdir().unwrap();

    let output = simulate(out.path(), &["--delay", "constant:20ms", "--repeats", "3", "--run-id", "s"]);

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folders: Vec<_> = (1..=3).map(|number| out.path().join(format!("s-r{number}"))).collect();
    let printed: String = folders.iter().map(|folder| format!("{}\n", folder.display())).collect();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), printed);
    let graphs: BTreeMap<String, u64> = folders
        .iter()
        .map(|folder| manifest(folder))
        .map(|manifest| (manifest.topology_sha256, manifest.options.seed))
        .collect();
    assert_eq!(graphs.len(), 3);
}

#[test]
fn one_seed_gives_the_same_bytes_on_one_thread_and_on_eight_and_when_it_is_repeated() {
    let out = tempfile::tempdir().unwrap();
    let times = out.path().join("times");
    fs::write(&times, "ms\n1\n2.5\n4\n").unwrap();
    let service = format!("empirical:{}", times.display());
    let rates = ["--uplink", "mix:20%=1Gbit,80%=500kbit", "--downlink", "5Mbit", "--validate", "exponential:3ms"];
    let plain = ["--delay", "lognormal:40ms:0.5", "--loss", "10%", "--repeats", "1", "--run-id", "same"];
    let lossy = [&plain[..], &rates, &["--service", &service]].concat();
    let records = |threads: &str| {
        let place = out.path().join(threads);
        let arguments = [&SMALL[..], &lossy, &["--out", place.to_str().unwrap()]].concat();
        let output = spawn(&arguments, &[("RAYON_NUM_THREADS", threads)]).wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(place.join("same/events.parquet")).unwrap()
    };
    let (one, two, eight) = (records("1"), records("2"), records("8"));
    assert!(one == two && one == eight, "records differ between 1, 2 and 8 threads");
    // What was drawn from stands in the run folder.
    fs::remove_file(&times).unwrap();

    let (again, first) = (out.path().join("again"), out.path().join("1/same/manifest.json"));
    let arguments = ["run", "--repeat", first.to_str().unwrap(), "--run-id", "same", "--out", again.to_str().unwrap()];
    let output = cnsim(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::read(again.join("same/events.parquet")).unwrap() == one, "the repeated run differs");
}

#[test]
fn what_a_simulation_needs_or_does_not_know_is_named() {
    let bare = ["run", "--backend", "sim", "--nodes", "9"];
    for (more, line) in [
        (&["--delay", "constant:1ms"][..], "--backend sim needs --topology, as --topology k-regular:8"),
        (&["--topology", "ring"], "--backend sim needs --delay, as --delay constant:20ms"),
        (&["--topology", "ring", "--delay", "constant:20"], "constant:20"),
        (&["--topology", "ring", "--delay", "uniform:20ms:10ms"], "write uniform:10ms:20ms"),
        (&["--topology", "ring", "--delay", "weights"], "has no weight from 0 ms to an hour"),
        (&["--topology", "ring", "--delay", "empirical:no-such-file"], "cannot read no-such-file (--delay)"),
        (&["--topology", "ring", "--delay", "none", "--connections", "reuse"], "--connections means nothing"),
        (&["--topology", "ring", "--delay", "none", "--nodes-per-process", "3"], "--nodes-per-process means nothing"),
        (&["--topology", "ring", "--delay", "none", "--namespace", "x"], "--namespace goes with --backend kubernetes"),
        (&["--topology", "ring", "--delay", "none", "--loss", "5"], "5%"),
        (&["--topology", "ring", "--delay", "none", "--uplink", "0"], "or leave the rate out for no limit"),
        (&["--topology", "ring", "--delay", "none", "--downlink", "50"], "write 50Mbit or 50kbit"),
        (
            &["--topology", "ring", "--delay", "none", "--uplink", "mix:20%=1Gbit,70%=5Mbit"],
            "add up to 90%: make it 100%",
        ),
        (
            &["--topology", "ring", "--delay", "none", "--sharing", "fifo"],
            "--sharing fifo goes with --uplink or --downlink",
        ),
        (&["--topology", "ring", "--delay", "none", "--validate", "5"], "write constant:5ms or constant:5s"),
        (&["--topology", "ring", "--delay", "none", "--validate", "weights"], "weights is a time between two nodes"),
        (&["--topology", "ring", "--delay", "none", "--service", "empirical:gone"], "cannot read gone (--service)"),
        (
            &["--topology", "ring", "--delay", "none", "--protocol", "pull", "--phase", "aligned", "--uplink", "1Mbit"],
            "--phase aligned: --uplink lets copies come later",
        ),
        (&["--topology", "ring", "--delay", "none", "--loss", "100%"], "--loss 100%: no copy would arrive"),
        (&["--topology", "ring", "--delay", "none", "--period", "2s"], "--period means nothing to flood"),
        (&["--topology", "ring", "--delay", "none", "--phase", "random"], "--phase means nothing to flood"),
        (
            &["--topology", "ring", "--delay", "none", "--protocol", "announce", "--phase", "random"],
            "--phase means nothing",
        ),
        (&["--topology", "ring", "--delay", "none", "--protocol", "pull", "--back-to-sender"], "means nothing to pull"),
        (
            &["--topology", "ring", "--delay", "none", "--protocol", "plumtree", "--back-to-sender"],
            "nothing to plumtree",
        ),
    ] {
        let output = cnsim(&[&bare[..], more].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}: {stderr}");
        assert!(stderr.contains(line), "{more:?}: {stderr}");
        assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
    }
    let output = cnsim(&["run", "--nodes", "3", "--repeats", "2"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("--repeats goes with --backend sim"));
    let output = cnsim(&["run", "--nodes", "3", "--service", "constant:1ms"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("--service goes with --backend sim"));
}

#[test]
fn flags_that_mean_something_to_a_protocol_are_taken() {
    let bare =
        ["run", "--backend", "sim", "--nodes", "9", "--topology", "ring", "--delay", "constant:1ms", "--repeats", "1"];
    let out = tempfile::tempdir().unwrap();
    for more in [
        &["--protocol", "plumtree", "--period", "2s"][..],
        &["--protocol", "pull", "--period", "1s", "--phase", "aligned"],
        &["--protocol", "push:2", "--back-to-sender"],
    ] {
        let output = cnsim(&[&bare[..], more, &["--out", out.path().to_str().unwrap()]].concat());
        assert!(output.status.success(), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn repeats_are_checked_before_the_first_of_them_begins() {
    let out = tempfile::tempdir().unwrap();
    fs::create_dir(out.path().join("s-r3")).unwrap();
    let taken = simulate(out.path(), &["--delay", "constant:20ms", "--repeats", "3", "--run-id", "s"]);
    let stderr = String::from_utf8(taken.stderr).unwrap();
    assert!(stderr.contains("s-r3 exists: give another --run-id or --out"), "{stderr}");

    // Some of these graphs are in one piece, that of the first seed among them, and some are not.
    let sparse = ["run", "--backend", "sim", "--nodes", "40", "--topology", "er:0.1", "--delay", "constant:20ms"];
    let more = ["--seed", "3", "--repeats", "40", "--run-id", "e", "--out", out.path().to_str().unwrap()];
    let pieces = cnsim(&[&sparse[..], &more].concat());
    let stderr = String::from_utf8(pieces.stderr).unwrap();
    assert_eq!(pieces.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("error: e-r") && !stderr.contains("e-r1:") && stderr.contains("pieces"), "{stderr}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_simulation_is_repeated_on_no_machine() {
    let out = tempfile::tempdir().unwrap();
    let output = simulate(out.path(), &["--delay", "constant:20ms", "--repeats", "1", "--run-id", "one"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest = out.path().join("one/manifest.json");

    let repeated = cnsim(&["run", "--repeat", manifest.to_str().unwrap(), "--backend", "local"]);

    let stderr = String::from_utf8(repeated.stderr).unwrap();
    assert!(!repeated.status.success());
    assert!(stderr.contains("manifest.json: a simulation is repeated as one; type its options"), "{stderr}");
}

#[test]
fn rounds_that_were_finished_are_kept_where_the_user_ends_the_run() {
    let out = tempfile::tempdir().unwrap();
    let place = out.path().to_str().unwrap();
    let long = ["run", "--backend", "sim", "--nodes", "60", "--topology", "complete", "--delay", "exponential:20ms"];
    let more = ["--rounds", "100000", "--repeats", "1", "--seed", "1", "--run-id", "cut", "--out", place];
    let run = spawn(&[&long[..], &more].concat(), &[]);
    let folder = out.path().join("cut");
    wait_for("the run to begin", || folder.join("manifest.json").exists());
    std::thread::sleep(std::time::Duration::from_secs(4));

    signal(run.id() as i32, Signal::INT);
    let output = run.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    let manifest = manifest(&folder);
    assert_eq!((manifest.outcome, manifest.reason.as_deref()), (RunOutcome::Interrupted, Some("stopped by SIGINT")));
    assert!(!manifest.rounds.is_empty() && manifest.rounds.len() < 100_000);
    assert!(folder.join("events.parquet").exists());
    let resumed = cnsim(&["run", "--resume", folder.to_str().unwrap()]);
    assert!(String::from_utf8(resumed.stderr).unwrap().contains("run it again with --repeat"));
}
