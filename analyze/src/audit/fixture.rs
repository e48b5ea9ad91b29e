//! A small run of four nodes for the checks' tests: a complete flood, or direct mail, with rounds 0 (warm-up), 1 and 2.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::id::NodeId;
use cnsim::manifest::{Backend, Manifest, Options, RosterNode, Round, RunOutcome, Tool};
use cnsim::random::Random;
use cnsim::topology::{Edge, Topology};

use super::audit;
use super::finding::{Check, Finding};
use super::fixture_options::{options, quiescent_round};
use super::quality::Quality;
use crate::evaluation::evaluate_loaded;
use crate::inputs::{About, Facts, Loaded, RunFacts};
use crate::measure::{Origin, RoundMetrics};
use cnsim_records::columns::{EventColumns, EventNames};
use cnsim_records::events::Events;
use cnsim_records::names::Names;

/// One record before it becomes columns.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) round: u32,
    pub(super) kind: Kind,
    pub(super) sender: String,
    pub(super) receiver: String,
    pub(super) sent_ns: i64,
    pub(super) received_ns: i64,
    pub(super) hop: i32,
    pub(super) bytes: u32,
    pub(super) seq: u64,
    /// The host that it names where that is not its writer's.
    pub(super) host: Option<String>,
    /// What it says of the number of nodes where that is not the run's.
    pub(super) nodes: Option<u32>,
}

#[derive(Clone)]
pub(super) struct Fixture {
    pub(super) rows: Vec<Row>,
    pub(super) facts: Facts,
    condition: String,
    run_id: String,
    nodes: Vec<String>,
    hosts: Vec<String>,
    files: Option<RunFacts>,
    /// The run whose folder the records stand in; none: their own.
    folder_of: Option<String>,
    float_timestamps: bool,
    /// What every record says of the number of nodes.
    says_nodes: u32,
}

const ROUNDS: u32 = 3;
const MS: i64 = 1_000_000;

impl Fixture {
    pub(super) const RUN: &'static str = "run-a";

    /// A run folder of a flood over the complete graph of n0 … n3: all its records, numbered, and its files.
    pub(super) fn flood() -> Self {
        let mut fixture = Self::csv_of_flood();
        for row in &mut fixture.rows {
            row.hop = match row.kind {
                Kind::Initiate => 0,
                Kind::Received => 1,
                Kind::Duplicate | Kind::Failed => 2,
            };
            row.bytes = if row.kind == Kind::Initiate { 0 } else { 100 };
        }
        fixture.hosts = vec!["m0".to_owned(); 4];
        fixture.number();
        fixture.with_manifest("flood")
    }

    /// The same flood as the published system would have logged it: no hops, numbers, hosts or files.
    pub(super) fn csv_of_flood() -> Self {
        let mut fixture = Self::direct_mail_csv(["n0", "n1", "n2", "n3"]);
        for round in 0..ROUNDS {
            for sender in 1..4 {
                for receiver in (1..4).filter(|receiver| *receiver != sender) {
                    let sent_ns = start(round) + (2 + i64::from(sender)) * MS;
                    fixture.push(round, Kind::Duplicate, sender as usize, receiver as usize, sent_ns);
                }
            }
        }
        fixture
    }

    /// Direct mail from the first node, as the published system logged it.
    pub(super) fn direct_mail_csv(nodes: [&str; 4]) -> Self {
        let mut fixture = Self {
            rows: Vec::new(),
            facts: Facts::default(),
            condition: "base".to_owned(),
            run_id: Self::RUN.to_owned(),
            nodes: nodes.map(str::to_owned).to_vec(),
            hosts: vec![String::new(); 4],
            files: None,
            folder_of: None,
            float_timestamps: false,
            says_nodes: 4,
        };
        for round in 0..ROUNDS {
            fixture.push(round, Kind::Initiate, 0, 0, start(round));
            for receiver in 1..4 {
                fixture.push(round, Kind::Received, 0, receiver, start(round) + 20_000);
            }
        }
        fixture
    }

    /// Direct mail from the first of so many nodes, without files: every receipt within a millisecond of its send, by chance.
    pub(super) fn direct_mail_of(nodes: u32, rounds: u32, seed: u64) -> Self {
        let mut fixture = Self {
            rows: Vec::new(),
            nodes: (0..nodes).map(|number| format!("n{number:02}")).collect(),
            hosts: vec![String::new(); nodes as usize],
            says_nodes: nodes,
            ..Self::direct_mail_csv(["a", "b", "c", "d"])
        };
        let mut random = Random::keyed(seed, &["receipts"]);
        for round in 0..rounds {
            fixture.push(round, Kind::Initiate, 0, 0, start(round));
            for receiver in 1..nodes as usize {
                fixture.push(round, Kind::Received, 0, receiver, start(round) + 20_000);
                let row = fixture.rows.last_mut().expect("one was pushed");
                row.received_ns = row.sent_ns + random.below(MS as u64) as i64;
            }
        }
        fixture
    }

    /// Every record under one round number.
    pub(super) fn in_round(mut self, round: u32) -> Self {
        self.rows.iter_mut().for_each(|row| row.round = round);
        self
    }

    /// The same run of nodes that are called otherwise.
    pub(super) fn renamed(mut self, name: impl Fn(&str) -> String) -> Self {
        for row in &mut self.rows {
            (row.sender, row.receiver) = (name(&row.sender), name(&row.receiver));
        }
        self.nodes.iter_mut().for_each(|node| *node = name(node));
        self
    }

    /// Puts the receipts of a round in the place of another's, at that one's time.
    pub(super) fn copy_round(&mut self, from: u32, to: u32) {
        let by_ns = start(to) - start(from);
        self.rows.retain(|row| row.round != to);
        let copies = self.rows.iter().filter(|row| row.round == from).cloned().collect::<Vec<_>>();
        self.rows.extend(copies.into_iter().map(|row| Row {
            round: to,
            sent_ns: row.sent_ns + by_ns,
            received_ns: row.received_ns + by_ns,
            ..row
        }));
    }

    pub(super) fn without_manifest(mut self) -> Self {
        self.files = None;
        self
    }

    pub(super) fn with_manifest(mut self, protocol: &str) -> Self {
        self.files = Some(RunFacts {
            manifest: self.new_manifest(protocol),
            topology: Some(self.complete_topology()),
            topology_sha256: None,
            control: None,
            faults: None,
            motion: None,
        });
        self
    }

    pub(super) fn with_protocol(mut self, protocol: &str) -> Self {
        self.manifest().options.protocol = protocol.parse().unwrap();
        self
    }

    pub(super) fn with_float_timestamps(mut self) -> Self {
        self.float_timestamps = true;
        self
    }

    pub(super) fn of_nodes(mut self, nodes: u32) -> Self {
        self.says_nodes = nodes;
        self
    }

    pub(super) fn on_hosts(mut self) -> Self {
        self.hosts = (0..4).map(|number| format!("m{number}")).collect();
        let roster = self.files.iter_mut().flat_map(|files| &mut files.manifest.roster);
        roster.zip(&self.hosts).for_each(|(node, host)| node.host.clone_from(host));
        self
    }

    /// Says that the nodes run in these pods.
    pub(super) fn on_kubernetes(&mut self, pods: [&str; 4]) {
        let manifest = self.manifest();
        manifest.backend = Backend::Kubernetes(Default::default());
        for (node, pod) in manifest.roster.iter_mut().zip(pods) {
            node.process = format!("{pod}.1.17");
        }
    }

    pub(super) fn labelled(mut self, condition: &str) -> Self {
        self.condition = condition.to_owned();
        self
    }

    pub(super) fn named(mut self, run_id: &str) -> Self {
        self.run_id = run_id.to_owned();
        if let Some(files) = &mut self.files {
            files.manifest.run_id = run_id.to_owned();
        }
        self
    }

    /// The same run at another time.
    pub(super) fn shifted(mut self, by_ns: i64) -> Self {
        for row in &mut self.rows {
            row.sent_ns += by_ns;
            row.received_ns += by_ns;
        }
        self
    }

    /// Loses one duplicate record of a round.
    pub(super) fn without_duplicate(mut self, round: u32) -> Self {
        let lost = self.rows.iter().position(|row| row.round == round && row.kind == Kind::Duplicate).unwrap();
        self.rows.remove(lost);
        self
    }

    /// The node did not hear of the round at all, and nobody's counting shows a gap.
    pub(super) fn silence(&mut self, node: &str, round: u32) {
        self.keep(|row| row.round != round || (row.receiver != node && row.sender != node));
        self.manifest_round(round).delivered -= 1;
    }

    /// Only these records were ever made: they are numbered without a gap.
    pub(super) fn keep(&mut self, is_made: impl Fn(&Row) -> bool) {
        self.rows.retain(is_made);
        self.number();
        let last_seqs = self.last_seqs(ROUNDS);
        self.manifest().last_seqs = last_seqs;
        for number in 0..ROUNDS {
            let last_seqs = self.last_seqs(number + 1);
            self.manifest_round(number).last_seqs = last_seqs;
        }
    }

    /// Takes every edge of a node out of the topology.
    pub(super) fn cut_off(&mut self, node: &str) {
        let number = self.nodes.iter().position(|other| other == node).unwrap() as u32;
        let topology = self.files().topology.as_mut().unwrap();
        topology.edges.retain(|edge| edge.source != number && edge.target != number);
    }

    /// A send that was given up.
    pub(super) fn fail(&mut self, sender: &str, receiver: &str, round: u32) {
        let [sender, receiver] =
            [sender, receiver].map(|name| self.nodes.iter().position(|node| node == name).unwrap());
        self.push(round, Kind::Failed, sender, receiver, start(round) + 9 * MS);
    }

    /// Logs a node's first receipt of a round once more, as a duplicate.
    pub(super) fn repeat_as_duplicate(&mut self, node: &str, round: u32) {
        let row = Row { kind: Kind::Duplicate, ..self.first_receipt(node, round).clone() };
        self.rows.push(row);
    }

    /// Sets a node's clock ahead for the whole run.
    pub(super) fn set_clock(&mut self, node: &str, ahead_ns: i64) {
        for row in &mut self.rows {
            row.sent_ns += if row.sender == node { ahead_ns } else { 0 };
            row.received_ns += if row.writer() == node { ahead_ns } else { 0 };
        }
    }

    /// Sends every copy of a round later.
    pub(super) fn delay_sends(&mut self, round: u32, by_ns: i64) {
        for row in self.rows.iter_mut().filter(|row| row.round == round && row.kind != Kind::Initiate) {
            row.sent_ns += by_ns;
            row.received_ns += by_ns;
        }
    }

    pub(super) fn first_receipt(&mut self, node: &str, round: u32) -> &mut Row {
        let of_node = |row: &&mut Row| row.round == round && row.kind == Kind::Received && row.receiver == node;
        self.rows.iter_mut().find(of_node).unwrap()
    }

    pub(super) fn manifest(&mut self) -> &mut Manifest {
        &mut self.files().manifest
    }

    pub(super) fn files(&mut self) -> &mut RunFacts {
        self.files.as_mut().unwrap()
    }

    pub(super) fn manifest_round(&mut self, round: u32) -> &mut Round {
        self.manifest().rounds.iter_mut().find(|candidate| candidate.round == round).unwrap()
    }

    pub(super) fn in_folder_of(self, run_id: &str) -> Self {
        Self { folder_of: Some(run_id.to_owned()), ..self }
    }

    /// The share of its deliveries that a round made.
    pub(super) fn coverage(&self, round: u32) -> f64 {
        self.measured(round).coverage()
    }

    /// A round's t100 from `initiate`.
    pub(super) fn t100_ms(&self, round: u32) -> Option<f64> {
        self.measured(round).complete_ns(Origin::Initiate).map(|time_ns| time_ns as f64 / 1e6)
    }

    fn measured(&self, round: u32) -> RoundMetrics {
        let analysis = evaluate_loaded([self.load()], 1).analysis;
        analysis.groups.into_iter().flat_map(|group| group.rounds).find(|measured| measured.round == round).unwrap()
    }

    pub(super) fn audit(&self) -> Quality {
        audit_all(vec![self.clone()])
    }

    fn push(&mut self, round: u32, kind: Kind, sender: usize, receiver: usize, sent_ns: i64) {
        let received_ns = match kind {
            Kind::Initiate => sent_ns,
            // No two at one time, as on a clock of nanoseconds.
            Kind::Received | Kind::Duplicate | Kind::Failed => sent_ns + MS + 31 * receiver as i64 + 7 * sender as i64,
        };
        let [sender, receiver] = [sender, receiver].map(|node| self.nodes[node].clone());
        let (host, nodes) = (None, None);
        self.rows.push(Row {
            round,
            kind,
            sender,
            receiver,
            sent_ns,
            received_ns,
            hop: -1,
            bytes: 0,
            seq: 0,
            host,
            nodes,
        });
    }

    /// Numbers every record in its process, one process a node, in the order of rounds.
    fn number(&mut self) {
        self.rows.sort_by_key(|row| row.round);
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for row in &mut self.rows {
            let seq = counted.entry(row.writer().to_owned()).or_default();
            *seq += 1;
            row.seq = *seq;
        }
    }

    /// The last number of each process before round `end`.
    fn last_seqs(&self, end: u32) -> BTreeMap<String, u64> {
        let mut last: BTreeMap<String, u64> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.round < end) {
            let seq = last.entry(process(row.writer())).or_default();
            *seq = row.seq.max(*seq);
        }
        last.retain(|_, seq| *seq > 0);
        last
    }

    fn complete_topology(&self) -> Topology {
        let count = self.nodes.len() as u32;
        let pairs = (0..count).flat_map(|source| (source + 1..count).map(move |target| (source, target)));
        let edges = pairs.map(|(source, target)| Edge { source, target, weight: None }).collect();
        let nodes = self.nodes.iter().map(|node| NodeId::new(node).unwrap()).collect();
        Topology { nodes, edges, directed: false, model: None, node_weights: None }
    }

    fn new_manifest(&self, protocol: &str) -> Manifest {
        let rounds = self.rows.iter().map(|row| row.round).max().map_or(ROUNDS, |last| last + 1);
        let deliveries = self.nodes.len() as u64 - 1;
        let round = |round| quiescent_round(round, &self.nodes[0], deliveries, self.last_seqs(round + 1));
        let roster = self.nodes.iter().zip(&self.hosts).map(|(node, host)| RosterNode {
            id: node.clone(),
            address: "127.0.0.1:5050".to_owned(),
            process: process(node),
            host: host.clone(),
            zone: None,
        });
        Manifest {
            format: cnsim::manifest::FORMAT,
            run_id: self.run_id.clone(),
            tool: Tool { version: "0.1.0".to_owned(), revision: "unknown".to_owned() },
            command_line: vec!["cnsim".to_owned(), "run".to_owned()],
            study: None,
            options: Options { nodes: self.nodes.len() as u32, rounds: rounds - 1, ..options(protocol) },
            topology_sha256: "sha256:0".to_owned(),
            topology_complete: true,
            backend: Backend::Local(Default::default()),
            clock: Default::default(),
            roster: roster.collect(),
            started_at: "2025-03-25T02:30:50Z".to_owned(),
            finished_at: Some("2025-03-25T02:31:50Z".to_owned()),
            outcome: RunOutcome::Complete,
            reason: None,
            rounds: (0..rounds).map(round).collect(),
            last_seqs: self.last_seqs(rounds),
            expected_events: u64::from(rounds) * (self.nodes.len() as u64 - 1),
            link_delay: None,
            limits: Default::default(),
            receipts: Vec::new(),
            incidents: Vec::new(),
        }
    }

    fn load(&self) -> Loaded {
        let folder = self.folder_of.clone().unwrap_or_else(|| self.run_id.clone());
        let runs = self.files.clone().map(|files| (folder, files));
        let (condition, facts) = (self.condition.clone(), self.facts.clone());
        Loaded { about: About { condition, facts, runs: runs.into_iter().collect() }, events: self.events() }
    }

    fn events(&self) -> Events {
        let nodes = Names::of_any(self.nodes.iter().map(String::as_str));
        let named = self.rows.iter().filter_map(|row| row.host.as_deref());
        let hosts = Names::of_any(self.hosts.iter().map(String::as_str).chain(named).chain([""]));
        let processes: Vec<String> = self.nodes.iter().map(|node| process(node)).collect();
        let processes = Names::of_any(processes.iter().map(String::as_str).chain([""]));
        let mut events = EventColumns::default();
        for row in &self.rows {
            let node = |name: &str| nodes.number(name).unwrap();
            let number = self.nodes.iter().position(|node| node == row.writer()).unwrap();
            let process = if row.seq > 0 { process(row.writer()) } else { String::new() };
            events.kind.push(row.kind);
            events.run.push(0);
            events.round.push(row.round);
            events.nodes.push(row.nodes.unwrap_or(self.says_nodes));
            events.sender.push(node(&row.sender));
            events.receiver.push(node(&row.receiver));
            events.received_ns.push(row.received_ns);
            events.sent_ns.push(row.sent_ns);
            events.latency_ns.push(row.received_ns - row.sent_ns);
            events.hop.push(row.hop);
            events.send.push(0);
            events.send_number.push(0);
            events.bytes.push(row.bytes);
            events.seq.push(row.seq);
            events.process.push(processes.number(&process).unwrap());
            events.host.push(hosts.number(row.host.as_ref().unwrap_or(&self.hosts[number])).unwrap());
            events.protocol.push(0);
            events.condition.push(0);
            events.float_timestamp.push(self.float_timestamps);
        }
        let [runs, protocols, conditions] = [self.run_id.as_str(), "", "base"].map(|text| Names::of_any([text]));
        events.names = EventNames { runs, nodes, processes, hosts, protocols, conditions };
        Events::of_columns(&events).unwrap()
    }
}

impl Row {
    fn writer(&self) -> &str {
        match self.kind {
            Kind::Initiate | Kind::Received | Kind::Duplicate => &self.receiver,
            Kind::Failed => &self.sender,
        }
    }
}

/// Audits several inputs together; round 0 is warm-up.
pub(super) fn audit_all(fixtures: Vec<Fixture>) -> Quality {
    audit_after_warm_up(fixtures, 1)
}

/// Audits several inputs together; rounds below `warm_up` are warm-up.
pub(super) fn audit_after_warm_up(fixtures: Vec<Fixture>, warm_up: u32) -> Quality {
    audit(&evaluate_loaded(fixtures.iter().map(Fixture::load), warm_up))
}

/// The findings of one check.
pub(super) fn only(quality: &Quality, check: Check) -> Vec<Finding> {
    quality.findings.iter().filter(|finding| finding.check == check).cloned().collect()
}

fn start(round: u32) -> i64 {
    1_742_869_853_000_000_123 + i64::from(round) * 1000 * MS
}

fn process(node: &str) -> String {
    format!("{node}@1")
}
