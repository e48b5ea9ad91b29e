//! What the checks of drift, of two humps and of outliers can find at a number of rounds: what they do not find may be there.
//!
//! The table is from simulations (`just simulations`, `benches/simulations/`): runs of log-normal times, of which 80 % with such an effect are found.
//! Drift and humps are in spreads of the logarithm of times, so that they hold for times of any size.

use super::outliers::{SPREAD_MIN, SPREADS_MIN, TIMES_MIN};
use crate::measure::{Analysis, Group, Origin};
use crate::stats::median;

/// The smallest effects that are found in 80 % of runs, at a number of rounds; none where none is found.
struct Smallest {
    rounds: usize,
    /// From the first to the last round, in spreads.
    drift: Option<f64>,
    /// Between two equal halves that no known difference tells apart, in spreads.
    hump: Option<f64>,
    /// Shares of rounds at three times the time, where the logarithm of times spreads by no more than each of [`SPREADS`]; of runs
    /// with a manifest.
    driven: Shares,
    /// The same without one.
    alone: Shares,
}

/// The more times spread, the less three times the time stands out; and such rounds are part of the spread that is estimated.
const SPREADS: [f64; 3] = [0.1, 0.2, 0.25];

type Shares = [Option<f64>; SPREADS.len()];

const fn smallest(rounds: usize, drift: Option<f64>, hump: Option<f64>, driven: Shares, alone: Shares) -> Smallest {
    Smallest { rounds, drift, hump, driven, alone }
}

/// By the number of rounds.
const TABLE: [Smallest; 7] = [
    smallest(10, Some(9.4), None, [Some(0.2), None, None], [None; 3]),
    smallest(20, Some(4.8), None, [Some(0.1), None, None], [Some(0.15), None, None]),
    smallest(30, Some(3.8), None, [Some(0.07), Some(0.14), None], [Some(0.1), None, None]),
    smallest(50, Some(2.8), Some(9.2), [Some(0.06), Some(0.1), None], [Some(0.08), Some(0.14), None]),
    smallest(100, Some(1.9), Some(6.8), [Some(0.06), Some(0.08), None], [Some(0.09), Some(0.13), None]),
    smallest(200, Some(1.2), Some(5.2), [Some(0.06), Some(0.07), Some(0.12)], [Some(0.09), Some(0.12), None]),
    smallest(500, Some(1.1), Some(4.2), [Some(0.06), Some(0.07), Some(0.1)], [Some(0.09), Some(0.11), None]),
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
    Some(format!(
        "{}, {} nodes: with {} rounds in a run, whose times spread by {:.0} %, the checks find in four of five runs {}; {}; and {}. \
         A single round is told from {:.1} times the median on",
        group.condition,
        group.nodes,
        logarithms.len(),
        100.0 * spread.exp_m1(),
        drift(row, spread),
        humps(row, spread),
        outliers(if group.settings.is_empty() { row.alone } else { row.driven }, spread),
        TIMES_MIN.max((SPREADS_MIN * spread.max(SPREAD_MIN)).exp()),
    ))
}

fn drift(row: &Smallest, spread: f64) -> String {
    let words = |spreads| {
        format!("times that change by {:.0} % from the first round to the last", change_percent(spreads, spread))
    };
    row.drift.map_or_else(|| "no drift of any size".to_owned(), words)
}

fn humps(row: &Smallest, spread: f64) -> String {
    if let Some(spreads) = row.hump {
        return format!("two equal humps {:.0} % apart that nothing known explains", change_percent(spreads, spread));
    }
    let least = TABLE.iter().find(|row| row.hump.is_some()).map(|row| format!(": that takes {} rounds", row.rounds));
    format!("no two humps that nothing known explains, however far apart{}", least.unwrap_or_default())
}

fn outliers(shares: Shares, spread: f64) -> String {
    let column = SPREADS.iter().position(|most| spread <= *most);
    match column.map(|column| shares[column]) {
        Some(Some(share)) => format!("rounds of three times the time where {:.0} % are such", 100.0 * share),
        Some(None) => "no rounds of three times the time, however many".to_owned(),
        None => "no rounds of three times the time, however many, for times spread too much".to_owned(),
    }
}

/// What a difference of so many spreads is in per cent of the times.
fn change_percent(spreads: f64, spread: f64) -> f64 {
    (100.0 * (spreads * spread).exp_m1()).max(CHANGE_PERCENT_MIN)
}

#[cfg(test)]
mod tests {
    use cnsim::event::Kind;
    use cnsim::random::Random;

    use super::super::finding::{Check, Severity};
    use super::super::fixture::{Fixture, only};
    use super::*;
    use crate::measure::RoundMetrics;
    use crate::measure::fixture::silent_round;

    /// Rounds whose logarithms are in turn so far above and below that of 10 ms.
    fn group(deviation: f64, rounds: u32) -> Group {
        let time_ns = |number: u32| 1e7 * (if number.is_multiple_of(2) { deviation } else { -deviation }).exp();
        let round = |number: u32| RoundMetrics {
            scored: true,
            from_first_send: [Some(time_ns(number) as i64); 5],
            ..silent_round("r", number)
        };
        Group { condition: "c".to_owned(), nodes: 9, rounds: (1..=rounds).map(round).collect(), ..Group::default() }
    }

    #[test]
    fn what_can_be_found_is_told_in_per_cent_of_the_times() {
        // The median deviation is 0.1: a spread of 0.148.
        let lines = lines(&Analysis { groups: vec![group(0.1, 20), Group::default()] });
        assert_eq!(lines.len(), 1, "nothing can be said of no rounds");
        let line = &lines[0];
        assert!(line.starts_with("c, 9 nodes: with 20 rounds in a run, whose times spread by 16 %"), "{line}");
        // exp(4.8 * 0.148) - 1
        assert!(line.contains("times that change by 104 % from the first round to the last; no two humps"), "{line}");
        assert!(
            line.contains("however far apart: that takes 50 rounds; and no rounds of three times the time"),
            "{line}"
        );
    }

    #[test]
    fn more_rounds_find_humps_and_a_smaller_share_of_long_rounds() {
        let told = |deviation: f64, rounds: u32| lines(&Analysis { groups: vec![group(deviation, rounds)] })[0].clone();
        let line = told(0.1, 50);
        assert!(
            line.contains("two equal humps 291 % apart that nothing known explains; and rounds of three"),
            "{line}"
        );
        assert!(
            line.contains("rounds of three times the time where 14 % are such. A single round is told from"),
            "{line}"
        );
        let with_manifest = Group { settings: [("protocol", ["flood".to_owned()].into())].into(), ..group(0.1, 50) };
        let line = &lines(&Analysis { groups: vec![with_manifest] })[0];
        assert!(line.contains("where 10 % are such"), "{line}");
        let line = told(0.2, 50);
        assert!(line.contains("no rounds of three times the time, however many, for times spread too much"), "{line}");
    }

    #[test]
    fn no_change_is_promised_that_is_smaller_than_checks_look_for() {
        let line = &lines(&Analysis { groups: vec![group(0.001, 20)] })[0];
        assert!(line.contains("times that change by 10 % from the first round"), "{line}");
    }

    /// The share of 40 runs in which the check finds rounds of three times the time, so many of all.
    fn share_found(rounds: usize, long: usize, spread: f64) -> f64 {
        let found = |seed: u64| {
            let mut random = Random::keyed(seed, &["long rounds"]);
            let mut fixture = Fixture::direct_mail_of(2, rounds as u32 + 1, seed);
            let mut order: Vec<u32> = (1..=rounds as u32).collect();
            for place in (1..rounds).rev() {
                order.swap(place, random.below(place as u64 + 1) as usize);
            }
            for row in fixture.rows.iter_mut().filter(|row| row.kind == Kind::Received) {
                let is_long = order[..long].contains(&row.round);
                // Of twelve uniform numbers the sum has the variance 1 (Kahaner, Moler and Nash 1989).
                let noise = (0..12).map(|_| random.below(1 << 40) as f64 / (1_u64 << 40) as f64).sum::<f64>() - 6.0;
                let time_ns = 1e7 * (spread * noise).exp() * if is_long { 3.0 } else { 1.0 };
                row.received_ns = row.sent_ns + time_ns as i64;
            }
            let found = only(&fixture.audit(), Check::OutlierRounds);
            found.iter().any(|finding| finding.severity >= Severity::Caution)
        };
        (0..40).filter(|seed| found(*seed)).count() as f64 / 40.0
    }

    #[test]
    fn the_table_holds_where_it_is_simulated_again() {
        // Of 40 runs a share of 0.8 is within 0.19 by three standard errors.
        const LEAST: f64 = 0.61;
        let row = TABLE.iter().find(|row| row.rounds == 30).unwrap();
        let long = (row.alone[0].unwrap() * 30.0).round() as usize;
        let share = |long: usize, column: usize| share_found(30, long, SPREADS[column]);
        assert!(share(long, 0) >= LEAST, "{long} long rounds are found");
        assert!(share(long / 2, 0) < LEAST, "{} are not", long / 2);
        assert!((row.alone[2], share(long, 2) < LEAST) == (None, true), "what is not found is said not to be");
    }
}
