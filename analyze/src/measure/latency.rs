//! Latency: from send to first receipt, hop by hop.

use super::spread::{Spread, known};
use crate::stats;

/// Latency of each first delivery, in the order of first receipts; `UNKNOWN_NS` unknown.
pub(super) fn latencies(spread: &Spread<'_>) -> Vec<i64> {
    (0..spread.firsts.len()).map(|at| spread.events.latency_ns[spread.row(at)]).collect()
}

/// Median (type 7) of the latencies that are known.
pub(super) fn median_ns(latencies: &[i64]) -> Option<f64> {
    let mut values: Vec<i64> = latencies.iter().copied().filter_map(known).collect();
    stats::select_percentile(&mut values, 50)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;
    use cnsim_records::frame::UNKNOWN_NS;

    #[test]
    fn the_median_is_over_first_deliveries_with_a_known_send() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 0, 10),
            Row::received("a", "c", 0, 13),
            Row::received("a", "d", 0, 14).without_sent(),
            Row::duplicate("c", "b", 0, 1000),
        ];
        with_spread(&rows, |spread| {
            let latencies = latencies(spread);
            assert_eq!(latencies, [10, 13, UNKNOWN_NS]);
            assert_eq!(median_ns(&latencies), Some(11.5));
        });
    }

    #[test]
    fn no_known_latency_has_no_median() {
        assert_eq!(median_ns(&[UNKNOWN_NS]), None);
    }
}
