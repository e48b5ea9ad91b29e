//! When a message can be at each node at the earliest: foremost temporal paths (Bui-Xuan, Ferreira and Jarry 2003), without the
//! simulator. Links take no time, nodes store what they have and pass it on whenever a link comes up; a node that leaves keeps it.

use super::contacts::{Change, Contacts};
use crate::id::NodeIx;
use crate::time::Interval;

/// The most sources whose messages spread in one pass.
const TOGETHER: usize = 64;

/// When each node can have the message that `source` has from `begins` on; none where it never gets it. A source that is not there at
/// `begins` begins nothing.
///
/// One pass over the changes. As contacts are closed intervals, links come up before the message spreads at that instant, and go down
/// after it.
pub fn foremost(contacts: &Contacts, source: NodeIx, begins: Interval) -> Vec<Option<Interval>> {
    let mut arrivals = vec![None; contacts.nodes().len()];
    spread(contacts, &[source], begins, |_, node, time| arrivals[node.index()] = Some(time));
    arrivals
}

/// Tells whom the message of each source reaches and when: the source's place in `sources`, the node, the time. Of one source, times
/// never go back.
pub(super) fn spread(
    contacts: &Contacts,
    sources: &[NodeIx],
    begins: Interval,
    mut reach: impl FnMut(usize, NodeIx, Interval),
) {
    for (pass, some) in sources.chunks(TOGETHER).enumerate() {
        let mut reach = |bit: usize, node, time| reach(pass * TOGETHER + bit, node, time);
        let mut network = Network::of(contacts);
        let mut place = 0;
        let first_timer = contacts.first_after(begins);
        while place < first_timer && !is_end_at(contacts, place, begins) {
            network.apply(contacts, place, &mut reach);
            place += 1;
        }
        for (bit, source) in some.iter().enumerate() {
            network.begin(bit, *source, begins, &mut reach);
        }
        for place in place..contacts.len() {
            network.apply(contacts, place, &mut reach);
        }
    }
}

/// Whether a change takes something away at this very instant: the message begins before that.
fn is_end_at(contacts: &Contacts, place: usize, begins: Interval) -> bool {
    contacts.get(place).is_some_and(|(time, change)| match change {
        Change::Down(_) | Change::Leaves(_) => time == begins,
        Change::Joins(_) | Change::Up(_) => false,
    })
}

/// The links that are up, and what each node has.
struct Network {
    neighbours: Vec<Vec<NodeIx>>,
    is_there: Vec<bool>,
    /// By node: a bit for each source whose message it has.
    has: Vec<u64>,
    /// Nodes that got something and have not passed it on.
    open: Vec<NodeIx>,
}

impl Network {
    fn of(contacts: &Contacts) -> Self {
        let nodes = contacts.nodes().len();
        let is_there = (0..nodes as u32).map(|node| contacts.is_there_at_first(NodeIx(node))).collect();
        Self { neighbours: vec![Vec::new(); nodes], is_there, has: vec![0; nodes], open: Vec::new() }
    }

    fn apply(&mut self, contacts: &Contacts, place: usize, reach: &mut impl FnMut(usize, NodeIx, Interval)) {
        let Some((time, change)) = contacts.get(place) else { return };
        match change {
            Change::Joins(node) => self.is_there[node.index()] = true,
            Change::Leaves(node) => self.is_there[node.index()] = false,
            Change::Up(link) => {
                let [a, b] = link.ends();
                self.neighbours[a.index()].push(b);
                self.neighbours[b.index()].push(a);
                if self.has[a.index()] != self.has[b.index()] {
                    self.open.extend([a, b]);
                    self.pass_on(time, reach);
                }
            }
            Change::Down(link) => {
                let [a, b] = link.ends();
                self.neighbours[a.index()].retain(|other| *other != b);
                self.neighbours[b.index()].retain(|other| *other != a);
            }
        }
    }

    fn begin(&mut self, bit: usize, source: NodeIx, time: Interval, reach: &mut impl FnMut(usize, NodeIx, Interval)) {
        if self.is_there[source.index()] {
            self.has[source.index()] |= 1 << bit;
            reach(bit, source, time);
            self.open.push(source);
            self.pass_on(time, reach);
        }
    }

    fn pass_on(&mut self, time: Interval, reach: &mut impl FnMut(usize, NodeIx, Interval)) {
        while let Some(node) = self.open.pop() {
            let own = self.has[node.index()];
            for other in &self.neighbours[node.index()] {
                let mut new = own & !self.has[other.index()];
                if new == 0 {
                    continue;
                }
                self.has[other.index()] |= new;
                self.open.push(*other);
                while new != 0 {
                    reach(new.trailing_zeros() as usize, *other, time);
                    new &= new - 1;
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "foremost_tests.rs"]
mod tests;
