//! First deliveries by hop, over all scored rounds of a condition.

use cnsim_records::columns::{UNKNOWN_NS, values};
use polars::prelude::{
    DataFrame, DataType, Int32Chunked, Int64Chunked, IntoColumn, IntoLazy, LazyFrame, NewChunkedArray, PolarsResult,
    SortMultipleOptions, SortOptions, col, len,
};

use super::Deliveries;
use super::frames::{HOP, LATENCY_NS};

/// How many first deliveries there are at a hop.
const DELIVERIES: &str = "deliveries";

/// How many first deliveries were at each hop, in the order of hops; none, for those whose hop is not known, comes last.
pub fn counts(deliveries: &Deliveries) -> Vec<(Option<u32>, u64)> {
    count(deliveries).expect("a frame of hops can be grouped by them")
}

/// The latencies that are known at each hop, in order, in the order of [`counts`]. A hop without one is left out.
pub fn latencies(deliveries: &Deliveries) -> Vec<(Option<u32>, Vec<i64>)> {
    sort_latencies(deliveries).expect("a frame of hops and latencies can be grouped by hops")
}

fn count(deliveries: &Deliveries) -> PolarsResult<Vec<(Option<u32>, u64)>> {
    let counted =
        in_order(frame(deliveries)?.group_by([col(HOP)]).agg([len().cast(DataType::UInt64).alias(DELIVERIES)]))?;
    let (hops, counts) = (counted.column(HOP)?.i32()?, counted.column(DELIVERIES)?.u64()?);
    Ok(hops.iter().map(number).zip(counts.iter().flatten()).collect())
}

fn sort_latencies(deliveries: &Deliveries) -> PolarsResult<Vec<(Option<u32>, Vec<i64>)>> {
    let known = frame(deliveries)?.filter(col(LATENCY_NS).is_not_null());
    let sorted = in_order(known.group_by([col(HOP)]).agg([col(LATENCY_NS).sort(SortOptions::default())]))?;
    let hops: Vec<Option<u32>> = sorted.column(HOP)?.i32()?.iter().map(number).collect();
    let mut by_hop = Vec::with_capacity(hops.len());
    for (hop, latencies) in hops.into_iter().zip(sorted.column(LATENCY_NS)?.list()?.amortized_iter()) {
        let Some(latencies) = latencies else { continue };
        by_hop.push((hop, values(latencies.as_ref().i64()?, UNKNOWN_NS)));
    }
    Ok(by_hop)
}

/// Deliveries as a frame of hops and latencies, null unknown.
fn frame(deliveries: &Deliveries) -> PolarsResult<LazyFrame> {
    let hops = deliveries.hop.iter().map(|hop| (*hop >= 0).then_some(*hop));
    let latencies = deliveries.latency_ns.iter().map(|latency| (*latency != UNKNOWN_NS).then_some(*latency));
    let columns = vec![
        Int32Chunked::from_iter_options(HOP.into(), hops).into_column(),
        Int64Chunked::from_iter_options(LATENCY_NS.into(), latencies).into_column(),
    ];
    DataFrame::new_infer_height(columns).map(IntoLazy::lazy)
}

/// By hop, the unknown one last.
fn in_order(by_hop: LazyFrame) -> PolarsResult<DataFrame> {
    by_hop.sort([HOP], SortMultipleOptions::default().with_nulls_last(true)).collect()
}

fn number(hop: Option<i32>) -> Option<u32> {
    hop.and_then(|hop| u32::try_from(hop).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_are_sorted_by_hop_with_the_unknown_last() {
        let deliveries = Deliveries { hop: vec![3, -1, 1, 3], latency_ns: vec![30, 5, UNKNOWN_NS, 10] };
        assert_eq!(counts(&deliveries), [(Some(1), 1), (Some(3), 2), (None, 1)]);
        assert_eq!(latencies(&deliveries), [(Some(3), vec![10, 30]), (None, vec![5])]);
        assert_eq!(counts(&Deliveries::default()), []);
    }
}
