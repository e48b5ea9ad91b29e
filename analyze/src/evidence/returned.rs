//! Copies that went back to whom their sender had heard from.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::event::Kind;
use cnsim::manifest::Manifest;

use crate::rounds::Round;

/// How many copies of a round went back, of those that could.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Returned {
    /// How many.
    pub(crate) count: u32,
    /// The logarithm of the chance that none did, if each node chose among all others.
    pub(crate) none_ln: f64,
}

/// Those of a round whose nodes were to send back too; none where they were not.
pub(super) fn find_returned(round: &Round<'_>, manifest: &Manifest) -> Option<Returned> {
    let options = &manifest.options;
    if !options.back_to_sender || !options.protocol.protocol().may_send_back() {
        return None;
    }
    let events = round.events;
    let mut sent: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for row in round.rows.clone().filter(|row| events.kind[*row] != Kind::Initiate) {
        sent.entry(events.sender[row]).or_default().insert(events.receiver[row]);
    }
    let mut found = Returned::default();
    for row in round.rows.clone().filter(|row| events.kind[*row] == Kind::Received) {
        let Some(targets) = sent.get(&events.receiver[row]) else { continue };
        found.count += u32::from(targets.contains(&events.sender[row]));
        let others = f64::from(options.nodes.saturating_sub(1)).max(1.0);
        found.none_ln += (1.0 - targets.len() as f64 / others).max(f64::MIN_POSITIVE).ln();
    }
    Some(found)
}
