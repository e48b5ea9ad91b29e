//! Nodes that `--in-flight` held back: copies that waited for a permit until earlier ones had ended.

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRun, RunKey, Scope};
use crate::evidence::{HeldBack, Names};

/// How many nodes a sentence names.
const NAMED_MAX: usize = 3;

/// One finding for each run.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    scope.runs.iter().filter_map(|(key, run)| finding(scope, *key, run)).collect()
}

fn finding(scope: &Scope<'_>, (condition, run_id): RunKey<'_>, run: &AuditedRun<'_>) -> Option<Finding> {
    let in_flight = run.manifest()?.options.in_flight;
    let scored = run.rounds.iter().map(|place| &scope.rounds[*place]).filter(|round| round.metrics.scored);
    let held: Vec<(u32, &HeldBack, &Names)> =
        scored.filter_map(|round| Some((round.round, round.evidence.held_back.as_ref()?, round.names))).collect();
    let copies = held.iter().map(|(_, held, _)| held.copies).sum();
    let (round, worst, names) = *held
        .iter()
        .max_by_key(|(round, held, _)| (held.longest.first().map(|node| node.wait_ns), std::cmp::Reverse(*round)))?;
    let named: Vec<String> = worst
        .longest
        .iter()
        .take(NAMED_MAX)
        .map(|node| {
            format!(
                "{} ({} for up to {:.2} ms)",
                names.node(node.node),
                copies_of(node.copies),
                node.wait_ns as f64 / 1e6
            )
        })
        .collect();
    let more = if worst.nodes as usize > named.len() { ", …" } else { "" };
    let detail = format!(
        "--in-flight {in_flight} held copies back in {} rounds: in round {round} those of {} nodes, longest {}{more}; a copy that \
         waits for its permit is not sent yet, so that this time is in t100 and in no latency",
        held.len(),
        worst.nodes,
        named.join(", ")
    );
    Some(Finding::in_condition(Check::SendsHeldBack, Severity::Info, condition, copies, detail).of_run(run_id))
}

fn copies_of(copies: u32) -> String {
    if copies == 1 { "1 copy".to_owned() } else { format!("{copies} copies") }
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;

    use super::super::fixture::{Fixture, only};
    use super::*;

    /// A flood in which n0 sends its copies 4 ms apart.
    fn one_after_another(protocol: &str, in_flight: u32) -> Vec<Finding> {
        let mut fixture = Fixture::flood().with_manifest(protocol);
        fixture.manifest().options.in_flight = in_flight;
        let mut later_ns = 0;
        for row in fixture.rows.iter_mut().filter(|row| row.kind == Kind::Received && row.round == 1) {
            (row.sent_ns, row.received_ns) = (row.sent_ns + later_ns, row.received_ns + later_ns);
            later_ns += 4_000_000;
        }
        only(&fixture.audit(), Check::SendsHeldBack)
    }

    #[test]
    fn a_node_that_waits_for_permits_is_named_with_how_long() {
        let found = one_after_another("flood", 1);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].detail.contains("n0 (2 copies for up to 8.00 ms)"), "{}", found[0].detail);
        let found = one_after_another("flood", 2);
        // n1, n2 and n3 send two copies each.
        assert!(
            found[0].detail.contains("those of 1 nodes, longest n0 (1 copy for up to 8.00 ms)"),
            "{}",
            found[0].detail
        );
    }

    #[test]
    fn a_limit_that_nobody_meets_and_copies_that_are_not_due_at_once_are_no_finding() {
        assert_eq!(one_after_another("flood", 3), vec![]);
        assert_eq!(one_after_another("push-periodic:3", 1), vec![]);
    }
}
