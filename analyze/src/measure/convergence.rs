//! Convergence: when a share of the expected deliveries was made.

use super::{Convergence, PERCENTS};
use crate::measure::spread::First;

/// Times of a round's first receipts, which are sorted, since an origin. The rank is ceil(q (N - 1) / 100) in integers.
/// A share that was never reached has no time, and is never imputed.
pub(super) fn times(firsts: &[First], expected: u32, origin_ns: Option<i64>) -> Convergence {
    let Some(origin_ns) = origin_ns else { return [None; PERCENTS.len()] };
    PERCENTS.map(|percent| {
        let first = firsts.get(rank(percent, expected).checked_sub(1)?)?;
        Some(first.received_ns.saturating_sub(origin_ns))
    })
}

/// How many of `expected` deliveries make `percent` per cent of them.
fn rank(percent: u32, expected: u32) -> usize {
    (u64::from(percent) * u64::from(expected)).div_ceil(100) as usize
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn ranks_are_exact() {
        assert_eq!(PERCENTS.map(|percent| rank(percent, 9)), [5, 9, 9, 9, 9]);
        assert_eq!(PERCENTS.map(|percent| rank(percent, 100)), [50, 90, 95, 99, 100]);
        assert_eq!(PERCENTS.map(|percent| rank(percent, 1001)), [501, 901, 951, 991, 1001]);
    }

    #[test]
    fn a_share_that_was_not_reached_has_no_time() {
        let rows = [Row::received("a", "b", 1, 15), Row::received("a", "c", 1, 18)];
        with_spread(&rows, |spread| {
            assert_eq!(times(spread.firsts, 2, Some(10)), [Some(5), Some(8), Some(8), Some(8), Some(8)]);
            assert_eq!(times(spread.firsts, 4, Some(10)), [Some(8), None, None, None, None]);
            assert_eq!(times(spread.firsts, 2, None), [None; 5]);
            assert_eq!(times(spread.firsts, 0, Some(10)), [None; 5]);
        });
    }
}
