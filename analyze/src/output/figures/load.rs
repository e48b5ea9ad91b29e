//! Figures of copies: how nodes share them, and how many each round took.

use cnsim_charts::data::{CopiesByRound, CopiesSeries, LoadLorenz, LorenzSeries};

use super::evenly::evenly;
use super::group::{in_time, label};
use crate::measure::{Analysis, Group, RoundMetrics};
use crate::stats::gini;

/// Steps of one Lorenz curve: more than a figure can show apart.
const LORENZ_STEPS_MAX: usize = 200;

/// How the copies that were sent are shared among nodes, those of every run counted on their own.
pub fn load_lorenz(analysis: &Analysis) -> LoadLorenz {
    let series = |group: &Group| {
        let mut sent: Vec<u64> = group.loads.iter().flat_map(|load| load.sent.iter().copied()).collect();
        let nodes = (group.nodes as usize * group.loads.len()).max(sent.len());
        let gini = gini(&sent, nodes)?;
        sent.resize(nodes, 0);
        sent.sort_unstable();
        Some(LorenzSeries { label: label(analysis, group), gini, points: lorenz(&sent) })
    };
    LoadLorenz { series: analysis.groups.iter().filter_map(series).collect() }
}

/// The Lorenz curve of sorted numbers whose sum is not 0.
fn lorenz(sorted: &[u64]) -> Vec<(f64, f64)> {
    let total: u64 = sorted.iter().sum();
    let mut so_far = 0;
    let sums: Vec<u64> = sorted
        .iter()
        .map(|sent| {
            so_far += sent;
            so_far
        })
        .collect();
    let point = |place: usize| ((place + 1) as f64 / sorted.len() as f64, sums[place] as f64 / total as f64);
    [(0.0, 0.0)].into_iter().chain(evenly(sorted.len(), LORENZ_STEPS_MAX).map(point)).collect()
}

/// Copies and duplicates of each round.
pub fn copies_by_round(analysis: &Analysis) -> CopiesByRound {
    let series = |group: &Group| {
        let copies = |(place, round): (_, &RoundMetrics)| Some((place, round.sends?, round.duplicates?));
        let rounds = in_time(group).into_iter().filter_map(copies);
        let expected_duplicates = group.expected_duplicates;
        CopiesSeries { label: label(analysis, group), rounds: rounds.collect(), expected_duplicates }
    };
    CopiesByRound { series: analysis.groups.iter().map(series).collect() }
}
