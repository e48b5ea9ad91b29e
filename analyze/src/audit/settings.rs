//! Whether runs that count as repetitions of one condition were run alike, and whether only the number of nodes changes where a
//! condition has several, as far as manifests and records say.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, Scope};
use crate::measure::{Group, growth, settings};

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
    groups.into_iter().filter_map(finding).chain(mixed_growth(scope)).collect()
}

/// Conditions in which something else changes with the number of nodes.
fn mixed_growth(scope: &Scope<'_>) -> Vec<Finding> {
    let conditions = scope.analysis.groups.chunk_by(|a, b| a.condition == b.condition);
    let finding = |groups: &[Group]| {
        let differing = growth::differing(groups);
        let detail = format!(
            "beside the number of nodes its runs differ in {}, so what grows is not the number of nodes alone: no law is fitted, and \
             the parts that are alike are drawn each for itself",
            list_settings(&differing)
        );
        let (condition, count) = (&groups[0].condition, groups.len() as u64);
        (!differing.is_empty())
            .then(|| Finding::in_condition(Check::MixedGrowth, Severity::Caution, condition, count, detail))
    };
    conditions.filter_map(finding).collect()
}

/// The settings in which runs differ, each with its values.
fn differing_settings(runs: &[&AuditedRun<'_>]) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut values: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (setting, value) in runs.iter().flat_map(|run| of_run(run)) {
        values.entry(setting).or_default().insert(value);
    }
    values.retain(|_, values| values.len() > 1);
    values
}

/// Settings with their values.
fn list_settings(differing: &BTreeMap<&str, BTreeSet<String>>) -> String {
    let setting = |(setting, values): (&&str, &BTreeSet<String>)| {
        format!("{setting} ({})", values.iter().cloned().collect::<Vec<_>>().join(" / "))
    };
    differing.iter().map(setting).collect::<Vec<_>>().join(", ")
}

fn describe(differing: &BTreeMap<&str, BTreeSet<String>>, nodes: Option<u32>) -> String {
    let of = nodes.map_or_else(String::new, |nodes| format!(" with {nodes} nodes"));
    format!(
        "runs of this condition{of} differ in {}: they are not repetitions of one experiment, so that no median and no \
         interval stands for them; give each a condition of its own",
        list_settings(differing)
    )
}

/// What is known of how a run was made. Seeds, rounds and pauses may differ between repetitions.
fn of_run(run: &AuditedRun<'_>) -> Vec<(&'static str, String)> {
    match run.manifest() {
        Some(manifest) => settings::of_manifest(manifest),
        None => run.recorded_protocol().map(|protocol| ("protocol", protocol.to_owned())).into_iter().collect(),
    }
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
    fn what_grows_beside_the_number_of_nodes_is_told() {
        let of = |nodes: u32, packed: u32| {
            let mut run = Fixture::direct_mail_of(nodes, 3, u64::from(nodes))
                .named(&format!("run-{nodes}"))
                .with_manifest("direct-mail");
            run.manifest().options.nodes_per_process = packed;
            run
        };
        let found = |runs: Vec<Fixture>| only(&audit_all(runs), Check::MixedGrowth);
        assert_eq!(found(vec![of(10, 1), of(20, 1), of(30, 1)]), vec![]);
        assert_eq!(found(vec![of(10, 1), of(20, 2), of(50, 4)]), vec![], "over 16 processes");
        let found = found(vec![of(10, 1), of(20, 1), of(30, 15)]);
        assert_eq!((found.len(), found[0].severity, found[0].count), (1, Severity::Caution, 3));
        assert!(found[0].detail.contains("its runs differ in nodes in a process (1 / 15)"), "{}", found[0].detail);
    }

    #[test]
    fn conditions_of_their_own_may_differ() {
        let heavy = other().with_protocol("push:3").labelled("push");
        assert_eq!(found(vec![Fixture::flood(), heavy]), vec![]);
    }
}
