//! Who took part in each run of an input, as far as records say.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim_records::frame::Events;

use crate::rounds::Rounds;

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

/// Who took part in each run, by run id.
pub(super) fn list_participants(rounds: &Rounds<'_>) -> BTreeMap<String, RunParticipants> {
    let mut runs = BTreeMap::new();
    let mut each = rounds.iter().peekable();
    while let Some(first) = each.peek().copied() {
        let events = first.events;
        let mut seen = vec![false; events.names.nodes.texts().len()];
        let (mut hosts, unknown) = (vec![NOWHERE; seen.len()], events.names.hosts.number(""));
        // Rounds of one run stand one behind the other.
        while let Some(round) = each.next_if(|round| round.run == first.run) {
            for row in round.rows.iter().map(|row| *row as usize) {
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

/// The node that logged a row, by number.
fn writer(events: &Events, row: usize) -> u32 {
    match events.kind[row] {
        Kind::Initiate | Kind::Received | Kind::Duplicate => events.receiver[row],
        Kind::Failed => events.sender[row],
    }
}
