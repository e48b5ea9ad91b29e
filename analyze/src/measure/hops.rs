//! Hops: how far from the initiator first deliveries came.

use polars::prelude::{DataType, Expr, col};

use super::frames::HOP;
use super::spread::Spread;
use super::tree;

/// The largest hop.
pub(super) const HOPS_MAX: &str = "hops_max";
/// The sum of the hops that are known.
pub(super) const HOPS_SUM: &str = "hops_sum";
/// How many are known.
pub(super) const HOPS_KNOWN: &str = "hops_known";

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

/// Over a round's first receipts: [`HOPS_MAX`], [`HOPS_SUM`] and [`HOPS_KNOWN`].
pub(super) fn extent() -> [Expr; 3] {
    [
        col(HOP).max().alias(HOPS_MAX),
        col(HOP).cast(DataType::Int64).sum().alias(HOPS_SUM),
        col(HOP).count().cast(DataType::UInt64).alias(HOPS_KNOWN),
    ]
}

/// The mean hop; none where none is known.
pub(super) fn mean(sum: i64, known: u64) -> Option<f64> {
    (known > 0).then(|| sum as f64 / known as f64)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, measured, with_spread};
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
        });
        assert_eq!((measured(&rows).hops_max, measured(&rows).hops_mean), (Some(4), Some(2.5)));
    }

    #[test]
    fn hops_that_nobody_logged_follow_from_the_tree() {
        let rows = [Row::initiate("a", 0), Row::received("a", "b", 1, 2), Row::received("b", "c", 3, 4)];
        with_spread(&rows, |spread| assert_eq!(hops(spread), Hops { each: vec![1, 2], derived: true }));
    }

    #[test]
    fn without_an_initiator_no_hop_is_known() {
        let round = measured(&[Row::received("a", "b", 1, 2)]);
        assert_eq!((round.hops_derived, round.hops_max, round.hops_mean), (false, None, None));
    }
}
