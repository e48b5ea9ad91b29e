//! Copies that waited for a permit: a node that sends more copies of a message at one instant than `--in-flight` lets it.
//!
//! Records prove that where a node sends a message when it begins or arrives and at no other time, and only once to each other node:
//! all its copies are due at one instant, so that those beyond the limit waited from the first one's permit to their own.

use cnsim::event::Kind;

use crate::rounds::Round;

/// How many nodes are named.
const NAMED_MAX: usize = 5;

/// The nodes of a round that had copies waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldBack {
    /// How many nodes.
    pub(crate) nodes: u32,
    /// How many copies waited.
    pub(crate) copies: u64,
    /// Those whose last copy waited longest, the longest first: so many of them.
    pub(crate) longest: Vec<HeldNode>,
}

/// One node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldNode {
    /// By number.
    pub(crate) node: u32,
    /// How many of its copies waited.
    pub(crate) copies: u32,
    /// How long the last of them did.
    pub(crate) wait_ns: i64,
}

/// The nodes that a limit of so many copies held back; none where it held back nobody.
pub(super) fn find_held_back(round: &Round<'_>, in_flight: u32) -> Option<HeldBack> {
    let events = round.events;
    // A copy that was never sent has no permit to tell of.
    let is_sent = |row: &usize| match events.kind[*row] {
        Kind::Initiate => false,
        Kind::Received | Kind::Duplicate => true,
        Kind::Failed => events.bytes[*row] > 0,
    };
    let mut counts = vec![0_u32; events.names.nodes.len()];
    round.rows.clone().filter(is_sent).for_each(|row| counts[events.sender[row] as usize] += 1);
    let over = |sender: u32| counts[sender as usize] > in_flight;
    let of_busy = round.rows.clone().filter(is_sent).filter(|row| over(events.sender[*row]));
    let mut copies: Vec<(u32, i64, u32)> =
        of_busy.map(|row| (events.sender[row], events.sent_ns[row], events.receiver[row])).collect();
    copies.sort_unstable();
    // One that arrived and was given up has two records.
    copies.dedup();
    let mut found = HeldBack { nodes: 0, copies: 0, longest: Vec::new() };
    for of_one in copies.chunk_by(|one, next| one.0 == next.0) {
        let (first, last) = (of_one[0], of_one[of_one.len() - 1]);
        let copies = u32::try_from(of_one.len()).unwrap_or(u32::MAX).saturating_sub(in_flight);
        if copies > 0 {
            found.nodes += 1;
            found.copies += u64::from(copies);
            found.longest.push(HeldNode { node: first.0, copies, wait_ns: last.1 - first.1 });
        }
    }
    found.longest.sort_by_key(|held| (std::cmp::Reverse(held.wait_ns), held.node));
    found.longest.truncate(NAMED_MAX);
    (found.nodes > 0).then_some(found)
}
