//! When a message can be at each node at the earliest: foremost temporal paths (Bui-Xuan, Ferreira and Jarry 2003), without the
//! simulator. Links take no time, nodes store what they have and pass it on whenever a link comes up; a node that leaves keeps it.

use super::contacts::{Change, Contacts};
use super::present::Present;
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
        let mut spreading = Spreading::of(contacts);
        let first_end = contacts.first_end_from(begins);
        for (time, change) in contacts.changes().take(first_end) {
            spreading.apply(time, change, &mut reach);
        }
        for (bit, source) in some.iter().enumerate() {
            spreading.begin(bit, *source, begins, &mut reach);
        }
        for (time, change) in contacts.changes().skip(first_end) {
            spreading.apply(time, change, &mut reach);
        }
    }
}

/// The network, and what each node has.
struct Spreading {
    network: Present,
    /// By node: a bit for each source whose message it has.
    has: Vec<u64>,
    /// Nodes that got something and have not passed it on.
    open: Vec<NodeIx>,
}

impl Spreading {
    fn of(contacts: &Contacts) -> Self {
        Self { network: Present::of(contacts), has: vec![0; contacts.nodes().len()], open: Vec::new() }
    }

    fn apply(&mut self, time: Interval, change: Change, reach: &mut impl FnMut(usize, NodeIx, Interval)) {
        self.network.apply(change);
        if let Change::Up(link) = change {
            let [a, b] = link.ends();
            if self.has[a.index()] != self.has[b.index()] {
                self.open.extend([a, b]);
                self.pass_on(time, reach);
            }
        }
    }

    fn begin(&mut self, bit: usize, source: NodeIx, time: Interval, reach: &mut impl FnMut(usize, NodeIx, Interval)) {
        if self.network.is_there(source) {
            self.has[source.index()] |= 1 << bit;
            reach(bit, source, time);
            self.open.push(source);
            self.pass_on(time, reach);
        }
    }

    fn pass_on(&mut self, time: Interval, reach: &mut impl FnMut(usize, NodeIx, Interval)) {
        while let Some(node) = self.open.pop() {
            let own = self.has[node.index()];
            for other in self.network.neighbours(node) {
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
