//! Whole runs of the built program.

use std::collections::BTreeSet;
use std::fs;

use crate::common::{Run, run};
use cnsim::invariant::{Flood, Verdict, acyclic_tree, direct_mail_has_no_duplicates, flood_duplicates};
use cnsim::invariant::{hop_follows_parent, one_first_receipt};
use cnsim::manifest::{Backend, RoundOutcome, RunOutcome};
use cnsim::topology::TopologySource;

#[test]
fn flooding_reaches_every_node_once_and_makes_the_exact_duplicates() {
    for protocol in ["flood", "seed-o"] {
        let out = tempfile::tempdir().unwrap();
        let run = run(out.path(), &["--nodes", "4", "--rounds", "2", "--protocol", protocol]);
        assert_clean(&run, protocol);
        for round in 0..=2 {
            let duplicates = run.of(round, "duplicate").len() as u64;
            assert_eq!(flood_duplicates(complete(4, duplicates)), Verdict::Holds, "{protocol} {round}");
        }
    }
}

#[test]
fn direct_mail_reaches_every_node_once_from_the_initiator_alone() {
    for protocol in ["direct-mail", "seed-h"] {
        let out = tempfile::tempdir().unwrap();
        let run = run(out.path(), &["--nodes", "4", "--rounds", "2", "--protocol", protocol]);
        assert_clean(&run, protocol);
        for round in 0..=2 {
            let duplicates = run.of(round, "duplicate").len() as u64;
            assert_eq!(direct_mail_has_no_duplicates(duplicates), Verdict::Holds);
            assert!(run.arrivals(round).iter().all(|arrival| arrival.hop == Some(1)));
        }
    }
}

#[test]
fn a_push_to_every_neighbour_is_complete() {
    let out = tempfile::tempdir().unwrap();
    let run = run(out.path(), &["--nodes", "4", "--rounds", "2", "--protocol", "push:3:5"]);
    assert_clean(&run, "push:3:5");
}

#[test]
fn initiators_rotate_through_the_nodes() {
    let out = tempfile::tempdir().unwrap();
    let run = run(out.path(), &["--nodes", "2", "--rounds", "3", "--initiator", "rotate"]);
    let ids: Vec<&str> = run.manifest.roster.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(run.initiators(), [ids[0], ids[1], ids[0], ids[1]]);
}

#[test]
fn the_same_seed_gives_the_same_topology_and_the_same_initiators() {
    let flags = ["--nodes", "6", "--rounds", "4", "--topology", "er:0.9", "--seed", "11", "--nodes-per-process", "6"];
    let out = tempfile::tempdir().unwrap();
    let (a, b) = (run(out.path(), &flags), run(out.path(), &flags));
    assert_ne!(a.manifest.run_id, b.manifest.run_id);
    assert_eq!(a.initiators(), b.initiators());
    let topology = |run: &Run| fs::read(run.folder.join("topology.json")).unwrap();
    assert_eq!(topology(&a), topology(&b));
}

#[test]
fn packed_processes_deliver_as_single_ones_do() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "12", "--nodes-per-process", "6", "--rounds", "1", "--topology", "k-regular:4"];
    let run = run(out.path(), &flags);
    assert_clean(&run, "flood");
    let processes: BTreeSet<&str> = run.manifest.roster.iter().map(|node| node.process.as_str()).collect();
    assert_eq!(processes.len(), 2);
    for round in 0..=1 {
        let duplicates = run.of(round, "duplicate").len() as u64;
        assert_eq!(flood_duplicates(Flood { edges: 24, ..complete(12, duplicates) }), Verdict::Holds);
    }
}

#[test]
fn a_payload_travels_with_the_message_and_stays_out_of_the_records() {
    let out = tempfile::tempdir().unwrap();
    let run = run(out.path(), &["--nodes", "2", "--rounds", "0", "--payload-bytes", "50000"]);
    let received = run.of(0, "received");
    assert!(received[0]["bytes"].as_u64().unwrap() > 50_000, "{}", received[0]);
    assert!(received[0].to_string().len() < 2000);
}

#[test]
fn a_round_says_what_its_processes_used() {
    let out = tempfile::tempdir().unwrap();
    let run =
        run(out.path(), &["--nodes", "4", "--rounds", "2", "--payload-bytes", "20000", "--nodes-per-process", "2"]);
    for round in &run.manifest.rounds {
        let used = round.resources.as_ref().expect("the round ended at quiescence");
        assert_eq!(used.processes, 2);
        assert!(used.cpu_ms > used.cpu_process_max_ms && used.resident_bytes > used.resident_process_max_bytes);
        // A flood over 6 edges sends 2E - (n - 1) = 9 copies.
        assert!(used.sent_bytes > Some(9 * 20_000) && used.sent_bytes < Some(10 * 20_000), "{used:?}");
        assert!(used.received_bytes > Some(9 * 20_000), "{used:?}");
    }
}

#[test]
fn a_link_delay_is_achieved_and_told() {
    let out = tempfile::tempdir().unwrap();
    let run = run(out.path(), &["--nodes", "3", "--rounds", "1", "--link-delay", "20.5"]);
    let delay = run.manifest.link_delay.unwrap();
    // Each of two rounds sends 2E - (n - 1) = 4 copies.
    assert_eq!((delay.copies, delay.intended_mean_ms), (8, 20.5));
    assert!(delay.achieved_mean_ms >= 20.5, "{delay:?}");
    for event in [run.of(0, "received"), run.of(1, "received")].concat() {
        assert!(event["propagation_time"].as_f64().unwrap() >= 20.5, "{event}");
    }
}

#[test]
fn rates_and_checks_are_kept_by_real_nodes() {
    let out = tempfile::tempdir().unwrap();
    let rates = ["--uplink", "2Mbit", "--downlink", "4Mbit", "--sharing", "fifo", "--validate", "constant:15ms"];
    let plain =
        ["--nodes", "4", "--topology", "line", "--rounds", "1", "--payload-bytes", "10000", "--delay", "constant:5ms"];
    let run = run(out.path(), &[&plain[..], &rates, &["--initiator", "gossip-statefulset-0"]].concat());
    let mut received = std::collections::BTreeMap::new();
    for event in run.of(1, "received") {
        let (bytes, latency_ms) = (event["bytes"].as_f64().unwrap(), event["propagation_time"].as_f64().unwrap());
        // One bit in half a microsecond, then in a quarter.
        assert!(latency_ms >= bytes * 8.0 * (0.000_5 + 0.000_25) + 5.0, "{event}");
        let ns = |field: &str| event[field].as_str().unwrap().parse::<u64>().unwrap();
        if let Some(held_since) = received.get(event["sender_id"].as_str().unwrap()) {
            assert!(ns("sent_ns") >= held_since + 15_000_000, "{event}");
        }
        received.insert(event["receiver_id"].as_str().unwrap().to_owned(), ns("received_ns"));
    }
    assert_eq!(received.len(), 3);
    let delay = run.manifest.link_delay.unwrap();
    assert!(delay.copies == 6 && delay.intended_mean_ms > 45.0, "the time in the uplink is intended: {delay:?}");
    assert!(delay.achieved_mean_ms >= delay.intended_mean_ms, "{delay:?}");
    run.assert_no_record_is_missing();
}

#[test]
fn the_weights_of_a_file_are_the_delays_of_its_links() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("weighted.json");
    let links = r#"[{"source": "a", "target": "b", "weight": 30}, {"source": "b", "target": "c", "weight": 10.5}]"#;
    fs::write(&file, format!(r#"{{"nodes": [{{"id": "a"}}, {{"id": "b"}}, {{"id": "c"}}], "links": {links}}}"#))
        .unwrap();
    let flags = ["--topology", file.to_str().unwrap(), "--link-delay", "weights", "--initiator", "a", "--rounds", "0"];

    let run = run(out.path(), &flags);

    assert_eq!(run.manifest.options.topology, TopologySource::File);
    let delay = run.manifest.link_delay.unwrap();
    assert_eq!((delay.copies, delay.intended_mean_ms), (2, 20.25));
    for event in run.of(0, "received") {
        let held = if event["receiver_id"] == "b" { 30.0 } else { 10.5 };
        assert!(event["propagation_time"].as_f64().unwrap() >= held, "{event}");
    }
}

#[test]
fn a_topology_in_pieces_runs_when_that_is_accepted() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("pieces.json");
    let links = r#"[{"source": 0, "target": 1}, {"source": 2, "target": 3}]"#;
    fs::write(&file, format!(r#"{{"nodes": [0, 1, 2, 3], "links": {links}}}"#)).unwrap();
    let flags = ["--topology", file.to_str().unwrap(), "--allow-partial", "--rounds", "1", "--initiator", "rotate"];

    let run = run(out.path(), &flags);

    assert_eq!(run.manifest.outcome, RunOutcome::Complete);
    assert!(run.manifest.rounds.iter().all(|round| round.delivered == 1));
}

#[test]
fn a_round_that_takes_too_long_is_given_up_and_the_run_goes_on() {
    let out = tempfile::tempdir().unwrap();
    let run = run(
        out.path(),
        &["--nodes", "2", "--rounds", "1", "--link-delay", "600000", "--deadline", "none", "--round-timeout", "0.2"],
    );
    let outcomes: Vec<_> = run.manifest.rounds.iter().map(|round| round.outcome).collect();
    assert_eq!(outcomes, [RoundOutcome::TimedOut; 2]);
    assert_eq!(run.manifest.outcome, RunOutcome::Complete);
    run.assert_no_record_is_missing();
}

#[test]
fn a_run_is_repeated_from_its_manifest() {
    let out = tempfile::tempdir().unwrap();
    let flags = ["--nodes", "4", "--rounds", "1", "--protocol", "push:2:3", "--order", "listed", "--condition", "a"];
    let first = run(out.path(), &flags);
    let manifest = first.folder.join("manifest.json");

    let second = run(out.path(), &["--repeat", manifest.to_str().unwrap(), "--run-id", "again"]);

    assert_eq!(second.manifest.run_id, "again");
    assert_eq!(second.manifest.options, first.manifest.options);
    assert_eq!(second.manifest.topology_sha256, first.manifest.topology_sha256);
    assert_eq!(second.initiators(), first.initiators());
}

#[test]
fn the_manifest_says_where_the_run_was_made() {
    let out = tempfile::tempdir().unwrap();
    let run = run(out.path(), &["--nodes", "2", "--rounds", "0", "--seed", "5", "--condition", "probe"]);
    let Backend::Local(facts) = &run.manifest.backend else { panic!("{:?}", run.manifest.backend) };
    assert!(facts.processors.is_some() && facts.kernel.is_some(), "{facts:?}");
    assert_eq!((facts.processes.processes, facts.processes.nodes_per_process), (Some(2), Some(1)));
    assert_eq!((run.manifest.options.seed, run.manifest.options.condition.as_str()), (5, "probe"));
    assert_eq!(run.manifest.expected_events, 1);
    assert!(run.manifest.topology_complete);
    assert!(!run.folder.join("parts").exists());
    assert!(run.events.iter().all(|event| event["condition"] == "probe" && event["nodes"] == 2));
}

/// What holds for every complete run of a strategy that reaches everybody.
fn assert_clean(run: &Run, protocol: &str) {
    assert_eq!(run.manifest.outcome, RunOutcome::Complete);
    run.assert_no_record_is_missing();
    assert_eq!(run.manifest.rounds.len() as u32, run.manifest.options.rounds + 1);
    for round in &run.manifest.rounds {
        let number = round.round;
        assert_eq!((round.outcome, round.failed), (RoundOutcome::Quiescent, 0), "{protocol} {number}");
        assert_eq!(round.delivered, u64::from(run.manifest.options.nodes) - 1);
        let initiated = run.of(number, "initiate");
        assert_eq!(initiated.len(), 1);
        assert_eq!(initiated[0]["receiver_id"], round.initiator.as_str());
        let (arrivals, initiator) = (run.arrivals(number), run.node(&round.initiator));
        let reached: BTreeSet<u32> = arrivals.iter().filter(|a| !a.duplicate).map(|a| a.receiver).collect();
        let others: BTreeSet<u32> = (0..run.manifest.options.nodes).filter(|node| *node != initiator).collect();
        assert_eq!(reached, others, "{protocol} {number}");
        assert_eq!(one_first_receipt(&arrivals), Verdict::Holds);
        assert_eq!(acyclic_tree(&arrivals, initiator), Verdict::Holds);
        assert_eq!(hop_follows_parent(&arrivals, initiator), Verdict::Holds);
    }
}

fn complete(nodes: u64, duplicates: u64) -> Flood {
    Flood {
        nodes,
        edges: nodes * (nodes - 1) / 2,
        directed: false,
        simple: true,
        connected: true,
        delivered: nodes - 1,
        failed: 0,
        duplicates,
    }
}
