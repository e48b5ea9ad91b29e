//! Whether every record that a process counted is there.

use std::collections::BTreeMap;

use super::finding::{Check, Finding, Severity};
use super::gaps::{Gap, Gaps, RunGaps};
use super::incident_words::why_lost;
use super::scope::{RunKey, Scope};

/// One finding for each run and round with gaps, and one for each run with an unverifiable tail.
pub(super) fn findings<'a>(scope: &Scope<'a>, gaps: &Gaps<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, run) in &gaps.by_run {
        findings.extend(sequence_gaps(scope, *key, run));
        findings.extend(unverifiable_tail(*key, run));
    }
    findings
}

fn sequence_gaps<'a>(scope: &Scope<'a>, key: RunKey<'a>, run: &RunGaps) -> Vec<Finding> {
    let mut rounds: BTreeMap<Option<u32>, Vec<&Gap>> = BTreeMap::new();
    for gap in &run.gaps {
        rounds.entry(gap.round).or_default().push(gap);
    }
    let finding = |(round, gaps): (Option<u32>, Vec<&Gap>)| {
        let sum = GapSum::of(&gaps)?;
        let processes: Vec<&str> = gaps.iter().map(|gap| gap.process.as_str()).collect();
        let detail = sum.describe() + &why_lost(&scope.runs[&key], &processes);
        let finding = Finding::in_condition(Check::SequenceGap, Severity::Unsound, key.0, sum.missing, detail);
        let finding = finding.of_run(key.1);
        Some(match round {
            Some(round) => scope.narrow(finding, round),
            None => finding,
        })
    };
    rounds.into_iter().filter_map(finding).collect()
}

fn unverifiable_tail((condition, run_id): RunKey<'_>, run: &RunGaps) -> Option<Finding> {
    let count = run.unverifiable.len() as u64;
    let detail = format!(
        "the run's manifest does not say how many records {count} of its processes wrote, so records missing at their ends \
         would not be noticed"
    );
    (count > 0).then(|| {
        Finding::in_condition(Check::TailUnverifiable, Severity::Info, condition, count, detail).of_run(run_id)
    })
}

/// What is missing in one round.
struct GapSum<'a> {
    /// Records.
    missing: u64,
    /// Processes with a gap.
    processes: usize,
    /// The largest gap.
    largest: &'a Gap,
}

impl<'a> GapSum<'a> {
    fn of(gaps: &[&'a Gap]) -> Option<Self> {
        let largest = gaps.iter().max_by_key(|gap| gap.missing)?;
        Some(Self { missing: gaps.iter().map(|gap| gap.missing).sum(), processes: gaps.len(), largest })
    }

    fn describe(&self) -> String {
        let Self { missing, processes, largest } = self;
        format!(
            "{missing} records of {processes} processes were written and are not here (most of them, {}, by {}), so \
             coverage, convergence, copies and duplicates may be too low",
            largest.missing, largest.process
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    #[test]
    fn numbers_without_a_gap_find_nothing_but_the_unverifiable_tail() {
        let quality = Fixture::flood().without_manifest().audit();
        assert_eq!(only(&quality, Check::SequenceGap), vec![]);
        assert_eq!(only(&quality, Check::TailUnverifiable).len(), 1);
        assert_eq!(only(&Fixture::flood().audit(), Check::TailUnverifiable), vec![]);
    }

    #[test]
    fn a_number_left_out_is_found_in_its_round() {
        let quality = Fixture::flood().without_duplicate(1).audit();
        let found = only(&quality, Check::SequenceGap);
        assert_eq!((found.len(), found[0].count, found[0].round), (1, 1, Some(1)));
        assert_eq!(found[0].severity, Severity::Unsound);
    }
}
