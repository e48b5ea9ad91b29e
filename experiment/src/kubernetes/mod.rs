//! The backend on Kubernetes: installs the chart, enters its pods through the API server, and takes it away again.
//!
//! Nothing here depends on an address inside the cluster but the pods' own, which only they use: the driver reaches a
//! pod by port-forward alone. A pod that is lost is waited for and configured again; the round it was lost in is marked.

mod backend;
mod chart;
mod collect;
mod enter;
mod error;
mod facts;
mod helm;
mod install;
mod limits;
mod options;
mod probe;
mod quantity;
mod ready;
mod release;
mod undertaker;
mod watch;

pub use backend::Kubernetes;
pub use error::KubernetesError;
pub use helm::HelmError;
pub use options::KubernetesOptions;
pub use release::release_of;
