//! `control`: what nodes of scored rounds sent beside copies of messages, by kind and altogether.

use std::collections::BTreeSet;

use crate::inputs::Sent;
use crate::inputs::control::ALL;
use crate::measure::estimate::{self, Estimate};
use crate::measure::{Analysis, Group, RoundControl, RoundMetrics};
use crate::stats::{median, sorted};
use crate::table::{Cell, Table, count, number, text};

pub(super) fn table(analysis: &Analysis) -> Option<Table> {
    let columns = [
        text("condition"),
        count("nodes"),
        text("kind"),
        count("rounds"),
        number("messages_per_node_median", 3),
        number("messages_per_node_median_low", 3),
        number("messages_per_node_median_high", 3),
        text("interval_method"),
        count("messages_node_max"),
        number("senders_median", 1),
        number("per_node_median_bytes", 1),
        number("per_payload_byte_median", 4),
    ];
    let caption = "What nodes sent in a scored round beside copies of messages, by kind and altogether";
    let rows: Vec<[Cell; 12]> = analysis.groups.iter().flat_map(rows).collect();
    let is_any = analysis.groups.iter().any(|group| !kinds(group).is_empty());
    is_any.then(|| Table::new("control", caption, columns, rows))
}

/// The kinds that scored rounds of a group sent any of.
fn kinds(group: &Group) -> BTreeSet<&str> {
    let rounds = group.scored().filter_map(|round| round.control.as_ref());
    rounds.flat_map(|control| control.sent.kinds.keys().map(String::as_str)).collect()
}

/// A scored round and what it sent.
type Told<'a> = (&'a RoundMetrics, &'a RoundControl);

/// A line for each kind, then one for all; none where nobody knows.
fn rows(group: &Group) -> Vec<[Cell; 12]> {
    let rounds: Vec<Told<'_>> = group.scored().filter_map(|round| Some((round, round.control.as_ref()?))).collect();
    if rounds.is_empty() {
        return Vec::new();
    }
    let of_kinds = kinds(group)
        .into_iter()
        .map(|kind| row(group, kind, &rounds, |control| control.sent.kinds.get(kind).copied().unwrap_or_default()));
    of_kinds.chain([row(group, ALL, &rounds, |control| control.sent.all)]).collect()
}

fn row(group: &Group, kind: &str, rounds: &[Told<'_>], sent: impl Fn(&RoundControl) -> Sent) -> [Cell; 12] {
    let nodes = f64::from(group.nodes.max(1));
    let per_node = |(_, control): &Told<'_>| sent(control).messages as f64 / nodes;
    let Estimate { value, interval, method } = messages(group, rounds, per_node);
    let [low, high] = Cell::ends(interval);
    let median_of = |value: &dyn Fn(&Told<'_>) -> Option<f64>| median(&sorted(rounds.iter().filter_map(value)));
    [
        group.condition.as_str().into(),
        group.nodes.into(),
        kind.into(),
        rounds.len().into(),
        value.into(),
        low,
        high,
        method.into(),
        rounds.iter().map(|(_, control)| sent(control).node_max).max().into(),
        median_of(&|(_, control)| Some(sent(control).senders.into())).into(),
        median_of(&|(_, control)| Some(sent(control).bytes as f64 / nodes)).into(),
        median_of(&|(_, control)| control.per_payload_byte(sent(control).bytes)).into(),
    ]
}

/// The median over rounds by deployment. That of one simulated run has no interval.
fn messages(group: &Group, rounds: &[Told<'_>], per_node: impl Fn(&Told<'_>) -> f64) -> Estimate {
    let deployments = rounds.chunk_by(|(a, _), (b, _)| a.run_id == b.run_id);
    let deployments: Vec<Vec<f64>> = deployments.map(|rounds| rounds.iter().map(&per_node).collect()).collect();
    let estimate = estimate::median(&deployments, "control_messages");
    match deployments.len() {
        1 if !group.simulated.is_empty() => Estimate { interval: None, method: estimate::ONE_SIMULATION, ..estimate },
        _ => estimate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::ControlSent;
    use crate::measure::fixture::silent_round;

    fn sent(messages: u64, bytes: u64) -> Sent {
        Sent { messages, bytes, senders: 2, node_max: messages - 1 }
    }

    /// What was sent in round `number`: half as many asks as announcements, and asks in every second round alone.
    fn control(number: u32) -> RoundControl {
        let number = u64::from(number);
        let mut kinds = vec![("ihave".to_owned(), sent(20 * number, 400 * number))];
        if number.is_multiple_of(2) {
            kinds.push(("graft".to_owned(), sent(10 * number, 100 * number)));
        }
        let all = |of: fn(&Sent) -> u64| kinds.iter().map(|(_, sent)| of(sent)).sum::<u64>();
        let all = Sent { bytes: all(|sent| sent.bytes), ..sent(all(|sent| sent.messages), 0) };
        RoundControl { sent: ControlSent { kinds: kinds.into_iter().collect(), all }, payload_bytes: 1_000 }
    }

    fn group(condition: &str, runs: &[&str], control: impl Fn(u32) -> Option<RoundControl>) -> Group {
        let round = |run_id: &str, number: u32| RoundMetrics {
            scored: number > 1,
            control: control(number),
            ..silent_round(run_id, number)
        };
        let rounds = runs.iter().flat_map(|run_id| (1..=8).map(move |number| (run_id, number)));
        let rounds = rounds.map(|(run_id, number)| round(run_id, number)).collect();
        Group { condition: condition.to_owned(), nodes: 10, rounds, ..Group::default() }
    }

    fn text_of(groups: Vec<Group>) -> String {
        String::from_utf8(table(&Analysis { groups }).unwrap().to_csv()).unwrap()
    }

    #[test]
    fn kinds_have_a_line_each_and_what_is_not_sent_in_a_round_is_none_there() {
        let none = || Some(RoundControl { payload_bytes: 1_000, ..RoundControl::default() });
        let groups = vec![
            group("plumtree", &["r"], |number| Some(control(number))),
            group("flood", &["s"], |_| none()),
            group("old", &["t"], |_| None),
        ];
        insta::assert_snapshot!(text_of(groups));
    }

    #[test]
    fn several_deployments_are_resampled_as_a_whole_and_one_simulated_run_has_no_interval() {
        let of_runs = |runs: &[&str], simulated: &[&str]| {
            let simulated = simulated.iter().map(|run| (*run).to_owned()).collect();
            let text = text_of(vec![Group { simulated, ..group("c", runs, |number| Some(control(number))) }]);
            text.lines().last().unwrap().to_owned()
        };
        assert!(of_runs(&["r1", "r2"], &[]).contains(",student-two-deployments,"));
        assert!(of_runs(&["r1", "r2"], &["r1", "r2"]).contains(",student-two-deployments,"));
        let one = of_runs(&["r1"], &["r1"]);
        assert!(one.starts_with("c,10,all,7,") && one.contains(",,,one-simulated-run,"), "{one}");
    }

    #[test]
    fn where_no_run_has_control_traffic_in_a_scored_round_there_is_no_table() {
        let none = group("flood", &["s"], |_| Some(RoundControl::default()));
        let warm_up = group("plumtree", &["r"], |number| (number == 1).then(|| control(number)));
        assert_eq!(table(&Analysis { groups: vec![none, warm_up] }), None);
    }
}
