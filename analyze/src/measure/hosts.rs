//! Latency by the machines at both ends of a first delivery.

use std::collections::BTreeMap;

use cnsim_records::columns::{UNKNOWN_NS, values};
use polars::prelude::{DataFrame, IntoLazy, PolarsResult, col};

use super::clock::Ends;
use super::frames::{FROM_HOST, LATENCY_NS, NODES, TO_HOST};

/// Latencies in ns by the machines that copies went from and to, which may be the same; in no order.
pub type BetweenHosts = BTreeMap<(String, String), Vec<i64>>;

/// Latencies by the number of nodes in the network and the numbers of the machines that copies went from and to.
pub(super) type BetweenNumbers = Vec<(u32, Ends, Vec<i64>)>;

/// Over first receipts: the latencies by number of nodes and the machines at both ends, as far as all are known.
pub(super) fn latencies(firsts: &DataFrame) -> PolarsResult<BetweenNumbers> {
    let known = col(FROM_HOST).is_not_null().and(col(TO_HOST).is_not_null()).and(col(LATENCY_NS).is_not_null());
    let by_ends = firsts
        .clone()
        .lazy()
        .filter(known)
        .group_by_stable([col(NODES), col(FROM_HOST), col(TO_HOST)])
        .agg([col(LATENCY_NS)])
        .collect()?;
    let number = |name: &str| Ok::<_, polars::prelude::PolarsError>(by_ends.column(name)?.u32()?.clone());
    let (nodes, from, to) = (number(NODES)?, number(FROM_HOST)?, number(TO_HOST)?);
    let latencies = by_ends.column(LATENCY_NS)?.list()?;
    let ends = nodes.iter().flatten().zip(from.iter().flatten().zip(to.iter().flatten()));
    let mut between = Vec::with_capacity(by_ends.height());
    for ((nodes, ends), latencies) in ends.zip(latencies.amortized_iter()) {
        let Some(latencies) = latencies else { continue };
        between.push((nodes, ends, values(latencies.as_ref().i64()?, UNKNOWN_NS)));
    }
    Ok(between)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, loaded};
    use super::super::{Options, analyse};
    use super::*;

    #[test]
    fn first_deliveries_count_for_the_machines_at_their_ends_and_duplicates_do_not() {
        let rows = [
            Row::initiate("10.0.1.1", 0),
            Row::received("10.0.1.1", "10.0.1.2", 1, 3),
            Row::received("10.0.1.1", "10.0.2.1", 10, 40),
            Row::received("10.0.1.2", "10.0.2.2", 10, 50),
            Row::duplicate("10.0.1.2", "10.0.2.1", 20, 70),
        ];
        let ends = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let expected = [(ends("10.0.1.x", "10.0.1.x"), vec![2]), (ends("10.0.1.x", "10.0.2.x"), vec![30, 40])];
        let analysis = analyse(&[loaded("c", &rows)], &Options::default());
        assert_eq!(analysis.groups[0].between_hosts, BTreeMap::from(expected));
    }
}
