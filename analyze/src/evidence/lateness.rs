//! How late a process may come to what it has to do, as far as the driver saw what it waited and worked for.

use cnsim::manifest::{Backend, Manifest, Round};

/// What nobody counts: a node's queue, the waking of a task.
const UNCOUNTED_MS: f64 = 10.0;

/// How much later than it was due anything can have happened in a process in a round: where time is virtual not at all, on machines as
/// long as a process waited for a processor or had something else to do. None where nobody knows, and where a clock was set.
pub(super) fn late_ns(manifest: &Manifest, round: &Round) -> Option<i64> {
    match manifest.backend {
        Backend::Sim(_) => Some(0),
        Backend::Local(_) | Backend::Kubernetes(_) if round.clock_steps > 0 => None,
        Backend::Local(_) | Backend::Kubernetes(_) => {
            let busy_ms = round.resources.as_ref()?.cpu_process_max_ms?;
            Some(((round.scheduling_delay_ms? + busy_ms + UNCOUNTED_MS) * 1e6) as i64)
        }
    }
}
