//! The names of the backends, as they are typed.

use clap::ValueEnum;

/// Where nodes can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// On this machine.
    Local,
    /// On a Kubernetes cluster, one pod or more for the nodes.
    Kubernetes,
    /// In virtual time.
    Sim,
}

impl BackendName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sim, Self::Local, Self::Kubernetes];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Kubernetes => "kubernetes",
            Self::Sim => "sim",
        }
    }
}
