//! A round for programs.

use serde::Serialize;

use super::explained::{ExplainedRound, ms};
use crate::measure::{Reached, RoundMetrics};

#[derive(Serialize)]
struct Document<'a> {
    run_id: &'a str,
    round: u32,
    condition: &'a str,
    /// What times count from.
    origin: &'static str,
    initiator: Option<&'a str>,
    expected: u32,
    delivered: u32,
    setup_ms: Option<f64>,
    /// The time until the last node that was reached.
    last_ms: Option<f64>,
    /// The nodes that were reached then.
    last_nodes: Vec<&'a str>,
    critical_path: Option<Path<'a>>,
    tree: Option<Tree<'a>>,
    duplicates: Option<u64>,
    failed: u64,
    sends: Option<u64>,
    stranded: &'a [String],
    stranded_unnamed: usize,
    reached: Vec<Node<'a>>,
    /// There where faults befell the round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_copies: Vec<Failed<'a>>,
    /// There where the round was simulated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

#[derive(Serialize)]
struct Path<'a> {
    setup_ms: f64,
    waiting_ms: f64,
    wire_ms: f64,
    nodes: Vec<&'a str>,
}

#[derive(Serialize)]
struct Tree<'a> {
    depth: u32,
    width: u32,
    widths: &'a [u32],
    branching_mean: f64,
    branching_max: u32,
}

#[derive(Serialize)]
struct Node<'a> {
    node: &'a str,
    sender: &'a str,
    host: Option<&'a str>,
    zone: Option<&'a str>,
    hop: Option<u32>,
    at_ms: f64,
    waiting_ms: Option<f64>,
    wire_ms: Option<f64>,
    critical: bool,
    sent: Option<u64>,
    duplicates: Option<u64>,
}

#[derive(Serialize)]
struct Failed<'a> {
    sender: &'a str,
    receiver: &'a str,
    sent_ms: f64,
    /// The fault that stopped it.
    fault: Option<&'a str>,
}

pub(super) fn bytes(explained: &ExplainedRound) -> Vec<u8> {
    let metrics = &explained.metrics;
    let nodes = explained.dissemination.reached.iter().zip(explained.on_path());
    let document = Document {
        run_id: &metrics.run_id,
        round: metrics.round,
        condition: &explained.condition,
        origin: explained.zero().1,
        initiator: metrics.initiator.as_deref(),
        expected: metrics.expected,
        delivered: metrics.delivered,
        setup_ms: metrics.setup_ns.map(ms),
        last_ms: explained.dissemination.reached.last().map(|last| explained.at_ms(last)),
        last_nodes: explained.last().iter().map(|node| node.node.as_str()).collect(),
        critical_path: path(explained),
        tree: tree(metrics),
        duplicates: metrics.duplicates,
        failed: metrics.failed,
        sends: metrics.sends,
        stranded: &explained.stranded,
        stranded_unnamed: explained.stranded_unnamed(),
        reached: nodes.map(|(node, critical)| of_node(explained, node, critical)).collect(),
        failed_copies: explained
            .failed
            .iter()
            .map(|copy| Failed {
                sender: &copy.sender,
                receiver: &copy.receiver,
                sent_ms: explained.sent_ms(copy),
                fault: copy.fault.as_deref(),
            })
            .collect(),
        simulated: explained.is_simulated,
    };
    let mut bytes = serde_json::to_vec_pretty(&document).expect("texts and numbers always serialise");
    bytes.push(b'\n');
    bytes
}

fn path(explained: &ExplainedRound) -> Option<Path<'_>> {
    let time = explained.metrics.path?;
    let tree = &explained.dissemination;
    let nodes = tree.critical.iter().map(|position| tree.reached[*position].node.as_str());
    Some(Path {
        setup_ms: ms(time.setup_ns),
        waiting_ms: ms(time.waiting_ns),
        wire_ms: ms(time.wire_ns),
        nodes: explained.metrics.initiator.as_deref().into_iter().chain(nodes).collect(),
    })
}

fn tree(metrics: &RoundMetrics) -> Option<Tree<'_>> {
    let shape = metrics.shape.as_ref()?;
    Some(Tree {
        depth: shape.depth(),
        width: shape.width(),
        widths: &shape.widths,
        branching_mean: shape.branching_mean,
        branching_max: shape.branching_max,
    })
}

fn of_node<'a>(explained: &ExplainedRound, node: &'a Reached, critical: bool) -> Node<'a> {
    Node {
        node: &node.node,
        sender: &node.sender,
        host: node.host.as_deref(),
        zone: node.zone.as_deref(),
        hop: node.depth,
        at_ms: explained.at_ms(node),
        waiting_ms: node.waiting_ns.map(ms),
        wire_ms: node.wire_ns.map(ms),
        critical,
        sent: explained.metrics.sends.map(|_| node.sent),
        duplicates: explained.metrics.duplicates.map(|_| node.duplicates),
    }
}
