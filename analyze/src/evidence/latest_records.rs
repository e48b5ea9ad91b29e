//! The latest record of each machine in a round whose end the driver saw on another clock.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim::manifest::{Backend, Manifest, RoundOutcome};

use crate::rounds::Round;

/// When records of a round were written last, machine by machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LatestRecords {
    /// The machine of the initiator, by the number of a host's name; that may be empty.
    pub(crate) initiator_host: u32,
    /// One for each machine, in the order of their names.
    pub(crate) of_hosts: Vec<LatestRecord>,
}

/// The latest record of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LatestRecord {
    /// The machine, likewise.
    pub(crate) host: u32,
    /// Who wrote it.
    pub(crate) node: u32,
    /// From `initiate`, by the initiator's clock, to it, by the writer's.
    pub(crate) since_ns: i64,
}

/// Those of a round that was driven from outside its machines until it came to rest. None of others, nor where a clock was set in it.
pub(super) fn find_latest_records(round: &Round<'_>, manifest: &Manifest) -> Option<LatestRecords> {
    let driven = manifest.rounds.iter().find(|driven| driven.round == round.round)?;
    let is_outside = match manifest.backend {
        Backend::Local(_) | Backend::Sim(_) => false,
        Backend::Kubernetes(_) => true,
    };
    if !is_outside || driven.outcome != RoundOutcome::Quiescent || driven.clock_steps > 0 {
        return None;
    }
    let events = round.events;
    let begins = round.rows.clone().filter(|row| events.kind[*row] == Kind::Initiate);
    let initiate = begins.min_by_key(|row| events.received_ns[*row])?;
    let mut latest: BTreeMap<u32, (i64, u32)> = BTreeMap::new();
    for row in round.rows.clone() {
        let writer = match events.kind[row] {
            Kind::Initiate | Kind::Received | Kind::Duplicate => events.receiver[row],
            Kind::Failed => events.sender[row],
        };
        let of_host = latest.entry(events.host[row]).or_insert((i64::MIN, writer));
        *of_host = (*of_host).max((events.received_ns[row], writer));
    }
    let begun_ns = events.received_ns[initiate];
    let record = |(host, (at_ns, node)): (u32, (i64, u32))| LatestRecord {
        host,
        node,
        since_ns: at_ns.saturating_sub(begun_ns),
    };
    Some(LatestRecords { initiator_host: events.host[initiate], of_hosts: latest.into_iter().map(record).collect() })
}
