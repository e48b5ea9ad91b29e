//! Hops: how far from the initiator first deliveries came.

use super::spread::Spread;
use super::tree;
use crate::stats;

/// Hops of a round's first deliveries.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hops {
    /// In the order of first receipts; -1 unknown.
    pub(super) each: Vec<i32>,
    /// Whether they were not logged and follow from the tree.
    pub(super) derived: bool,
}

/// Hops as logged; where none is, as the tree of first deliveries has them.
pub(super) fn hops(spread: &Spread<'_>) -> Hops {
    let logged: Vec<i32> = (0..spread.firsts.len()).map(|at| spread.events.hop[spread.row(at)]).collect();
    if logged.iter().any(|hop| *hop >= 0) {
        return Hops { each: logged, derived: false };
    }
    let each = tree::depths(spread);
    let derived = each.iter().any(|hop| *hop >= 0);
    Hops { each, derived }
}

impl Hops {
    /// The largest; none where none is known.
    pub(super) fn max(&self) -> Option<u32> {
        self.known().max()
    }

    /// Mean of those that are known.
    pub(super) fn mean(&self) -> Option<f64> {
        stats::mean(self.known().map(f64::from))
    }

    fn known(&self) -> impl Iterator<Item = u32> {
        self.each.iter().filter_map(|hop| u32::try_from(*hop).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn logged_hops_are_taken_as_they_are() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2).with_hop(1),
            Row::received("a", "c", 1, 3).with_hop(4),
            Row::received("a", "d", 1, 4),
        ];
        with_spread(&rows, |spread| {
            let hops = hops(spread);
            assert_eq!(hops, Hops { each: vec![1, 4, -1], derived: false });
            assert_eq!((hops.max(), hops.mean()), (Some(4), Some(2.5)));
        });
    }

    #[test]
    fn hops_that_nobody_logged_follow_from_the_tree() {
        let rows = [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("b", "c", 3, 4)];
        with_spread(&rows, |spread| assert_eq!(hops(spread), Hops { each: vec![1, 2], derived: true }));
    }

    #[test]
    fn without_an_initiator_no_hop_is_known() {
        with_spread(&[Row::received("a", "b", 1, 2)], |spread| {
            let hops = hops(spread);
            assert_eq!((hops.derived, hops.max(), hops.mean()), (false, None, None));
        });
    }
}
