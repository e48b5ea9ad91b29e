//! The options of a run as they were resolved: what `--repeat` runs again.

use serde::{Deserialize, Serialize};

use super::records::Records;
use crate::as_text;
use crate::initiator::Initiators;
use crate::link::{DelaySpec, LinkSpec, Loss, RateSpec, Sharing, Transport, WorkSpec};
use crate::motion::MotionSpec;
use crate::pace::{Pace, Schedule, WarmUp};
use crate::protocol::{Connections, Forward, Order, Phase, ProtocolSettings, ProtocolSpec};
use crate::scenario::FaultSpec;
use crate::time::Interval;
use crate::topology::TopologySource;

/// The options of `cnsim run`, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Number of nodes.
    pub nodes: u32,
    /// Scored rounds; round 0 is extra.
    pub rounds: u32,
    /// The experiment's condition; may be empty.
    pub condition: String,
    /// As it is typed: `flood`, `push:3:8`, `seed-h`.
    #[serde(with = "as_text")]
    pub protocol: ProtocolSpec,
    /// `shuffled` or `listed`.
    #[serde(with = "as_text")]
    pub order: Order,
    /// Sends of one node at once.
    pub in_flight: u32,
    /// `after-ack` or `before-ack`.
    #[serde(with = "as_text")]
    pub forward: Forward,
    /// `reuse` or `per-send`.
    #[serde(with = "as_text")]
    pub connections: Connections,
    /// None: no deadline.
    pub deadline_ms: Option<u64>,
    /// The period of protocols that have one, as `1s`.
    #[serde(with = "as_text", default = "usual_period")]
    pub period: Interval,
    /// `random` or `aligned`: when periods begin.
    #[serde(with = "as_text", default = "usual_phase")]
    pub phase: Phase,
    /// Whether a node that pushes also sends to whom it heard from.
    #[serde(default)]
    pub back_to_sender: bool,
    /// A spec, or `file` where the run folder's topology.json is the only source.
    #[serde(with = "as_text")]
    pub topology: TopologySource,
    /// `random`, `rotate` or a node's id.
    #[serde(with = "as_text")]
    pub initiator: Initiators,
    /// What topology, initiators and permutations follow from.
    pub seed: u64,
    /// Size of the payload.
    pub payload_bytes: u64,
    /// Nodes hosted by one process.
    pub nodes_per_process: u32,
    /// When a round is given up.
    pub round_timeout_ms: u64,
    /// Pause between rounds.
    pub pause_ms: u64,
    /// When rounds begin: `closed`, as `100ms`, or as `poisson:100ms`.
    #[serde(with = "as_text", default)]
    pub every: Pace,
    /// What begins before the rounds that count: `1`, or as `60s`.
    #[serde(with = "as_text", default)]
    pub warm_up: WarmUp,
    /// How long copies are on their way, as it is typed: `none`, `weights`, `constant:20ms`, …; earlier versions wrote milliseconds.
    #[serde(with = "as_text")]
    pub link_delay: DelaySpec,
    /// `stream` or `datagram`: what a lost copy is.
    #[serde(with = "as_text", default)]
    pub transport: Transport,
    /// How often a copy is lost, as `5%`.
    #[serde(with = "as_text", default)]
    pub loss: Loss,
    /// How fast nodes send, as `50Mbit` or `mix:20%=1Gbit,80%=50Mbit`; none: without limit.
    #[serde(with = "as_text::optional", default)]
    pub uplink: Option<RateSpec>,
    /// How fast nodes receive; none: without limit.
    #[serde(with = "as_text::optional", default)]
    pub downlink: Option<RateSpec>,
    /// `fair` or `fifo`: how copies share a node's rate.
    #[serde(with = "as_text", default)]
    pub sharing: Sharing,
    /// How long a node checks a message before it goes on, as `constant:2ms`.
    #[serde(with = "as_text", default)]
    pub validate: WorkSpec,
    /// How long a simulated node works on each copy that arrives, as `constant:2ms`.
    #[serde(with = "as_text", default)]
    pub service: WorkSpec,
    /// The network that moves, as it is typed, whose links are those of the topology at times of their own.
    #[serde(with = "as_text::optional", default, skip_serializing_if = "Option::is_none")]
    pub motion: Option<MotionSpec>,
    /// How long after a change of its links a node discovers it, where the network moves.
    #[serde(with = "as_text", default, skip_serializing_if = "is_zero")]
    pub discovery: Interval,
    /// What befalls nodes and links in each round; in an open loop, in the whole of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultSpec>,
    /// How many processors all simulated nodes share for that work; none: each node has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processors: Option<u32>,
    /// Largest message a node takes.
    pub max_message: u64,
    /// Whether a topology in several pieces was accepted.
    pub allow_partial: bool,
    /// `all`, `first` or `none`: which records the run keeps.
    #[serde(with = "as_text", default)]
    pub records: Records,
}

fn is_zero(span: &Interval) -> bool {
    *span == Interval::ZERO
}

fn usual_period() -> Interval {
    ProtocolSettings::PERIOD
}

fn usual_phase() -> Phase {
    Phase::Random
}

impl Options {
    /// When rounds begin, where they wait for no other to end.
    pub fn open_loop(&self) -> Option<Schedule> {
        Schedule::of(self.every, self.warm_up, self.rounds, self.seed)
    }

    /// The number of the last round.
    pub fn last_round(&self) -> u32 {
        self.open_loop().map_or(self.rounds, |schedule| schedule.last_round())
    }

    /// What copies meet on their way.
    pub fn links(&self) -> LinkSpec {
        LinkSpec {
            delay: self.link_delay.clone(),
            transport: self.transport,
            loss: self.loss,
            uplink: self.uplink.clone(),
            downlink: self.downlink.clone(),
            sharing: self.sharing,
            validate: self.validate.clone(),
            service: self.service.clone(),
            processors: self.processors,
        }
    }

    /// The protocol with the options that were resolved for it.
    pub fn resolved_protocol(&self) -> ProtocolSettings {
        ProtocolSettings {
            order: self.order,
            in_flight: self.in_flight.max(1),
            forward: self.forward,
            connections: self.connections,
            deadline: self.deadline_ms.map(Interval::from_ms),
            period: self.period,
            phase: self.phase,
            back_to_sender: self.back_to_sender,
            ..ProtocolSettings::from(self.protocol.clone())
        }
    }
}
