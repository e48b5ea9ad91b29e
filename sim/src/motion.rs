//! The changes of a network that moves, one after another.

use std::sync::Arc;

use cnsim::motion::{Change, Contacts};
use cnsim::time::{Interval, Timestamp};

use crate::queue::Class;

/// See the module.
pub(crate) struct Motion {
    contacts: Arc<Contacts>,
    discovery: Interval,
    origin: Timestamp,
    /// The next change, by its place.
    next: usize,
}

impl Motion {
    pub(crate) fn new(contacts: Arc<Contacts>, discovery: Interval) -> Self {
        Self { contacts, discovery, origin: Timestamp(0), next: 0 }
    }

    /// How long after a change nodes discover it.
    pub(crate) fn discovery(&self) -> Interval {
        self.discovery
    }

    /// Begins anew at this time 0.
    pub(crate) fn begin(&mut self, origin: Timestamp) {
        (self.origin, self.next) = (origin, 0);
    }

    /// Whether changes are still to come.
    pub(crate) fn goes_on(&self) -> bool {
        self.next < self.contacts.len()
    }

    /// When the next change is, and among which events of its instant it stands.
    pub(crate) fn next(&self) -> Option<(Timestamp, Class)> {
        let (at, change) = self.contacts.get(self.next)?;
        Some((self.origin + at, class(change)))
    }

    /// The next change, where it is due by now and stands no later than this among the events of its instant.
    pub(crate) fn pop(&mut self, now: Timestamp, last: Class) -> Option<Change> {
        let (at, class) = self.next()?;
        if at > now || (at == now && class > last) {
            return None;
        }
        let (_, change) = self.contacts.get(self.next)?;
        self.next += 1;
        Some(change)
    }
}

fn class(change: Change) -> Class {
    match change {
        Change::Joins(_) | Change::Up(_) => Class::LinksUp,
        Change::Down(_) | Change::Leaves(_) => Class::LinksDown,
    }
}
