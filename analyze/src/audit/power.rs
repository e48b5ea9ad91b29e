//! What the checks of drift, of two humps and of outliers can find at a number of rounds: what they do not find may be there.
//!
//! The table is from simulations (`benches/power.rs`): runs of log-normal times that spread by 20 %, of which 80 % with such an effect
//! are found. Effects are in spreads of the logarithm of times, so that they hold for times of any size.

use super::outliers::{SPREAD_MIN, SPREADS_MIN, TIMES_MIN};
use crate::measure::{Analysis, Group, Origin};
use crate::stats::median;

/// The smallest effects that are found in 80 % of runs, at a number of rounds.
struct Smallest {
    rounds: usize,
    /// From the first to the last round, in spreads; none where none is found.
    drift: Option<f64>,
    /// Between two equal halves that no known difference tells apart, in spreads.
    hump: Option<f64>,
}

const fn smallest(rounds: usize, drift: Option<f64>, hump: Option<f64>) -> Smallest {
    Smallest { rounds, drift, hump }
}

/// By the number of rounds.
const TABLE: [Smallest; 7] = [
    smallest(10, Some(9.4), None),
    smallest(20, Some(4.8), None),
    smallest(30, Some(3.8), None),
    smallest(50, Some(2.8), Some(9.2)),
    smallest(100, Some(1.9), Some(6.8)),
    smallest(200, Some(1.2), Some(5.2)),
    smallest(500, Some(1.1), Some(4.2)),
];

/// The checks look for no change that is a smaller part of the times.
const CHANGE_PERCENT_MIN: f64 = 10.0;

/// What can be found in each group's runs, a line each; empty where nothing can be said.
pub(crate) fn lines(analysis: &Analysis) -> Vec<String> {
    // Simulated rounds are not searched for what machines do.
    let measured = analysis.groups.iter().filter(|group| group.simulated.is_empty());
    measured.filter_map(of_group).collect()
}

/// By the longest run, whose rounds stand in one sequence.
fn of_group(group: &Group) -> Option<String> {
    let longest = group.deployments().into_iter().max_by_key(Vec::len)?;
    let times = longest.iter().filter_map(|round| round.complete_ns(Origin::FirstSend)).filter(|time_ns| *time_ns > 0);
    let mut logarithms: Vec<f64> = times.map(|time_ns| (time_ns as f64).ln()).collect();
    logarithms.sort_by(f64::total_cmp);
    let middle = median(&logarithms)?;
    let mut deviations: Vec<f64> = logarithms.iter().map(|logarithm| (logarithm - middle).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    let spread = 1.4826 * median(&deviations)?;
    let row = TABLE.iter().rev().find(|row| row.rounds <= logarithms.len())?;
    let percent = |spreads: f64| (100.0 * (spreads * spread).exp_m1()).max(CHANGE_PERCENT_MIN);
    let or_none = |found: Option<String>, what: &str| found.unwrap_or_else(|| format!("no {what} of any size"));
    let drift = row
        .drift
        .map(|spreads| format!("times that change by {:.0} % from the first round to the last", percent(spreads)));
    let hump =
        row.hump.map(|spreads| format!("two equal humps {:.0} % apart that nothing known explains", percent(spreads)));
    // Of single rounds the check says itself how far they have to be.
    let outlier = TIMES_MIN.max((SPREADS_MIN * spread.max(SPREAD_MIN)).exp());
    Some(format!(
        "{}, {} nodes: with {} rounds in a run, whose times spread by {:.0} %, the checks find in four of five runs {}; {}; and \
         single rounds from {outlier:.1} times the median on",
        group.condition,
        group.nodes,
        logarithms.len(),
        100.0 * spread.exp_m1(),
        or_none(drift, "drift"),
        or_none(hump, "two humps"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::RoundMetrics;
    use crate::measure::fixture::silent_round;

    /// Twenty rounds whose logarithms are in turn so far above and below that of 10 ms.
    fn group(deviation: f64) -> Group {
        let time_ns = |number: u32| 1e7 * (if number.is_multiple_of(2) { deviation } else { -deviation }).exp();
        let round = |number: u32| RoundMetrics {
            scored: true,
            from_first_send: [Some(time_ns(number) as i64); 5],
            ..silent_round("r", number)
        };
        Group { condition: "c".to_owned(), nodes: 9, rounds: (1..21).map(round).collect(), ..Group::default() }
    }

    #[test]
    fn what_can_be_found_is_told_in_per_cent_of_the_times() {
        // The median deviation is 0.1: a spread of 0.148.
        let lines = lines(&Analysis { groups: vec![group(0.1), Group::default()] });
        assert_eq!(lines.len(), 1, "nothing can be said of no rounds");
        let line = &lines[0];
        assert!(line.starts_with("c, 9 nodes: with 20 rounds in a run, whose times spread by 16 %"), "{line}");
        // exp(4.8 * 0.148) - 1
        assert!(line.contains("times that change by 104 % from the first round to the last; no two humps"), "{line}");
    }

    #[test]
    fn no_change_is_promised_that_is_smaller_than_checks_look_for() {
        let line = &lines(&Analysis { groups: vec![group(0.001)] })[0];
        assert!(line.contains("times that change by 10 % from the first round"), "{line}");
    }
}
