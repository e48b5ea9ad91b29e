//! Topology files as people and other programs write them.

use super::super::{TopologySpec, default_ids};
use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Topology {
    Topology::from_json(text.as_bytes()).unwrap()
}

fn error(text: &str) -> String {
    Topology::from_json(text.as_bytes()).unwrap_err().to_string()
}

fn names(topology: &Topology) -> Vec<&str> {
    topology.nodes.iter().map(NodeId::as_str).collect()
}

fn edges(topology: &Topology) -> Vec<(u32, u32, Option<f64>)> {
    topology.edges.iter().map(|edge| (edge.source, edge.target, edge.weight)).collect()
}

#[test]
fn the_published_form_is_read() {
    let topology = read(
        r#"{"directed": false, "multigraph": false, "graph": {}, "nodes": [{"id": "gossip-statefulset-0"}, {"id":
        "gossip-statefulset-1"}], "edges": [{"source": "gossip-statefulset-0", "target": "gossip-statefulset-1"}],
        "total_edges": 1, "total_nodes": 2, "model": "Full"}"#,
    );
    assert_eq!(names(&topology), ["gossip-statefulset-0", "gossip-statefulset-1"]);
    assert_eq!(edges(&topology), [(0, 1, None)]);
    assert_eq!((topology.directed, topology.model.as_deref()), (false, Some("Full")));
}

#[test]
fn links_are_edges_and_attributes_of_nodes_are_passed_over() {
    let topology = read(
        r#"{"nodes": [{"bandwidth": "5M", "id": "Node1"}, {"id": "Node2", "cluster": 3, "latency": 10}],
        "links": [{"latency": 50, "source": "Node2", "target": "Node1", "bandwidth": "1M"}]}"#,
    );
    assert_eq!(edges(&topology), [(1, 0, Some(50.0))]);
    assert_eq!(topology.model, None);
}

#[test]
fn nodes_have_a_weight_each_or_none_and_keep_it() {
    let file = |attributes: [&str; 2], edge: &str| {
        let [a, b] = attributes;
        format!(
            r#"{{"nodes": [{{"id": "a"{a}}}, {{"id": "b"{b}}}], "edges": [{{"source": "a", "target": "b"{edge}}}]}}"#
        )
    };
    assert_eq!(read(&file([r#", "latency": 3"#, ""], r#", "weight": 7"#)).node_weights, None);
    let topology = read(&file([r#", "weight": 32"#, r#", "weight": "0.5""#], ""));
    assert_eq!(topology.node_weights, Some(vec![32.0, 0.5]));
    assert_eq!(Topology::from_json(&topology.to_json()).unwrap(), topology);
    let by_name = r#"{"nodes": {"a": {"neighbors": ["b"], "weight": 1}, "b": {"neighbors": ["a"], "weight": 4}}}"#;
    assert_eq!(read(by_name).node_weights, Some(vec![1.0, 4.0]));
    let some = error(&file([r#", "weight": 32"#, ""], ""));
    assert_eq!(some, "the node b has no weight, and the node a has one: give all nodes a weight, or none");
    let negative = error(&file([r#", "weight": 32"#, r#", "weight": -1"#], ""));
    assert_eq!(negative, "the node b has the weight -1: use a number from 0 on");
    assert!(error(&file([r#", "weight": 0"#; 2], "")).starts_with("all nodes have the weight 0"));
    assert!(error(&file([r#", "weight": "5M""#; 2], "")).contains("expected a weight, a number"));
}

#[test]
fn weights_are_whole_broken_or_texts_and_come_before_latencies() {
    let weight = |attributes: &str| {
        let text = format!(
            r#"{{"nodes": [{{"id": "a"}}, {{"id": "b"}}], "edges": [{{"source": "a", "target": "b"{attributes}}}]}}"#
        );
        edges(&read(&text))[0].2
    };
    assert_eq!(weight(""), None);
    assert_eq!(weight(r#", "weight": 12"#), Some(12.0));
    assert_eq!(weight(r#", "weight": 35.5"#), Some(35.5));
    assert_eq!(weight(r#", "weight": " 16.9286 ""#), Some(16.9286));
    assert_eq!(weight(r#", "weight": null, "latency": 7.0"#), Some(7.0));
    assert_eq!(weight(r#", "latency": 100, "weight": 0"#), Some(0.0));
}

#[test]
fn numbers_and_bare_texts_are_names_too() {
    let numbered = read(
        r#"{"nodes": [{"id": 0}, {"id": 1}, {"id": -2}], "edges": [{"source": 1, "target": "0"}, {"source": -2, "target": 0}]}"#,
    );
    assert_eq!(names(&numbered), ["0", "1", "-2"]);
    assert_eq!(edges(&numbered), [(1, 0, None), (2, 0, None)]);

    let bare = read(r#"{"nodes": ["a", "b"], "links": [{"source": "a", "target": "b"}]}"#);
    assert_eq!(names(&bare), ["a", "b"]);
}

#[test]
fn what_the_descendants_add_at_the_top_is_passed_over() {
    let topology = read(
        "\u{feff}{\"directed\": true, \"nodes\": [{\"id\": \"a\"}, {\"id\": \"b\"}], \"edges\": [{\"source\": \"a\", \
         \"target\": \"b\"}, {\"source\": \"b\", \"target\": \"a\", \"weight\": 3}],\r\n \"weight_average\": \"16.9\", \
         \"degree\": 2, \"total_clusters\": 3, \"total_clustering_time_ms\": \"0.1\", \"ons_computation_time_ms\": 2.5, \
         \"model\": 7}",
    );
    assert_eq!(edges(&topology), [(0, 1, None), (1, 0, Some(3.0))]);
    assert_eq!((topology.directed, topology.model), (true, None));
}

#[test]
fn an_object_of_nodes_with_neighbours_is_an_undirected_graph() {
    let topology = read(
        r#"{"run_id": "exp10", "seed": 42, "topology_type": "ba", "ahbn": {"min_fanout": 1}, "nodes": {
        "0": {"neighbors": [1, 2], "cluster_id": 0, "is_cluster_head": true},
        "1": {"neighbors": [0], "gateway_neighbors": []},
        "2": {"neighbors": [0]}}}"#,
    );
    assert_eq!(names(&topology), ["0", "1", "2"]);
    assert_eq!(edges(&topology), [(0, 1, None), (0, 2, None)]);
    assert_eq!((topology.directed, topology.model.as_deref()), (false, Some("ba")));
}

#[test]
fn what_is_no_json_is_told_with_line_and_column() {
    assert_eq!(error(""), "not JSON: EOF while parsing a value at line 1 column 0");
    assert_eq!(error("{\n  \"nodes\": [}"), "not JSON: expected value at line 2 column 13");
    assert_eq!(error("{\"nodes\": ["), "not JSON: EOF while parsing a list at line 1 column 11");
}

#[test]
fn what_is_another_form_is_told_with_line_and_column() {
    assert_eq!(error("{}"), "not a topology: missing field `nodes` at line 1 column 2");
    assert_eq!(
        error("[1]").split(" at line").next(),
        Some("not a topology: invalid type: integer `1`, expected a boolean")
    );
    assert_eq!(error(r#"{"nodes": ["a", "b"]}"#), "not a topology: there is no list named edges or links");
    assert_eq!(
        error(r#"{"nodes": 3, "edges": []}"#),
        "not a topology: invalid type: integer `3`, expected a list of nodes, or an object of nodes with neighbors at \
         line 1 column 11"
    );
    assert_eq!(error(r#"{"nodes": [{"name": "a"}]}"#), "not a topology: missing field `id` at line 1 column 24");
    assert_eq!(
        error(r#"{"nodes": ["a"], "edges": [{"source": "a"}]}"#),
        "not a topology: missing field `target` at line 1 column 42"
    );
    assert_eq!(
        error(r#"{"nodes": ["a"], "edges": [{"source": {}, "target": "a"}]}"#),
        "not a topology: invalid type: map, expected a node's name, a text or a number at line 1 column 40"
    );
    assert_eq!(
        error(r#"{"nodes": [], "edges": [], "links": []}"#),
        "not a topology: duplicate field `edges` at line 1 column 34"
    );
}

#[test]
fn a_weight_that_is_no_number_is_refused() {
    let with = |weight: &str| {
        error(&format!(r#"{{"nodes": ["a", "b"], "edges": [{{"source": "a", "target": "b", "weight": {weight}}}]}}"#))
    };
    let expected = "expected a weight, a number at line 1 column";
    assert_eq!(with("\"fast\""), format!("not a topology: invalid value: string \"fast\", {expected} 79"));
    assert_eq!(with("\"nan\""), format!("not a topology: invalid value: string \"nan\", {expected} 78"));
    assert_eq!(
        with("[1]").split(" at line").next(),
        Some("not a topology: invalid type: sequence, expected a weight, a number")
    );
    assert_eq!(with("-1"), "the edge from a to b has the weight -1: use a number of milliseconds from 0 on");
}

#[test]
fn edges_that_lead_nowhere_or_back_are_refused() {
    assert_eq!(
        error(r#"{"nodes": ["a", "b"], "edges": [{"source": "a", "target": "b"}, {"source": "a", "target": "c"}]}"#),
        "edge 2, from a to c: there is no node c"
    );
    assert_eq!(
        error(r#"{"nodes": ["a"], "edges": [{"source": "a", "target": "a"}]}"#),
        "the node a has an edge to itself"
    );
    assert_eq!(error(r#"{"nodes": ["a", "b"], "edges": []}"#), "there are no edges");
    assert_eq!(
        error(r#"{"nodes": {"0": {"neighbors": [5]}}}"#),
        "the node 0 has the neighbour 5: there is no such node"
    );
    assert_eq!(
        error(r#"{"nodes": {"0": {"neighbors": [1]}, "1": {"neighbors": []}}}"#),
        "the node 0 has the neighbour 1, but 1 does not have 0"
    );
}

#[test]
fn names_that_cannot_be_node_ids_are_refused() {
    assert_eq!(
        error(r#"{"nodes": ["a", "a"], "edges": [{"source": "a", "target": "a"}]}"#),
        "the node a is listed twice"
    );
    assert_eq!(
        error(r#"{"nodes": ["node 1"], "edges": []}"#),
        "the node id \"node 1\" must not contain spaces or control characters"
    );
    assert_eq!(error(r#"{"nodes": [""], "edges": []}"#), "a node id must not be empty");
}

#[test]
fn an_edge_listed_from_both_ends_is_one_edge_unless_weights_differ_or_the_graph_is_a_multigraph() {
    let file = |flags: &str, second: &str| {
        format!(
            r#"{{{flags} "nodes": ["a", "b"], "edges": [{{"source": "a", "target": "b", "weight": 5}},
            {{"source": "b", "target": "a", "weight": {second}}}]}}"#
        )
    };
    assert_eq!(edges(&read(&file("", "5.0"))), [(0, 1, Some(5.0))]);
    assert_eq!(error(&file("", "6")), "the edge from b to a is listed with two weights, 5 and 6");
    assert_eq!(
        error(&file(r#""multigraph": true,"#, "5")),
        "a multigraph with parallel edges: a topology has at most one edge from a node to another"
    );
    assert_eq!(edges(&read(&file(r#""multigraph": true, "directed": true,"#, "6"))).len(), 2);
}

/// Any checked topology: a random set of edges with or without weights.
fn any_topology() -> impl Strategy<Value = Topology> {
    let weight = prop_oneof![Just(None), (0.0..1e9f64).prop_map(Some), (0u32..1000).prop_map(|ms| Some(f64::from(ms)))];
    let edges = prop::collection::btree_map((0u32..12, 0u32..12), weight, 1..40);
    let model = prop::option::of("[A-Za-z]{1,8}");
    (edges, any::<bool>(), model).prop_filter_map("a self-loop or two directions", |(edges, directed, model)| {
        let edges = edges.into_iter().map(|((source, target), weight)| Edge { source, target, weight });
        let edges = edges.filter(|edge| edge.source < edge.target || directed && edge.source != edge.target);
        Topology { nodes: default_ids(12), edges: edges.collect(), directed, model, node_weights: None }.checked().ok()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_equal(topology in any_topology()) {
        let bytes = topology.to_json();
        prop_assert_eq!(&Topology::from_json(&bytes).unwrap(), &topology);
    }

    #[test]
    fn generated_graphs_are_read_back_equal(nodes in 4u32..40, seed: u64, degree in 1u32..4) {
        let topology = TopologySpec::KOut { degree }.generate(default_ids(nodes), seed).unwrap();
        prop_assert_eq!(Topology::from_json(&topology.to_json()).unwrap(), topology);
    }

    #[test]
    fn a_reader_of_any_bytes_answers(bytes: Vec<u8>) {
        prop_assert!(Topology::from_json(&bytes).is_err());
    }
}
