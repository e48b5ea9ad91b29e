//! Processes of nodes inside a test, led over real connections as a driver leads them.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cnsim::event::{Kind, Record};
use cnsim::id::NodeId;
use cnsim::link::{DelaySpec, LinkSpec, Texts};
use cnsim::protocol::ProtocolSettings;
use cnsim::wire::control::control_client::ControlClient;
use cnsim::wire::control::{
    ConfigureRequest, Links, Neighbour, NodeConfig, Peer, PrepareReply, PrepareRequest, StartRequest, WatchReply,
    WatchRequest,
};
use cnsim::wire::gossip::gossip_service_client::GossipServiceClient;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::gossip_service::Starts;
use crate::host::Host;
use crate::serve::{Process, ServeConfig, Stdin};

/// A process of the test's own.
pub(crate) struct Running {
    pub(crate) host: Arc<Host>,
    pub(crate) control: ControlClient<Channel>,
    lines: Lines,
    finished: JoinHandle<anyhow::Result<()>>,
}

/// All processes of one network.
pub(crate) struct Net {
    pub(crate) processes: Vec<Running>,
}

/// A configuration; change what a test is about.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) epoch: u64,
    pub(crate) protocol: ProtocolSettings,
    pub(crate) edges: Vec<(&'static str, &'static str)>,
    pub(crate) hold_ns: u64,
    /// Addresses besides those of the network's own nodes.
    pub(crate) strangers: Vec<(&'static str, SocketAddr)>,
}

impl Plan {
    /// Directed edges.
    pub(crate) fn new(protocol: &str, edges: &[(&'static str, &'static str)]) -> Self {
        let protocol = protocol.parse().unwrap();
        Self { epoch: 1, protocol, edges: edges.to_vec(), hold_ns: 0, strangers: Vec::new() }
    }

    /// Each edge in both directions.
    pub(crate) fn both_ways(protocol: &str, edges: &[(&'static str, &'static str)]) -> Self {
        let back = edges.iter().map(|(from, to)| (*to, *from));
        Self::new(protocol, &edges.iter().copied().chain(back).collect::<Vec<_>>())
    }
}

/// What a lone process of these nodes would be given, every port chosen by the system.
pub(crate) fn config(ids: &[&str]) -> ServeConfig {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    ServeConfig {
        ids: ids.iter().map(|id| NodeId::new(id).unwrap()).collect(),
        fixed: None,
        pods: None,
        listen: any,
        control: any,
        announce: None,
        max_message: 4 << 20,
        starts: Starts::Accepted,
        queue: 1024,
        workers: None,
        spool: None,
        stdin: Stdin::Unread,
        host: "machine".to_owned(),
        pod: "pod".to_owned(),
    }
}

impl Running {
    pub(crate) async fn start(config: ServeConfig) -> Self {
        let lines = Lines::default();
        let process = Process::start(&config, Box::new(lines.clone())).await.unwrap();
        let control = ControlClient::connect(format!("http://{}", process.control)).await.unwrap();
        Self { host: Arc::clone(&process.host), control, lines, finished: tokio::spawn(process.finish()) }
    }

    pub(crate) fn address(&self, node: &str) -> SocketAddr {
        self.host.nodes()[&NodeId::new(node).unwrap()].address
    }

    pub(crate) async fn gossip(&self, node: &str) -> GossipServiceClient<Channel> {
        GossipServiceClient::connect(format!("http://{}", self.address(node))).await.unwrap()
    }

    /// Ends the process and gives its records.
    pub(crate) async fn stop(self) -> Vec<Record<'static>> {
        self.host.end();
        self.finished.await.unwrap().unwrap();
        let lines: &'static [u8] = self.lines.0.lock().unwrap().clone().leak();
        lines.split_inclusive(|byte| *byte == b'\n').map(|line| Record::read_line(line).unwrap()).collect()
    }
}

impl Net {
    /// One process for each list of nodes.
    pub(crate) async fn start(processes: &[&[&str]]) -> Self {
        let mut net = Self { processes: Vec::new() };
        for ids in processes {
            net.processes.push(Running::start(config(ids)).await);
        }
        net
    }

    pub(crate) async fn configure(&mut self, plan: &Plan) {
        let mut roster: Vec<Peer> = plan.strangers.iter().map(|(id, address)| peer(id, *address)).collect();
        for process in &self.processes {
            roster.extend(process.host.nodes().iter().map(|(id, node)| peer(id.as_str(), node.address)));
        }
        roster.sort_by(|a, b| a.id.cmp(&b.id));
        let nodes = u32::try_from(roster.len()).unwrap();
        roster.iter_mut().zip(0..).for_each(|(peer, number)| peer.number = number);
        let number = |id: &str| roster.iter().find(|peer| peer.id == id).unwrap().number;
        for process in &mut self.processes {
            let hosted = process.host.nodes();
            let mut configs: BTreeMap<&str, Vec<Neighbour>> = BTreeMap::new();
            for (from, to) in plan.edges.iter().filter(|(from, _)| hosted.keys().any(|id| id.as_str() == *from)) {
                let neighbour = Neighbour { id: (*to).to_owned(), weight_ns: plan.hold_ns };
                configs.entry(*from).or_default().push(neighbour);
            }
            let configs = configs.into_iter().map(|(id, neighbours)| NodeConfig {
                id: id.to_owned(),
                neighbours,
                port: 0,
                number: number(id),
            });
            let request = ConfigureRequest {
                epoch: plan.epoch,
                run_id: "run".to_owned(),
                condition: "condition".to_owned(),
                nodes,
                seed: 7,
                protocol: Some((&plan.protocol).into()),
                roster: roster.clone(),
                first_period: 0,
                links: Some(Links::of(
                    &LinkSpec { delay: DelaySpec::Weights, ..LinkSpec::default() },
                    Texts::default(),
                )),
                configs: configs.collect(),
            };
            let reply = process.control.configure(request).await.unwrap().into_inner();
            assert_eq!(reply.epoch, plan.epoch);
        }
    }

    pub(crate) async fn prepare(&mut self, epoch: u64, initiator: &str) -> Vec<PrepareReply> {
        let mut replies = Vec::new();
        for process in &mut self.processes {
            let request = PrepareRequest { epoch, round: 1, initiator: initiator.to_owned() };
            replies.push(process.control.prepare(request).await.unwrap().into_inner());
        }
        replies
    }

    /// One whole round of the run `run`, as a driver does it.
    pub(crate) async fn round(&mut self, epoch: u64, initiator: &str, round: u32) {
        self.prepare(epoch, initiator).await;
        self.begin(epoch, initiator, round, &[]).await;
        self.quiescent().await;
    }

    pub(crate) async fn begin(&mut self, epoch: u64, initiator: &str, round: u32, payload: &'static [u8]) {
        let id = NodeId::new(initiator).unwrap();
        let process = self.processes.iter_mut().find(|process| process.host.nodes().contains_key(&id)).unwrap();
        let payload = payload.into();
        let request = StartRequest { epoch, node: initiator.to_owned(), message: format!("run-{round}"), payload };
        process.control.start(request).await.unwrap();
    }

    /// Waits until nothing is queued or in flight in two equal passes; gives the last one's counters.
    pub(crate) async fn quiescent(&mut self) -> Vec<WatchReply> {
        let mut last = Vec::new();
        loop {
            let mut now = Vec::new();
            for process in &mut self.processes {
                now.push(process.control.watch(WatchRequest {}).await.unwrap().into_inner());
            }
            let counts: Vec<_> = now.iter().map(|w| (w.queued, w.started, w.finished, w.delivered)).collect();
            let idle = counts.iter().all(|(queued, started, finished, _)| *queued == 0 && started == finished);
            if idle && counts == last {
                return now;
            }
            last = counts;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until so many sends of a process have failed.
    pub(crate) async fn failed(&mut self, process: usize, failed: u64) {
        let control = &mut self.processes[process].control;
        while control.watch(WatchRequest {}).await.unwrap().into_inner().failed < failed {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Ends every process and gives all records.
    pub(crate) async fn stop(self) -> Vec<Record<'static>> {
        let mut records = Vec::new();
        for process in self.processes {
            records.extend(process.stop().await);
        }
        records
    }
}

/// The records of one kind.
pub(crate) fn of_kind<'a>(records: &'a [Record<'static>], kind: Kind) -> Vec<&'a Record<'static>> {
    records.iter().filter(|record| record.kind == kind).collect()
}

/// Memory that records are written into.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn peer(id: &str, address: SocketAddr) -> Peer {
    Peer { id: id.to_owned(), address: address.to_string(), number: 0 }
}
