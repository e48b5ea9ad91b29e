//! The figure of the slowest deliveries: the share of the latencies that are as large or larger.

use cnsim_charts::data::{LatencyTail, TailSeries};

use super::group::label;
use crate::measure::{Analysis, Group};

/// Each rank from the top that has a point is so many times the one before it, from where ranks are dense.
const RATIO: f64 = 1.03;

/// The upper end of latency, over all first deliveries whose latency is known.
pub fn latency_tail(analysis: &Analysis) -> LatencyTail {
    let series = |group: &Group| {
        let known = group.deliveries.iter().flat_map(|at_hop| &at_hop.latencies_ns);
        let (points, without_place) = points(known.copied().collect());
        TailSeries { label: label(analysis, group), points, without_place }
    };
    LatencyTail { series: analysis.groups.iter().map(series).collect() }
}

/// (value in ms, share of the values that are as large or larger) in order of values, and how many are not above zero: they have no
/// place on a log scale, and count in the shares.
fn points(mut values_ns: Vec<i64>) -> (Vec<(f64, f64)>, u64) {
    values_ns.sort_unstable_by(|a, b| b.cmp(a));
    let all = values_ns.len();
    let above_zero = values_ns.partition_point(|value| *value > 0);
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut rank = 1;
    while rank <= above_zero {
        let value = values_ns[rank - 1];
        // Equal values are one point, with the share of the last of them.
        let last = rank + values_ns[rank..above_zero].partition_point(|other| *other == value);
        points.push((value as f64 / 1e6, last as f64 / all as f64));
        rank = (last + 1).max((last as f64 * RATIO) as usize);
    }
    points.reverse();
    (points, (all - above_zero) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_values_as_large_or_larger_and_equal_ones_are_one_point() {
        let (points, without_place) = points(vec![3_000_000, 1_000_000, 3_000_000, 2_000_000, -5]);

        assert_eq!(points, [(1.0, 0.8), (2.0, 0.6), (3.0, 0.4)]);
        assert_eq!(without_place, 1);
        assert_eq!(super::points(vec![]), (vec![], 0));
    }

    #[test]
    fn the_largest_values_are_all_there_and_of_the_others_a_few() {
        let (points, _) = points((1..=1_000_000).map(|value| value * 1000).collect());

        let top: Vec<f64> = points.iter().rev().take(3).map(|(value, _)| *value).collect();
        assert_eq!(top, [1000.0, 999.999, 999.998]);
        assert!((100..500).contains(&points.len()), "{}", points.len());
        let is_right = |&(value, share): &(f64, f64)| (share - (1.0 - value / 1000.0)).abs() < 1e-5;
        assert!(points.iter().all(is_right), "{points:?}");
    }
}
