//! What is measured of single rounds.

use cnsim::manifest::{Round as DrivenRound, RoundOutcome};
use proptest::prelude::*;

use super::super::fixture::{Row, loaded, manifest, random_round, resources};
use super::super::{CriticalHop, End, Origin, PathTime, RoundLoad, Shape};
use super::*;
use crate::measure::HopDeliveries;

fn one(rows: &[Row]) -> RoundMetrics {
    let analysis = analyse(&[loaded("c", rows)], &Options { warm_up: 1 });
    let [group] = &analysis.groups[..] else { panic!("one group") };
    let [round] = &group.rounds[..] else { panic!("one round") };
    round.clone()
}

/// A flood on the path a - b - c with a second edge a - c, as our node logs it.
fn flood() -> [Row; 6] {
    [
        Row::initiate("a", 1_000).with_hop(0),
        Row::received("a", "b", 1_100, 1_300).with_hop(1),
        Row::received("a", "c", 1_150, 1_450).with_hop(1),
        Row::duplicate("b", "c", 1_320, 1_500).with_hop(2),
        Row::duplicate("c", "b", 1_460, 1_700).with_hop(2),
        Row::failed("c", "b", 1_470, 9_000).with_hop(2),
    ]
}

/// A node of which only the name is known.
fn end(node: &str) -> End {
    End { node: node.to_owned(), host: None, zone: None }
}

#[test]
fn a_round_is_measured_in_every_respect() {
    let expected = RoundMetrics {
        run_id: "run".to_owned(),
        round: 1,
        scored: true,
        initiator: Some("a".to_owned()),
        initiate_ns: Some(1_000),
        expected: 2,
        delivered: 2,
        setup_ns: Some(100),
        from_initiate: [Some(300), Some(450), Some(450), Some(450), Some(450)],
        from_first_send: [Some(200), Some(350), Some(350), Some(350), Some(350)],
        duplicates: Some(2),
        failed: 1,
        sends: Some(5),
        transmissions: Some(5),
        moved: None,
        rmr: Some(5.0 / 3.0 - 1.0),
        hops_max: Some(1),
        hops_mean: Some(1.0),
        hops_derived: false,
        latency_median_ns: Some(250.0),
        path: Some(PathTime { setup_ns: 100, waiting_ns: 50, wire_ns: 300 }),
        shape: Some(Shape { widths: vec![2], branching_mean: 2.0, branching_max: 2 }),
        critical: vec![CriticalHop { from: end("a"), to: end("c"), waiting_ns: 50, wire_ns: 300 }],
        load: RoundLoad { gini: crate::stats::gini(&[2, 1, 2], 3), max: 2, busiest: Some("a".to_owned()) },
        resources: None,
        control: None,
        lasts_ns: Some(8_000),
        under_faults: None,
        reachable: None,
        weighted: None,
        clock_open_ns: None,
        reached_ns: vec![1_300, 1_450],
    };
    assert_eq!(one(&flood()), expected);
}

#[test]
fn a_lost_receipt_is_never_made_up() {
    let rows = flood().map(|row| row.with_nodes(4));
    let round = one(&rows);
    assert_eq!((round.expected, round.delivered), (3, 2));
    assert_eq!(round.from_initiate, [Some(450), None, None, None, None]);
    assert!((round.coverage() - 2.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_round_without_an_initiate_has_no_times() {
    let round = one(&flood()[1..]);
    assert_eq!((round.initiator, round.setup_ns, round.path), (None, None, None));
    assert_eq!([round.from_initiate, round.from_first_send], [[None; 5]; 2]);
    assert_eq!(round.delivered, 2);
}

#[test]
fn warm_up_rounds_are_measured_and_in_no_delivery() {
    let rows: Vec<Row> = (0..3).flat_map(|round| flood().map(|row| row.of_round(round))).collect();
    let group = &analyse(&[loaded("c", &rows)], &Options { warm_up: 2 }).groups[0];
    assert_eq!(group.rounds.iter().map(|round| round.scored).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(group.deliveries, [HopDeliveries { hop: Some(1), count: 2, latencies_ns: vec![200, 300] }]);
}

#[test]
fn groups_are_conditions_as_given_then_nodes_and_inputs_of_one_condition_are_one() {
    let rows = |run, nodes| flood().map(|row| row.of_run(run).with_nodes(nodes));
    let inputs = [
        loaded("z", &[rows("r2", 9), rows("r3", 3)].concat()),
        loaded("a", &rows("r4", 3)),
        loaded("z", &rows("r1", 9)),
    ];
    let analysis = analyse(&inputs, &Options::default());
    let runs = |group: &Group| group.rounds.iter().map(|round| round.run_id.clone()).collect::<Vec<_>>().join(" ");
    let groups: Vec<(&str, u32, String)> =
        analysis.groups.iter().map(|group| (group.condition.as_str(), group.nodes, runs(group))).collect();
    assert_eq!(groups, [("z", 3, "r3".to_owned()), ("z", 9, "r1 r2".to_owned()), ("a", 3, "r4".to_owned())]);
}

#[test]
fn duplicates_are_expected_where_protocol_and_topology_dictate_them() {
    let expected = |protocol: &'static str, edges: &[(u32, u32)], directed| {
        let mut input = loaded("c", &flood().map(|row| row.with_protocol(protocol)));
        input.about.runs.insert("run".to_owned(), manifest(protocol, ["a", "b", "c"], edges, directed));
        analyse(&[input], &Options::default()).groups[0].expected_duplicates
    };
    let triangle = [(0, 1), (1, 2), (0, 2)];
    assert_eq!(expected("flood", &triangle, false), Some(2));
    assert_eq!(expected("seed-o", &triangle, false), Some(2));
    assert_eq!(expected("flood", &triangle, true), None);
    assert_eq!(expected("flood", &[(0, 1)], false), None);
    assert_eq!(expected("flood", &[(0, 1), (1, 0), (1, 2)], false), None);
    assert_eq!(expected("push:2", &triangle, false), None);
    assert_eq!(expected("direct-mail", &triangle, true), Some(0));
}

#[test]
fn without_a_manifest_only_direct_mail_has_an_expectation() {
    let expected = |protocols: [&'static str; 2]| {
        let rows = protocols.map(|protocol| flood().map(|row| row.of_run(protocol).with_protocol(protocol)));
        analyse(&[loaded("c", &rows.concat())], &Options::default()).groups[0].expected_duplicates
    };
    assert_eq!(expected(["direct-mail", "seed-h"]), Some(0));
    assert_eq!(expected(["direct-mail", "flood"]), None);
    assert_eq!(expected(["direct-mail", ""]), None);
}

#[test]
fn nonsense_in_records_is_measured_without_a_panic() {
    let rows = [
        Row::initiate("a", i64::MAX),
        Row::received("a", "b", i64::MAX, i64::MIN + 1).with_hop(i32::MAX).with_nodes(u32::MAX),
        Row::received("b", "c", i64::MIN + 1, i64::MAX),
    ];
    let round = one(&rows);
    assert_eq!((round.delivered, round.expected), (2, u32::MAX - 1));
}

proptest! {
    /// Random trees over 8 nodes with copies, failures and losses, on skewed clocks.
    #[test]
    fn rounds_keep_their_laws(
        parents in prop::collection::vec(0_usize..8, 7),
        delays in prop::collection::vec((0_i64..500, -20_i64..500), 7),
        copies in prop::collection::vec((0_usize..8, 0_usize..8, 0_i64..9_000), 0..12),
        failures in prop::collection::vec((0_usize..8, 0_usize..8, 0_u64..4), 0..4),
        lost in prop::collection::vec(any::<bool>(), 7),
        order in any::<u64>(),
    ) {
        let rows = random_round(&parents, &delays, &copies, &failures, &lost);
        let round = one(&rows);
        prop_assert_eq!(&round, &one(&shuffled(rows.clone(), order)), "the order of rows says nothing");
        prop_assert!(round.coverage() <= 1.0);
        prop_assert_eq!(round.delivered as usize, lost.iter().filter(|lost| !**lost).count());
        for origin in Origin::ALL {
            let known: Vec<i64> = round.convergence(origin).iter().flatten().copied().collect();
            prop_assert!(known.is_sorted());
            prop_assert_eq!(round.complete_ns(origin).is_some(), round.delivered == 7 && round.origin_ns(origin).is_some());
        }
        prop_assert_eq!(round.reached_ns.len(), round.delivered as usize);
        let (sends, duplicates) = (round.sends.unwrap(), round.duplicates.unwrap());
        prop_assert!(sends >= u64::from(round.delivered) + duplicates);
        prop_assert!(sends <= u64::from(round.delivered) + duplicates + round.failed);
        if let (Some(path), Some(complete_ns)) = (round.path, round.complete_ns(Origin::Initiate)) {
            prop_assert_eq!(path.setup_ns + path.waiting_ns + path.wire_ns, complete_ns);
        }
    }

    #[test]
    fn a_round_measures_the_same_whatever_was_measured_before_it(rounds in prop::collection::vec(0_u32..4, 1..20)) {
        let rows: Vec<Row> = rounds.iter().flat_map(|round| flood().map(|row| row.of_round(*round + 1))).collect();
        let analysis = analyse(&[loaded("c", &rows)], &Options::default());
        for round in &analysis.groups[0].rounds {
            let own: Vec<Row> = rows.iter().filter(|row| row.is_of_round(round.round)).copied().collect();
            prop_assert_eq!(round, &one(&own));
        }
    }
}

fn shuffled(mut rows: Vec<Row>, seed: u64) -> Vec<Row> {
    let mut state = seed;
    for last in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(last, (state >> 33) as usize % (last + 1));
    }
    rows
}

#[test]
fn a_round_without_a_record_is_measured_as_one_that_reached_nobody() {
    let mut facts = manifest("flood", ["a", "b", "c"], &[(0, 1), (1, 2)], false);
    facts.manifest.rounds = [1, 2, 3].map(|round| driven(round, RoundOutcome::Quiescent)).to_vec();
    facts.manifest.rounds.push(driven(4, RoundOutcome::Interrupted));
    let mut with_files = loaded("c", &flood().map(|row| row.with_nodes(3)));
    with_files.about.runs.insert("run".to_owned(), facts);
    let other = loaded("c", &flood().map(|row| row.with_nodes(3).of_round(2)));
    let analysis = analyse(&[with_files.clone(), other, with_files], &Options { warm_up: 1 });
    let [group] = &analysis.groups[..] else { panic!("one group") };
    let rounds: Vec<(u32, u32, bool)> =
        group.rounds.iter().map(|round| (round.round, round.delivered, round.scored)).collect();
    assert_eq!(rounds, [(1, 2, true), (1, 2, true), (2, 2, true), (3, 0, true), (4, 0, false)]);
    let silent = &group.rounds[3];
    assert_eq!((silent.coverage(), silent.expected, silent.initiator.as_deref()), (0.0, 2, Some("a")));
    assert_eq!(silent.complete_ns(Origin::Initiate), None);
}

#[test]
fn what_a_round_used_is_what_the_manifest_says_of_it_with_or_without_records() {
    let mut facts = manifest("flood", ["a", "b", "c"], &[(0, 1), (1, 2)], false);
    facts.manifest.options.payload_bytes = 10;
    for (round, cpu_ms) in [(1, 2.5), (2, 4.0)] {
        let used = Some(resources(cpu_ms, Some(60)));
        facts.manifest.rounds.push(DrivenRound { resources: used, ..driven(round, RoundOutcome::Quiescent) });
    }
    facts.manifest.rounds.push(driven(3, RoundOutcome::TimedOut));
    let mut input = loaded("c", &flood().map(|row| row.with_nodes(3)));
    input.about.runs.insert("run".to_owned(), facts);
    let analysis = analyse(&[input], &Options { warm_up: 1 });
    let used = analysis.groups[0].rounds.iter().map(|round| round.resources.as_ref());
    let usage: Vec<_> = used.map(|used| used.map(|used| (used.used.cpu_ms, used.sent_per_payload_byte(2)))).collect();
    assert_eq!(usage, [Some((Some(2.5), Some(3.0))), Some((Some(4.0), Some(3.0))), None]);
}

/// A round as a driver that saw no delivery wrote it down.
fn driven(round: u32, outcome: RoundOutcome) -> DrivenRound {
    DrivenRound {
        round,
        initiator: "a".to_owned(),
        outcome,
        delivered: 0,
        failed: 0,
        last_seqs: BTreeMap::new(),
        driver_ms: 1.0,
        scheduling_delay_ms: None,
        clock_steps: 0,
        begin: None,
        resources: None,
    }
}
