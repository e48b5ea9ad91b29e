//! The tables of a report in every format.

use std::collections::BTreeMap;

use cnsim::manifest::{Incident, IncidentKind};
use cnsim::time::Clock;

use super::*;

use crate::audit::{Limit, LimitKind, LimitVerdict, Verdict};
use crate::measure::fixture::{Row, loaded, manifest};
use crate::measure::{Busiest, Options, analyse};
use crate::table::Cell;

/// Two conditions: one with hops logged, duplicates, a warm-up round and a round that misses a node; one as the published
/// system logged it, with a name that every format has to quote.
fn analysis() -> Analysis {
    let ms = 1_000_000;
    let round = |round: u32, slow: i64| {
        let base = 1_742_869_853_000_000_000 + i64::from(round) * 1_000 * ms;
        let rows = [
            Row::initiate("n0", base).with_hop(0),
            Row::received("n0", "n1", base + ms / 3, base + 2 * ms).with_hop(1),
            Row::received("n0", "n2", base + ms / 2, base + (3 + slow) * ms).with_hop(1),
            Row::received("n1", "n3", base + 2 * ms + 1, base + (5 + slow) * ms).with_hop(2),
            Row::duplicate("n2", "n1", base + (3 + slow) * ms, base + (4 + slow) * ms).with_hop(2),
        ];
        rows.map(|row| row.of_run("4abf-cubaan4").of_round(round).with_protocol("flood"))
    };
    let mut ours: Vec<Row> = (0..8).flat_map(|number| round(number, i64::from(number))).collect();
    ours.remove(ours.len() - 2);
    let published = [
        Row::initiate("10.60.2.6", 1_000).of_run("hello"),
        Row::received("10.60.2.6", "10.60.3.25", 501_000, 1_250_999).of_run("hello"),
        Row::received("10.60.2.6", "10.60.3.26", 2_001_000, 2_500_999).of_run("hello").without_sent(),
    ];
    let inputs = [loaded("flood_4", &ours), loaded("5M \"link\", 30|60 & {x}", &published)];
    analyse(&inputs, &Options::default())
}

fn in_every_format(table: &Table) -> String {
    let bytes = [table.to_csv(), table.to_markdown(), table.to_latex(), table.to_text(), table.to_json()];
    bytes.map(|bytes| String::from_utf8(bytes).unwrap()).join("\n")
}

#[test]
fn tables_have_the_promised_headers() {
    let header = |table: &Table| String::from_utf8(table.to_csv()).unwrap().lines().next().unwrap().to_owned();
    let headers: Vec<(&str, String)> =
        all(&Analysis::default()).iter().map(|table| (table.name, header(table))).collect();
    let promised = [
        (
            "convergence",
            "condition,nodes,rounds,rounds_complete,origin,mean_ms,min_ms,median_ms,max_ms,std_ms,median_low_ms,median_high_ms",
        ),
        ("intervals", "condition,nodes,origin,statistic,unit,rounds,value,low,high,method"),
        (
            "variance",
            "condition,nodes,origin,deployments,rounds,deliveries,within_rounds_ms2,between_rounds_ms2,between_deployments_ms2",
        ),
        ("ecdf", "condition,nodes,origin,t100_ms,share,share_low,share_high"),
        (
            "rounds",
            "condition,run_id,round,nodes,scored,initiator,expected,delivered,coverage,setup_ms,t50_ms,t90_ms,t95_ms,t99_ms,t100_ms,t50_first_send_ms,t90_first_send_ms,t95_first_send_ms,t99_first_send_ms,t100_first_send_ms,duplicates,failed,sends,rmr,hops_max,hops_mean,latency_median_ms,tree_depth,tree_width,branching_mean,branching_max,load_gini,cpu_ms,cpu_process_max_ms,resident_bytes,sent_bytes,received_bytes,sent_per_payload_byte,clock_open_ms,control_messages,control_bytes,control_per_payload_byte,expected_up,coverage_up,expected_reachable,coverage_reachable,delivered_before_faults,delivered_under_faults,delivered_after_faults,heal_to_agreement_ms,failed_to_down,available,transmissions,t90_weighted_ms",
        ),
        ("duplicates", "condition,nodes,rounds,duplicates_mean,duplicates_min,duplicates_max,expected,rmr_mean"),
        ("hops", "condition,nodes,hop,count,share"),
        ("latency", "condition,nodes,hop,count,min_ms,median_ms,p90_ms,p99_ms,max_ms"),
        (
            "load",
            "condition,nodes,rounds,sent_mean,sent_max,busiest_node,busiest_round,gini_round_median,gini_run_mean",
        ),
    ];
    assert_eq!(headers, promised.map(|(name, header)| (name, header.to_owned())));
}

/// A limit on traffic that a probe met, a limit on memory that two processes do not have, and an incident.
fn network() -> (Vec<About>, Quality) {
    let limit = |kind, verdict| Limit {
        condition: "5M".to_owned(),
        run_id: "4abf-cubaan4".to_owned(),
        kind,
        intended: 5_000_000,
        achieved: None,
        burst_bytes: None,
        busiest: None,
        verdict,
        detail: "in words".to_owned(),
    };
    let busiest = Busiest { node: "n0".to_owned(), round: 2, bytes: 3600 };
    let traffic = Limit {
        achieved: Some(4_871_234.5),
        burst_bytes: Some(20_875_000),
        busiest: Some(busiest),
        ..limit(LimitKind::Bandwidth, LimitVerdict::NotExercised)
    };
    let limits = vec![traffic, limit(LimitKind::Memory, LimitVerdict::NotEffective)];
    let mut facts = manifest("flood", ["n0", "n1"], &[(0, 1)], false);
    facts.manifest.incidents.push(Incident {
        at: "2025-03-26T00:00:04Z".to_owned(),
        round: Some(4),
        process: Some("gossip-1.1.17".to_owned()),
        pod: "gossip-1".to_owned(),
        kind: IncidentKind::OomKilled,
        detail: "it ended with OOMKilled, exit code 137".to_owned(),
    });
    let runs = BTreeMap::from([("4abf-cubaan4".to_owned(), facts)]);
    let input = About { condition: "5M".to_owned(), runs, ..About::default() };
    (vec![input.clone(), input], Quality { verdict: Verdict::Unsound, findings: Vec::new(), limits })
}

#[test]
fn limits_and_incidents_in_every_format() {
    let (inputs, quality) = network();
    for table in of_network(&inputs, (&Analysis::default(), &Evidence::default()), &quality) {
        insta::assert_snapshot!(table.name, in_every_format(&table));
    }
}

#[test]
fn a_run_without_limits_and_incidents_has_no_tables_of_them() {
    let quality = Quality { verdict: Verdict::Sound, findings: Vec::new(), limits: Vec::new() };
    assert_eq!(of_network(&[About::default()], (&Analysis::default(), &Evidence::default()), &quality), vec![]);
}

#[test]
fn every_table_in_every_format() {
    for table in all(&analysis()) {
        insta::assert_snapshot!(table.name, in_every_format(&table));
    }
}

#[test]
fn simulated_lines_say_so_in_every_table_and_only_where_something_was_simulated() {
    let mut analysis = analysis();
    analysis.groups[0].simulated.insert("4abf-cubaan4".to_owned());
    for (table, plain) in all(&analysis).iter().zip(all(&self::analysis())) {
        let (column, condition) = (table.columns.last().unwrap(), |row: &[Cell]| row[0] == "flood_4".into());
        assert_eq!(column.name, "simulated", "{}", table.name);
        assert!(table.rows.iter().all(|row| row[row.len() - 1] == condition(row).into()), "{}", table.name);
        assert!(
            table.caption.ends_with("SIMULATED: flood_4; measured: 5M \"link\", 30|60 & {x}."),
            "{}",
            table.caption
        );
        assert_eq!(plain.columns, table.columns[..table.columns.len() - 1], "{}", table.name);
        assert!(!plain.caption.contains("SIMULATED"), "{}", plain.caption);
    }
    let intervals = all(&analysis).swap_remove(1);
    let lone = intervals.rows.iter().filter(|row| row[0] == "flood_4".into());
    assert!(
        lone.clone().count() > 0
            && lone.into_iter().all(|row| row[7] == Cell::None && row[9] == "one-simulated-run".into())
    );
}

#[test]
fn the_model_of_a_simulated_run_is_a_table() {
    let (mut inputs, quality) = network();
    for facts in inputs[0].runs.values_mut() {
        facts.manifest.clock = Clock::Virtual;
    }
    let tables = of_network(&inputs, (&Analysis::default(), &Evidence::default()), &quality);
    let model = tables.iter().find(|table| table.name == "model").unwrap();
    assert!(model.rows.contains(&vec![
        "5M".into(),
        "processors".into(),
        false.into(),
        "a node takes no time to work on a copy".into(),
        1_u32.into(),
    ]));
}

#[test]
fn a_condition_at_three_numbers_of_nodes_has_a_line_for_each_law_and_origin() {
    let ms = 1_000_000;
    let rows: Vec<Row> = [3_u32, 6, 12]
        .into_iter()
        .flat_map(|nodes| {
            (1..4_u32).flat_map(move |round| {
                let start = 1_742_869_853_000_000_000 + i64::from(100 * nodes + round) * 1_000 * ms;
                let all = ["n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11"];
                let reached = all.into_iter().zip(1_i64..).take(nodes as usize - 1);
                let receipts = reached.map(move |(node, place)| {
                    Row::received("n0", node, start + ms, start + (10 * place + i64::from(round)) * ms)
                });
                let run = ["r3", "r6", "r12"][(nodes / 6) as usize];
                let rows = std::iter::once(Row::initiate("n0", start)).chain(receipts);
                rows.map(move |row| row.of_run(run).of_round(round).with_nodes(nodes))
            })
        })
        .collect();
    let analysis = analyse(&[loaded("mail", &rows)], &Options::default());
    let tables = all(&analysis);
    let growth = tables.iter().find(|table| table.name == "growth").unwrap();
    insta::assert_snapshot!("growth", String::from_utf8(growth.to_text()).unwrap());
    let best: Vec<&Cell> = growth.rows.iter().filter(|row| row[13] == Cell::Number(0.0)).map(|row| &row[2]).collect();
    assert_eq!(best, [&Cell::from("linear"), &Cell::from("linear")], "direct mail takes its turns one by one");
}

#[test]
fn several_deployments_are_resampled_as_a_whole() {
    let ms = 1_000_000;
    let round = |run: &'static str, round: u32, slow: i64| {
        let start = 1_742_869_853_000_000_000 + (i64::from(round) + 100 * slow) * 1_000 * ms;
        let receipt = Row::received("n0", "n1", start, start + (10 + slow + i64::from(round)) * ms);
        [Row::initiate("n0", start), receipt].map(|row| row.of_run(run).of_round(round).with_nodes(2))
    };
    let of_run = |run: &'static str, slow: i64| (1..7).flat_map(move |number| round(run, number, slow));
    let intervals = |rows: &[Row]| -> Vec<(Cell, Cell, Cell, Cell)> {
        let tables = all(&analyse(&[loaded("c", rows)], &Options::default()));
        let table = tables.into_iter().find(|table| table.name == "intervals").unwrap();
        let lines = table.rows.into_iter().filter(|row| row[2] == Cell::from("initiate"));
        lines.map(|row| (row[3].clone(), row[7].clone(), row[8].clone(), row[9].clone())).collect()
    };
    let one: Vec<Row> = of_run("a", 0).collect();
    let three: Vec<Row> = of_run("a", 0).chain(of_run("b", 40)).chain(of_run("c", 80)).collect();
    let methods = |lines: &[(Cell, Cell, Cell, Cell)]| lines.iter().map(|line| line.3.clone()).collect::<Vec<_>>();
    let (one, three) = (intervals(&one), intervals(&three));
    let expected =
        ["order-statistics"; 4].into_iter().chain(["bca-bootstrap", "cluster-bootstrap", "cluster-bootstrap"]);
    assert_eq!(methods(&one), expected.map(Cell::from).collect::<Vec<_>>());
    assert_eq!(methods(&three), vec![Cell::from("hierarchical-bootstrap"); 7]);
    let (Cell::Number(low), Cell::Number(high)) = (&three[0].1, &three[0].2) else { panic!("{:?}", three[0]) };
    assert!(*low < 20.0 && *high > 85.0, "the median may be that of any of three deployments: {low} to {high}");
    let p99 = &three[3];
    assert_eq!((&p99.1, &p99.2), (&Cell::None, &Cell::None), "eighteen rounds say nothing of a 99th percentile");
}

#[test]
fn one_origin_can_be_chosen() {
    let table = convergence(&analysis()).only("origin", "initiate");
    let origins: Vec<&Cell> = table.rows.iter().map(|row| &row[4]).collect();
    assert_eq!(origins, [&Cell::from("initiate"), &Cell::from("initiate")]);
}
