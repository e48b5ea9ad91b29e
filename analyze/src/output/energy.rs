//! `energy`: what scored rounds cost, by the coefficients that the user gives.

use crate::measure::estimate::{self, Estimate, ONE_SIMULATION};
use crate::measure::{Analysis, Energy, EnergyModel, Group, RoundMetrics};
use crate::stats::{median, sorted};
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(analysis: &Analysis, costs: &EnergyModel) -> Option<Table> {
    let columns = [
        text("condition"),
        count("nodes"),
        count("rounds"),
        number("energy_median_mj", 3),
        number("energy_median_low_mj", 3),
        number("energy_median_high_mj", 3),
        number("sent_median_mj", 3),
        number("received_median_mj", 3),
        number("awake_median_mj", 3),
        number("energy_per_node_median_mj", 6),
        number("energy_per_delivery_median_mj", 6),
        text("interval_method"),
    ];
    let rows: Vec<[Cell; 12]> = analysis.groups.iter().filter_map(|group| row(group, costs)).collect();
    let caption = format!("What a scored round cost at {costs}");
    (!rows.is_empty()).then(|| Table::new("energy", caption, columns, rows))
}

/// A scored round and what it cost.
type Spent<'a> = (&'a RoundMetrics, Energy);

fn row(group: &Group, costs: &EnergyModel) -> Option<[Cell; 12]> {
    // In an open loop no round has a time of its own.
    if group.is_open_loop() {
        return None;
    }
    let rounds: Vec<Spent<'_>> =
        group.scored().filter_map(|round| Some((round, costs.of(round, group.nodes)?))).collect();
    if rounds.is_empty() {
        return None;
    }
    let total = match group.is_one_simulation() {
        true => Estimate { interval: None, method: ONE_SIMULATION, ..estimate(&rounds) },
        false => estimate(&rounds),
    };
    let median_of = |value: &dyn Fn(&Spent<'_>) -> Option<f64>| median(&sorted(rounds.iter().filter_map(value)));
    let per_delivery = |(round, energy): &Spent<'_>| {
        (round.delivered > 0).then(|| energy.total_j() * 1e3 / f64::from(round.delivered))
    };
    Some([
        group.condition.as_str().into(),
        group.nodes.into(),
        rounds.len().into(),
        total.value.into(),
        total.interval.map(|ends| ends.low).into(),
        total.interval.map(|ends| ends.high).into(),
        median_of(&|(_, energy)| Some(energy.sent_j * 1e3)).into(),
        median_of(&|(_, energy)| Some(energy.received_j * 1e3)).into(),
        median_of(&|(_, energy)| Some(energy.awake_j * 1e3)).into(),
        median_of(&|(_, energy)| Some(energy.total_j() * 1e3 / f64::from(group.nodes.max(1)))).into(),
        median_of(&per_delivery).into(),
        total.method.into(),
    ])
}

/// The median of all of it, by deployment.
fn estimate(rounds: &[Spent<'_>]) -> Estimate {
    let deployments = rounds.chunk_by(|(a, _), (b, _)| a.run_id == b.run_id);
    let in_mj = |(_, energy): &Spent<'_>| energy.total_j() * 1e3;
    let deployments: Vec<Vec<f64>> = deployments.map(|rounds| rounds.iter().map(in_mj).collect()).collect();
    estimate::median(&deployments, "energy")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::{ControlSent, Sent};
    use crate::measure::fixture::silent_round;
    use crate::measure::{Moved, RoundControl};

    fn group(rounds: u32) -> Group {
        let round = |number: u32| {
            let all = Sent { bytes: 500, ..Sent::default() };
            RoundMetrics {
                moved: Some(Moved { sent_bytes: 1_000 * u64::from(number), received_bytes: 1_000 }),
                control: Some(RoundControl { sent: ControlSent { all, ..ControlSent::default() }, payload_bytes: 0 }),
                lasts_ns: Some(1_000_000_000),
                ..silent_round("r", number)
            }
        };
        Group { condition: "c".to_owned(), nodes: 10, rounds: (1..=rounds).map(round).collect(), ..Group::default() }
    }

    fn text_of(group: Group, costs: &str) -> Option<String> {
        let table = table(&Analysis { groups: vec![group] }, &costs.parse().unwrap())?;
        Some(String::from_utf8(table.to_csv()).unwrap())
    }

    #[test]
    fn a_median_has_its_interval_and_its_parts() {
        let text = text_of(group(7), "sent=1uJ/B,received=2uJ/B,awake=1mW").unwrap();
        // 4,000 bytes and 500 sent, 1,000 and 500 received, ten nodes for a second.
        let cells: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
        assert_eq!((cells[..3].join(","), cells[11]), ("c,10,7".to_owned(), "order-statistics"));
        let expected = [17.5, 14.5, 20.5, 4.5, 3.0, 10.0, 1.75, 17.5 / 9.0];
        for (cell, expected) in cells[3..11].iter().zip(expected) {
            assert!((cell.parse::<f64>().unwrap() - expected).abs() < 1e-9, "{cell} instead of {expected}");
        }
    }

    #[test]
    fn rounds_that_tell_nothing_have_no_energy() {
        let mut silent = group(3);
        silent.rounds.iter_mut().for_each(|round| round.control = None);
        assert_eq!(text_of(silent.clone(), "sent=1uJ/B"), None);
        assert!(text_of(silent, "awake=1mW").is_some());
    }
}
