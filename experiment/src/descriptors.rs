//! Whether this machine lets a run's processes open as many files and connections as they will need.

use std::collections::BTreeSet;

use cnsim::id::NodeIx;
use cnsim::protocol::Connections;
use cnsim_node::limits::{TooFewFiles, check_open_files, raise_open_files};

use crate::plan::Plan;

/// What a process has open besides its listeners and connections: standard streams, the runtime's own, the control
/// listener and the driver's connection to it.
const PROCESS_BASE: u64 = 32;
/// What the driver has open for each process: its standard input, its control connection, its record file while merging.
const DRIVER_EACH: u64 = 3;

/// Checks the plan's needs against what a process may have, and raises the driver's own limit.
pub fn check(plan: &Plan) -> Result<(), TooFewFiles> {
    check_open_files(process_needs(plan).max(PROCESS_BASE + DRIVER_EACH * u64::from(plan.processes())))?;
    if let Err(error) = raise_open_files() {
        tracing::warn!(%error, "the limit of open files cannot be raised");
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
    for node in 0..plan.topology.nodes.len() {
        let targets = plan.neighbours.neighbours(NodeIx(node as u32));
        copies[node / size] += (targets.len() as u64).min(u64::from(plan.options.in_flight));
        for target in targets {
            destinations[node / size].insert(target.index());
            copies[target.index() / size] += 1;
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{BackendName, Cli, Command};
    use crate::resolve::plan_of;

    fn needs(flags: &[&str]) -> u64 {
        let fixed = ["cnsim", "run", "--nodes", "4", "--nodes-per-process", "2", "--topology", "ring"];
        let Ok(Cli { command: Command::Run(args) }) = Cli::try_parse_from(fixed.iter().chain(flags)) else {
            panic!("{flags:?} are no flags of a run");
        };
        process_needs(&plan_of(&args.experiment, None, BackendName::Local).unwrap())
    }

    #[test]
    fn processes_that_reuse_connections_need_one_for_each_destination_and_each_source() {
        // Nodes 0 and 1 send to all four nodes, and either process sends to both of them.
        assert_eq!(needs(&[]), PROCESS_BASE + 2 + 4 + 4);
    }

    #[test]
    fn a_connection_for_each_send_is_needed_for_every_copy_at_once() {
        assert_eq!(needs(&["--connections", "per-send", "--in-flight", "1"]), PROCESS_BASE + 2 + 2 + 4);
        assert_eq!(needs(&["--connections", "per-send"]), PROCESS_BASE + 2 + 4 + 4);
    }
}
