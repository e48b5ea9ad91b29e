//! A moving network as data: who is there, and which links come up and go down, in the order of time.

use std::collections::{HashMap, HashSet};

use super::spell::{Backwards, Contact, InSeconds, Link, Spell, Stay};
use crate::id::{NodeId, NodeIx};
use crate::time::Interval;

/// What happens to the network at one instant.
///
/// Contacts are closed intervals, so an instant has four steps: nodes join and links come up; what is delivered at this instant is
/// delivered; links go down and nodes leave; timers fire. So a copy that arrives at the instant in which a link goes down can still be
/// passed on over it, one that arrives at the instant in which a link comes up already can, and a timer sees the network as it is from
/// then on. The variants are in the order of these steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A node appears; it has no links yet.
    Joins(NodeIx),
    /// Two nodes can reach each other.
    Up(Link),
    /// They no longer can.
    Down(Link),
    /// A node is gone; its links went down before.
    Leaves(NodeIx),
}

/// A moving network: its nodes, and every change of it from time 0 on. Links have no direction.
///
/// Links that are up from the beginning come up at time 0; nodes that are there from the beginning do not join. Changes are sorted by
/// time, and at one instant as [`Change`] is. Of each link, up and down alternate, and it comes up later than it went down before; both
/// of its ends are there meanwhile. Of each node, joining and leaving alternate likewise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    nodes: Vec<NodeId>,
    /// By node: whether it is there only later.
    late: Vec<bool>,
    times: Vec<Interval>,
    /// One for each time.
    changes: Vec<Change>,
    span: Interval,
}

/// What a moving network is made of, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// Every node, each once.
    pub nodes: Vec<NodeId>,
    /// When links are up. Contacts of one link that overlap or touch are one.
    pub contacts: Vec<Contact>,
    /// When nodes are there. Stays of one node that overlap or touch are one; a node without any is always there.
    pub stays: Vec<Stay>,
    /// How long the network is known for; it is at least until its last change.
    pub span: Interval,
}

/// Parts that are no moving network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactsError {
    /// Two nodes have one name.
    #[error("the node {0} is listed twice")]
    DuplicateNode(NodeId),
    /// Nobody ever meets anybody.
    #[error("no two nodes are ever linked")]
    NoContacts,
    /// A contact or a stay ends before it begins.
    #[error(transparent)]
    Backwards(#[from] Backwards),
    /// A node has a link while it is not there.
    #[error("the node {node} has a link from {} s on and is not there for as long", InSeconds(*.from))]
    Absent {
        /// The node.
        node: NodeId,
        /// When the link comes up.
        from: Interval,
    },
}

impl Contacts {
    /// The moving network of these parts.
    ///
    /// # Errors
    /// Where they are none.
    ///
    /// # Panics
    /// When a part names a node by a number that is none: whoever numbers the nodes knows them.
    pub fn of(parts: Parts) -> Result<Self, ContactsError> {
        check_names(&parts.nodes)?;
        let stays = Spell::merged(parts.stays)?;
        let contacts = Spell::merged(parts.contacts)?;
        if contacts.is_empty() {
            return Err(ContactsError::NoContacts);
        }
        check_presence(&parts.nodes, &contacts, &stays)?;
        let mut late = vec![false; parts.nodes.len()];
        let mut all = Vec::with_capacity(2 * (contacts.len() + stays.len()));
        for (place, stay) in stays.iter().enumerate() {
            let is_first = place == 0 || stays[place - 1].of != stay.of;
            if !is_first || stay.from > Interval::ZERO {
                all.push((stay.from, Change::Joins(stay.of)));
                late[stay.of.index()] |= is_first;
            }
            all.extend(stay.until.map(|until| (until, Change::Leaves(stay.of))));
        }
        for contact in contacts {
            all.push((contact.from, Change::Up(contact.of)));
            all.extend(contact.until.map(|until| (until, Change::Down(contact.of))));
        }
        all.sort_unstable();
        let span = all.last().map_or(parts.span, |(last, _)| parts.span.max(*last));
        let (times, changes) = all.into_iter().unzip();
        Ok(Self { nodes: parts.nodes, late, times, changes, span })
    }

    /// The nodes' names, in the order of their numbers.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// How long the network is known for. What is so then stays so, as far as anybody knows.
    pub fn span(&self) -> Interval {
        self.span
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing ever changes: never so, for some link comes up.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// A change by its place: when it happens, and what.
    pub fn get(&self, place: usize) -> Option<(Interval, Change)> {
        Some((*self.times.get(place)?, *self.changes.get(place)?))
    }

    /// Every change with its time.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = (Interval, Change)> + '_ {
        self.times.iter().copied().zip(self.changes.iter().copied())
    }

    /// The place of the first change later than `time`; [`Self::len`] where there is none.
    pub fn first_after(&self, time: Interval) -> usize {
        self.times.partition_point(|at| *at <= time)
    }

    /// The place of the first change of this instant that takes something away, or of the first one later than it: what stands before
    /// it has happened when copies are delivered at this instant.
    pub fn first_end_from(&self, time: Interval) -> usize {
        let later = self.first_after(time);
        let of_this_instant = &self.changes[self.times.partition_point(|at| *at < time)..later];
        let begins = |change: &Change| matches!(change, Change::Joins(_) | Change::Up(_));
        later - of_this_instant.len() + of_this_instant.partition_point(begins)
    }

    /// Whether a node is there at the beginning, before any change.
    pub fn is_there_at_first(&self, node: NodeIx) -> bool {
        !self.late[node.index()]
    }

    /// The links that are up at an instant, those among them that go down or come up in it.
    pub fn links_at(&self, time: Interval) -> Vec<Link> {
        let mut links: Vec<Link> =
            self.contacts().into_iter().filter(|contact| contact.holds_at(time)).map(|contact| contact.of).collect();
        links.sort_unstable();
        links
    }

    /// When each link was up, in the order in which they came up.
    pub fn contacts(&self) -> Vec<Contact> {
        let mut open = HashMap::new();
        let mut contacts: Vec<Contact> = Vec::with_capacity(self.changes.len() / 2 + 1);
        for (time, change) in self.changes() {
            match change {
                Change::Up(link) => {
                    open.insert(link, contacts.len());
                    contacts.push(Spell { of: link, from: time, until: None });
                }
                Change::Down(link) => {
                    let place = open.remove(&link).expect("a link that goes down was up");
                    contacts[place].until = Some(time);
                }
                Change::Joins(_) | Change::Leaves(_) => {}
            }
        }
        contacts
    }

    /// When each node was there, by node and then by time; one stay without an end for a node that always is.
    pub fn stays(&self) -> Vec<Stay> {
        let node = |place: usize| NodeIx(u32::try_from(place).expect("a node's number fits"));
        let mut stays: Vec<Stay> = (0..self.nodes.len())
            .filter(|place| !self.late[*place])
            .map(|place| Spell { of: node(place), from: Interval::ZERO, until: None })
            .collect();
        let mut last: Vec<usize> = vec![usize::MAX; self.nodes.len()];
        for (place, stay) in stays.iter().enumerate() {
            last[stay.of.index()] = place;
        }
        for (time, change) in self.changes() {
            match change {
                Change::Joins(of) => {
                    last[of.index()] = stays.len();
                    stays.push(Spell { of, from: time, until: None });
                }
                Change::Leaves(of) => stays[last[of.index()]].until = Some(time),
                Change::Up(_) | Change::Down(_) => {}
            }
        }
        stays.sort_unstable();
        stays
    }
}

fn check_names(nodes: &[NodeId]) -> Result<(), ContactsError> {
    let mut names = HashSet::with_capacity(nodes.len());
    match nodes.iter().find(|id| !names.insert(id.as_str())) {
        None => Ok(()),
        Some(again) => Err(ContactsError::DuplicateNode(again.clone())),
    }
}

/// Whether both ends of each contact are there as long as it lasts; `stays` are merged.
fn check_presence(nodes: &[NodeId], contacts: &[Contact], stays: &[Stay]) -> Result<(), ContactsError> {
    let mut starts = vec![0; nodes.len() + 1];
    for stay in stays {
        starts[stay.of.index() + 1] += 1;
    }
    for node in 0..nodes.len() {
        starts[node + 1] += starts[node];
    }
    for contact in contacts {
        for node in contact.of.ends() {
            let own = &stays[starts[node.index()]..starts[node.index() + 1]];
            let before = own.partition_point(|stay| stay.from <= contact.from);
            let is_there = own.is_empty() || before.checked_sub(1).is_some_and(|place| own[place].covers(contact));
            if !is_there {
                return Err(ContactsError::Absent { node: nodes[node.index()].clone(), from: contact.from });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "contacts_tests.rs"]
mod tests;
