//! Whether runs that count as repetitions of one condition were run alike, as far as manifests and records say.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::manifest::{Manifest, Options};

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, Scope};

/// What stands for a setting that has no value.
const NONE: &str = "none";

/// Conditions whose runs at one number of nodes differ in a setting that the times depend on.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, Option<u32>), Vec<&AuditedRun<'_>>> = BTreeMap::new();
    for (key, run) in &scope.runs {
        let measured = scope.rounds_of(run).next().map(|round| round.metrics.expected.saturating_add(1));
        let nodes = run.manifest().map(|manifest| manifest.options.nodes).or(measured);
        groups.entry((key.0, nodes)).or_default().push(run);
    }
    let finding = |((condition, nodes), runs): ((&str, Option<u32>), Vec<&AuditedRun<'_>>)| {
        let differing = differing_settings(&runs);
        let (count, detail) = (runs.len() as u64, describe(&differing, nodes));
        (!differing.is_empty())
            .then(|| Finding::in_condition(Check::MixedSettings, Severity::Caution, condition, count, detail))
    };
    groups.into_iter().filter_map(finding).collect()
}

/// The settings in which runs differ, each with its values.
fn differing_settings(runs: &[&AuditedRun<'_>]) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut values: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (setting, value) in runs.iter().flat_map(|run| settings(run)) {
        values.entry(setting).or_default().insert(value);
    }
    values.retain(|_, values| values.len() > 1);
    values
}

fn describe(differing: &BTreeMap<&str, BTreeSet<String>>, nodes: Option<u32>) -> String {
    let setting = |(setting, values): (&&str, &BTreeSet<String>)| {
        format!("{setting} ({})", values.iter().cloned().collect::<Vec<_>>().join(" / "))
    };
    let of = nodes.map_or_else(String::new, |nodes| format!(" with {nodes} nodes"));
    format!(
        "runs of this condition{of} differ in {}: they are not repetitions of one experiment, so that no median and no \
         interval stands for them; give each a condition of its own",
        differing.iter().map(setting).collect::<Vec<_>>().join(", ")
    )
}

/// What is known of how a run was made. Seeds, rounds and pauses may differ between repetitions.
fn settings(run: &AuditedRun<'_>) -> Vec<(&'static str, String)> {
    match run.manifest() {
        Some(manifest) => of_manifest(manifest),
        None => run.recorded_protocol().map(|protocol| ("protocol", protocol.to_owned())).into_iter().collect(),
    }
}

fn of_manifest(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let Options { protocol, order, in_flight, forward, connections, deadline_ms, topology, .. } = &manifest.options;
    let Options { initiator, payload_bytes, nodes_per_process, link_delay, .. } = &manifest.options;
    let optional = |value: Option<u64>| value.map_or_else(|| NONE.to_owned(), |value| value.to_string());
    let bandwidth = manifest.limits.bandwidth.as_ref().map(|limit| limit.intended_bits_per_s);
    let memory = manifest.limits.memory.as_ref().map(|limit| limit.intended_bytes);
    vec![
        ("backend", manifest.backend.name().to_owned()),
        ("bandwidth in bit/s", optional(bandwidth)),
        ("connections", connections.to_string()),
        ("deadline in ms", optional(*deadline_ms)),
        ("forwarding", forward.to_string()),
        ("initiators", initiator.to_string()),
        ("link delay", link_delay.to_string()),
        ("memory in bytes", optional(memory)),
        ("nodes in a process", nodes_per_process.to_string()),
        ("order of sends", order.to_string()),
        ("payload in bytes", payload_bytes.to_string()),
        ("protocol", protocol.to_string()),
        ("sends in flight", in_flight.to_string()),
        ("topology", topology.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

    fn found(fixtures: Vec<Fixture>) -> Vec<Finding> {
        only(&audit_all(fixtures), Check::MixedSettings)
    }

    fn other() -> Fixture {
        Fixture::flood().named("run-b").shifted(7)
    }

    #[test]
    fn repetitions_may_differ_in_seed_and_rounds() {
        let mut again = other();
        (again.manifest().options.seed, again.manifest().options.rounds) = (99, 50);
        assert_eq!(found(vec![Fixture::flood(), again]), vec![]);
    }

    #[test]
    fn two_protocols_and_two_payloads_under_one_name_are_told_together() {
        let mut heavy = other().with_protocol("push:3");
        heavy.manifest().options.payload_bytes = 1000;
        let found = found(vec![Fixture::flood(), heavy]);
        assert_eq!((found.len(), found[0].severity, found[0].count), (1, Severity::Caution, 2));
        let expected = "with 4 nodes differ in payload in bytes (0 / 1000), protocol (flood / push:3):";
        assert!(found[0].detail.contains(expected), "{}", found[0].detail);
    }

    #[test]
    fn conditions_of_their_own_may_differ() {
        let heavy = other().with_protocol("push:3").labelled("push");
        assert_eq!(found(vec![Fixture::flood(), heavy]), vec![]);
    }
}
