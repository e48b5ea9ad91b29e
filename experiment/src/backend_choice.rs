//! Which backend a run uses: the one place that knows all of them.

use std::collections::BTreeMap;

use cnsim::manifest::{Backend, KubernetesFacts, ProcessFacts, SimFacts};
use cnsim::time::Clock;

use crate::backend::RunContext;
use crate::kubernetes::{self, Kubernetes};
use crate::local::Local;
use crate::machine;
use crate::plan::Plan;
use crate::session::{Halt, run_session};
#[cfg(feature = "sim")]
use crate::simulation::run_simulation;

/// Where a run's processes live.
#[derive(Debug, Clone)]
pub enum BackendChoice {
    /// On this machine.
    Local,
    /// In the pods of a cluster.
    Kubernetes(kubernetes::KubernetesOptions),
    /// Nowhere: in virtual time.
    Sim,
}

/// Where a run begins.
#[derive(Debug)]
pub enum Start {
    /// With its first round, on processes that are new to it.
    Anew,
    /// After it was stopped.
    Resumed {
        /// The next round.
        first_round: u32,
        /// The last sequence number that is here of each process.
        last_seqs: BTreeMap<String, u64>,
    },
}

impl BackendChoice {
    /// The backend that a run was begun on; `typed` are the flags that it is resumed with.
    pub fn of_run(backend: &Backend, typed: kubernetes::KubernetesOptions) -> Self {
        match backend {
            Backend::Local(_) => Self::Local,
            Backend::Kubernetes(facts) => Self::Kubernetes(typed.or_recorded(facts)),
            Backend::Sim(_) => Self::Sim,
        }
    }

    /// What the manifest says of it before the run.
    pub fn facts(&self, plan: &Plan) -> Backend {
        let processes = ProcessFacts {
            processes: Some(plan.processes()),
            nodes_per_process: Some(plan.options.nodes_per_process),
            ..ProcessFacts::default()
        };
        match self {
            Self::Local => Backend::Local(machine::facts(processes)),
            Self::Kubernetes(_) => {
                Backend::Kubernetes(Box::new(KubernetesFacts { processes, ..KubernetesFacts::default() }))
            }
            Self::Sim => Backend::Sim(SimFacts { processes, like: plan.like.clone(), ..SimFacts::default() }),
        }
    }

    /// What the times of its runs are read from.
    pub fn clock(&self) -> Clock {
        match self {
            Self::Local | Self::Kubernetes(_) => Clock::Wall,
            Self::Sim => Clock::Virtual,
        }
    }

    /// Drives a run on it to its end.
    ///
    /// # Errors
    /// What stopped it, where something did.
    pub async fn drive(self, run: &mut RunContext<'_>, start: Start) -> Result<(), Halt> {
        match (self, start) {
            (Self::Local, Start::Anew) => run_session(Local::default(), run, 0).await,
            (Self::Local, Start::Resumed { first_round, .. }) => run_session(Local::default(), run, first_round).await,
            #[cfg(feature = "sim")]
            (Self::Sim, Start::Anew | Start::Resumed { .. }) => run_simulation(run),
            #[cfg(not(feature = "sim"))]
            (Self::Sim, Start::Anew | Start::Resumed { .. }) => {
                Err(Halt::Failed("this program was built without its simulator".to_owned()))
            }
            (Self::Kubernetes(options), Start::Anew) => run_session(Kubernetes::new(options), run, 0).await,
            (Self::Kubernetes(options), Start::Resumed { first_round, last_seqs }) => {
                run_session(Kubernetes::resumed(options, last_seqs), run, first_round).await
            }
        }
    }
}
