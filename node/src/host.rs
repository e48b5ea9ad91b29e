//! The nodes of one process and what the control service does with them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use cnsim::event::{Context, Stamp};
use cnsim::id::{Epoch, IdError, MessageId, NodeId};
use cnsim::machine::{ControlCount, FaultLog, Load, RoundFaults};
use cnsim::protocol::Senders;
use cnsim::time::{Interval, Timestamp};
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::JoinSet;

use crate::actor::Actor;
use crate::configuration::{Configuration, ConfigurationError, Hosted};
use crate::inbox::{Handle, Instruction, LinkTurn};
use crate::lag::Lag;
use crate::names::Roster;
use crate::network::{BadAddress, Network, Opened, Settings};
use crate::recorder::LastSeqs;
use crate::shared::Shared;
use crate::spool::Spool;
use crate::traffic::Traffic;

/// How long copies in flight may take to end when the process stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the nodes did not do what they were asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    /// The request is for another configuration.
    #[error("epoch {asked} is not this process's epoch {mine}: configure it first")]
    OtherEpoch {
        /// The request's.
        asked: u64,
        /// The process's.
        mine: u64,
    },
    /// The request configures nothing.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] IdError),
    /// A peer has no usable address.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// Another process hosts the node.
    #[error("{0} is not a node of this process")]
    NotHosted(String),
    /// The process is ending.
    #[error("the process is stopping")]
    Stopping,
}

/// A hosted node.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where its gossip port is.
    pub(crate) address: SocketAddr,
    /// Its core.
    pub(crate) handle: Handle,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Host {
    stamp: Stamp,
    shared: Arc<Shared>,
    spool: Option<Arc<Spool>>,
    lag: Lag,
    /// By the names that they were started with.
    nodes: BTreeMap<NodeId, Node>,
    network: RwLock<Arc<Network>>,
    /// One configuration at a time.
    configuring: Mutex<()>,
    actors: Mutex<JoinSet<()>>,
    ending: watch::Sender<bool>,
    /// What the nodes need before a message can begin; none once they are configured.
    waiting: RwLock<Option<String>>,
}

impl Host {
    /// Starts a core for each node; none is configured.
    pub(crate) fn start(
        stamp: Stamp,
        shared: Arc<Shared>,
        spool: Option<Arc<Spool>>,
        listeners: impl IntoIterator<Item = (NodeId, SocketAddr)>,
        queue: usize,
    ) -> Self {
        let network = Arc::new(unconfigured(Arc::clone(&shared.traffic)));
        let mut actors = JoinSet::new();
        let nodes = listeners.into_iter().map(|(id, address)| {
            let (actor, handle) = Actor::new(id.clone(), queue, Arc::clone(&network), Arc::clone(&shared));
            actors.spawn(actor.run());
            (id, Node { address, handle })
        });
        Self {
            nodes: nodes.collect(),
            stamp,
            shared,
            spool,
            lag: Lag::default(),
            network: RwLock::new(network),
            configuring: Mutex::default(),
            actors: Mutex::new(actors),
            ending: watch::Sender::new(false),
            waiting: RwLock::default(),
        }
    }

    /// No message begins here before the nodes are configured, because they wait for `what`.
    pub(crate) fn waits_for(&self, what: &str) {
        let mut waiting = self.waiting.write().expect("no holder of this lock panics");
        *waiting = Some(what.to_owned());
    }

    /// What the nodes wait for.
    pub(crate) fn waiting(&self) -> Option<String> {
        self.waiting.read().expect("no holder of this lock panics").clone()
    }

    /// What the nodes share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What every record of this process has.
    pub(crate) fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// The last records on disk, where they are kept.
    pub(crate) fn spool(&self) -> Option<&Arc<Spool>> {
        self.spool.as_ref()
    }

    /// Scheduler statistics.
    pub(crate) fn lag(&self) -> &Lag {
        &self.lag
    }

    /// The hosted nodes, by the names that they were started with.
    pub(crate) fn nodes(&self) -> &BTreeMap<NodeId, Node> {
        &self.nodes
    }

    /// The network of the configuration that every core has taken.
    pub(crate) fn network(&self) -> Arc<Network> {
        Arc::clone(&self.network.read().expect("no holder of this lock panics"))
    }

    /// Its nodes as a configuration finds them.
    pub(crate) fn hosted(&self) -> Vec<Hosted> {
        let hosted = |(slot, node): (&NodeId, &Node)| Hosted {
            slot: slot.clone(),
            id: node.handle.id(),
            port: node.address.port(),
        };
        self.nodes.iter().map(hosted).collect()
    }

    /// Gives each core its configuration; returns when all have taken it.
    pub(crate) async fn configure(&self, configuration: Configuration) -> Result<(), HostError> {
        let _only = self.configuring.lock().await;
        self.apply(configuration).await
    }

    /// The same, unless a driver has configured the nodes.
    pub(crate) async fn configure_unless_driven(&self, configuration: Configuration) -> Result<(), HostError> {
        let _only = self.configuring.lock().await;
        match self.network().context().epoch {
            Epoch(0) => self.apply(configuration).await,
            Epoch(_) => Ok(()),
        }
    }

    /// Opens every connection that a receiver of a message could use.
    pub(crate) async fn open_all(&self) {
        let network = self.network();
        match network.settings().senders() {
            Senders::Initiator => return,
            Senders::Holders => {}
        }
        if let Some(node) = self.nodes.values().next() {
            let opened = network.open(&node.handle.id()).await;
            tracing::info!(connections = opened.connections, failed = opened.failed.len(), "joined the network");
        }
    }

    async fn apply(&self, configuration: Configuration) -> Result<(), HostError> {
        let Configuration { settings, mut configs } = configuration;
        let network = Arc::new(Network::new(settings, Arc::clone(&self.shared.traffic))?);
        let mut taken = Vec::new();
        for (id, node) in &self.nodes {
            let config = configs.remove(id).ok_or_else(|| HostError::NotHosted(id.to_string()))?;
            let (done, ended) = oneshot::channel();
            let instruction = Instruction::Configure { config, network: Arc::clone(&network), done };
            node.handle.instructions.send(instruction).await.map_err(|_| HostError::Stopping)?;
            taken.push(ended);
        }
        for ended in taken {
            ended.await.map_err(|_| HostError::Stopping)?;
        }
        *self.network.write().expect("no holder of this lock panics") = network;
        *self.waiting.write().expect("no holder of this lock panics") = None;
        Ok(())
    }

    /// Opens the connections that a message of `initiator` can use, and writes the records of the round before: neither
    /// shall happen while it spreads. Control traffic is counted from here on.
    pub(crate) async fn prepare(&self, epoch: Epoch, initiator: &NodeId) -> Result<Opened, HostError> {
        let network = self.network_of(epoch)?;
        self.shared.recorder.flush().await;
        let opened = network.open(initiator).await;
        let begin = |done| Instruction::BeginCounts { done };
        self.instruct_all(begin).await?;
        Ok(opened)
    }

    /// The control traffic of each hosted node since the last preparation, by the names that they have now.
    pub(crate) async fn control_traffic(&self, epoch: Epoch) -> Result<Vec<(NodeId, Vec<ControlCount>)>, HostError> {
        self.network_of(epoch)?;
        let counts = self.instruct_all(|counts| Instruction::TellCounts { counts }).await?;
        Ok(self.named(counts))
    }

    /// Has the faults of a round befall the hosted nodes.
    pub(crate) async fn begin_faults(&self, epoch: Epoch, faults: &RoundFaults) -> Result<(), HostError> {
        self.network_of(epoch)?;
        self.instruct_all(|done| Instruction::BeginFaults { faults: faults.clone(), done }).await.map(drop)
    }

    /// Has the links of hosted nodes come and go, by the names that the nodes have now; those of a node that is not named never come.
    pub(crate) async fn begin_motion(
        &self,
        epoch: Epoch,
        discovery: Interval,
        mut turns: BTreeMap<NodeId, Vec<LinkTurn>>,
    ) -> Result<(), HostError> {
        self.network_of(epoch)?;
        let mut begun = Vec::with_capacity(self.nodes.len());
        for node in self.nodes.values() {
            let turns = turns.remove(&node.handle.id()).unwrap_or_default();
            let (done, ended) = oneshot::channel();
            let instruction = Instruction::BeginMotion { discovery, turns, done };
            node.handle.instructions.send(instruction).await.map_err(|_| HostError::Stopping)?;
            begun.push(ended);
        }
        for ended in begun {
            ended.await.map_err(|_| HostError::Stopping)?;
        }
        Ok(())
    }

    /// Nodes are at other addresses from now on.
    pub(crate) fn readdress(&self, epoch: Epoch, addresses: &BTreeMap<NodeId, String>) -> Result<(), HostError> {
        Ok(self.network_of(epoch)?.readdress(addresses)?)
    }

    /// Stops every node where it stands, and writes every record; gives the time at which nothing happened any more, and each node's
    /// control traffic.
    pub(crate) async fn halt(&self) -> Result<(Timestamp, Vec<(NodeId, Vec<ControlCount>)>), HostError> {
        let counts = self.instruct_all(|counts| Instruction::Halt { counts }).await?;
        let halted = self.shared.clock.now();
        self.shared.recorder.flush().await;
        Ok((halted, self.named(counts)))
    }

    /// What each hosted node said, with its name.
    fn named<T>(&self, said: Vec<T>) -> Vec<(NodeId, T)> {
        self.nodes.values().map(|node| node.handle.id()).zip(said).collect()
    }

    /// What each hosted node has seen of the faults since.
    pub(crate) async fn fault_logs(&self, epoch: Epoch) -> Result<Vec<(NodeId, FaultLog)>, HostError> {
        self.network_of(epoch)?;
        let logs = self.instruct_all(|log| Instruction::TellFaults { log }).await?;
        Ok(self.named(logs))
    }

    /// Instructs every node, and waits for what each of them says.
    async fn instruct_all<T>(
        &self,
        instruction: impl Fn(oneshot::Sender<T>) -> Instruction,
    ) -> Result<Vec<T>, HostError> {
        let mut answers = Vec::with_capacity(self.nodes.len());
        for node in self.nodes.values() {
            let (answer, answered) = oneshot::channel();
            node.handle.instructions.send(instruction(answer)).await.map_err(|_| HostError::Stopping)?;
            answers.push(answered);
        }
        let mut said = Vec::with_capacity(answers.len());
        for answered in answers {
            said.push(answered.await.map_err(|_| HostError::Stopping)?);
        }
        Ok(said)
    }

    /// Begins a message; returns when the core has taken it, so that the load shows it.
    pub(crate) async fn initiate(
        &self,
        epoch: Epoch,
        node: &str,
        message: MessageId,
        payload: Bytes,
    ) -> Result<(), HostError> {
        self.network_of(epoch)?;
        let id = NodeId::new(node)?;
        let called = self.nodes.values().find(|node| node.handle.id() == id);
        let node = called.ok_or_else(|| HostError::NotHosted(id.to_string()))?;
        let (done, ended) = oneshot::channel();
        let instruction = Instruction::Initiate { message, payload, done };
        node.handle.instructions.send(instruction).await.map_err(|_| HostError::Stopping)?;
        ended.await.map_err(|_| HostError::Stopping)
    }

    /// The sum over all hosted nodes.
    pub(crate) fn load(&self) -> Load {
        let load = |node: &Node| *node.handle.load.lock().expect("no holder of this lock panics");
        self.nodes.values().map(load).sum()
    }

    /// Writes every record there is.
    pub(crate) async fn flush(&self) -> LastSeqs {
        self.shared.recorder.flush().await;
        self.shared.recorder.last_seqs()
    }

    /// Gives up the copies that wait, lets those in flight end, and writes every record. Later calls find it done.
    pub(crate) async fn stop(&self) -> LastSeqs {
        let mut actors = self.actors.lock().await;
        for node in self.nodes.values() {
            // A core that has ended needs no instruction.
            let _ = node.handle.instructions.send(Instruction::Stop).await;
        }
        if tokio::time::timeout(STOP_TIMEOUT, all_ended(&mut actors)).await.is_err() {
            self.shared.give_up.notify_waiters();
            all_ended(&mut actors).await;
        }
        self.flush().await
    }

    /// Asks the process to end.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until the process is asked to end.
    pub(crate) async fn ended(&self) {
        let mut ending = self.ending.subscribe();
        // The sender lives as long as this host.
        let _ = ending.wait_for(|ending| *ending).await;
    }

    fn network_of(&self, epoch: Epoch) -> Result<Arc<Network>, HostError> {
        let network = self.network();
        let mine = network.context().epoch;
        if epoch != mine || mine == Epoch(0) {
            return Err(HostError::OtherEpoch { asked: epoch.0, mine: mine.0 });
        }
        Ok(network)
    }
}

async fn all_ended(actors: &mut JoinSet<()>) {
    while let Some(ended) = actors.join_next().await {
        ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    }
}

/// The network of a process that nobody has configured.
fn unconfigured(traffic: Arc<Traffic>) -> Network {
    let settings = Settings {
        run_id: String::new(),
        context: Arc::new(Context::default()),
        protocol: "flood".parse().expect("a protocol of this name exists"),
        roster: Arc::new(Roster::default()),
        addresses: BTreeMap::new(),
        neighbours: BTreeMap::new(),
    };
    Network::new(settings, traffic).expect("no address can be wrong where there is none")
}
