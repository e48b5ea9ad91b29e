//! Numbers that are missing from the counting of processes: records that were written and are not here.
//!
//! A process counts its records of a run from 1. A number that no record has is a lost record; how many there are after the
//! last one that is here, only the manifest can tell.

use std::collections::BTreeMap;

use cnsim::manifest::Manifest;
use rayon::prelude::*;

use super::scope::{AuditedRun, RunKey, Scope};
use crate::evidence::SeqRange;

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

/// What is missing in one run.
#[derive(Debug, Default)]
pub(super) struct RunGaps {
    /// In the order of processes, then of rounds.
    pub(super) gaps: Vec<Gap>,
    /// The processes of which nobody says how many records they wrote.
    pub(super) unverifiable: Vec<String>,
}

/// What is missing, by run.
#[derive(Debug, Default)]
pub(super) struct Gaps<'a> {
    pub(super) by_run: BTreeMap<RunKey<'a>, RunGaps>,
}

impl<'a> Gaps<'a> {
    /// Looks through the numbers of every process of every run.
    pub(super) fn of(scope: &Scope<'a>) -> Self {
        let runs: Vec<_> = scope.runs.iter().collect();
        let found = runs.par_iter().map(|(key, run)| (**key, find_gaps(scope, run)));
        Self { by_run: found.collect() }
    }

    /// The gaps of one run.
    pub(super) fn of_run(&self, run: RunKey<'a>) -> &[Gap] {
        self.by_run.get(&run).map_or(&[], |run| &run.gaps)
    }
}

fn find_gaps<'a>(scope: &Scope<'a>, run: &AuditedRun<'a>) -> RunGaps {
    let mut counted = seq_ranges(scope, run);
    // What a run that goes on wrote last may not have been brought home yet.
    let last_seqs = run.manifest().filter(|_| !run.is_going_on()).map(|manifest| &manifest.last_seqs);
    // A process whose records are all lost has numbers in the manifest alone.
    for process in last_seqs.into_iter().flatten().map(|(process, _)| process.as_str()) {
        counted.entry(process).or_default();
    }
    let mut found = RunGaps::default();
    for (process, mut ranges) in counted {
        ranges.sort_unstable();
        let last = last_seqs.and_then(|last_seqs| last_seqs.get(process)).copied();
        if last.is_none() {
            found.unverifiable.push(process.to_owned());
        }
        let bounds = run.manifest().map_or_else(Vec::new, |manifest| round_bounds(manifest, process));
        let gap = |(round, missing)| Gap { process: process.to_owned(), round, missing };
        found.gaps.extend(count_missing(&ranges, last, &bounds).into_iter().map(gap));
    }
    found
}

/// The numbers that are there, by process.
fn seq_ranges<'a>(scope: &Scope<'a>, run: &AuditedRun<'a>) -> BTreeMap<&'a str, Vec<SeqRange>> {
    let mut by_process: BTreeMap<&str, Vec<SeqRange>> = BTreeMap::new();
    for round in scope.rounds_of(run) {
        for (process, range) in &round.evidence.seq_ranges {
            by_process.entry(round.names.process(*process)).or_default().push(*range);
        }
    }
    by_process
}

/// Each round's number with the last number that the process had used at its end, in the order of rounds.
fn round_bounds(manifest: &Manifest, process: &str) -> Vec<(u32, u64)> {
    manifest.rounds.iter().filter_map(|round| Some((round.round, *round.last_seqs.get(process)?))).collect()
}

/// How many numbers are missing in each round, given the sorted ranges that are there, the last number that was used, where
/// it is known, and the last ones at the ends of rounds.
fn count_missing(ranges: &[SeqRange], last: Option<u64>, bounds: &[(u32, u64)]) -> BTreeMap<Option<u32>, u64> {
    let mut missing = BTreeMap::new();
    let mut before: (u64, Option<u32>) = (0, None);
    // The end is as it were one record more, behind the last that was written.
    let end = last.map(|last| (last + 1, last + 1, None));
    let ranges = ranges.iter().map(|range| (range.first, range.last, Some(range.round)));
    for (first, last, round) in ranges.chain(end) {
        let mut next = before.0 + 1;
        while next < first {
            // The first round that ended with a number as high is the one in which this number was used. Without a manifest
            // a gap belongs to a round only if the records on both sides of it do.
            let bound = bounds.iter().find(|(_, last)| *last >= next);
            let upto = bound.map_or(first - 1, |(_, last)| (*last).min(first - 1));
            let place = bound.map(|(round, _)| *round).or(if before.1 == round { round } else { None });
            *missing.entry(place).or_default() += upto + 1 - next;
            next = upto + 1;
        }
        // A late record of an earlier round may lie inside what was counted already.
        if last > before.0 {
            before = (last, round);
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each number a range of its own.
    fn count_missing(seqs: &[(u64, u32)], last: Option<u64>, bounds: &[(u32, u64)]) -> BTreeMap<Option<u32>, u64> {
        let seqs: Vec<SeqRange> =
            seqs.iter().map(|(seq, round)| SeqRange { first: *seq, last: *seq, round: *round }).collect();
        super::count_missing(&seqs, last, bounds)
    }

    #[test]
    fn a_late_record_of_the_round_before_leaves_no_gap() {
        let range = |first, last, round| SeqRange { first, last, round };
        let seqs = [range(1, 4, 0), range(5, 5, 1), range(6, 6, 0), range(7, 9, 1)];
        assert_eq!(super::count_missing(&seqs, Some(10), &[]), BTreeMap::from([(None, 1)]));
    }

    #[test]
    fn a_missing_end_is_found_with_the_manifest_only() {
        assert_eq!(count_missing(&[(1, 1)], Some(3), &[]), BTreeMap::from([(None, 2)]));
        assert_eq!(count_missing(&[(1, 1)], None, &[]), BTreeMap::new());
    }

    #[test]
    fn a_gap_over_two_rounds_is_split_where_the_manifest_says() {
        let bounds = [(0, 2), (1, 5), (2, 9)];
        assert_eq!(
            count_missing(&[(1, 0), (8, 2), (9, 2)], Some(9), &bounds),
            BTreeMap::from([(Some(0), 1), (Some(1), 3), (Some(2), 2)])
        );
    }

    #[test]
    fn without_a_manifest_a_gap_belongs_to_a_round_only_if_both_ends_do() {
        assert_eq!(count_missing(&[(1, 1), (3, 1), (6, 2)], None, &[]), BTreeMap::from([(Some(1), 1), (None, 2)]));
        assert_eq!(count_missing(&[(2, 1)], None, &[]), BTreeMap::from([(None, 1)]));
    }
}
