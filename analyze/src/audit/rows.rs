//! What was seen while reading: repeats, contradictions, lines that are no events, blurred timestamps.

use std::collections::BTreeMap;

use super::finding::{Check, Finding, Severity};
use super::scope::Scope;
use crate::evidence::FloatTimestamps;
use crate::inputs::About;

/// The findings of every input.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for input in scope.inputs {
        let facts = &input.facts;
        findings.extend(counted(scope, &facts.repeats, |count| repeated(input, count)));
        findings.extend(counted(scope, &facts.conflicts, |count| conflicting(input, count)));
        findings.extend(counted(scope, &facts.contradictory, |count| contradictory(input, count)));
        findings.extend(rejected(input));
    }
    findings.extend(float_timestamps(scope));
    findings
}

/// One finding for each run and round.
fn counted<'a>(
    scope: &'a Scope<'_>,
    counts: &'a BTreeMap<(String, u32), u64>,
    finding: impl Fn(u64) -> Finding + 'a,
) -> impl Iterator<Item = Finding> + 'a {
    let found = counts.iter().filter(|(_, count)| **count > 0);
    found.map(move |((run_id, round), count)| scope.narrow(finding(*count).of_run(run_id), *round))
}

fn repeated(input: &About, count: u64) -> Finding {
    let detail = format!("{count} rows were there more than once; each is counted once");
    Finding::in_condition(Check::RepeatedRows, Severity::Info, &input.condition, count, detail)
}

fn conflicting(input: &About, count: u64) -> Finding {
    let detail = format!(
        "{count} records have the process and number of another and say something else, so at least one of them is \
         wrong; all are counted"
    );
    Finding::in_condition(Check::ConflictingRows, Severity::Unsound, &input.condition, count, detail)
}

fn contradictory(input: &About, count: u64) -> Finding {
    let detail = format!(
        "{count} records say one thing twice and differently (received_timestamp and received_ns, propagation_time and \
         received - sent, or the round and its message's name), so nobody can tell which is so"
    );
    Finding::in_condition(Check::ContradictoryRows, Severity::Unsound, &input.condition, count, detail)
}

fn rejected(input: &About) -> Option<Finding> {
    let count = input.facts.rejected;
    let example = input.facts.rejected_examples.first().map_or_else(String::new, |line| format!(" (first: {line})"));
    let detail = format!("{count} lines are no events and were left out{example}");
    (count > 0).then(|| Finding::in_condition(Check::RejectedLines, Severity::Info, &input.condition, count, detail))
}

/// One finding for each condition.
fn float_timestamps(scope: &Scope<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<&str, (FloatTimestamps, u64)> = BTreeMap::new();
    for (input, evidence) in scope.inputs.iter().zip(&scope.evidence.inputs) {
        if evidence.float_timestamps.count > 0 {
            let (known, digits_ns) = found.entry(&input.condition).or_default();
            *known = known.and(evidence.float_timestamps);
            // Of fewer digits than a float64 has, the digits say how exact times are.
            let coarsest = evidence.resolutions.values().filter_map(|resolution| Some(resolution.coarsest()?.0 as u64));
            *digits_ns = coarsest.max().unwrap_or(0).max(*digits_ns);
        }
    }
    let finding = |(condition, (FloatTimestamps { count, latest_ns }, digits_ns)): (&str, (FloatTimestamps, u64))| {
        let detail = format!(
            "timestamps went through a float64 and are multiples of {} ns, so times between two of them are exact to \
             that; latencies come from propagation_time and are not touched",
            spacing_ns(latest_ns).max(digits_ns)
        );
        Finding::in_condition(Check::FloatTimestamps, Severity::Info, condition, count, detail)
    };
    found.into_iter().map(finding).collect()
}

/// The distance between neighbouring float64 values at `ns`: 53 bits are significant.
fn spacing_ns(ns: i64) -> u64 {
    let bits = i64::BITS - ns.leading_zeros();
    1 << bits.saturating_sub(f64::MANTISSA_DIGITS)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::super::fixture::{Fixture, only};
    use super::super::quality::Quality;
    use super::*;

    fn findings_of(quality: &Quality, check: Check) -> Vec<(Option<u32>, u64, Severity)> {
        only(quality, check).into_iter().map(|finding| (finding.round, finding.count, finding.severity)).collect()
    }

    #[test]
    fn clean_input_has_nothing_to_tell() {
        let quality = Fixture::flood().audit();
        for check in [Check::RepeatedRows, Check::ConflictingRows, Check::RejectedLines, Check::FloatTimestamps] {
            assert_eq!(only(&quality, check), vec![]);
        }
    }

    #[test]
    fn repeats_are_counted_by_round_and_do_no_harm() {
        let mut fixture = Fixture::flood();
        fixture.facts.repeats.insert((Fixture::RUN.to_owned(), 1), 2);
        let quality = fixture.audit();
        assert_eq!(findings_of(&quality, Check::RepeatedRows), [(Some(1), 2, Severity::Info)]);
        assert_eq!(quality.verdict, Verdict::Sound);
    }

    #[test]
    fn contradictions_make_a_report_unsound() {
        let mut fixture = Fixture::flood();
        fixture.facts.conflicts.insert((Fixture::RUN.to_owned(), 1), 1);
        let quality = fixture.audit();
        assert_eq!(findings_of(&quality, Check::ConflictingRows), [(Some(1), 1, Severity::Unsound)]);
        assert_eq!(quality.verdict, Verdict::Unsound);
    }

    #[test]
    fn records_that_contradict_themselves_make_a_report_unsound() {
        let mut fixture = Fixture::flood();
        fixture.facts.contradictory.insert((Fixture::RUN.to_owned(), 1), 2);
        assert_eq!(findings_of(&fixture.audit(), Check::ContradictoryRows), [(Some(1), 2, Severity::Unsound)]);
    }

    #[test]
    fn rejected_lines_are_counted_with_an_example() {
        let mut fixture = Fixture::flood();
        fixture.facts.rejected = 3;
        fixture.facts.rejected_examples = vec!["x.jsonl:7: not JSON".to_owned()];
        let found = only(&fixture.audit(), Check::RejectedLines);
        assert_eq!((found[0].count, found[0].severity), (3, Severity::Info));
        assert!(found[0].detail.ends_with("(first: x.jsonl:7: not JSON)"));
    }

    #[test]
    fn the_blur_of_a_float_is_given_in_nanoseconds() {
        assert_eq!(spacing_ns(1_742_869_853_645_687_600), 256);
        assert_eq!(spacing_ns(1), 1);
        let found = only(&Fixture::csv_of_flood().with_float_timestamps().audit(), Check::FloatTimestamps);
        assert_eq!(found.len(), 1);
        assert!(found[0].detail.contains("multiples of 256 ns"));
        let mut of_15_digits = Fixture::csv_of_flood().with_float_timestamps();
        for row in &mut of_15_digits.rows {
            row.received_ns -= row.received_ns % 10_000;
            row.sent_ns -= row.sent_ns % 10_000;
        }
        let found = only(&of_15_digits.audit(), Check::FloatTimestamps);
        assert!(found[0].detail.contains("multiples of 10000 ns"), "{}", found[0].detail);
    }
}
