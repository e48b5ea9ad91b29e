//! One process of nodes: binds its ports, announces them, serves until it is asked to end, and leaves every record.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cnsim::event::{Context, Stamp};
use cnsim::id::{Epoch, NodeId, NodeIx};
use cnsim::link::Links;
use cnsim::protocol::ProtocolSettings;
use cnsim::time::Interval;
use cnsim::wire::control::control_server::ControlServer;
use cnsim::wire::gossip::gossip_service_server::GossipServiceServer;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio_stream::StreamExt as _;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::clock::Clock;
use crate::configuration::{Configuration, Parts, Rules, Way};
use crate::control_service::Control;
use crate::gossip_port::GossipPort;
use crate::gossip_service::{Gossip, Starts};
use crate::host::Host;
use crate::pods;
use crate::recorder::Recorder;
use crate::shared::Shared;
use crate::spool::{Spool, SpoolOptions};
use crate::traffic::Counted;

/// gRPC refuses larger messages before a handler sees them, unless `--max-message` wants more.
const DECODE_MIN: u64 = 64 << 20;
/// Concurrent calls on one connection: all nodes of another process share it.
const STREAMS_MAX: u32 = 1 << 16;
/// How long connections may take to close when the process ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Whether stdin means anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdin {
    /// It does not.
    Unread,
    /// Its end ends the process.
    EndsProcess,
}

/// What to serve, checked.
#[derive(Debug, Clone)]
pub(crate) struct ServeConfig {
    pub(crate) ids: Vec<NodeId>,
    pub(crate) fixed: Option<Fixed>,
    pub(crate) pods: Option<Pods>,
    pub(crate) listen: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) announce: Option<PathBuf>,
    pub(crate) max_message: u64,
    pub(crate) starts: Starts,
    pub(crate) queue: usize,
    pub(crate) workers: Option<NonZeroUsize>,
    pub(crate) spool: Option<SpoolOptions>,
    pub(crate) stdin: Stdin,
    pub(crate) host: String,
    pub(crate) pod: String,
}

/// How a pod's nodes are configured.
#[derive(Debug, Clone)]
pub(crate) enum Pods {
    /// A driver does it.
    WaitingForDriver,
    /// They do it themselves.
    Joining(Box<pods::PodNetwork>),
}

/// A lone node's configuration, from its flags; it has no epoch.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    /// In the order as given.
    pub(crate) peers: Vec<NodeId>,
    pub(crate) addresses: BTreeMap<NodeId, String>,
    pub(crate) protocol: ProtocolSettings,
    pub(crate) seed: u64,
    pub(crate) condition: String,
}

/// A process that serves.
pub(crate) struct Process {
    pub(crate) host: Arc<Host>,
    /// Where the control port is.
    pub(crate) control: SocketAddr,
    servers: JoinSet<Result<(), tonic::transport::Error>>,
    write_error: oneshot::Receiver<io::Error>,
}

/// Serves until a signal, the end of stdin or the control service ends it.
///
/// # Errors
/// When a port cannot be bound, or a record cannot be written.
pub(crate) fn serve(config: ServeConfig) -> anyhow::Result<()> {
    crate::limits::raise_open_files().context("cannot raise the limit of open files")?;
    let runtime = runtime(&config).context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        let process = Process::start(&config, Box::new(io::stdout())).await?;
        if let Some(file) = &config.announce {
            let written = write_renamed(file, &process.announcement());
            written.with_context(|| format!("cannot write {} (--announce)", file.display()))?;
        }
        end_on_signals(&process.host)?;
        if config.stdin == Stdin::EndsProcess {
            end_with_stdin(&process.host)?;
        }
        process.finish().await
    });
    // A look-up of a name may still wait for its answer.
    runtime.shutdown_background();
    result
}

impl Process {
    /// Binds every port, starts the cores and serves; records go to `sink`.
    pub(crate) async fn start(config: &ServeConfig, sink: Box<dyn Write + Send>) -> anyhow::Result<Self> {
        let gossip = bind_all(config)?;
        let control = bind(config.control, "--control")?;
        let clock = Clock::new();
        let stamp = Stamp {
            process: format!("{}.{}.{}", config.pod, std::process::id(), clock.now().0),
            host: config.host.clone(),
            pod: config.pod.clone(),
        };
        let spool = config.spool.clone().map(open_spool).transpose()?;
        let (failed, write_error) = oneshot::channel();
        let tell = move |error| drop(failed.send(error));
        let recorder = Recorder::start(stamp.clone(), sink, spool.clone(), tell).context("cannot start a thread")?;
        let (traffic, give_up) = (Arc::default(), Notify::new());
        let shared = Shared { clock, recorder, traffic, max_message: config.max_message, give_up };
        let nodes = gossip.iter().map(|(id, address, _)| (id.clone(), *address));
        let host = Arc::new(Host::start(stamp, Arc::new(shared), spool, nodes, config.queue));
        if let Some(fixed) = &config.fixed {
            host.configure(fixed.configuration(&config.ids)).await?;
        }
        match &config.pods {
            Some(Pods::WaitingForDriver) => host.waits_for("a driver"),
            Some(Pods::Joining(network)) => {
                host.waits_for("the other pods");
                tokio::spawn((**network).clone().join(Arc::clone(&host)));
            }
            None => {}
        }
        let mut process = Self { host, control: control.1, servers: JoinSet::new(), write_error };
        process.serve_gossip(gossip, config).await;
        process.serve_control(control.0);
        tracing::info!(nodes = config.ids.len(), listen = %config.listen, control = %process.control, "serving");
        Ok(process)
    }

    /// Waits for the end, then stops the cores, closes the ports and writes every record.
    pub(crate) async fn finish(mut self) -> anyhow::Result<()> {
        let mut unwritten = None;
        tokio::select! {
            Ok(error) = &mut self.write_error => unwritten = Some(error),
            () = self.host.ended() => {}
        }
        self.host.end();
        tracing::info!("stopping");
        self.host.stop().await;
        let closed = async { while self.servers.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSE_TIMEOUT, closed).await.is_err() {
            tracing::debug!("some connections were still open");
        }
        self.host.shared().recorder.close();
        match unwritten.or_else(|| self.write_error.try_recv().ok()) {
            Some(error) => Err(error).context("cannot write event records to stdout"),
            None => Ok(()),
        }
    }

    /// What a driver waits for, as one JSON object.
    fn announcement(&self) -> Vec<u8> {
        let nodes = self.host.nodes().iter();
        let nodes = nodes.map(|(id, node)| serde_json::json!({"id": id.as_str(), "address": node.address.to_string()}));
        let stamp = self.host.stamp();
        let text = serde_json::json!({
            "process": stamp.process,
            "host": stamp.host,
            "control": self.control.to_string(),
            "nodes": nodes.collect::<Vec<_>>(),
        });
        format!("{text}\n").into_bytes()
    }

    async fn serve_gossip(&mut self, listeners: Vec<(NodeId, SocketAddr, TcpIncoming)>, config: &ServeConfig) {
        let (health_reporter, health) = tonic_health::server::health_reporter();
        health_reporter.set_serving::<GossipServiceServer<Gossip>>().await;
        let decode_max = usize::try_from(DECODE_MIN.max(2 * config.max_message)).unwrap_or(usize::MAX);
        for (id, _, incoming) in listeners {
            let node = self.host.nodes()[&id].handle.clone();
            let gossip = Gossip { node, host: Arc::clone(&self.host), starts: config.starts };
            let gossip = GossipServiceServer::new(gossip).max_decoding_message_size(decode_max);
            let port = GossipPort { gossip, health: health.clone() };
            let traffic = Arc::clone(&self.host.shared().traffic);
            let incoming = incoming.map(move |stream| stream.map(|stream| Counted::new(stream, &traffic)));
            let host = Arc::clone(&self.host);
            let ended = async move { host.ended().await };
            self.servers.spawn(server().serve_with_incoming_shutdown(port, incoming, ended));
        }
    }

    fn serve_control(&mut self, incoming: TcpIncoming) {
        let host = Arc::clone(&self.host);
        let service = ControlServer::new(Control { host: Arc::clone(&host) }).max_decoding_message_size(usize::MAX);
        let ended = async move { host.ended().await };
        self.servers.spawn(server().serve_with_incoming_shutdown(service, incoming, ended));
    }
}

impl Fixed {
    fn configuration(&self, ids: &[NodeId]) -> Configuration {
        let context = Context {
            nodes: u32::try_from(self.peers.len() + 1).unwrap_or(u32::MAX),
            protocol: self.protocol.spec.to_string(),
            condition: self.condition.clone(),
            epoch: Epoch(0),
        };
        let everybody: BTreeSet<&NodeId> = ids.iter().chain(&self.peers).collect();
        let way = |to: &NodeId| Way { to: to.clone(), weight: Interval::ZERO };
        Configuration::new(Parts {
            run_id: String::new(),
            context,
            rules: Rules { protocol: self.protocol.clone(), links: Links::none(), seed: self.seed, first_period: 0 },
            addresses: self.addresses.clone(),
            names: ids.iter().map(|id| (id.clone(), id.clone())).collect(),
            numbers: everybody.into_iter().cloned().zip((0..).map(NodeIx)).collect(),
            ways: ids.iter().map(|id| (id.clone(), self.peers.iter().map(way).collect())).collect(),
        })
    }
}

/// One node needs one thread; many share the processors.
fn runtime(config: &ServeConfig) -> io::Result<Runtime> {
    let processors = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let workers = config.workers.unwrap_or_else(|| if config.ids.len() > 1 { processors() } else { NonZeroUsize::MIN });
    let mut builder = match workers.get() {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(workers.get()).enable_all().build()
}

fn server() -> Server {
    Server::builder().accept_http1(false).max_concurrent_streams(STREAMS_MAX)
}

fn bind_all(config: &ServeConfig) -> anyhow::Result<Vec<(NodeId, SocketAddr, TcpIncoming)>> {
    let listeners = config.ids.iter().enumerate().map(|(index, id)| {
        let mut address = config.listen;
        if address.port() != 0 {
            let port = u16::try_from(index).ok().and_then(|index| address.port().checked_add(index));
            let too_many = || format!("{} nodes from port {} on (--listen)", config.ids.len(), config.listen.port());
            address.set_port(port.with_context(too_many).context("there are not enough ports")?);
        }
        let (incoming, address) = bind(address, "--listen")?;
        Ok((id.clone(), address, incoming))
    });
    listeners.collect()
}

fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<(TcpIncoming, SocketAddr)> {
    let cannot = || format!("cannot listen on {address}: choose another address with {flag}");
    let incoming = TcpIncoming::bind(address).with_context(cannot)?.with_nodelay(Some(true));
    let bound = incoming.local_addr().with_context(cannot)?;
    Ok((incoming, bound))
}

fn open_spool(options: SpoolOptions) -> anyhow::Result<Arc<Spool>> {
    let cannot = format!("cannot write {} (--spool)", options.path.display());
    Ok(Arc::new(Spool::create(options).context(cannot)?))
}

fn write_renamed(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    std::fs::write(&name, bytes)?;
    std::fs::rename(&name, file)
}

fn end_on_signals(host: &Arc<Host>) -> anyhow::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut signals = signal(kind).context("cannot listen for signals")?;
        let host = Arc::clone(host);
        tokio::spawn(async move {
            signals.recv().await;
            host.end();
        });
    }
    Ok(())
}

/// A thread of its own: reading stdin cannot be cancelled.
fn end_with_stdin(host: &Arc<Host>) -> anyhow::Result<()> {
    let host = Arc::clone(host);
    let read = move || {
        let mut buffer = [0; 256];
        // Anything but text that nobody wants is the end.
        while matches!(io::stdin().read(&mut buffer), Ok(1..)) {}
        host.end();
    };
    std::thread::Builder::new().name("stdin".to_owned()).spawn(read).context("cannot start a thread")?;
    Ok(())
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
