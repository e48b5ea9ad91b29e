//! Simulations that are like measured runs: what is fitted is the law that made the times, and what cannot be fitted is refused.

use std::fs;
use std::path::{Path, PathBuf};

use cnsim::manifest::{Backend, Likeness, Manifest};
use serde_json::{Value, json};

use crate::common::{cnsim, manifest};

/// What a copy takes of two shared processors, and on its way, in microseconds.
const WORK_US: f64 = 60.0;
const WIRE_US: f64 = 200.0;

/// A run folder that says of a simulation of this law what real nodes say of themselves: wall-clock times and the processor time of
/// two processes, of which the busiest had waited a quarter of its time for a processor.
fn measured(out: &Path, run_id: &str, work_us: f64, options: &[&str]) -> PathBuf {
    let work = format!("constant:{work_us}us");
    let law = ["--delay", "constant:200us", "--service", &work, "--processors", "2", "--repeats", "1", "--seed", "1"];
    simulate(out, run_id, &[&law, options].concat());
    let folder = out.join(run_id);
    let copies = copies(&folder);
    edit(&folder, |manifest| {
        manifest["clock"] = json!("wall");
        manifest["backend"] = json!("local");
        manifest["backend_facts"] = json!({"processors": 2, "processes": 2});
        for round in manifest["rounds"].as_array_mut().unwrap() {
            let cpu_ms = copies * work_us / 1e3;
            round["scheduling_delay_ms"] = json!(cpu_ms / 8.0);
            round["resources"] = json!({"processes": 2, "cpu_ms": cpu_ms, "cpu_process_max_ms": cpu_ms / 2.0});
        }
    });
    folder
}

/// Copies of a round, of which all have the same number here.
fn copies(folder: &Path) -> f64 {
    let Manifest { last_seqs, rounds, .. } = manifest(folder);
    let records: u64 = last_seqs.values().sum();
    records as f64 / rounds.len() as f64 - 1.0
}

fn edit(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut manifest);
    fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

/// Simulates, and gives what was said meanwhile.
fn simulate(out: &Path, run_id: &str, options: &[&str]) -> String {
    let to = ["run", "--backend", "sim", "--run-id", run_id, "--out", out.to_str().unwrap(), "--topology", "complete"];
    // A topology that was typed stands above that of a run.
    let to = if options.contains(&"--like") { &to[..7] } else { &to[..] };
    let output = cnsim(&[to, options].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

fn likeness(manifest: &Manifest) -> &Likeness {
    match &manifest.backend {
        Backend::Sim(facts) => facts.like.as_ref().unwrap(),
        Backend::Local(_) | Backend::Kubernetes(_) => panic!("it was simulated"),
    }
}

#[test]
fn the_fit_gives_back_the_law_that_made_the_times_and_the_options_of_the_run() {
    let out = tempfile::tempdir().unwrap();
    let flood = ["--nodes", "20", "--payload-bytes", "1000", "--rounds", "6", "--in-flight", "8", "--loss", "0%"];
    let folder = measured(out.path(), "flood", WORK_US, &flood);
    let like = ["--like", folder.to_str().unwrap(), "--like-rounds", "even", "--repeats", "1", "--rounds", "2"];

    let said = simulate(out.path(), "again", &like);

    assert!(said.starts_with("like flood (3 even rounds, 1000 bytes): 60.0 us of processor time a copy"), "{said}");
    let again = manifest(&out.path().join("again"));
    let (options, fitted) = (&again.options, likeness(&again));
    assert_eq!((options.nodes, options.payload_bytes, options.in_flight), (20, 1_000, 8));
    assert_eq!((options.topology.to_string(), options.processors), ("complete".to_owned(), Some(2)));
    assert_eq!((fitted.runs[0].run_id.as_str(), fitted.runs[0].rounds), ("flood", 3));
    assert!((fitted.runs[0].copy_cpu_us - WORK_US).abs() < 1e-6, "{fitted:?}");
    assert!((fitted.runs[0].waiting - 1.25).abs() < 1e-6, "{fitted:?}");
    // Processes that waited a quarter of their time need a quarter more for each copy.
    assert_eq!(options.service.to_string(), "constant:75us");
    // The copy that waited least in any of the rounds may still have waited for others that leave with it.
    assert!((WIRE_US..=WIRE_US + 2.0 * WORK_US).contains(&fitted.wire_us), "{fitted:?}");
}

#[test]
fn what_is_typed_stands_above_what_the_run_says() {
    let out = tempfile::tempdir().unwrap();
    let folder = measured(out.path(), "flood", WORK_US, &["--nodes", "20", "--rounds", "2", "--in-flight", "8"]);
    let typed = ["--protocol", "push:4", "--nodes", "30", "--delay", "constant:20ms", "--service", "constant:1ms"];
    let like = ["--like", folder.to_str().unwrap(), "--repeats", "1", "--rounds", "1", "--processors", "3"];

    simulate(out.path(), "push", &[&like[..], &typed].concat());

    let options = manifest(&out.path().join("push")).options;
    assert_eq!((options.protocol.to_string(), options.nodes, options.in_flight), ("push:4".to_owned(), 30, 32));
    assert_eq!(
        (options.link_delay.to_string(), options.service.to_string()),
        ("constant:20ms".into(), "constant:1ms".into())
    );
    assert_eq!(options.processors, Some(3));

    let repeated = out.path().join("push/manifest.json");
    let to =
        ["run", "--out", out.path().to_str().unwrap(), "--run-id", "repeated", "--repeat", repeated.to_str().unwrap()];
    assert!(cnsim(&to).status.success());
    let (first, second) = (manifest(&out.path().join("push")), manifest(&out.path().join("repeated")));
    assert_eq!((likeness(&second), &second.options), (likeness(&first), &first.options));
}

#[test]
fn runs_of_two_payloads_say_what_a_byte_costs_and_one_says_that_it_does_not() {
    let out = tempfile::tempdir().unwrap();
    let run = |name, work, bytes| {
        measured(out.path(), name, work, &["--nodes", "2", "--rounds", "2", "--payload-bytes", bytes])
    };
    let (small, large) = (run("small", 60.0, "1000"), run("large", 90.0, "11000"));
    let (small, large) = (small.to_str().unwrap(), large.to_str().unwrap());
    let more = ["--payload-bytes", "21000", "--repeats", "1", "--rounds", "1"];

    let said = simulate(out.path(), "two", &[&["--like", small, "--like", large], &more[..]].concat());
    assert!(!said.contains("nobody has measured"), "{said}");
    // 120 us by the line through both, a quarter more for the wait.
    let options = manifest(&out.path().join("two")).options;
    assert_eq!(options.service.to_string(), "constant:150us");
    // The only copy of a round waits for nothing.
    assert_eq!(options.link_delay.to_string(), "constant:200us");

    let said = simulate(out.path(), "one", &[&["--like", small], &more[..]].concat());
    assert!(
        said.contains("nobody has measured what a byte costs, so a copy of 21000 bytes takes as long as one of 1000")
    );
    assert_eq!(manifest(&out.path().join("one")).options.service.to_string(), "constant:75us");
}

#[test]
fn what_no_simulation_can_be_like_is_refused_in_one_line() {
    let out = tempfile::tempdir().unwrap();
    let good = measured(out.path(), "good", WORK_US, &["--nodes", "5", "--rounds", "2"]);
    let changed = |name: &str, change: &dyn Fn(&mut Value)| {
        let folder = out.path().join(name);
        fs::create_dir(&folder).unwrap();
        for file in ["manifest.json", "events.parquet"] {
            fs::copy(good.join(file), folder.join(file)).unwrap();
        }
        edit(&folder, change);
        folder
    };
    changed("simulated", &|manifest| manifest["backend"] = json!("sim"));
    changed("uncounted", &|manifest| manifest["rounds"][2]["resources"] = Value::Null);
    changed("cluster", &|manifest| {
        manifest["backend"] = json!("kubernetes");
        manifest["backend_facts"] = json!({});
    });
    changed("spread", &|manifest| {
        let node = |host| json!({"id": host, "address": "", "process": host, "host": host, "zone": null});
        manifest["roster"] = json!([node("h1"), node("h2")]);
    });
    fs::remove_file(changed("bare", &|_| {}).join("events.parquet")).unwrap();
    let old = changed("old", &|_| {});
    fs::remove_file(old.join("events.parquet")).unwrap();
    let published = r#"{"message":"old-1","sender_id":"a","receiver_id":"b","received_timestamp":1700000000000000000,"propagation_time":1.5,"event_type":"received","detail":"b received"}"#;
    fs::write(old.join("events.jsonl"), published).unwrap();

    for (folder, line) in [
        ("simulated", "this run was simulated and has no wire times; name one of real nodes"),
        ("old", "its records have no wire times (sent_ns and received_ns)"),
        ("bare", "it has no file of records, and so no wire times"),
        ("uncounted", "none of its rounds (even) came to rest with records and the processor time of its processes"),
        ("cluster", "its manifest does not say how many processors its nodes shared: give --processors"),
        ("spread", "its nodes ran on 2 hosts; a simulation is like a run on one, whose processors all nodes share"),
        ("absent", "cannot read manifest.json: No such file or directory (os error 2)"),
    ] {
        let folder = out.path().join(folder);
        let like = ["run", "--backend", "sim", "--like", folder.to_str().unwrap(), "--like-rounds", "even"];
        assert_refused(&like, &format!("error: --like {}: {line}", folder.display()));
    }
    let nowhere = ["run", "--nodes", "2", "--like-rounds", "even"];
    assert_refused(&nowhere, "error: --like is missing: --like-rounds says which rounds of that run are looked at");
    let good = good.to_str().unwrap();
    let only_sim = "goes with --backend sim: real nodes have the processors and the times that they have";
    assert_refused(&["run", "--like", good], &format!("error: --like {only_sim}"));
    assert_refused(&["run", "--nodes", "2", "--processors", "2"], &format!("error: --processors {only_sim}"));
    let alone =
        ["run", "--backend", "sim", "--nodes", "2", "--topology", "ring", "--delay", "none", "--processors", "2"];
    assert_refused(&alone, "error: --processors goes with --service TIME, the work on a copy that they share");
}

fn assert_refused(args: &[&str], line: &str) {
    let output = cnsim(args);
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(2), format!("{line}\n")));
    assert!(output.stdout.is_empty());
}
