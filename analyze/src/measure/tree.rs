//! The dissemination tree: a node's parent is the sender of its first receipt.

use super::spread::Spread;

/// Whom a node heard from first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// The initiator.
    Root,
    /// The node with the first receipt at this position.
    At(usize),
    /// A node whose own first receipt is not on record.
    Unknown,
}

/// The parent of the node with the first receipt at `position`.
pub(super) fn parent(spread: &Spread<'_>, position: usize) -> Parent {
    let sender = spread.events.sender[spread.row(position)];
    if spread.initiate.is_some_and(|initiate| initiate.node == sender) {
        return Parent::Root;
    }
    spread.position(sender).map_or(Parent::Unknown, Parent::At)
}

/// Distance from the initiator of each first receipt, in their order; -1 where the tree does not lead there.
pub(super) fn depths(spread: &Spread<'_>) -> Vec<i32> {
    const UNSEEN: i32 = -2;
    let mut depths = vec![UNSEEN; spread.firsts.len()];
    let mut walked = Vec::new();
    for start in 0..depths.len() {
        let mut at = start;
        // Clocks may put a child before its parent, so the parent's depth is not always there yet.
        let mut depth = loop {
            if depths[at] != UNSEEN {
                break depths[at];
            }
            // Whoever comes back to itself is on a cycle and finds the depth of a node without one.
            depths[at] = -1;
            walked.push(at);
            match parent(spread, at) {
                Parent::Root => break 0,
                Parent::At(parent) => at = parent,
                Parent::Unknown => break -1,
            }
        };
        for node in walked.drain(..).rev() {
            depth = if depth < 0 { -1 } else { depth + 1 };
            depths[node] = depth;
        }
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn depth_counts_deliveries_from_the_initiator() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 10),
            Row::received("b", "c", 11, 20),
            Row::received("c", "d", 21, 30),
            Row::received("a", "e", 2, 40),
        ];
        with_spread(&rows, |spread| assert_eq!(depths(spread), [1, 2, 3, 1]));
    }

    #[test]
    fn a_child_that_a_clock_puts_before_its_parent_has_its_depth() {
        let rows = [Row::initiate("a", 0), Row::received("b", "c", 11, 12), Row::received("a", "b", 1, 30)];
        with_spread(&rows, |spread| assert_eq!(depths(spread), [2, 1]));
    }

    #[test]
    fn a_lost_parent_or_a_cycle_leaves_depth_unknown() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("lost", "b", 1, 10),
            Row::received("d", "c", 1, 20),
            Row::received("c", "d", 1, 30),
            Row::received("c", "e", 1, 40),
        ];
        with_spread(&rows, |spread| assert_eq!(depths(spread), [-1, -1, -1, -1]));
    }
}
