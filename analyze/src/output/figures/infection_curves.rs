//! The figure of infection curves: the share of the nodes reached, over time.

use cnsim_charts::data::{InfectionCurves, InfectionPanel};

use super::evenly::evenly;
use super::group::label;
use super::motion::bound;
use crate::measure::{Analysis, Group, Origin, RoundMetrics};
use crate::stats::Summary;

/// Steps of one drawn curve: more than a figure can show apart.
const STEPS_MAX: usize = 200;

/// Curves drawn in one panel: more would only be one grey area.
const ROUNDS_MAX: usize = 200;

/// Infection curves, a panel for each condition and number of nodes.
pub fn infection_curves(analysis: &Analysis, origin: Origin) -> InfectionCurves {
    let panel = |group: &Group| {
        let drawn = drawn(group, origin);
        let label = match drawn.left_out {
            0 => label(analysis, group),
            left_out => {
                let shown = drawn.rounds.len();
                format!("{} ({shown} of {} rounds drawn)", label(analysis, group), shown + left_out)
            }
        };
        let bound = bound(group, origin, STEPS_MAX);
        InfectionPanel { label, rounds: drawn.rounds, median: median(group, origin), bound }
    };
    InfectionCurves { panels: analysis.groups.iter().map(panel).collect() }
}

/// The curves of a group that a panel shows.
struct Drawn {
    /// For each round its steps (ms since the origin, share of the nodes reached).
    rounds: Vec<Vec<(f64, f64)>>,
    /// Scored rounds that have a curve and are not among them.
    left_out: usize,
}

/// Curves of the scored rounds whose origin is known; of very many, some at even distances.
fn drawn(group: &Group, origin: Origin) -> Drawn {
    let with_curve = group.scored().filter(|round| round.origin_ns(origin).is_some() && round.delivered > 0);
    let all: Vec<&RoundMetrics> = with_curve.collect();
    let rounds: Vec<_> = evenly(all.len(), ROUNDS_MAX).filter_map(|number| curve(all[number], origin)).collect();
    Drawn { left_out: all.len() - rounds.len(), rounds }
}

/// The curve of the median round: for each share the median over rounds of the time at which it was reached. It ends
/// where half the rounds or more did not come so far.
pub(super) fn median(group: &Group, origin: Origin) -> Vec<(f64, f64)> {
    let rounds: Vec<&RoundMetrics> = group.scored().collect();
    let expected = group.nodes.saturating_sub(1) as usize;
    let time =
        |round: &RoundMetrics, step: usize| Some(round.reached_ns.get(step)?.saturating_sub(round.origin_ns(origin)?));
    let step = |step: usize| {
        let summary = Summary::of(rounds.iter().map(|round| time(round, step)));
        Some((summary.median_ns? / 1e6, share(step, expected)))
    };
    evenly(expected, STEPS_MAX).map_while(step).collect()
}

pub(super) fn curve(round: &RoundMetrics, origin: Origin) -> Option<Vec<(f64, f64)>> {
    let origin_ns = round.origin_ns(origin)?;
    let at = |step: usize| {
        let time_ns = round.reached_ns[step].saturating_sub(origin_ns);
        (time_ns as f64 / 1e6, share(step, round.expected as usize))
    };
    Some(evenly(round.reached_ns.len(), STEPS_MAX).map(at).collect())
}

fn share(step: usize, expected: usize) -> f64 {
    (step + 1) as f64 / expected.max(1) as f64
}
