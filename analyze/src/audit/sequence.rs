//! Whether every record that a process counted is there.

use std::collections::BTreeMap;

use cnsim::manifest::Manifest;
use rayon::prelude::*;

use super::view::{Run, RunKey, Survey};
use super::{Check, Finding, Severity, incidents};
use crate::rounds::Round;

/// Numbers that are missing from one process's counting in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    /// The process.
    pub(super) process: String,
    /// The round that the missing records belong to; none where that cannot be told.
    pub(super) round: Option<u32>,
    /// How many records are missing.
    pub(super) missing: u64,
}

/// Every gap by condition and run, and the processes whose tail cannot be verified.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    by_run: BTreeMap<(String, String), RunGaps>,
}

#[derive(Debug, Default)]
struct RunGaps {
    gaps: Vec<Gap>,
    unverifiable: Vec<String>,
}

impl Gaps {
    /// The gaps of one run.
    pub(super) fn of(&self, run: RunKey<'_>) -> &[Gap] {
        self.by_run.get(&(run.0.to_owned(), run.1.to_owned())).map_or(&[], |run| &run.gaps)
    }
}

/// Looks through the numbers of every process of every run.
pub(super) fn gaps(survey: &Survey<'_>) -> Gaps {
    let runs: Vec<_> = survey.runs.iter().collect();
    let found = runs.par_iter().map(|((condition, run_id), run)| {
        let place = ((*condition).to_owned(), (*run_id).to_owned());
        (place, in_run(survey, run))
    });
    Gaps { by_run: found.collect() }
}

/// One finding for each run and round with gaps, and one for each run with an unverifiable tail.
pub(super) fn findings(survey: &Survey<'_>, gaps: &Gaps) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((condition, run_id), run) in &gaps.by_run {
        let mut rounds: BTreeMap<Option<u32>, Vec<&Gap>> = BTreeMap::new();
        for gap in &run.gaps {
            rounds.entry(gap.round).or_default().push(gap);
        }
        for (round, gaps) in rounds {
            let count = gaps.iter().map(|gap| gap.missing).sum();
            let processes: Vec<&str> = gaps.iter().map(|gap| gap.process.as_str()).collect();
            let why = incidents::lost_of(&survey.runs[&(condition.as_str(), run_id.as_str())], &processes);
            let detail = gap_detail(&gaps) + &why;
            let finding = Finding::in_condition(Check::SequenceGap, Severity::Unsound, condition, count, detail);
            let finding = finding.of_run(run_id);
            findings.push(match round {
                Some(round) => finding.of_round(round, survey.is_scored(round)),
                None => finding,
            });
        }
        if !run.unverifiable.is_empty() {
            let count = run.unverifiable.len() as u64;
            let detail = format!(
                "the run's manifest does not say how many records {count} of its processes wrote, so records missing \
                 at their ends would not be noticed"
            );
            findings.push(
                Finding::in_condition(Check::TailUnverifiable, Severity::Info, condition, count, detail).of_run(run_id),
            );
        }
    }
    findings
}

fn gap_detail(gaps: &[&Gap]) -> String {
    let missing: u64 = gaps.iter().map(|gap| gap.missing).sum();
    let example = gaps.iter().max_by_key(|gap| gap.missing).expect("a finding has at least one gap");
    format!(
        "{missing} records of {} processes were written and are not here (most of them, {}, by {}), so coverage, \
         convergence, copies and duplicates may be too low",
        gaps.len(),
        example.missing,
        example.process
    )
}

fn in_run(survey: &Survey<'_>, run: &Run<'_>) -> RunGaps {
    let mut counted = numbers(survey, run);
    let last_seqs = run.manifest().map(|manifest| &manifest.last_seqs);
    for process in last_seqs.into_iter().flatten().map(|(process, _)| process.as_str()) {
        counted.entry(process).or_default();
    }
    let mut found = RunGaps::default();
    for (process, mut seqs) in counted {
        seqs.sort_unstable();
        let last = last_seqs.and_then(|last_seqs| last_seqs.get(process)).copied();
        if last.is_none() {
            found.unverifiable.push(process.to_owned());
        }
        let bounds = run.manifest().map_or_else(Vec::new, |manifest| bounds(manifest, process));
        for (round, missing) in missing(&seqs, last, &bounds) {
            found.gaps.push(Gap { process: process.to_owned(), round, missing });
        }
    }
    found
}

/// Numbers without a gap, of records of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stretch {
    first: u64,
    last: u64,
    round: u32,
}

/// The numbers that are there, by process.
fn numbers<'a>(survey: &Survey<'a>, run: &Run<'_>) -> BTreeMap<&'a str, Vec<Stretch>> {
    let mut by_name: BTreeMap<&str, Vec<Stretch>> = BTreeMap::new();
    for view in run.views.iter().map(|view| &survey.views[*view]) {
        for (process, stretch) in &view.evidence.stretches {
            by_name.entry(view.names.processes.text(*process)).or_default().push(*stretch);
        }
    }
    by_name
}

/// The numbers of a round's records, each with its process.
pub(super) fn stretches(round: &Round<'_>) -> Vec<(u32, Stretch)> {
    let events = round.events;
    let rows = round.rows.iter().map(|row| *row as usize).filter(|row| events.seq[*row] > 0);
    let mut seqs: Vec<(u32, u64)> = rows.map(|row| (events.process[row], events.seq[row])).collect();
    seqs.sort_unstable();
    let without_gap = seqs.chunk_by(|one, next| one.0 == next.0 && next.1 - one.1 <= 1);
    let stretch = |seqs: &[(u32, u64)]| {
        let ((process, first), (_, last)) = (*seqs.first()?, *seqs.last()?);
        Some((process, Stretch { first, last, round: round.round }))
    };
    without_gap.filter_map(stretch).collect()
}

/// Each round's number with the last number that the process had used at its end, in the order of rounds.
fn bounds(manifest: &Manifest, process: &str) -> Vec<(u32, u64)> {
    manifest.rounds.iter().filter_map(|round| Some((round.round, *round.last_seqs.get(process)?))).collect()
}

/// How many numbers are missing in each round, given the sorted numbers that are there.
fn missing(seqs: &[Stretch], last: Option<u64>, bounds: &[(u32, u64)]) -> BTreeMap<Option<u32>, u64> {
    let mut missing = BTreeMap::new();
    let mut before: (u64, Option<u32>) = (0, None);
    let end = last.map(|last| (last + 1, last + 1, None));
    for (seq, last, round) in seqs.iter().map(|seqs| (seqs.first, seqs.last, Some(seqs.round))).chain(end) {
        let mut next = before.0 + 1;
        while next < seq {
            let bound = bounds.iter().find(|(_, last)| *last >= next);
            let upto = bound.map_or(seq - 1, |(_, last)| (*last).min(seq - 1));
            let place = bound.map(|(round, _)| *round).or(if before.1 == round { round } else { None });
            *missing.entry(place).or_default() += upto + 1 - next;
            next = upto + 1;
        }
        if last > before.0 {
            before = (last, round);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, only};
    use super::*;

    /// Each number a stretch of its own.
    fn missing(seqs: &[(u64, u32)], last: Option<u64>, bounds: &[(u32, u64)]) -> BTreeMap<Option<u32>, u64> {
        let seqs: Vec<Stretch> =
            seqs.iter().map(|(seq, round)| Stretch { first: *seq, last: *seq, round: *round }).collect();
        super::missing(&seqs, last, bounds)
    }

    #[test]
    fn a_late_record_of_the_round_before_leaves_no_gap() {
        let stretch = |first, last, round| Stretch { first, last, round };
        let seqs = [stretch(1, 4, 0), stretch(5, 5, 1), stretch(6, 6, 0), stretch(7, 9, 1)];
        assert_eq!(super::missing(&seqs, Some(10), &[]), BTreeMap::from([(None, 1)]));
    }

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

    #[test]
    fn a_missing_end_is_found_with_the_manifest_only() {
        assert_eq!(missing(&[(1, 1)], Some(3), &[]), BTreeMap::from([(None, 2)]));
        assert_eq!(missing(&[(1, 1)], None, &[]), BTreeMap::new());
    }

    #[test]
    fn a_gap_over_two_rounds_is_split_where_the_manifest_says() {
        let bounds = [(0, 2), (1, 5), (2, 9)];
        assert_eq!(
            missing(&[(1, 0), (8, 2), (9, 2)], Some(9), &bounds),
            BTreeMap::from([(Some(0), 1), (Some(1), 3), (Some(2), 2)])
        );
    }

    #[test]
    fn without_a_manifest_a_gap_belongs_to_a_round_only_if_both_ends_do() {
        assert_eq!(missing(&[(1, 1), (3, 1), (6, 2)], None, &[]), BTreeMap::from([(Some(1), 1), (None, 2)]));
        assert_eq!(missing(&[(2, 1)], None, &[]), BTreeMap::from([(None, 1)]));
    }
}
