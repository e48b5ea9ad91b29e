//! Whether this machine lets a run's processes open as many files and connections as they will need.

use std::collections::BTreeSet;

use cnsim::protocol::Connections;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::plan::Plan;

/// What a process has open besides its listeners and connections: standard streams, the runtime's own, the control
/// listener and the driver's connection to it.
const PROCESS_BASE: u64 = 32;
/// What the driver has open for each process: its standard input, its control connection, its record file while merging.
const DRIVER_EACH: u64 = 3;

/// Too few file descriptors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{who} needs {needed} file descriptors and may have {limit}, {} are missing: raise the limit (ulimit -Hn), or use \
     fewer nodes, a sparser topology or more --nodes-per-process",
    .needed - .limit
)]
pub struct TooFewDescriptors {
    who: &'static str,
    needed: u64,
    limit: u64,
}

/// Checks the plan's needs against the limits, and raises the driver's own.
pub fn check(plan: &Plan) -> Result<(), TooFewDescriptors> {
    let limits = getrlimit(Resource::Nofile);
    let limit = limits.maximum.unwrap_or(u64::MAX);
    let driver = PROCESS_BASE + DRIVER_EACH * u64::from(plan.processes());
    let process = process_needs(plan);
    for (who, needed) in [("a node process", process), ("the driver", driver)] {
        if needed > limit {
            return Err(TooFewDescriptors { who, needed, limit });
        }
    }
    if limits.current.is_some_and(|current| current < driver)
        && let Err(error) = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limits.maximum, ..limits })
    {
        tracing::warn!(%error, "the file descriptor limit cannot be raised");
    }
    Ok(())
}

/// The most that one process needs. Processes that reuse connections share one for each destination; else every copy
/// that may be in flight, in or out, has its own.
fn process_needs(plan: &Plan) -> u64 {
    let size = plan.options.nodes_per_process as usize;
    let count = plan.processes() as usize;
    let mut destinations = vec![BTreeSet::new(); count];
    let mut copies = vec![0; count];
    for (node, links) in plan.links.iter().enumerate() {
        copies[node / size] += (links.len() as u64).min(u64::from(plan.options.in_flight));
        for link in links {
            destinations[node / size].insert(link.node);
            copies[link.node / size] += 1;
        }
    }
    let needs = match plan.protocol.connections {
        Connections::Reuse => {
            let mut sources = vec![0; count];
            for node in destinations.iter().flatten() {
                sources[node / size] += 1;
            }
            destinations.iter().zip(sources).map(|(out, sources)| out.len() as u64 + sources).max()
        }
        Connections::PerSend => copies.into_iter().max(),
    };
    PROCESS_BASE + size as u64 + needs.unwrap_or(0)
}
