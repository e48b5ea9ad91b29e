//! Who took part in each run of an input, as far as records say.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim_records::columns::EventColumns;

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
        // Rounds of one run stand one behind the other.
        while let Some(round) = each.next_if(|round| round.run == first.run) {
            for row in round.rows {
                seen[events.sender[row] as usize] = true;
                seen[events.receiver[row] as usize] = true;
                let host = events.host[row];
                if Some(host) != unknown {
                    hosts[writer(events, row) as usize] = host;
                }
            }
        }
        let numbers = 0..seen.len() as u32;
        let participants = RunParticipants {
            protocol: first.protocol().to_owned(),
            nodes: numbers.clone().filter(|node| seen[*node as usize]).collect(),
            hosts: numbers.map(|node| (node, hosts[node as usize])).filter(|(_, host)| *host != NOWHERE).collect(),
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
        let hosts: BTreeMap<u32, u32> = run.hosts.iter().copied().chain(later.hosts).collect();
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
