//! The sequence numbers that a round's records have: every process counts its records of a run from 1.

use crate::rounds::Round;

/// Numbers of one process without a gap, of records of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeqRange {
    /// The first number.
    pub(crate) first: u64,
    /// The last.
    pub(crate) last: u64,
    /// The round.
    pub(crate) round: u32,
}

/// The numbers of a round's records, each range with its process, by number. A repeated number is no gap.
pub(super) fn list_seq_ranges(round: &Round<'_>) -> Vec<(u32, SeqRange)> {
    let events = round.events;
    let rows = round.rows.clone().filter(|row| events.seq[*row] > 0);
    let mut seqs: Vec<(u32, u64)> = rows.map(|row| (events.process[row], events.seq[row])).collect();
    seqs.sort_unstable();
    let without_gap = seqs.chunk_by(|one, next| one.0 == next.0 && next.1 - one.1 <= 1);
    let range = |seqs: &[(u32, u64)]| {
        let ((process, first), (_, last)) = (*seqs.first()?, *seqs.last()?);
        Some((process, SeqRange { first, last, round: round.round }))
    };
    without_gap.filter_map(range).collect()
}
