//! Messages that were begun several times: several rounds under one name.

use cnsim::event::Kind;

use crate::rounds::Round;

/// A further beginning of a round's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BegunAgain {
    /// From the beginning before it.
    pub(crate) after_ns: i64,
    /// Whether every record of the beginning before it is from before this one.
    pub(crate) is_apart: bool,
}

/// Every beginning of a round but the first, in the order of time.
pub(super) fn find_begun_again(round: &Round<'_>) -> Vec<BegunAgain> {
    let events = round.events;
    let mut begun: Vec<i64> = round
        .rows
        .clone()
        .filter(|row| events.kind[*row] == Kind::Initiate)
        .map(|row| events.received_ns[row])
        .collect();
    if begun.len() < 2 {
        return Vec::new();
    }
    begun.sort_unstable();
    let again = |pair: &[i64]| {
        let (before, this) = (pair[0], pair[1]);
        // A copy that was sent before this beginning and received after it belongs to both.
        let crosses = |row: usize| {
            let is_copy = events.kind[row] != Kind::Initiate;
            is_copy && (before..this).contains(&events.sent_ns[row]) && events.received_ns[row] >= this
        };
        BegunAgain { after_ns: this.saturating_sub(before), is_apart: !round.rows.clone().any(crosses) }
    };
    begun.windows(2).map(again).collect()
}
