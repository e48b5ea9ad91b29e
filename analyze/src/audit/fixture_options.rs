//! The options of the checks' small run, and how its rounds ended.

use std::collections::BTreeMap;

use cnsim::link::DelaySpec;
use cnsim::manifest::{Options, Round, RoundOutcome};
use cnsim::pace::{Pace, WarmUp};
use cnsim::protocol::{Connections, Forward, Order};

/// Those of four nodes and two rounds beside the warm-up round.
pub(super) fn options(protocol: &str) -> Options {
    Options {
        nodes: 4,
        rounds: 2,
        every: Pace::Closed,
        warm_up: WarmUp::default(),
        condition: "base".to_owned(),
        protocol: protocol.parse().unwrap(),
        order: Order::Shuffled,
        in_flight: 32,
        forward: Forward::AfterAck,
        connections: Connections::Reuse,
        deadline_ms: Some(5000),
        topology: "complete".parse().unwrap(),
        initiator: "n0".parse().unwrap(),
        seed: 1,
        payload_bytes: 0,
        nodes_per_process: 1,
        round_timeout_ms: 60_000,
        pause_ms: 0,
        link_delay: DelaySpec::None,
        transport: Default::default(),
        loss: Default::default(),
        uplink: None,
        downlink: None,
        sharing: Default::default(),
        validate: Default::default(),
        service: Default::default(),
        motion: None,
        discovery: Default::default(),
        faults: Vec::new(),
        processors: None,
        period: cnsim::protocol::ProtocolSettings::PERIOD,
        phase: cnsim::protocol::Phase::Random,
        back_to_sender: false,
        max_message: 4 << 20,
        allow_partial: false,
        records: cnsim::manifest::Records::All,
    }
}

/// A round that came to rest in 10 ms.
pub(super) fn quiescent_round(round: u32, initiator: &str, delivered: u64, last_seqs: BTreeMap<String, u64>) -> Round {
    Round {
        round,
        initiator: initiator.to_owned(),
        outcome: RoundOutcome::Quiescent,
        delivered,
        failed: 0,
        last_seqs,
        driver_ms: 10.0,
        scheduling_delay_ms: Some(0.1),
        clock_steps: 0,
        begin: None,
        resources: None,
    }
}
