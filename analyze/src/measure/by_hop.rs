//! First deliveries by hop, over all scored rounds of a condition.

use cnsim_records::columns::{UNKNOWN_NS, values};
use polars::prelude::{
    Column, DataFrame, DataType, Int32Chunked, Int64Chunked, IntoColumn, IntoLazy, NewChunkedArray, PolarsResult,
    SortMultipleOptions, SortOptions, col, len,
};

use super::frames::{HOP, LATENCY_NS};

/// First deliveries at one distance from the initiator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HopDeliveries {
    /// The distance; none for those whose distance is not known.
    pub hop: Option<u32>,
    /// How many there are.
    pub count: u64,
    /// Their latencies in ns as far as they are known, in order.
    pub latencies_ns: Vec<i64>,
}

/// First deliveries as columns of equal length, in no order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Deliveries {
    /// Distance from the initiator; -1 unknown.
    pub(super) hop: Vec<i32>,
    /// From send to receipt; `UNKNOWN_NS` unknown.
    pub(super) latency_ns: Vec<i64>,
}

/// How many first deliveries there are at a hop.
const DELIVERIES: &str = "deliveries";

impl Deliveries {
    /// Adds others.
    pub(super) fn append(&mut self, mut others: Self) {
        self.hop.append(&mut others.hop);
        self.latency_ns.append(&mut others.latency_ns);
    }

    /// Sorts them by hop, the unknown one last.
    pub(super) fn by_hop(self) -> Vec<HopDeliveries> {
        by_hop(self).expect("a frame of hops and latencies can be grouped by hops")
    }

    /// [`HOP`] and [`LATENCY_NS`], null unknown.
    fn into_frame(self) -> PolarsResult<DataFrame> {
        let hops = self.hop.into_iter().map(|hop| (hop >= 0).then_some(hop));
        let hops: Column = Int32Chunked::from_iter_options(HOP.into(), hops).into_column();
        let latencies = self.latency_ns.into_iter().map(|latency| (latency != UNKNOWN_NS).then_some(latency));
        let latencies = Int64Chunked::from_iter_options(LATENCY_NS.into(), latencies).into_column();
        DataFrame::new_infer_height(vec![hops, latencies])
    }
}

fn by_hop(deliveries: Deliveries) -> PolarsResult<Vec<HopDeliveries>> {
    let by_hop = deliveries
        .into_frame()?
        .lazy()
        .group_by([col(HOP)])
        .agg([
            len().cast(DataType::UInt64).alias(DELIVERIES),
            col(LATENCY_NS).drop_nulls().sort(SortOptions::default()),
        ])
        .sort([HOP], SortMultipleOptions::default().with_nulls_last(true))
        .collect()?;
    let (hops, counts) = (by_hop.column(HOP)?.i32()?, by_hop.column(DELIVERIES)?.u64()?);
    let mut found = Vec::with_capacity(by_hop.height());
    for ((hop, count), latencies) in
        hops.iter().zip(counts.iter()).zip(by_hop.column(LATENCY_NS)?.list()?.amortized_iter())
    {
        let latencies_ns = match latencies {
            Some(latencies) => values(latencies.as_ref().i64()?, UNKNOWN_NS),
            None => Vec::new(),
        };
        let hop = hop.and_then(|hop| u32::try_from(hop).ok());
        found.push(HopDeliveries { hop, count: count.unwrap_or(0), latencies_ns });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_are_sorted_by_hop_with_the_unknown_last() {
        let deliveries = Deliveries { hop: vec![3, -1, 1, 3], latency_ns: vec![30, 5, UNKNOWN_NS, 10] };
        let of = |hop, count, latencies_ns: &[i64]| HopDeliveries { hop, count, latencies_ns: latencies_ns.to_vec() };
        assert_eq!(deliveries.by_hop(), [of(Some(1), 1, &[]), of(Some(3), 2, &[10, 30]), of(None, 1, &[5])]);
        assert_eq!(Deliveries::default().by_hop(), []);
    }
}
