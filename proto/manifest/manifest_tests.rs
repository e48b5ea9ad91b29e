//! Manifests of today and of older versions.

use super::*;
use crate::initiator::Initiators;
use crate::link::DelaySpec;
use crate::protocol::{Connections, Forward, Order, Preset};
use crate::time::Interval;
use crate::topology::TopologySource;

/// As cnsim 0.1.0 wrote them before the fields were typed.
const LOCAL: &[u8] = include_bytes!("fixtures/local.json");
const KUBERNETES: &[u8] = include_bytes!("fixtures/kubernetes.json");
const INTERRUPTED: &[u8] = include_bytes!("fixtures/interrupted.json");

fn read(bytes: &[u8]) -> Manifest {
    Manifest::from_json(bytes).unwrap()
}

fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn an_old_manifest_of_one_machine_is_read_into_typed_values() {
    let manifest = read(LOCAL);

    let options = &manifest.options;
    assert_eq!(options.protocol.preset(), Some(Preset::SeedO));
    assert_eq!((options.order, options.forward), (Order::Listed, Forward::BeforeAck));
    assert_eq!((options.connections, options.deadline_ms), (Connections::PerSend, Some(250)));
    assert_eq!(options.topology, TopologySource::File);
    assert_eq!((&options.initiator, &options.link_delay), (&Initiators::Rotate, &DelaySpec::Weights));
    let Backend::Local(facts) = &manifest.backend else { panic!("{:?}", manifest.backend) };
    assert_eq!((facts.processors, facts.load_average_before), (Some(2), Some(0.57)));
    assert_eq!(facts.kernel.as_deref(), Some("Linux 6.1.0-18-amd64 x86_64"));
    assert_eq!(
        facts.processes,
        ProcessFacts {
            nodes_per_process: Some(1),
            process_resident_bytes_max: Some(9_134_080),
            processes: Some(2),
            resumed_with: Vec::new()
        }
    );
}

#[test]
fn an_old_manifest_of_a_cluster_is_read_with_its_pods_and_limits() {
    let manifest = read(KUBERNETES);

    assert_eq!(manifest.options.protocol.to_string(), "push:3:8");
    let facts = manifest.backend.kubernetes().unwrap();
    assert_eq!((facts.namespace.as_deref(), facts.kubernetes_version.as_deref()), (Some("gossip"), Some("v1.34.1")));
    assert_eq!(
        (facts.context.as_deref(), facts.chart_set.as_slice()),
        (Some("lab"), ["bandwidth=5M".to_owned()].as_slice())
    );
    assert_eq!(facts.chart_values.as_ref().unwrap()["totalNodes"], 3);
    assert_eq!(facts.hosts["worker-1"]["kubelet"], "v1.34.1");
    let pod = &facts.pods["cnsim-4abf0c12-0"];
    assert_eq!(
        (pod.process.as_deref(), pod.node.as_deref()),
        (Some("cnsim-4abf0c12-0.1.1742869850"), Some("worker-1"))
    );
    assert_eq!((pod.zone.as_deref(), pod.restarts), (None, 0));
    assert_eq!(pod.limits["memory"], "150Mi");
    assert_eq!(pod.network["kubernetes.io/egress-bandwidth"], "5M");
    assert_eq!(manifest.backend.processes().process_resident_bytes_max, Some(12_185_600));
    assert_eq!(manifest.limits.bandwidth.unwrap().probe.unwrap().achieved_bits_per_s, Some(4_781_234.5));
}

#[test]
fn an_old_manifest_of_a_run_that_was_interrupted_and_resumed_says_so() {
    let manifest = read(INTERRUPTED);

    assert_eq!((manifest.outcome, manifest.reason.as_deref()), (RunOutcome::Interrupted, Some("stopped by SIGINT")));
    assert_eq!(manifest.options.link_delay, DelaySpec::Constant(Interval::from_ms(400)));
    assert_eq!(manifest.options.initiator, "gossip-statefulset-1".parse().unwrap());
    let resumed = &manifest.backend.processes().resumed_with;
    assert_eq!(resumed, &[["cnsim", "run", "--resume", "runs/mid"].map(str::to_owned).to_vec()]);
}

#[test]
fn what_is_written_says_what_was_read_in_the_same_words() {
    for old in [LOCAL, KUBERNETES, INTERRUPTED] {
        let (mut written, mut old) = (json(&read(old).to_json()), json(old));
        // Milliseconds have a unit now, and what earlier versions had not was as it is without it.
        assert!(["none", "weights", "constant:400ms"].contains(&written["options"]["link_delay"].as_str().unwrap()));
        let options = written["options"].as_object_mut().unwrap();
        assert_eq!(options.remove("transport").unwrap(), "stream");
        assert_eq!(options.remove("loss").unwrap(), "0%");
        assert_eq!(options.remove("period").unwrap(), "1s");
        assert_eq!(options.remove("phase").unwrap(), "random");
        assert_eq!(options.remove("back_to_sender").unwrap(), false);
        for (field, without) in [("sharing", "fair"), ("validate", "none"), ("service", "none")] {
            assert_eq!(options.remove(field).unwrap(), without);
        }
        assert_eq!(
            [options.remove("uplink"), options.remove("downlink")],
            [Some(serde_json::Value::Null), Some(serde_json::Value::Null)]
        );
        assert_eq!(options.remove("records").unwrap(), "all");
        assert_eq!([options.remove("every").unwrap(), options.remove("warm_up").unwrap()], ["closed", "1"]);
        assert_eq!(written.as_object_mut().unwrap().remove("clock").unwrap(), "wall");
        for manifest in [&mut written, &mut old] {
            manifest["options"]["link_delay"] = "".into();
        }
        assert_eq!(written, old);
    }
}

#[test]
fn a_fact_that_is_not_known_here_is_passed_over_and_one_that_is_missing_is_none() {
    let mut old = json(LOCAL);
    old["backend_facts"] = serde_json::json!({ "weather": "fair" });

    let manifest = read(old.to_string().as_bytes());

    assert_eq!(manifest.backend, Backend::Local(LocalFacts::default()));
}

#[test]
fn a_word_that_is_no_value_is_named_with_its_line() {
    let wrong = String::from_utf8(LOCAL.to_vec()).unwrap().replace("\"seed-o\"", "\"gossipsub\"");

    let error = Manifest::from_json(wrong.as_bytes()).unwrap_err().to_string();

    assert!(error.starts_with("\"gossipsub\" cannot stand here: unknown protocol"), "{error}");
    assert!(error.contains(" at line "), "{error}");
}

#[test]
fn the_factors_of_a_run_are_what_it_was_made_to_be() {
    let local = Factors::of(&read(LOCAL)).texts();
    let expected =
        ["seed-o, deadline 250 ms", "file bd5da9dd", "2", "0", "link delay by weights", "none", "local", "1"];
    assert_eq!(local, expected);

    let cluster = Factors::of(&read(KUBERNETES)).texts();
    assert_eq!(cluster, ["push:3:8", "ba:2", "3", "1024", "5 Mbit/s", "none", "kubernetes", "1"]);

    let interrupted = Factors::of(&read(INTERRUPTED));
    assert_eq!((interrupted.protocol.as_str(), interrupted.network.as_str()), ("flood", "link delay 400 ms"));
}

#[test]
fn the_scenario_of_a_run_names_its_faults_with_all_that_was_typed_for_them() {
    let mut manifest = read(LOCAL);
    let faults = r#"[{"name":"split","at":"5s","for":"10s","kind":"partition","sides":["50%",["n1","n2"]]},
        {"name":"churn","at":"20s","for":"20s","kind":"crash","who":"10%","back_after":"weibull:0.5:3s","state":"lost"}]"#;
    manifest.options.faults = serde_json::from_str(faults).unwrap();
    let split = r#"split (partition at 5s for 10s, sides 50% | ["n1","n2"])"#;
    let churn = "churn (crash at 20s for 20s, who 10%, how dark, back after weibull:0.5:3s, state lost)";
    assert_eq!(Factors::of(&manifest).scenario, format!("{split}, {churn}"));

    manifest.options.every = "100ms".parse().unwrap();
    manifest.options.faults.truncate(1);
    assert_eq!(Factors::of(&manifest).scenario, format!("a round every 100ms, {split}"));
}
