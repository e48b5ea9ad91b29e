//! How a run was made: every setting that its times depend on, but for the number of nodes.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::link::RateSpec;
use cnsim::manifest::{Manifest, Options};
use cnsim::motion::MotionSpec;
use cnsim::scenario::FaultSpec;

/// What stands for a setting that has no value.
pub(super) const NONE: &str = "none";

/// When rounds begin.
pub(super) const BEGINS: &str = "begins of rounds";

/// They do when the one before has ended.
pub(super) const CLOSED: &str = "closed";

/// How the network moves.
pub(super) const MOTION: &str = "motion";

/// How nodes were packed.
pub(super) const PACKED: &str = "nodes in a process";

/// The settings of some runs, each with the values that it has there.
pub(crate) type Settings = BTreeMap<&'static str, BTreeSet<String>>;

/// Those of a run, as its manifest has them. Seeds, rounds and pauses may differ between repetitions.
pub(crate) fn of_manifest(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let Options { protocol, order, in_flight, forward, connections, deadline_ms, topology, .. } = &manifest.options;
    let Options {
        initiator,
        payload_bytes,
        nodes_per_process,
        link_delay,
        transport,
        loss,
        period,
        phase,
        back_to_sender,
        uplink,
        downlink,
        sharing,
        validate,
        service,
        every,
        motion,
        discovery,
        faults,
        records,
        ..
    } = &manifest.options;
    let optional = |value: Option<u64>| value.map_or_else(|| NONE.to_owned(), |value| value.to_string());
    let rate = |rate: &Option<RateSpec>| rate.as_ref().map_or_else(|| NONE.to_owned(), RateSpec::to_string);
    let bandwidth = manifest.limits.bandwidth.as_ref().map(|limit| limit.intended_bits_per_s);
    let memory = manifest.limits.memory.as_ref().map(|limit| limit.intended_bytes);
    vec![
        ("backend", manifest.backend.name().to_owned()),
        ("bandwidth in bit/s", optional(bandwidth)),
        (BEGINS, every.to_string()),
        ("connections", connections.to_string()),
        ("deadline in ms", optional(*deadline_ms)),
        ("discovery of links", discovery.to_string()),
        ("downlink", rate(downlink)),
        ("faults", faults_words(faults)),
        ("forwarding", forward.to_string()),
        ("initiators", initiator.to_string()),
        ("link delay", link_delay.to_string()),
        ("loss", loss.to_string()),
        ("memory in bytes", optional(memory)),
        (PACKED, nodes_per_process.to_string()),
        ("period", period.to_string()),
        ("phase", phase.to_string()),
        (MOTION, motion.as_ref().map_or_else(|| NONE.to_owned(), MotionSpec::to_string)),
        ("order of sends", order.to_string()),
        ("payload in bytes", payload_bytes.to_string()),
        ("protocol", protocol.to_string()),
        ("records that are kept", records.to_string()),
        ("sends in flight", in_flight.to_string()),
        ("sends back to the sender", back_to_sender.to_string()),
        ("service", service.to_string()),
        ("sharing of rates", sharing.to_string()),
        ("topology", topology.to_string()),
        ("transport", transport.to_string()),
        ("uplink", rate(uplink)),
        ("validation", validate.to_string()),
    ]
}

/// The faults as they stand in a manifest.
fn faults_words(faults: &[FaultSpec]) -> String {
    match faults {
        [] => NONE.to_owned(),
        faults => serde_json::to_string(faults).expect("a fault has text keys"),
    }
}

/// What must not change with the number of nodes where its effect is looked at: the settings of some runs, of topologies the kind
/// alone, and whether they were on one machine.
pub(super) fn beside_nodes<'a>(manifests: impl Iterator<Item = &'a Manifest>) -> Settings {
    let mut all = Settings::new();
    for manifest in manifests {
        for (setting, value) in of_manifest(manifest) {
            let kind = value.split(':').next().unwrap_or_default().to_owned();
            let value = if setting == "topology" { kind } else { value };
            all.entry(setting).or_default().insert(value);
        }
        let hosts: BTreeSet<&str> = manifest.roster.iter().map(|node| node.host.as_str()).collect();
        let machines = if hosts.len() > 1 { "several" } else { "one" };
        all.entry("machines").or_default().insert(machines.to_owned());
    }
    all
}
