//! From the typed command line to plain values: a plan of what was typed, and where its nodes run.

use cnsim::id::RunId;
use cnsim::manifest::Options;
use cnsim::protocol::{ParseError, ProtocolSettings};
use cnsim::time::Interval;

use crate::backend_choice::BackendChoice;
use crate::cli::{BackendName, Experiment, KubernetesArgs};
use crate::kubernetes;
use crate::machine;
use crate::plan::{Plan, PlanError, drawn};
use crate::topology_source::choose;

/// The plan of what was typed.
///
/// # Errors
/// Where no run can be made of it.
pub fn plan_of(typed: &Experiment, run_id: Option<RunId>, backend: BackendName) -> Result<Plan, PlanError> {
    if let Some(nodes) = typed.nodes.filter(|nodes| *nodes < 2) {
        return Err(PlanError::TooFewNodes(nodes));
    }
    let protocol = protocol(typed)?;
    // A drawn seed has 53 bits, so that readers which take every number for a float64 read it right.
    let seed = typed.seed.unwrap_or_else(|| drawn() >> 11);
    let chosen = choose(&typed.topology, typed.nodes, seed)?;
    let found = u32::try_from(chosen.topology.nodes.len()).unwrap_or(u32::MAX);
    let options = Options {
        nodes: typed.nodes.unwrap_or(found),
        rounds: typed.rounds,
        condition: typed.condition.clone(),
        protocol: protocol.spec,
        order: protocol.order,
        in_flight: protocol.in_flight,
        forward: protocol.forward,
        connections: protocol.connections,
        deadline_ms: protocol.deadline.map(|deadline| deadline.0 / 1_000_000),
        topology: chosen.source,
        initiator: typed.initiator.clone(),
        seed,
        payload_bytes: typed.payload_bytes,
        nodes_per_process: typed.nodes_per_process.unwrap_or_else(|| packed(found, backend)).min(found.max(1)),
        round_timeout_ms: u64::try_from(typed.round_timeout.as_millis()).unwrap_or(u64::MAX).max(1),
        pause_ms: typed.pause,
        link_delay: typed.link_delay,
        max_message: typed.max_message,
        allow_partial: typed.allow_partial,
    };
    Plan::of(options, chosen.topology, run_id)
}

/// Where the run's processes live, where the flags go together.
///
/// # Errors
/// Where a flag of the other backend was typed.
pub fn backend_of(backend: BackendName, typed: KubernetesArgs) -> Result<BackendChoice, PlanError> {
    match (backend, typed.first_typed()) {
        (BackendName::Kubernetes, _) => Ok(BackendChoice::Kubernetes(typed.into())),
        (BackendName::Local, None) => Ok(BackendChoice::Local),
        (BackendName::Local, Some(flag)) => Err(PlanError::NeedsKubernetes(flag)),
    }
}

/// The protocol with the flags that were typed; what was not typed keeps the preset's value.
fn protocol(typed: &Experiment) -> Result<ProtocolSettings, ParseError> {
    let preset: ProtocolSettings = typed.protocol.parse()?;
    Ok(ProtocolSettings {
        order: typed.order.unwrap_or(preset.order),
        in_flight: typed.in_flight.unwrap_or(preset.in_flight),
        forward: typed.forward.unwrap_or(preset.forward),
        connections: typed.connections.unwrap_or(preset.connections),
        deadline: match typed.deadline {
            Some(deadline) => deadline.ms().map(Interval::from_ms),
            None => preset.deadline,
        },
        ..preset
    })
}

/// Nodes in one process where nobody says how many: one process for each processor of this machine, whatever the number of nodes,
/// so that runs of different sizes differ in nothing else. A cluster gives each node a pod of its own.
fn packed(nodes: u32, backend: BackendName) -> u32 {
    match backend {
        BackendName::Local => nodes.div_ceil(machine::processors()),
        BackendName::Kubernetes => 1,
    }
}

impl From<KubernetesArgs> for kubernetes::KubernetesOptions {
    fn from(typed: KubernetesArgs) -> Self {
        let KubernetesArgs { namespace, context, release, keep, image, set, chart, ready_timeout } = typed;
        Self { namespace, context, release, keep, image, set, chart, ready_timeout }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use cnsim::id::NodeId;

    use super::*;
    use crate::cli::{Cli, Command};

    fn plan(flags: &[&str]) -> Result<Plan, PlanError> {
        let Ok(Cli { command: Command::Run(args) }) = Cli::try_parse_from(["cnsim", "run"].iter().chain(flags)) else {
            panic!("{flags:?} are no flags of a run");
        };
        plan_of(&args.experiment, args.run_id, args.backend)
    }

    #[test]
    fn a_preset_keeps_its_options_unless_they_are_typed() {
        let preset = plan(&["--nodes", "2", "--protocol", "seed-o"]).unwrap().protocol;
        assert_eq!(preset, "seed-o".parse().unwrap());

        let flags = ["--nodes", "2", "--protocol", "seed-o", "--in-flight", "8", "--deadline", "250"];
        let changed = plan(&flags).unwrap().protocol;
        assert_eq!(changed, ProtocolSettings { in_flight: 8, deadline: Some(Interval::from_ms(250)), ..preset });
    }

    #[test]
    fn any_number_of_nodes_is_packed_into_as_many_processes_as_there_are_processors() {
        for nodes in [2_u32, 3, 64, 65, 1001] {
            let planned = plan(&["--nodes", &nodes.to_string(), "--topology", "line"]).unwrap();
            let packed = planned.options.nodes_per_process;
            assert_eq!(packed, nodes.div_ceil(machine::processors()));
            assert_eq!(planned.hosted().map(<[NodeId]>::len).sum::<usize>(), nodes as usize);
            assert_eq!(planned.hosted().count(), planned.processes() as usize);
        }
    }

    #[test]
    fn the_largest_message_is_known_to_the_byte_or_a_few_more() {
        let fits = plan(&["--nodes", "2", "--payload-bytes", "1000", "--max-message", "1200"]);
        assert!(fits.is_ok(), "{fits:?}");
        let Err(PlanError::TooLarge { bytes, .. }) =
            plan(&["--nodes", "2", "--payload-bytes", "1000", "--max-message", "1050"])
        else {
            panic!("a message of more than 1050 bytes was accepted");
        };
        assert!((1050..1200).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_default_run_id_names_the_number_of_nodes() {
        let plan = plan(&["--nodes", "3"]).unwrap();
        assert_eq!(cnsim::id::nodes_in_run_id(plan.run_id.as_str()), Some(3));
        assert_eq!(plan.run_id.as_str().len(), "4abf0c12-cubaan3".len());
    }
}
