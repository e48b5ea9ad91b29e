//! Messages that were begun several times: rounds of their own where records tell them apart, else worthless.

use super::finding::{Check, Finding, Severity};
use super::scope::{AuditedRound, Scope};
use crate::evidence::Names;
use crate::rounds::{Apart, Beginnings, BegunApart};

/// A message whose beginnings cannot be told apart is several rounds under one name: its times are none of a round.
pub(super) fn finding(round: &AuditedRound<'_>) -> Option<Finding> {
    let beginnings = round.evidence.beginnings.as_ref()?;
    let Beginnings { begun_ns, verdict } = beginnings;
    let (times, after_ns) = (begun_ns.len(), begun_ns[1].saturating_sub(begun_ns[0]));
    let detail = format!(
        "this message was begun {times} times, the second time {:.3} s after the first, so it is {times} rounds under one name \
         and its times are none of a round; {}",
        after_ns as f64 / 1e9,
        describe(*verdict, round.names)
    );
    Some(round.finding(Check::BegunAgain, Severity::Unsound, times as u64, detail))
}

/// Messages whose beginnings were taken as rounds: one finding for each run.
pub(super) fn taken_as_rounds(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (about, evidence) in scope.inputs.iter().zip(&scope.evidence.inputs) {
        for apart in evidence.begun_apart.chunk_by(|a, b| a.run_id == b.run_id) {
            let (first, count) = (&apart[0], apart.len());
            let finding = Finding::in_condition(
                Check::BegunAgain,
                Severity::Caution,
                &about.condition,
                count as u64,
                numbers_of(apart),
            );
            let finding = finding.of_run(&first.run_id);
            let is_warm_up = apart.iter().all(|message| message.rounds[0] < scope.warm_up);
            findings.push(if is_warm_up { scope.narrow(finding, first.rounds[0]) } else { finding });
        }
    }
    findings
}

/// The messages of a run in words; there is one at least.
fn numbers_of(apart: &[BegunApart]) -> String {
    let numbers = &apart[0].rounds;
    let named: Vec<String> =
        numbers.iter().zip(1..).map(|(round, time)| format!("{round} ({}#{time})", numbers[0])).collect();
    let more = match apart.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more messages of this run alike"),
    };
    format!(
        "the message of round {} was begun {} times; its records do not overlap in time, and nodes received it anew each time, so \
         they are taken as {} rounds: {}{more}",
        numbers[0],
        numbers.len(),
        numbers.len(),
        named.join(", ")
    )
}

/// Why beginnings are one round all the same.
fn describe(verdict: Apart, names: &Names) -> String {
    match verdict {
        Apart::Yes => "their records do not overlap in time: give each a message or a round of its own, and they can be \
                       measured"
            .to_owned(),
        Apart::Overlapping => {
            "copies of one came after the next had begun, or from nodes that held it from the one before, so nobody can tell whose \
             they are"
                .to_owned()
        }
        Apart::Remembered(node) => format!(
            "{} remembered it from an earlier time, so that a later copy was a duplicate to it, and nobody can tell what the later \
             rounds would have come to",
            names.node(node)
        ),
        Apart::NotAnew => "in a later one no node received it that had received it before, so nobody can tell whether they had \
                           forgotten it"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;

    use super::super::fixture::{Fixture, only};
    use super::*;

    /// A run without a manifest whose rounds from 1 on have one message, each a second after the one before.
    fn begun_twice() -> Fixture {
        let mut fixture = Fixture::csv_of_flood();
        fixture.rows.iter_mut().filter(|row| row.round != 0).for_each(|row| row.round = 1);
        fixture
    }

    fn found(fixture: &Fixture) -> Vec<(Severity, Option<u32>, u64, String)> {
        let found = only(&fixture.audit(), Check::BegunAgain).into_iter();
        found.map(|found| (found.severity, found.round, found.count, found.detail)).collect()
    }

    #[test]
    fn beginnings_that_nodes_forgot_in_between_are_rounds_with_a_caution() {
        let fixture = begun_twice();
        let findings = found(&fixture);
        let [(Severity::Caution, None, 1, detail)] = &findings[..] else { panic!("{findings:?}") };
        assert!(detail.contains("begun 2 times; its records do not overlap in time"), "{detail}");
        assert!(detail.ends_with("taken as 2 rounds: 1 (1#1), 2 (1#2)"), "{detail}");
        let rounds = [1, 2].map(|round| (fixture.coverage(round), fixture.t100_ms(round)));
        let apart =
            [1, 2].map(|round| (Fixture::csv_of_flood().coverage(round), Fixture::csv_of_flood().t100_ms(round)));
        assert_eq!(rounds, apart);
    }

    #[test]
    fn a_manifest_says_what_its_rounds_were() {
        let mut fixture = Fixture::flood();
        fixture.rows.iter_mut().filter(|row| row.round != 0).for_each(|row| row.round = 1);
        let findings = found(&fixture);
        let [(Severity::Unsound, Some(1), 2, detail)] = &findings[..] else { panic!("{findings:?}") };
        assert!(detail.contains("begun 2 times, the second time 1.000 s after"), "{detail}");
        assert!(detail.contains("give each a message or a round of its own"), "{detail}");
    }

    #[test]
    fn beginnings_that_overlap_and_those_that_nodes_remember_are_unsound() {
        let why = |change: fn(&mut Fixture)| {
            let mut fixture = begun_twice();
            change(&mut fixture);
            let findings = found(&fixture);
            let [(Severity::Unsound, Some(1), 2, detail)] = &findings[..] else { panic!("{findings:?}") };
            detail.clone()
        };
        let across = why(|fixture| fixture.first_receipt("n3", 1).received_ns += 2_000_000_000);
        assert!(across.contains("nobody can tell whose they are"), "{across}");
        let remembered = why(|fixture| {
            let of_later = fixture.rows.iter().map(|row| row.received_ns).max().unwrap() - 500_000_000;
            let later = fixture.rows.iter_mut().filter(|row| row.kind == Kind::Received && row.received_ns > of_later);
            later.for_each(|row| row.kind = Kind::Duplicate);
        });
        assert!(remembered.contains("n1 remembered it from an earlier time"), "{remembered}");
    }
}
