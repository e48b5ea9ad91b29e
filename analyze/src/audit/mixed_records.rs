//! Records of one run that say different things of it, where no manifest says which of them is so.

use std::collections::BTreeSet;

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, RunKey, Scope};

/// The findings of every run without a manifest: with one, each record is held against it.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let without = scope.runs.iter().filter(|(_, run)| run.manifest().is_none());
    without.flat_map(|(key, run)| [mixed(*key, run), moved(*key, run)]).flatten().collect()
}

fn mixed((condition, run_id): RunKey<'_>, run: &AuditedRun<'_>) -> Option<Finding> {
    let (mut protocols, mut conditions, mut nodes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (_, recorded) in run.recorded() {
        protocols.extend(recorded.named.protocols.iter().cloned());
        conditions.extend(recorded.named.conditions.iter().cloned());
        nodes.extend(recorded.named.nodes.iter().map(u32::to_string));
    }
    let named = [("protocols", protocols), ("conditions", conditions), ("numbers of nodes", nodes)];
    let several: Vec<String> = named
        .into_iter()
        .filter(|(_, values)| values.len() > 1)
        .map(|(what, values)| format!("{what} {}", values.into_iter().collect::<Vec<_>>().join(" and ")))
        .collect();
    let detail = format!(
        "records of this run name {}: records of several runs stand under one id, or some were changed",
        several.join(", ")
    );
    (!several.is_empty()).then(|| {
        Finding::in_condition(Check::MixedRecords, Severity::Unsound, condition, several.len() as u64, detail)
            .of_run(run_id)
    })
}

/// Nodes that were on several hosts, whose clocks are then several.
fn moved((condition, run_id): RunKey<'_>, run: &AuditedRun<'_>) -> Option<Finding> {
    let nodes: BTreeSet<&str> =
        run.recorded().flat_map(|(names, recorded)| recorded.moved.iter().map(|node| names.node(*node))).collect();
    let (first, count) = (nodes.first()?, nodes.len() as u64);
    let detail = format!(
        "nodes have records that name several hosts ({count}; first: {first}): they moved during the run, or records were changed; what \
         is said of hosts and their clocks holds for neither place"
    );
    Some(Finding::in_condition(Check::MixedRecords, Severity::Caution, condition, count, detail).of_run(run_id))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn a_node_on_two_hosts_is_told_without_a_manifest() {
        assert_eq!(only(&Fixture::flood().on_hosts().without_manifest().audit(), Check::MixedRecords), []);
        let mut fixture = Fixture::flood().on_hosts().without_manifest();
        fixture.first_receipt("n2", 1).host = Some("m0".to_owned());
        let found = only(&fixture.audit(), Check::MixedRecords);
        assert_eq!((found.len(), found[0].severity, found[0].count), (1, Severity::Caution, 1));
        assert!(found[0].detail.contains("first: n2)"), "{}", found[0].detail);
    }

    #[test]
    fn two_numbers_of_nodes_in_one_run_are_unsound() {
        let mut fixture = Fixture::csv_of_flood();
        fixture.first_receipt("n2", 1).nodes = Some(5);
        let found = only(&fixture.audit(), Check::MixedRecords);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Unsound));
        assert!(found[0].detail.contains("numbers of nodes 4 and 5"), "{}", found[0].detail);
    }
}
