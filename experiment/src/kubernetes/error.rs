//! Why a run on Kubernetes cannot go on, each in one line that says what to do.

use std::io;

use cnsim_cluster::AccessError;

use super::helm::HelmError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// The cluster refused.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Helm refused.
    #[error(transparent)]
    Helm(#[from] HelmError),
    /// The chart cannot be unpacked.
    #[error("cannot unpack the chart: {0}")]
    Chart(io::Error),
    /// There is no such release.
    #[error("release {release} has no pods in namespace {namespace}: install it, or leave --release out")]
    NoRelease {
        /// Its name.
        release: String,
        /// Where.
        namespace: String,
    },
    /// The release is of another size.
    #[error(
        "release {release} has {found} pods, and this run needs {wanted}: give --nodes and --nodes-per-process as it was installed"
    )]
    OtherSize {
        /// Its name.
        release: String,
        /// Its pods.
        found: usize,
        /// The run's.
        wanted: usize,
    },
    /// A pod hosts another number of nodes.
    #[error(
        "pod {pod} hosts {found} nodes, and this run needs {wanted} there: give --nodes and --nodes-per-process as it was installed"
    )]
    OtherNodes {
        /// The pod.
        pod: String,
        /// Its nodes.
        found: usize,
        /// The run's.
        wanted: usize,
    },
    /// An image cannot be had.
    #[error(
        "the image {image} of pod {pod} cannot be pulled: {message}; name one that the cluster can pull with --image"
    )]
    Image {
        /// The image.
        image: String,
        /// A pod.
        pod: String,
        /// What the runtime said.
        message: String,
    },
    /// A container ends again and again.
    #[error("pod {pod} does not stay up: {trouble}; its last lines: {lines}")]
    Crashes {
        /// The pod.
        pod: String,
        /// How it does.
        trouble: String,
        /// What it said.
        lines: String,
    },
    /// The cluster makes no more pods.
    #[error("the cluster made {made} of {pods} pods: {reason}")]
    NotMade {
        /// How many are there.
        made: usize,
        /// How many are wanted.
        pods: usize,
        /// What it said.
        reason: String,
    },
    /// Pods did not become ready.
    #[error("not ready after {seconds} s (--ready-timeout): {text}")]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// What was waited for.
        text: String,
    },
    /// A pod's control service does not answer.
    #[error("cannot reach the control port of pod {pod}: {reason}")]
    Closed {
        /// The pod.
        pod: String,
        /// Why.
        reason: String,
    },
    /// The release has taken part in a run of this name.
    #[error("pod {pod} has records of a run {run_id} already: give another --run-id, or install the release anew")]
    RunIsThere {
        /// A pod.
        pod: String,
        /// The run.
        run_id: String,
    },
    /// The pods run different programs.
    #[error("pods run different revisions: {0}; install the release anew with one image")]
    MixedRevisions(String),
}
