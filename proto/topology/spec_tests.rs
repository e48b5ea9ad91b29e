//! Specifications of topologies, and what they generate.

use std::fmt::Write;

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::super::TopologyStats;
use super::*;

fn spec(text: &str) -> TopologySpec {
    text.parse().unwrap()
}

fn generate(text: &str, nodes: u32, seed: u64) -> Topology {
    spec(text).generate(default_ids(nodes), seed).unwrap()
}

fn refused(text: &str, nodes: u32) -> String {
    spec(text).generate(default_ids(nodes), 1).unwrap_err().to_string()
}

#[test]
fn the_same_seed_gives_the_same_topology_for_ever() {
    let specs = [
        "complete",
        "ring",
        "line",
        "star",
        "grid",
        "tree:2",
        "tree:3",
        "k-regular:1",
        "k-regular:2",
        "k-regular:4",
        "k-regular:15",
        "k-out:3",
        "er:0.1",
        "er:0.5",
        "ws:4:0.1",
        "ws:6:1",
        "ba:1",
        "ba:3",
        "outbound:3:8",
    ];
    let mut table = String::new();
    for (text, nodes, seed) in specs.iter().flat_map(|text| [(text, 20, 1), (text, 50, 7)]) {
        let digest = Sha256::digest(generate(text, nodes, seed).to_json());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(table, "{text} n={nodes} seed={seed} {hex}").unwrap();
    }
    insta::assert_snapshot!("digests", table);
}

#[test]
fn every_spec_is_written_as_it_is_typed() {
    for text in [
        "complete",
        "ring",
        "line",
        "star",
        "grid",
        "tree:2",
        "k-regular:8",
        "k-out:3",
        "er:0.04",
        "er:1",
        "ws:4:0.1",
        "ba:3",
        "outbound:8:125",
    ] {
        assert_eq!(spec(text).to_string(), text);
    }
    assert_eq!(spec("er:-0").to_string(), "er:0");
}

#[test]
fn an_unknown_kind_is_answered_with_the_known_ones() {
    assert_eq!(
        "mesh:3".parse::<TopologySpec>().unwrap_err().to_string(),
        "unknown topology \"mesh:3\": use complete, ring, line, star, grid, tree:K, k-regular:K, k-out:K, er:P, ws:K:P, \
         ba:M or outbound:K:TOTAL"
    );
    assert!("".parse::<TopologySpec>().is_err() && "Complete".parse::<TopologySpec>().is_err());
}

#[test]
fn wrong_parameters_are_answered_with_the_right_form() {
    let error = |text: &str| text.parse::<TopologySpec>().unwrap_err().to_string();
    assert_eq!(error("ring:3"), "\"ring:3\" is not ring, which has no parameter");
    assert_eq!(error("ba:0"), "\"ba:0\" is not ba:M with a whole number M from 1 on");
    assert_eq!(error("k-regular"), "\"k-regular\" is not k-regular:K with a whole number K from 1 on");
    for bad in ["er:1.5", "er:-0.1", "er:nan", "er:x", "er:0.1:2"] {
        assert_eq!(error(bad), format!("\"{bad}\" is not er:P with a probability P from 0 to 1"));
    }
    for bad in ["outbound:8", "outbound:0:5", "outbound:8:x"] {
        assert_eq!(error(bad), format!("\"{bad}\" is not outbound:K:TOTAL with whole numbers from 1 on"));
    }
    assert_eq!(error("ws:4"), "\"ws:4\" is not ws:K:P with a whole number K from 1 on and a probability P from 0 to 1");
}

#[test]
fn what_cannot_be_is_told_in_one_line() {
    assert_eq!(refused("complete", 1), "complete with 1 nodes: a network has at least 2 nodes");
    assert_eq!(refused("ring", 2), "ring with 2 nodes: a ring has at least 3 nodes");
    assert_eq!(refused("k-regular:5", 5), "k-regular:5 with 5 nodes: K is at most 4, the number of other nodes");
    assert_eq!(
        refused("k-regular:3", 5),
        "k-regular:3 with 5 nodes: K times the number of nodes is odd, and every edge has two ends"
    );
    assert_eq!(refused("k-out:9", 9), "k-out:9 with 9 nodes: K is at most 8, the number of other nodes");
    assert_eq!(
        refused("ws:3:0.1", 9),
        "ws:3:0.1 with 9 nodes: K is odd, and half of the K neighbours are on each side"
    );
    assert_eq!(refused("ws:10:0.1", 9), "ws:10:0.1 with 9 nodes: K is at most 8, the number of other nodes");
    assert_eq!(refused("ba:4", 4), "ba:4 with 4 nodes: M is at most 3, the number of other nodes");
    assert_eq!(
        refused("outbound:8:125", 16),
        "outbound:8:125 with 16 nodes: K is at most 7: two nodes share one connection, so that each can open half of those with \
         all others"
    );
    assert_eq!(
        refused("outbound:8:15", 100),
        "outbound:8:15 with 100 nodes: TOTAL is at least 16, for every connection that a node opens is accepted by another"
    );
    assert_eq!(refused("er:0", 4), "er:0 with 4 nodes: there are no edges");
    assert_eq!(
        refused("complete", 10_000),
        "complete with 10000 nodes: about 49995000 edges are more than 20000000, the most that are generated"
    );
    assert_eq!(
        spec("ring").check(u32::MAX).unwrap_err().to_string(),
        "ring with 4294967295 nodes: 1000000 nodes are the most that can be generated"
    );
}

#[test]
fn graphs_that_never_come_in_one_piece_are_given_up() {
    let error = spec("ws:2:1").connected(4, 9, |_| Some(vec![(0, 1), (2, 3)])).unwrap_err();
    assert_eq!(error.to_string(), "ws:2:1 with 4 nodes and seed 9: none of 100 graphs is connected; use more edges");
}

#[test]
fn files_are_named_as_the_published_system_names_them() {
    let made = chrono::NaiveDate::from_ymd_opt(2025, 3, 10).unwrap().and_hms_opt(9, 57, 4).unwrap();
    let name = |text: &str, nodes| spec(text).file_name(nodes, made);
    assert_eq!(name("complete", 10), "nodes10_Mar102025095704_Full1.0.json");
    assert_eq!(name("ba:3", 1000), "nodes1000_Mar102025095704_BA3.json");
    assert_eq!(name("er:0.04", 200), "nodes200_Mar102025095704_ER0.04.json");
    assert_eq!(name("ws:4:0.1", 50), "nodes50_Mar102025095704_WS4p0.1.json");
    assert_eq!(name("grid", 9), "nodes9_Mar102025095704_Grid.json");
}

#[test]
fn a_grid_is_as_square_as_its_nodes_allow() {
    let pairs = |nodes| generate("grid", nodes, 1).edges.iter().map(|e| (e.source, e.target)).collect::<Vec<_>>();
    assert_eq!(pairs(4), [(0, 1), (0, 2), (1, 3), (2, 3)]);
    assert_eq!(pairs(5), [(0, 1), (0, 3), (1, 2), (1, 4), (3, 4)]);
    assert_eq!(pairs(9).len(), 12);
}

#[test]
fn a_trees_children_follow_level_by_level() {
    let tree = generate("tree:3", 6, 1);
    let pairs: Vec<_> = tree.edges.iter().map(|edge| (edge.source, edge.target)).collect();
    assert_eq!(pairs, [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5)]);
}

#[test]
fn an_edge_of_er_is_as_likely_as_was_asked_for() {
    for (text, probability) in [("er:0.02", 0.02), ("er:0.5", 0.5), ("er:0.97", 0.97)] {
        let pairs = 499_500.0;
        let edges = generate(text, 1000, 3).edges.len() as f64;
        let deviations = (edges - pairs * probability) / (pairs * probability * (1.0 - probability)).sqrt();
        assert!(deviations.abs() < 4.0, "{text}: {edges} edges, {deviations} standard deviations off");
    }
    assert!(generate("er:1", 60, 3).is_complete());
}

#[test]
fn every_pair_of_er_is_as_likely_as_every_other() {
    let mut counts = [0u32; 10];
    for seed in 0..4000 {
        let graph = random_graph::erdos_renyi(5, Probability::new(0.3).unwrap(), &mut Random::keyed(seed, &["pairs"]));
        for (low, high) in graph {
            counts[(high * (high - 1) / 2 + low) as usize] += 1;
        }
    }
    // 1200 are expected; four standard deviations are 116.
    assert!(counts.iter().all(|count| (1084..1316).contains(count)), "{counts:?}");
}

#[test]
fn large_sparse_graphs_are_made() {
    for (text, nodes, edges) in
        [("k-regular:8", 25_000, 100_000), ("ba:4", 25_000, 24_995 * 4 + 4), ("outbound:8:125", 25_000, 200_000)]
    {
        assert_eq!(generate(text, nodes, 1).edges.len(), edges, "{text}");
    }
    let edges = generate("er:0.00001", 100_000, 1).edges.len();
    assert!((49_000..51_000).contains(&edges), "{edges}");
}

/// Any spec that a network of `nodes` allows and that is connected by construction or by drawing again.
fn connected_spec(nodes: u32) -> impl Strategy<Value = TopologySpec> {
    let most = nodes - 1;
    prop_oneof![
        Just(TopologySpec::Complete),
        Just(TopologySpec::Ring),
        Just(TopologySpec::Line),
        Just(TopologySpec::Star),
        Just(TopologySpec::Grid),
        (1u32..5).prop_map(|children| TopologySpec::Tree { children }),
        (1..=most).prop_map(|attached| TopologySpec::Ba { attached }),
        (2..=most, 0.0..0.4f64).prop_map(|(neighbours, p)| {
            TopologySpec::Ws { neighbours: (neighbours / 2 * 2).max(4), rewired: Probability::new(p).unwrap() }
        }),
        (2..=most).prop_map(move |degree| TopologySpec::KRegular { degree: degree - degree % 2 * (nodes % 2) }),
    ]
}

fn nodes_and_connected_spec() -> impl Strategy<Value = (u32, TopologySpec)> {
    (6u32..60).prop_flat_map(|nodes| (Just(nodes), connected_spec(nodes)))
}

proptest! {
    #[test]
    fn connected_kinds_are_connected_and_simple((nodes, spec) in nodes_and_connected_spec(), seed: u64) {
        let topology = spec.generate(default_ids(nodes), seed).unwrap();
        prop_assert!(topology.is_connected() && topology.is_simple(), "{spec}");
        let n = nodes as usize;
        let expected = match spec {
            TopologySpec::Complete => n * (n - 1) / 2,
            TopologySpec::Ring => n,
            TopologySpec::Line | TopologySpec::Star | TopologySpec::Tree { .. } => n - 1,
            TopologySpec::Grid => topology.edges.len(),
            TopologySpec::Ba { attached } => attached as usize * (n - attached as usize),
            TopologySpec::Ws { neighbours: degree, .. } | TopologySpec::KRegular { degree } => n * degree as usize / 2,
            TopologySpec::KOut { .. } | TopologySpec::Er { .. } | TopologySpec::Outbound { .. } => unreachable!("not among the connected kinds"),
        };
        prop_assert_eq!(topology.edges.len(), expected, "{}", spec);
    }

    #[test]
    fn regular_graphs_are_regular(nodes in 3u32..50, degree in 1u32..49, seed: u64) {
        let spec = TopologySpec::KRegular { degree };
        prop_assume!(spec.check(nodes).is_ok());
        let topology = spec.generate(default_ids(nodes), seed).unwrap();
        let degrees = TopologyStats::of(&topology).degree;
        prop_assert_eq!((degrees.min, degrees.max), (degree, degree));
        prop_assert!(topology.is_simple());
        prop_assert_eq!(topology.is_connected(), degree > 1 || nodes == 2);
    }

    #[test]
    fn every_node_of_outbound_opens_as_many_and_has_no_more_than_all(nodes in 8u32..80, k in 2u32..39, more in 0u32..20, seed: u64) {
        let (opened, total) = (k.min((nodes - 1) / 3), 2 * k.min((nodes - 1) / 3) + more);
        let topology = TopologySpec::Outbound { opened, total }.generate(default_ids(nodes), seed).unwrap();
        let degrees = TopologyStats::of(&topology).degree;
        prop_assert_eq!(topology.edges.len() as u32, nodes * opened);
        prop_assert!(opened <= degrees.min && degrees.max <= total, "{:?}", degrees);
        prop_assert!(topology.is_simple() && topology.is_connected() && !topology.directed);
    }

    #[test]
    fn every_node_of_k_out_has_k_ways_out(nodes in 2u32..50, degree in 1u32..49, seed: u64) {
        prop_assume!(degree < nodes);
        let topology = TopologySpec::KOut { degree }.generate(default_ids(nodes), seed).unwrap();
        let degrees = TopologyStats::of(&topology).degree;
        prop_assert_eq!((degrees.min, degrees.max), (degree, degree));
        prop_assert!(topology.directed && topology.is_simple());
    }

    #[test]
    fn er_graphs_are_simple(nodes in 2u32..60, p in 0.1..1.0f64, seed: u64) {
        if let Ok(topology) = (TopologySpec::Er { probability: Probability::new(p).unwrap() }).generate(default_ids(nodes), seed) {
            prop_assert!(topology.is_simple());
        }
    }

    #[test]
    fn another_seed_gives_another_random_graph(seed in 0..u64::MAX) {
        for text in ["k-regular:4", "k-regular:2", "k-regular:36", "k-out:3", "er:0.2", "ws:4:0.3", "ba:2", "outbound:3:9"] {
            prop_assert_ne!(generate(text, 40, seed).edges, generate(text, 40, seed + 1).edges, "{}", text);
        }
    }
}
