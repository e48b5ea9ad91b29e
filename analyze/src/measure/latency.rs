//! Latency: from send to first receipt, hop by hop.

use cnsim_records::columns::{UNKNOWN_NS, values};
use polars::prelude::{DataFrame, Expr, PolarsError, PolarsResult, SortOptions, col};

use super::frames::LATENCY_NS;
use super::spread::Spread;
use crate::stats;

/// The latency of each first delivery, in the order of first receipts; `UNKNOWN_NS` unknown.
pub(super) fn each(spread: &Spread<'_>) -> Vec<i64> {
    (0..spread.firsts.len()).map(|at| spread.events.latency_ns[spread.row(at)]).collect()
}

/// Over a round's first receipts: the latencies that are known, in order.
pub(super) fn sorted() -> Expr {
    col(LATENCY_NS).drop_nulls().sort(SortOptions::default())
}

/// The median (type 7) of each round's latencies, given what [`sorted`] came to by round; none where none is known.
pub(super) fn medians_ns(rounds: &DataFrame) -> PolarsResult<Vec<Option<f64>>> {
    let mut medians = Vec::with_capacity(rounds.height());
    for latencies in rounds.column(LATENCY_NS)?.list()?.amortized_iter() {
        let latencies = latencies.map(|latencies| Ok::<_, PolarsError>(values(latencies.as_ref().i64()?, UNKNOWN_NS)));
        medians.push(latencies.transpose()?.and_then(|latencies| stats::percentile(&latencies, 50)));
    }
    Ok(medians)
}

#[cfg(test)]
mod tests {
    use cnsim_records::columns::UNKNOWN_NS;

    use super::super::fixture::{Row, measured, with_spread};
    use super::*;

    #[test]
    fn the_median_is_over_first_deliveries_with_a_known_send() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 0, 10),
            Row::received("a", "c", 0, 13),
            Row::received("a", "d", 0, 14).without_sent(),
            Row::duplicate("c", "b", 0, 1000),
        ];
        with_spread(&rows, |spread| assert_eq!(each(spread), [10, 13, UNKNOWN_NS]));
        assert_eq!(measured(&rows).latency_median_ns, Some(11.5));
    }

    #[test]
    fn no_known_latency_has_no_median() {
        let rows = [Row::initiate("a", 0), Row::received("a", "b", 0, 10).without_sent()];
        assert_eq!(measured(&rows).latency_median_ns, None);
    }
}
