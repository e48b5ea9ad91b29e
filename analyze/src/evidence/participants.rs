//! Who took part in each run of an input, as far as records say.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::event::Kind;
use cnsim_records::columns::EventColumns;
use cnsim_records::names::Names;

use crate::rounds::Batch;

/// No host, among numbers of hosts.
const NOWHERE: u32 = u32::MAX;

/// Who took part in one run.
#[derive(Debug, Default)]
pub(crate) struct RunParticipants {
    /// The protocol as the run's first record names it; may be empty.
    pub(crate) protocol: String,
    /// Every node that a record names, by number.
    pub(crate) nodes: Vec<u32>,
    /// Hosts of the nodes whose own records name one: node and host, by number.
    pub(crate) hosts: Vec<(u32, u32)>,
    /// Every protocol, condition and number of nodes that its records name.
    pub(crate) named: Named,
    /// Nodes whose records name several hosts, by number.
    pub(crate) moved: BTreeSet<u32>,
}

/// What every record of a run should say alike, in whatever ways its records say it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) protocols: BTreeSet<String>,
    pub(crate) conditions: BTreeSet<String>,
    pub(crate) nodes: BTreeSet<u32>,
}

impl Named {
    /// What the records of a batch's run say.
    fn of(events: &EventColumns, rows: impl Iterator<Item = usize>) -> Self {
        let (mut protocols, mut conditions, mut nodes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut last = None;
        for row in rows {
            let said = (events.protocol[row], events.condition[row], events.nodes[row]);
            if last != Some(said) {
                protocols.insert(said.0);
                conditions.insert(said.1);
                nodes.insert(said.2);
                last = Some(said);
            }
        }
        let texts = |numbers: BTreeSet<u32>, names: &Names| {
            numbers.into_iter().map(|number| names.text(number).to_owned()).filter(|text| !text.is_empty()).collect()
        };
        nodes.remove(&0);
        Self {
            protocols: texts(protocols, &events.names.protocols),
            conditions: texts(conditions, &events.names.conditions),
            nodes,
        }
    }

    fn add(&mut self, later: Self) {
        self.protocols.extend(later.protocols);
        self.conditions.extend(later.conditions);
        self.nodes.extend(later.nodes);
    }
}

/// Who took part in each run, as far as some rounds say, by run id.
pub(super) fn list_participants(batch: &Batch) -> BTreeMap<String, RunParticipants> {
    let events = &batch.columns;
    let unknown = events.names.hosts.number("");
    let mut runs = BTreeMap::new();
    let mut each = batch.iter().peekable();
    while let Some(first) = each.peek().cloned() {
        let mut seen = vec![false; events.names.nodes.len()];
        let mut hosts = vec![NOWHERE; seen.len()];
        let (mut moved, mut named) = (BTreeSet::new(), Named::default());
        // Rounds of one run stand one behind the other.
        while let Some(round) = each.next_if(|round| round.run == first.run) {
            named.add(Named::of(events, round.rows.clone()));
            for row in round.rows {
                seen[events.sender[row] as usize] = true;
                seen[events.receiver[row] as usize] = true;
                let host = events.host[row];
                if Some(host) != unknown {
                    let writer = writer(events, row);
                    let known = std::mem::replace(&mut hosts[writer as usize], host);
                    if known != host && known != NOWHERE {
                        moved.insert(writer);
                    }
                }
            }
        }
        let numbers = 0..seen.len() as u32;
        let participants = RunParticipants {
            protocol: first.protocol().to_owned(),
            nodes: numbers.clone().filter(|node| seen[*node as usize]).collect(),
            hosts: numbers.map(|node| (node, hosts[node as usize])).filter(|(_, host)| *host != NOWHERE).collect(),
            named,
            moved,
        };
        runs.insert(first.run_id().to_owned(), participants);
    }
    runs
}

/// Adds who took part as later rounds say. What these say of a node's host counts.
pub(super) fn add_participants(runs: &mut BTreeMap<String, RunParticipants>, later: BTreeMap<String, RunParticipants>) {
    for (run_id, later) in later {
        let Some(run) = runs.get_mut(&run_id) else {
            runs.insert(run_id, later);
            continue;
        };
        run.nodes.extend(later.nodes);
        run.nodes.sort_unstable();
        run.nodes.dedup();
        run.named.add(later.named);
        run.moved.extend(later.moved);
        let mut hosts: BTreeMap<u32, u32> = run.hosts.iter().copied().collect();
        for (node, host) in later.hosts {
            if hosts.insert(node, host).is_some_and(|known| known != host) {
                run.moved.insert(node);
            }
        }
        run.hosts = hosts.into_iter().collect();
    }
}

/// The node that logged a row, by number.
fn writer(events: &EventColumns, row: usize) -> u32 {
    match events.kind[row] {
        Kind::Initiate | Kind::Received | Kind::Duplicate => events.receiver[row],
        Kind::Failed => events.sender[row],
    }
}
