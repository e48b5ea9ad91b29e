//! The network of one configuration as this process sees it: whom its nodes may reach, where, and over which connections.
//!
//! Connections are shared by all hosted nodes, one for each destination. A new configuration is a new network: its
//! connections are its own, and those of the old one close when its last send has ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use cnsim::event::Context;
use cnsim::id::NodeId;
use cnsim::machine::Failure;
use cnsim::protocol::{Connections, ProtocolSettings, Senders};
use cnsim::time::Interval;
use cnsim::wire::gossip::{Answer, GossipMessage, Words};
use tokio::task::JoinSet;
use tonic::codegen::http::uri::Authority;

use crate::connection::Connection;
use crate::names::Roster;
use crate::traffic::Traffic;

/// How many connections are opened at once.
const OPENING_MAX: usize = 64;
/// How long opening one in advance may take where sends have no deadline.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// An address that is no `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address {address:?} of {peer} is not HOST:PORT")]
pub(crate) struct BadAddress {
    peer: NodeId,
    address: String,
}

/// What a configuration says to all hosted nodes.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The run that the next rounds belong to; empty where nobody said.
    pub(crate) run_id: String,
    /// What it gives to each record.
    pub(crate) context: Arc<Context>,
    /// The nodes' numbers.
    pub(crate) roster: Arc<Roster>,
    /// What the nodes do.
    pub(crate) protocol: ProtocolSettings,
    /// Where every node is that a hosted one may send to.
    pub(crate) addresses: BTreeMap<NodeId, String>,
    /// The hosted nodes' neighbours.
    pub(crate) neighbours: BTreeMap<NodeId, Vec<NodeId>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Network {
    settings: Settings,
    /// Of the whole process.
    traffic: Arc<Traffic>,
    peers: RwLock<BTreeMap<NodeId, Arc<Peer>>>,
    holds: Mutex<Holds>,
    /// Inputs refused because a node's queue was full.
    queue_full: AtomicU64,
}

#[derive(Debug)]
struct Peer {
    address: Authority,
    /// The shared connection; locked while it is opened, so that it is opened once.
    open: tokio::sync::Mutex<Option<Connection>>,
}

/// Link delays as intended and as achieved, summed over copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Holds {
    pub(crate) copies: u64,
    pub(crate) intended_ns: u64,
    pub(crate) achieved_ns: u64,
    pub(crate) error_max_ns: u64,
}

/// What came of opening connections in advance.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// How many are open.
    pub(crate) connections: u32,
    /// `ID: reason` for each that is not.
    pub(crate) failed: Vec<String>,
}

impl Settings {
    /// Who sends copies of a message.
    pub(crate) fn senders(&self) -> Senders {
        self.protocol.spec.promises().senders
    }
}

impl Network {
    /// A network without connections; what passes over those to come counts in `traffic`.
    pub(crate) fn new(settings: Settings, traffic: Arc<Traffic>) -> Result<Self, BadAddress> {
        Ok(Self {
            peers: RwLock::new(peers(&settings.addresses)?),
            settings,
            traffic,
            holds: Mutex::default(),
            queue_full: AtomicU64::new(0),
        })
    }

    /// What it was made from.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the configuration gives to each record.
    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.settings.context
    }

    /// Carries one copy to `to` and waits for its acknowledgment: whether it was of use there, where it says so.
    pub(crate) async fn carry(&self, to: &NodeId, message: &GossipMessage) -> Result<Option<bool>, Failure> {
        self.connection(to).await?.deliver(message).await
    }

    /// Asks `to`.
    pub(crate) async fn ask(&self, to: &NodeId, words: &Words) -> Result<Answer, Failure> {
        self.connection(to).await?.ask(words).await
    }

    /// Tells `to`.
    pub(crate) async fn tell(&self, to: &NodeId, words: &Words) -> Result<(), Failure> {
        self.connection(to).await?.tell(words).await
    }

    async fn connection(&self, to: &NodeId) -> Result<Connection, Failure> {
        let peer = self.peer(to)?;
        match self.settings.protocol.connections {
            Connections::PerSend => Connection::open(&peer.address, &self.traffic).await,
            Connections::Reuse => peer.connection(&self.traffic).await,
        }
    }

    /// Has those of its peers that are named here at other addresses. A send that waits for a connection to an old one waits in vain.
    pub(crate) fn readdress(&self, addresses: &BTreeMap<NodeId, String>) -> Result<(), BadAddress> {
        let moved = peers(addresses)?;
        let mut known = self.peers.write().expect("no holder of this lock panics");
        for (id, peer) in moved {
            known.entry(id).and_modify(|known| *known = peer);
        }
        Ok(())
    }

    fn peer(&self, id: &NodeId) -> Result<Arc<Peer>, Failure> {
        let peers = self.peers.read().expect("no holder of this lock panics");
        peers.get(id).cloned().ok_or(Failure::NoPeer)
    }

    /// Opens the connections that a message of `initiator` can use and that are not open.
    pub(crate) async fn open(self: &Arc<Self>, initiator: &NodeId) -> Opened {
        let mut opened = Opened::default();
        let mut opening = JoinSet::new();
        for peer in self.wanted(initiator) {
            if opening.len() == OPENING_MAX {
                opened.add(opening.join_next().await);
            }
            opening.spawn(Arc::clone(self).open_one(peer.clone()));
        }
        while !opening.is_empty() {
            opened.add(opening.join_next().await);
        }
        opened.failed.sort_unstable();
        opened
    }

    /// Counts a copy that was held back.
    pub(crate) fn held(&self, intended: Interval, achieved: Interval) {
        let mut holds = self.holds.lock().expect("no holder of this lock panics");
        holds.copies += 1;
        holds.intended_ns += intended.0;
        holds.achieved_ns += achieved.0;
        holds.error_max_ns = holds.error_max_ns.max(intended.0.abs_diff(achieved.0));
    }

    /// The link delays so far.
    pub(crate) fn holds(&self) -> Holds {
        *self.holds.lock().expect("no holder of this lock panics")
    }

    /// Counts an input that a full queue refused.
    pub(crate) fn count_queue_full(&self) {
        self.queue_full.fetch_add(1, Ordering::Relaxed);
    }

    /// How many inputs full queues have refused.
    pub(crate) fn queue_full(&self) -> u64 {
        self.queue_full.load(Ordering::Relaxed)
    }

    /// The peers that hosted nodes may send this initiator's message to.
    fn wanted(&self, initiator: &NodeId) -> BTreeSet<&NodeId> {
        let Settings { protocol, neighbours, .. } = &self.settings;
        match protocol.connections {
            Connections::PerSend => BTreeSet::new(),
            Connections::Reuse => match self.settings.senders() {
                Senders::Holders => neighbours.values().flatten().collect(),
                Senders::Initiator => neighbours.get(initiator).into_iter().flatten().collect(),
            },
        }
    }

    async fn open_one(self: Arc<Self>, id: NodeId) -> Result<(), String> {
        let limit = self.settings.protocol.deadline.map_or(OPEN_TIMEOUT, Duration::from);
        let open = async { self.peer(&id)?.connection(&self.traffic).await };
        let opened = tokio::time::timeout(limit, open).await.unwrap_or(Err(Failure::Deadline));
        opened.map(drop).map_err(|failure| format!("{id}: {failure}"))
    }
}

/// Peers without connections.
fn peers(addresses: &BTreeMap<NodeId, String>) -> Result<BTreeMap<NodeId, Arc<Peer>>, BadAddress> {
    let peer = |(id, address): (&NodeId, &String)| {
        let bad = || BadAddress { peer: id.clone(), address: address.clone() };
        let address = parse_address(address).ok_or_else(bad)?;
        Ok((id.clone(), Arc::new(Peer { address, open: tokio::sync::Mutex::default() })))
    };
    addresses.iter().map(peer).collect()
}

impl Peer {
    /// The shared connection, opened anew where it is not open.
    async fn connection(&self, traffic: &Arc<Traffic>) -> Result<Connection, Failure> {
        let mut open = self.open.lock().await;
        if let Some(connection) = open.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        let connection = Connection::open(&self.address, traffic).await?;
        Ok(open.insert(connection).clone())
    }
}

impl Opened {
    fn add(&mut self, ended: Option<Result<Result<(), String>, tokio::task::JoinError>>) {
        match ended {
            Some(Ok(Ok(()))) => self.connections += 1,
            Some(Ok(Err(reason))) => self.failed.push(reason),
            Some(Err(error)) => self.failed.push(error.to_string()),
            None => {}
        }
    }
}

/// Checks that `text` is `HOST:PORT`.
pub(crate) fn parse_address(text: &str) -> Option<Authority> {
    let (host, port) = text.rsplit_once(':')?;
    port.parse::<u16>().ok().filter(|_| !host.is_empty() && !host.contains('@'))?;
    text.parse().ok()
}
