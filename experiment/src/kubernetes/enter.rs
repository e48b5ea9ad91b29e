//! The way into the pods of a release: a port-forward to each one's control port, and what it says of itself.

use std::sync::Arc;
use std::time::Duration;

use cnsim::id::NodeId;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{Peer, StatusReply, StatusRequest};
use cnsim_cluster::{Namespace, Pod, innermost_cause};
use hyper_util::rt::TokioIo;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint, Uri};

use super::error::KubernetesError;
use crate::cluster::Process;

/// Where a pod's control service listens, on its loopback.
const CONTROL_PORT: u16 = 4050;
/// How many port-forwards are opened at once.
const OPENING_MAX: usize = 32;
/// How long a pod may be out of reach before a call fails: an API server that is upgraded is away for some seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long opening a port-forward may take.
const OPENING: Duration = Duration::from_secs(20);
/// A port-forward whose other end is gone says nothing; this finds out.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How much may be on its way through the API server before it is acknowledged.
const WINDOW_BYTES: u32 = 4 << 20;

/// A pod that was entered.
#[derive(Debug, Clone)]
pub(super) struct Entered {
    pub(super) pod: Pod,
    pub(super) status: StatusReply,
    pub(super) control: ControlClient<Channel>,
}

/// Enters every pod, in their order.
pub(super) async fn enter_all(namespace: &Namespace, pods: &[Pod]) -> Result<Vec<Entered>, KubernetesError> {
    let permits = Arc::new(Semaphore::new(OPENING_MAX));
    let mut entering = JoinSet::new();
    for (index, pod) in pods.iter().cloned().enumerate() {
        let (namespace, permits) = (namespace.clone(), Arc::clone(&permits));
        entering.spawn(async move {
            let _permit = permits.acquire_owned().await;
            (index, enter(&namespace, pod).await)
        });
    }
    let mut entered = entering.join_all().await;
    entered.sort_by_key(|(index, _)| *index);
    entered.into_iter().map(|(_, entered)| entered).collect()
}

/// Enters one pod.
pub(super) async fn enter(namespace: &Namespace, pod: Pod) -> Result<Entered, KubernetesError> {
    let (ours, name) = (namespace.clone(), pod.name.clone());
    let connector = tower::service_fn(move |_: Uri| {
        let (namespace, name) = (ours.clone(), name.clone());
        async move { namespace.forward(&name, CONTROL_PORT).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://pod")
        .connect_timeout(OPENING)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES);
    let closed = |reason: String| KubernetesError::Closed { pod: pod.name.clone(), reason };
    let channel = endpoint.connect_with_connector(connector).await.map_err(|error| closed(innermost_cause(&error)))?;
    let mut control = ControlClient::new(channel).max_decoding_message_size(usize::MAX);
    let status = control.status(StatusRequest {}).await.map_err(|status| closed(status.message().to_owned()))?;
    Ok(Entered { status: status.into_inner(), control, pod })
}

impl Entered {
    /// The process that hosts these nodes of the plan, whatever it calls them now.
    pub(super) fn into_process(self, ids: &[NodeId], zone: Option<String>) -> Result<Process, KubernetesError> {
        let Self { pod, status, control } = self;
        let mut ports: Vec<u16> = status.nodes.iter().filter_map(|node| port(&node.address)).collect();
        ports.sort_unstable();
        let address = pod.address.unwrap_or_default();
        if ports.len() != ids.len() || address.is_empty() {
            return Err(KubernetesError::OtherNodes { pod: pod.name, found: ports.len(), wanted: ids.len() });
        }
        let at = |port| if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") };
        let peer = |(id, port): (_, _)| Peer { id: ToString::to_string(id), address: at(port), number: 0 };
        let nodes = ids.iter().zip(ports).map(peer).collect();
        Ok(Process { name: status.process, host: status.host, zone, nodes, control, patience: PATIENCE, before: 0 })
    }
}

fn port(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
}
