//! Figures of latency: by hop, and by machines.

use std::collections::BTreeSet;

use cnsim_charts::data::{HostCell, HostPanel, LatencyBox, LatencyByHop, LatencyByHosts, LatencySeries};

use super::group::{label, ms, whole_ms};
use crate::measure::{Analysis, Group, HopDeliveries};
use crate::stats::percentile;

/// Latency of first deliveries by hop, where the hop is known.
pub fn latency_by_hop(analysis: &Analysis) -> LatencyByHop {
    let series = |group: &Group| {
        let of_hop = |at_hop: &HopDeliveries| latency_box(at_hop.hop?, &at_hop.latencies_ns);
        let boxes = group.deliveries.iter().filter_map(of_hop).collect();
        LatencySeries { label: label(analysis, group), boxes }
    };
    LatencyByHop { series: analysis.groups.iter().map(series).collect() }
}

/// The box of latencies at a hop, which are in order.
pub(super) fn latency_box(hop: u32, values: &[i64]) -> Option<LatencyBox> {
    let [q1, median, q3] = [25, 50, 75].map(|percent| percentile(values, percent));
    let (q1, q3) = (q1?, q3?);
    let reach = 1.5 * (q3 - q1);
    let is_inside = |value: &&i64| (q1 - reach..=q3 + reach).contains(&(**value as f64));
    Some(LatencyBox {
        hop,
        count: values.len() as u64,
        whisker_low_ms: whole_ms(*values.iter().find(is_inside)?),
        q1_ms: ms(q1),
        median_ms: ms(median?),
        q3_ms: ms(q3),
        whisker_high_ms: whole_ms(*values.iter().rfind(is_inside)?),
        min_ms: whole_ms(*values.first()?),
        max_ms: whole_ms(*values.last()?),
    })
}

/// Median latency by machines, where nodes run on two of them or more.
pub fn latency_by_hosts(analysis: &Analysis) -> LatencyByHosts {
    let panel = |group: &Group| {
        let hosts: BTreeSet<&str> = group.between_hosts.keys().flat_map(|(from, to)| [from.as_str(), to]).collect();
        let hosts: Vec<&str> = hosts.into_iter().collect();
        let number = |host: &str| Some(hosts.binary_search(&host).ok()? as u32 + 1);
        let cell = |((from, to), latencies): (&(String, String), &Vec<i64>)| {
            let median_ms = ms(percentile(&sorted(latencies), 50)?);
            Some(HostCell { from: number(from)?, to: number(to)?, count: latencies.len() as u64, median_ms })
        };
        let cells = group.between_hosts.iter().filter_map(cell).collect();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        (hosts.len() > 1).then(|| HostPanel { label: label(analysis, group), hosts, cells })
    };
    LatencyByHosts { panels: analysis.groups.iter().filter_map(panel).collect() }
}

fn sorted(values: &[i64]) -> Vec<i64> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}
