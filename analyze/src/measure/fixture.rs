//! Rounds made by hand, for tests.

use std::collections::BTreeSet;

use cnsim::event::Kind;
use cnsim::id::NodeId;
use cnsim::manifest::Resources;
use cnsim::topology::{Edge, Topology};

use super::late::GivenUp;
use super::spread::{Scratch, Spread};
use super::{Options, PERCENTS, RoundLoad, RoundMetrics, analyse};
use crate::inputs::{About, ControlFacts, ControlSent, FileFacts, Loaded, RunFacts, Sent};
use crate::rounds::Rounds;
use cnsim_records::columns::{EventColumns, EventNames, UNKNOWN_NS};
use cnsim_records::events::Events;
use cnsim_records::names::Names;

/// One record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    kind: Kind,
    run: &'static str,
    round: u32,
    nodes: u32,
    sender: &'static str,
    receiver: &'static str,
    sent_ns: i64,
    received_ns: i64,
    hop: i32,
    send: u64,
    send_number: u32,
    bytes: u32,
    protocol: &'static str,
}

impl Row {
    pub(crate) fn initiate(node: &'static str, at_ns: i64) -> Self {
        Self::new(Kind::Initiate, node, node, at_ns, at_ns)
    }

    pub(crate) fn received(sender: &'static str, receiver: &'static str, sent_ns: i64, received_ns: i64) -> Self {
        Self::new(Kind::Received, sender, receiver, sent_ns, received_ns)
    }

    pub(crate) fn duplicate(sender: &'static str, receiver: &'static str, sent_ns: i64, received_ns: i64) -> Self {
        Self::new(Kind::Duplicate, sender, receiver, sent_ns, received_ns)
    }

    pub(crate) fn failed(sender: &'static str, receiver: &'static str, sent_ns: i64, given_up_ns: i64) -> Self {
        Self::new(Kind::Failed, sender, receiver, sent_ns, given_up_ns)
    }

    fn new(kind: Kind, sender: &'static str, receiver: &'static str, sent_ns: i64, received_ns: i64) -> Self {
        let (run, round, nodes, hop, send, send_number, bytes, protocol) = ("run", 1, 0, -1, 0, 0, 0, "");
        Self {
            kind,
            run,
            round,
            nodes,
            sender,
            receiver,
            sent_ns,
            received_ns,
            hop,
            send,
            send_number,
            bytes,
            protocol,
        }
    }

    pub(crate) fn of_run(self, run: &'static str) -> Self {
        Self { run, ..self }
    }

    pub(crate) fn of_round(self, round: u32) -> Self {
        Self { round, ..self }
    }

    pub(crate) fn with_nodes(self, nodes: u32) -> Self {
        Self { nodes, ..self }
    }

    pub(crate) fn with_hop(self, hop: i32) -> Self {
        Self { hop, ..self }
    }

    pub(crate) fn with_send(self, send: u64) -> Self {
        Self { send, ..self }
    }

    pub(crate) fn numbered(self, send_number: u32) -> Self {
        Self { send: u64::from(send_number), send_number, ..self }
    }

    pub(crate) fn with_bytes(self, bytes: u32) -> Self {
        Self { bytes, ..self }
    }

    pub(crate) fn with_protocol(self, protocol: &'static str) -> Self {
        Self { protocol, ..self }
    }

    pub(crate) fn without_sent(self) -> Self {
        Self { sent_ns: UNKNOWN_NS, ..self }
    }

    pub(crate) fn is_of_round(&self, round: u32) -> bool {
        self.round == round
    }

    fn latency_ns(&self) -> i64 {
        match self.kind {
            Kind::Received | Kind::Duplicate if self.sent_ns != UNKNOWN_NS => {
                self.received_ns.saturating_sub(self.sent_ns)
            }
            Kind::Received | Kind::Duplicate | Kind::Initiate | Kind::Failed => UNKNOWN_NS,
        }
    }
}

/// Rows as events.
pub(crate) fn events(rows: &[Row]) -> Events {
    let unknown = || Names::of_sorted([""]);
    let names = EventNames {
        runs: Names::of_any(rows.iter().map(|row| row.run)),
        nodes: Names::of_any(rows.iter().flat_map(|row| [row.sender, row.receiver])),
        processes: unknown(),
        hosts: unknown(),
        protocols: Names::of_any(rows.iter().map(|row| row.protocol)),
        conditions: unknown(),
    };
    let number = |names: &Names, text: &str| names.number(text).unwrap();
    let mut columns = EventColumns::default();
    for row in rows {
        columns.kind.push(row.kind);
        columns.run.push(number(&names.runs, row.run));
        columns.round.push(row.round);
        columns.nodes.push(row.nodes);
        columns.sender.push(number(&names.nodes, row.sender));
        columns.receiver.push(number(&names.nodes, row.receiver));
        columns.received_ns.push(row.received_ns);
        columns.sent_ns.push(row.sent_ns);
        columns.latency_ns.push(row.latency_ns());
        columns.hop.push(row.hop);
        columns.send.push(row.send);
        columns.send_number.push(row.send_number);
        columns.bytes.push(row.bytes);
        columns.seq.push(0);
        columns.process.push(0);
        columns.host.push(0);
        columns.protocol.push(number(&names.protocols, row.protocol));
        columns.condition.push(0);
        columns.float_timestamp.push(false);
    }
    Events::of_columns(&EventColumns { names, ..columns }).unwrap()
}

/// One input of a condition.
pub(crate) fn loaded(condition: &str, rows: &[Row]) -> Loaded {
    Loaded { about: About { condition: condition.to_owned(), ..About::default() }, events: events(rows) }
}

/// A run folder's files for a protocol on a graph.
pub(crate) fn manifest<const N: usize>(
    protocol: &str,
    nodes: [&str; N],
    edges: &[(u32, u32)],
    directed: bool,
) -> RunFacts {
    let edges = edges.iter().map(|(source, target)| Edge { source: *source, target: *target, weight: None });
    let topology = Topology {
        nodes: nodes.map(|node| NodeId::new(node).unwrap()).to_vec(),
        edges: edges.collect(),
        directed,
        model: None,
        node_weights: None,
    };
    let mut manifest: serde_json::Value = serde_json::from_str(MANIFEST).unwrap();
    manifest["options"]["protocol"] = protocol.into();
    RunFacts {
        manifest: serde_json::from_value(manifest).unwrap(),
        topology: Some(topology),
        topology_sha256: None,
        control: None,
        faults: None,
        motion: None,
    }
}

/// A round over the nodes n0 … n7, begun by n0: a random tree in which node `k` hears first from a node before it, copies
/// that come after all first receipts, failed sends, and receipts whose record is lost.
pub(crate) fn random_round(
    parents: &[usize],
    delays: &[(i64, i64)],
    copies: &[(usize, usize, i64)],
    failures: &[(usize, usize, u64)],
    lost: &[bool],
) -> Vec<Row> {
    const NODES: [&str; 8] = ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"];
    let mut rows = vec![Row::initiate(NODES[0], 1_000)];
    let mut reached_ns = vec![1_000];
    for (number, (parent, (wait_ns, wire_ns))) in parents.iter().zip(delays).enumerate() {
        let parent = parent % (number + 1);
        let sent_ns = reached_ns[parent] + wait_ns;
        reached_ns.push(sent_ns + wire_ns);
        if !lost[number] {
            rows.push(Row::received(NODES[parent], NODES[number + 1], sent_ns, sent_ns + wire_ns));
        }
    }
    rows.extend(
        copies.iter().map(|(from, to, late_ns)| Row::duplicate(NODES[*from], NODES[*to], 9_000, 9_100 + late_ns)),
    );
    let failures =
        failures.iter().map(|(from, to, send)| Row::failed(NODES[*from], NODES[*to], 9_000, 9_900).with_send(*send));
    rows.extend(failures);
    rows.iter_mut().for_each(|row| row.nodes = 8);
    rows
}

const MANIFEST: &str = r#"{
    "format": 1, "run_id": "run", "tool": {"version": "0.1.0", "revision": "unknown"}, "command_line": [],
    "options": {
        "nodes": 3, "rounds": 1, "condition": "c", "protocol": "", "order": "shuffled", "in_flight": 32,
        "forward": "after-ack", "connections": "reuse", "deadline_ms": 5000, "topology": "file", "initiator": "random",
        "seed": 1, "payload_bytes": 0, "nodes_per_process": 1, "round_timeout_ms": 60000, "pause_ms": 0,
        "link_delay": "none", "max_message": 4194304, "allow_partial": false
    },
    "topology_sha256": "", "topology_complete": false, "backend": "local", "backend_facts": {}, "roster": [],
    "started_at": "2025-03-26T00:00:00Z", "finished_at": null, "outcome": "complete", "reason": null, "rounds": [],
    "last_seqs": {}, "expected_events": 0, "link_delay": null
}"#;

/// What two processes used.
pub(crate) fn resources(cpu_ms: f64, sent_bytes: Option<u64>) -> Resources {
    Resources {
        processes: 2,
        cpu_ms: Some(cpu_ms),
        cpu_process_max_ms: Some(cpu_ms * 0.75),
        cpu_busiest: Some("p0".to_owned()),
        resident_bytes: Some(9_000_000),
        resident_process_max_bytes: Some(5_000_000),
        sent_bytes,
        received_bytes: sent_bytes,
    }
}

/// What `control.csv` says where it has these rounds, with one kind each.
pub(crate) fn control<const N: usize>(rounds: [(u32, [(&str, Sent); 1]); N]) -> ControlFacts {
    let sent = |[(kind, sent)]: [(&str, Sent); 1]| ControlSent { kinds: [(kind.to_owned(), sent)].into(), all: sent };
    let file = FileFacts { path: "run/control.csv".to_owned(), sha256: String::new(), rows: N as u64 };
    let rounds = rounds.map(|(round, of_round)| (round, sent(of_round)));
    ControlFacts { file, rounds: rounds.into(), strangers: BTreeSet::new() }
}

/// A scored round of nine deliveries of which nothing is known.
pub(crate) fn silent_round(run_id: &str, round: u32) -> RoundMetrics {
    RoundMetrics {
        run_id: run_id.to_owned(),
        round,
        scored: true,
        initiator: None,
        initiate_ns: Some(0),
        expected: 9,
        delivered: 9,
        setup_ns: None,
        from_initiate: [None; PERCENTS.len()],
        from_first_send: [None; PERCENTS.len()],
        duplicates: Some(0),
        failed: 0,
        sends: Some(9),
        transmissions: Some(9),
        moved: None,
        rmr: Some(0.0),
        hops_max: None,
        hops_mean: None,
        hops_derived: false,
        latency_median_ns: None,
        path: None,
        shape: None,
        critical: Vec::new(),
        load: RoundLoad { gini: None, max: 0, busiest: None },
        resources: None,
        control: None,
        clock_open_ns: None,
        lasts_ns: None,
        under_faults: None,
        reachable: None,
        weighted: None,
        reached_ns: Vec::new(),
    }
}

/// Lays out the only round of `rows`.
pub(super) fn with_spread(rows: &[Row], look: impl FnOnce(&Spread<'_>)) {
    let events = events(rows);
    let rounds = Rounds::of(&events);
    assert_eq!(rounds.len(), 1, "the rows are of one round");
    look(&Scratch::default().spread(&rounds.lay_out_all().get(0), &GivenUp::default()));
}

/// The metrics of the only round of `rows`.
pub(super) fn measured(rows: &[Row]) -> RoundMetrics {
    let analysis = analyse(&[loaded("c", rows)], &Options::default());
    let [group] = &analysis.groups[..] else { panic!("one group") };
    let [round] = &group.rounds[..] else { panic!("one round") };
    round.clone()
}
