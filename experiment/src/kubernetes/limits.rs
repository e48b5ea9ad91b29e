//! The limits that pods run under: what was asked for, and what is found.

use cnsim::manifest::{Bandwidth, Limits, Memory};

use super::enter::Entered;
use super::{probe, quantity};
use crate::backend::RunContext;
use crate::cluster::Cluster;

/// Where the network plugin reads the limit from.
const BANDWIDTH: &str = "kubernetes.io/egress-bandwidth";

/// The limits that every pod was given, and the memory limit as each control group has it.
pub(super) fn asked_and_found(entered: &[Entered]) -> Limits {
    let bandwidth = common(entered, |one| quantity::parse(one.pod.annotations.get(BANDWIDTH)?));
    let memory = common(entered, |one| quantity::parse(one.pod.limits.get("memory")?));
    let found = || entered.iter().map(|one| (one.status.process.clone(), one.status.memory_limit_bytes)).collect();
    Limits {
        bandwidth: bandwidth.map(|intended_bits_per_s| Bandwidth {
            intended_bits_per_s,
            probe: None,
            reason: Some("the run ended before the probe".to_owned()),
        }),
        memory: memory.map(|intended_bytes| Memory { intended_bytes, found: found() }),
    }
}

/// What all pods have in common; none where they differ or have none.
fn common(entered: &[Entered], of: impl Fn(&Entered) -> Option<u64>) -> Option<u64> {
    let first = of(entered.first()?)?;
    entered.iter().all(|one| of(one) == Some(first)).then_some(first)
}

/// Probes the limit on traffic between two pods, where there is one.
pub(super) async fn prove_bandwidth(run: &mut RunContext<'_>, cluster: &Cluster) {
    let mut limits = run.ledger.manifest().limits.clone();
    let Some(bandwidth) = &mut limits.bandwidth else { return };
    run.watcher.waits_for("the bandwidth probe between two pods");
    let [from, .., to] = cluster.processes.as_slice() else {
        bandwidth.reason = Some("a probe needs two pods".to_owned());
        run.ledger.set_limits(limits);
        return;
    };
    match probe::probe(from, to, bandwidth.intended_bits_per_s).await {
        Ok(probe) => {
            bandwidth.probe = Some(probe);
            bandwidth.reason = None;
        }
        Err(reason) => {
            run.watcher.warn(&format!("the bandwidth probe failed: {reason}"));
            bandwidth.reason = Some(reason);
        }
    }
    run.ledger.set_limits(limits);
}
