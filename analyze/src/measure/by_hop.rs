//! First deliveries by hop: one pass over columns that are in memory, without a copy of them in a frame, and the same
//! percentiles (`stats`) as everywhere else.

use std::collections::BTreeMap;

use super::Deliveries;
use super::spread::known;

/// How many first deliveries were at each hop, in the order of hops; none, for those whose hop is not known, comes last.
pub fn counts(deliveries: &Deliveries) -> Vec<(Option<u32>, u64)> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    for hop in &deliveries.hop {
        *counts.entry(key(*hop)).or_default() += 1;
    }
    in_order(counts)
}

/// The latencies that are known at each hop, in the order of [`counts`].
pub fn latencies(deliveries: &Deliveries) -> Vec<(Option<u32>, Vec<i64>)> {
    let mut latencies: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for (hop, latency) in deliveries.hop.iter().zip(&deliveries.latency_ns) {
        if let Some(latency) = known(*latency) {
            latencies.entry(key(*hop)).or_default().push(latency);
        }
    }
    in_order(latencies)
}

/// Sorts an unknown hop last.
const UNKNOWN: u32 = u32::MAX;

fn key(hop: i32) -> u32 {
    u32::try_from(hop).unwrap_or(UNKNOWN)
}

fn in_order<T>(by_hop: BTreeMap<u32, T>) -> Vec<(Option<u32>, T)> {
    by_hop.into_iter().map(|(hop, values)| ((hop != UNKNOWN).then_some(hop), values)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cnsim_records::frame::UNKNOWN_NS;

    #[test]
    fn deliveries_are_sorted_by_hop_with_the_unknown_last() {
        let deliveries = Deliveries { hop: vec![3, -1, 1, 3], latency_ns: vec![30, 5, UNKNOWN_NS, 10] };
        assert_eq!(counts(&deliveries), [(Some(1), 1), (Some(3), 2), (None, 1)]);
        assert_eq!(latencies(&deliveries), [(Some(3), vec![30, 10]), (None, vec![5])]);
        assert_eq!(counts(&Deliveries::default()), []);
    }
}
