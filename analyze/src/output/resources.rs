//! `resources`: what the processes of scored rounds used, as their own counters tell.

use crate::measure::estimate::{self, Estimate};
use crate::measure::{Analysis, Group, RoundMetrics, RoundResources};
use crate::stats::{median, sorted};
use crate::table::{Cell, Table, count, ms, number, text};

pub(super) fn table(analysis: &Analysis) -> Option<Table> {
    let columns = [
        text("condition"),
        count("nodes"),
        count("rounds"),
        count("processes"),
        ms("cpu_median_ms"),
        ms("cpu_median_low_ms"),
        ms("cpu_median_high_ms"),
        ms("cpu_process_max_median_ms"),
        number("resident_median_bytes", 0),
        count("resident_process_max_bytes"),
        number("sent_median_bytes", 0),
        number("sent_median_low_bytes", 0),
        number("sent_median_high_bytes", 0),
        number("received_median_bytes", 0),
        number("sent_per_node_median_bytes", 1),
        number("sent_per_payload_byte_median", 3),
        text("interval_method"),
    ];
    let rows: Vec<[Cell; 17]> = analysis.groups.iter().filter_map(row).collect();
    let caption = "What the processes of a scored round used, by their own counters: processor time, resident memory at its \
                   end, and bytes over gossip connections";
    (!rows.is_empty()).then(|| Table::new("resources", caption, columns, rows))
}

/// A scored round and what it used.
type Used<'a> = (&'a RoundMetrics, &'a RoundResources);

fn row(group: &Group) -> Option<[Cell; 17]> {
    let rounds: Vec<Used<'_>> = group.scored().filter_map(|round| Some((round, round.resources.as_ref()?))).collect();
    let (_, first) = rounds.first()?;
    let processes = Some(first.used.processes).filter(|some| rounds.iter().all(|(_, all)| all.used.processes == *some));
    let cpu = estimate(&rounds, "cpu_ms", |(_, all)| all.used.cpu_ms);
    let sent = estimate(&rounds, "sent_bytes", |(_, all)| all.used.sent_bytes.map(|bytes| bytes as f64));
    let median_of_all = |value: &dyn Fn(&Used<'_>) -> Option<f64>| median(&sorted(rounds.iter().filter_map(value)));
    let bytes = |count: Option<u64>| count.map(|count| count as f64);
    let per_node = |(_, all): &Used<'_>| Some(all.used.sent_bytes? as f64 / f64::from(group.nodes.max(1)));
    Some([
        group.condition.as_str().into(),
        group.nodes.into(),
        rounds.len().into(),
        processes.into(),
        cpu.value.into(),
        cpu.interval.map(|ends| ends.low).into(),
        cpu.interval.map(|ends| ends.high).into(),
        median_of_all(&|(_, all)| all.used.cpu_process_max_ms).into(),
        median_of_all(&|(_, all)| bytes(all.used.resident_bytes)).into(),
        rounds.iter().filter_map(|(_, all)| all.used.resident_process_max_bytes).max().into(),
        sent.value.into(),
        sent.interval.map(|ends| ends.low).into(),
        sent.interval.map(|ends| ends.high).into(),
        median_of_all(&|(_, all)| bytes(all.used.received_bytes)).into(),
        median_of_all(&per_node).into(),
        median_of_all(&|(round, all)| all.sent_per_payload_byte(round.expected)).into(),
        cpu.method.into(),
    ])
}

/// The median of a number over rounds that have it, by deployment.
fn estimate(rounds: &[Used<'_>], name: &'static str, value: impl Fn(&Used<'_>) -> Option<f64>) -> Estimate {
    let deployments = rounds.chunk_by(|(a, _), (b, _)| a.run_id == b.run_id);
    let deployments = deployments.map(|rounds| rounds.iter().filter_map(&value).collect());
    let deployments: Vec<Vec<f64>> = deployments.filter(|values: &Vec<f64>| !values.is_empty()).collect();
    estimate::median(&deployments, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{resources, silent_round};

    fn group(runs: &[(&str, u32)], cpu_ms: impl Fn(u32) -> f64) -> Group {
        let round = |run_id: &str, number: u32| {
            let used = resources(cpu_ms(number), Some(1_000 + u64::from(number)));
            let used = RoundResources { used, payload_bytes: 10 };
            RoundMetrics { scored: number > 0, resources: Some(used), ..silent_round(run_id, number) }
        };
        let rounds = runs.iter().flat_map(|(run_id, last)| (0..=*last).map(move |number| round(run_id, number)));
        Group { condition: "c".to_owned(), nodes: 10, rounds: rounds.collect(), ..Group::default() }
    }

    fn text_of(group: Group) -> String {
        let table = table(&Analysis { groups: vec![group] }).unwrap();
        String::from_utf8(table.to_csv()).unwrap()
    }

    #[test]
    fn medians_have_their_intervals_and_bytes_stand_against_nodes_and_payload() {
        insta::assert_snapshot!(text_of(group(&[("r", 7)], f64::from)));
    }

    #[test]
    fn several_deployments_are_resampled_as_a_whole() {
        let text = text_of(group(&[("r1", 6), ("r2", 6)], f64::from));
        assert!(text.ends_with(",student-two-deployments\n"), "{text}");
    }

    #[test]
    fn rounds_that_tell_nothing_are_left_out_and_none_at_all_make_no_table() {
        let mut some = group(&[("r", 7)], f64::from);
        some.rounds.iter_mut().skip(3).for_each(|round| round.resources = None);
        let text = text_of(some.clone());
        assert!(text.lines().nth(1).unwrap().starts_with("c,10,2,2,1.5,,,"), "{text}");
        some.rounds.iter_mut().for_each(|round| round.resources = None);
        assert_eq!(table(&Analysis { groups: vec![some] }), None);
    }
}
