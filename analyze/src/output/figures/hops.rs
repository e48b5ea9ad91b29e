//! The figure of hops, with what theory says of them.

use cnsim_charts::data::{HopBand, HopDistribution, HopSeries};

use super::group::label;
use crate::measure::{Analysis, Group, HopDeliveries};

/// More bands of theory would hide what was measured.
const BANDS_MAX: usize = 3;

/// How far first deliveries came. Those whose hop is not known are counted in the shares and have no bar.
pub fn hop_distribution(analysis: &Analysis) -> HopDistribution {
    let series = |group: &Group| {
        let total = group.delivered() as f64;
        let share = |at_hop: &HopDeliveries| Some((at_hop.hop?, at_hop.count as f64 / total));
        let shares = group.deliveries.iter().filter_map(share).collect();
        HopSeries { label: label(analysis, group), shares }
    };
    HopDistribution { series: analysis.groups.iter().map(series).collect(), theory: hop_bands(analysis) }
}

/// What theory says of hops, where it is the same for all groups of a name, and not too much to be read.
fn hop_bands(analysis: &Analysis) -> Vec<HopBand> {
    let of_groups = analysis.groups.iter().filter_map(|group| Some((group, group.expected_hops.as_ref()?)));
    let mut bands: Vec<HopBand> = Vec::new();
    let all: Vec<_> = of_groups.collect();
    let is_of_all = !all.is_empty() && all.len() == analysis.groups.len();
    let is_common = is_of_all && all.windows(2).all(|pair| pair[0].1 == pair[1].1);
    for (group, band) in if is_common { &all[..1] } else { &all } {
        let band_label = &band.label;
        let label = if is_common { band_label.clone() } else { format!("{}: {band_label}", label(analysis, group)) };
        bands.push(HopBand { label, low: band.low, high: band.high });
    }
    if bands.len() <= BANDS_MAX { bands } else { Vec::new() }
}
