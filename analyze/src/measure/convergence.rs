//! Convergence: when a share of the expected deliveries was made.

use polars::prelude::{Expr, NULL, col, lit, when};

use super::frames::{MADE_PERCENT, SINCE_FIRST_SEND, SINCE_INITIATE};
use super::{Origin, PERCENTS};

/// Over a round's first receipts: t_q, the earliest time at which q of the N - 1 expected deliveries were made, in integers, for
/// each of [`PERCENTS`] since an origin. A share that was never reached has no time, and is never imputed.
pub(super) fn times(origin: Origin) -> impl Iterator<Item = Expr> {
    PERCENTS.into_iter().map(move |percent| {
        // Whole percent rounded down reach q where the deliveries do: q is whole.
        let is_reached = col(MADE_PERCENT).gt_eq(lit(percent));
        when(is_reached).then(col(since(origin))).otherwise(lit(NULL)).min().alias(time(origin, percent))
    })
}

/// The column of times since an origin.
const fn since(origin: Origin) -> &'static str {
    match origin {
        Origin::Initiate => SINCE_INITIATE,
        Origin::FirstSend => SINCE_FIRST_SEND,
    }
}

/// What the result is called.
pub(super) fn time(origin: Origin, percent: u32) -> String {
    format!("t{percent}_{}_ns", origin.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, measured};

    /// The ranks of t50, t90, t95, t99 and t100 where all of so many nodes but the initiator are reached, one each ns.
    fn ranks(nodes: u32) -> Vec<i64> {
        const NAMES: [&str; 2] = ["a", "b"];
        let names: Vec<&'static str> =
            (1..nodes).map(|node| &*Box::leak(format!("n{node}").into_boxed_str())).collect();
        let receipts = (1..).zip(&names).map(|(at_ns, name)| Row::received(NAMES[0], name, 0, at_ns));
        let rows: Vec<Row> =
            [Row::initiate(NAMES[0], 0)].into_iter().chain(receipts).map(|row| row.with_nodes(nodes)).collect();
        measured(&rows).from_initiate.into_iter().flatten().collect()
    }

    #[test]
    fn ranks_are_exact() {
        assert_eq!(ranks(10), [5, 9, 9, 9, 9]);
        assert_eq!(ranks(101), [50, 90, 95, 99, 100]);
        assert_eq!(ranks(1002), [501, 901, 951, 991, 1001]);
    }

    #[test]
    fn a_share_that_was_not_reached_has_no_time() {
        let rows = [Row::initiate("a", 10), Row::received("a", "b", 11, 15), Row::received("a", "c", 11, 18)];
        let times = |nodes: u32| measured(&rows.map(|row| row.with_nodes(nodes))).from_initiate;
        assert_eq!(times(3), [Some(5), Some(8), Some(8), Some(8), Some(8)]);
        assert_eq!(times(5), [Some(8), None, None, None, None]);
        assert_eq!(times(1), [None; 5]);
        assert_eq!(measured(&rows[1..]).from_initiate, [None; 5], "nobody knows when it began");
        assert_eq!(measured(&rows).from_first_send, [Some(4), Some(7), Some(7), Some(7), Some(7)]);
    }
}
