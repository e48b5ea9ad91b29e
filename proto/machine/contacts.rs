//! The asks and control messages of one node that have not ended, and what it has counted.

use std::collections::BTreeMap;

use crate::id::{ContactId, Message, NodeIx};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    /// How many there ever were.
    begun: u64,
    /// How many of those were before this configuration.
    before: u64,
    /// In the order in which they began.
    open: Vec<Open>,
    /// Messages and bytes of each kind, by its number.
    counts: BTreeMap<u8, (u64, u64)>,
    /// How many copies of a message went to a node, where it may get more than one.
    copies: BTreeMap<(NodeIx, Message), u32>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    contact: ContactId,
    to: NodeIx,
    is_poll: bool,
}

impl Contacts {
    /// Forgets all but how many there were, so that no later one has the name of an earlier one.
    pub(super) fn clear(&mut self) {
        *self = Self { begun: self.begun, before: self.begun, ..Self::default() };
    }

    /// Nobody waits any longer for those that have not ended.
    pub(super) fn abandon(&mut self) {
        self.open.clear();
    }

    /// A new one: its name, and its number in this configuration.
    pub(super) fn begin(&mut self, to: NodeIx, is_poll: bool) -> (ContactId, u32) {
        self.begun += 1;
        let contact = ContactId(self.begun);
        self.open.push(Open { contact, to, is_poll });
        (contact, u32::try_from(self.begun - self.before).unwrap_or(u32::MAX))
    }

    /// Whom one that has ended was to; none where it was abandoned, or has ended before.
    pub(super) fn end(&mut self, contact: ContactId) -> Option<NodeIx> {
        let place = self.open.iter().position(|open| open.contact == contact)?;
        Some(self.open.remove(place).to)
    }

    /// Whom one that has not ended was to; none where it was abandoned, or has ended.
    pub(super) fn asked(&self, contact: ContactId) -> Option<NodeIx> {
        self.open.iter().find(|open| open.contact == contact).map(|open| open.to)
    }

    /// How many have not ended and are no polls.
    pub(super) fn in_flight(&self) -> u64 {
        self.open.iter().filter(|open| !open.is_poll).count() as u64
    }

    pub(super) fn count(&mut self, kind: u8, bytes: u64) {
        let (messages, sum) = self.counts.entry(kind).or_default();
        *messages += 1;
        *sum += bytes;
    }

    pub(super) fn begin_counts(&mut self) {
        self.counts.clear();
    }

    /// Kind, messages and bytes, in the order of kinds.
    pub(super) fn counts(&self) -> impl Iterator<Item = (u8, u64, u64)> {
        self.counts.iter().map(|(kind, (messages, bytes))| (*kind, *messages, *bytes))
    }

    /// How many copies of a message went to a node before this one.
    pub(super) fn next_copy(&mut self, to: NodeIx, message: Message) -> u32 {
        let next = self.copies.entry((to, message)).or_default();
        *next += 1;
        *next - 1
    }

    /// No more copies of a message will go anywhere.
    pub(super) fn forget(&mut self, message: Message) {
        self.copies.retain(|(_, other), _| *other != message);
    }
}
