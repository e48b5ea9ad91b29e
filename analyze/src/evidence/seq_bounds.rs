//! The numbers of a process's records against the driver's, round by round, and against their times.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::{Manifest, RoundOutcome, RunOutcome};
use cnsim_records::columns::EventNames;

use super::lateness::late_ns;
use crate::rounds::Round;

/// What is known of the numbers of a run's records before they are looked at.
#[derive(Debug, Default)]
pub(super) struct SeqBounds {
    rounds: BTreeMap<u32, RoundSeqs>,
}

/// What is known of those of a round.
#[derive(Debug)]
struct RoundSeqs {
    /// By the number of the process: the last number before the round, and its last one.
    bounds: Vec<(u32, u64, u64)>,
    /// How much later than its time a record may be numbered; none where nobody knows.
    late_ns: Option<i64>,
}

/// A number that a record cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherSeq {
    /// An earlier record of its process has a larger one.
    OutOfOrder,
    /// Its process had not come to it, or had gone past it, in the round.
    OfOtherRound,
}

impl SeqBounds {
    /// Those of a run whose rounds follow each other, and which nothing befell.
    pub(super) fn of(manifest: &Manifest, names: &EventNames) -> Self {
        let is_whole = manifest.outcome == RunOutcome::Complete
            && manifest.incidents.is_empty()
            && manifest.backend.processes().resumed_with.is_empty()
            && manifest.options.open_loop().is_none();
        if !is_whole {
            return Self::default();
        }
        let mut rounds = BTreeMap::new();
        let mut before: BTreeMap<&str, u64> = BTreeMap::new();
        for round in &manifest.rounds {
            let bound = |(process, last): (&String, &u64)| {
                let first = before.get(process.as_str()).copied().unwrap_or(0);
                Some((names.processes.number(process)?, first, *last))
            };
            // What was on its way when a round ended has its records in a later one.
            let bounds = match round.outcome {
                RoundOutcome::Quiescent => round.last_seqs.iter().filter_map(bound).collect(),
                RoundOutcome::Horizon
                | RoundOutcome::TimedOut
                | RoundOutcome::Open
                | RoundOutcome::Interrupted
                | RoundOutcome::Disturbed => Vec::new(),
            };
            rounds.insert(round.round, RoundSeqs { bounds, late_ns: late_ns(manifest, round) });
            before.extend(round.last_seqs.iter().map(|(process, last)| (process.as_str(), *last)));
        }
        Self { rounds }
    }

    /// The records of a round that have a number which they cannot have, with their rows.
    pub(super) fn find_others(&self, round: &Round<'_>) -> Vec<(OtherSeq, usize)> {
        let Some(known) = self.rounds.get(&round.round) else { return Vec::new() };
        let events = round.events;
        let numbered = |row: &usize| events.seq[*row] > 0 && !events.float_timestamp[*row];
        let mut rows: Vec<usize> = round.rows.clone().filter(numbered).collect();
        rows.sort_unstable_by_key(|row| (events.process[*row], events.seq[*row], *row));
        let mut found = Vec::new();
        for of_one in rows.chunk_by(|one, next| events.process[*one] == events.process[*next]) {
            let process = events.process[of_one[0]];
            let bound = known.bounds.iter().find(|(other, _, _)| *other == process);
            let is_outside = |row: &&usize| {
                bound.is_some_and(|(_, before, last)| !(before + 1..=*last).contains(&events.seq[**row]))
            };
            found.extend(of_one.iter().filter(is_outside).map(|row| (OtherSeq::OfOtherRound, *row)));
            let Some(late_ns) = known.late_ns else { continue };
            // When a copy was given up is no time at which its record was made.
            let mut latest_ns = i64::MIN;
            for row in of_one.iter().filter(|row| events.kind[**row] != Kind::Failed) {
                let at_ns = events.received_ns[*row];
                if latest_ns.saturating_sub(at_ns) > late_ns {
                    found.push((OtherSeq::OutOfOrder, *row));
                }
                latest_ns = latest_ns.max(at_ns);
            }
        }
        found
    }
}
