//! The links of a node in a network that moves: those that are up, and those that the node knows of.
//!
//! The host says when a link comes up or goes down ([`Input::LinkUp`], [`Input::LinkDown`]). The protocol hears of it after the
//! time that a node takes to discover it: until then it does not use a new link, and uses a lost one in vain.

use std::collections::VecDeque;

use super::io::{Failure, Outputs};
use super::sends::{Copy, Permitted};
use super::{Input, Machine};
use crate::id::NodeIx;
use crate::protocol::In;
use crate::time::{Interval, Timestamp};

/// See the module.
#[derive(Debug)]
pub(super) struct Moving {
    discovery: Interval,
    /// In the order of the roster.
    up: Vec<NodeIx>,
    /// What the node knows of, in the same order.
    pub(super) known: Vec<NodeIx>,
    /// What it has not discovered yet, in the order in which it will.
    ahead: VecDeque<(Timestamp, Turn)>,
}

/// A link that has come up or gone down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Up(NodeIx),
    Down(NodeIx),
}

impl Moving {
    /// When the node discovers the next one.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.ahead.front().map(|(at, _)| *at)
    }

    fn due(&mut self, now: Timestamp) -> Option<Turn> {
        let is_due = self.ahead.front().is_some_and(|(at, _)| *at <= now);
        is_due.then(|| self.ahead.pop_front())?.map(|(_, turn)| turn)
    }
}

impl Turn {
    fn apply(self, nodes: &mut Vec<NodeIx>) {
        match self {
            Self::Up(peer) => {
                if let Err(place) = nodes.binary_search(&peer) {
                    nodes.insert(place, peer);
                }
            }
            Self::Down(peer) => {
                if let Ok(place) = nodes.binary_search(&peer) {
                    nodes.remove(place);
                }
            }
        }
    }
}

impl Machine {
    /// Has the node's links come and go from now on: it has none until the host says so. A configuration ends it.
    pub fn begin_moving(&mut self, discovery: Interval) {
        let moving = Moving { discovery, up: Vec::new(), known: Vec::new(), ahead: VecDeque::new() };
        self.moving = Some(Box::new(moving));
    }

    /// A link has come up or gone down.
    pub(super) fn turn(&mut self, now: Timestamp, turn: Turn, outputs: &mut Outputs) {
        let Some(moving) = &mut self.moving else { return };
        turn.apply(&mut moving.up);
        moving.ahead.push_back((now + moving.discovery, turn));
        self.discover(now, outputs);
    }

    /// Tells the protocol of the links that the node has discovered by now.
    pub(super) fn discover(&mut self, now: Timestamp, outputs: &mut Outputs) {
        while let Some(turn) = self.moving.as_mut().and_then(|moving| moving.due(now)) {
            if let Some(moving) = &mut self.moving {
                turn.apply(&mut moving.known);
            }
            let input = match turn {
                Turn::Up(peer) => In::PeerUp { peer },
                Turn::Down(peer) => In::PeerDown { peer },
            };
            self.consult(now, input, outputs);
            self.spread_held(outputs);
        }
    }

    /// Whether what this node sends to another passes a link that is up.
    pub(super) fn has_link(&self, to: NodeIx) -> bool {
        self.moving.as_ref().is_none_or(|moving| moving.up.binary_search(&to).is_ok())
    }

    /// A copy on a link that is gone fails at once.
    pub(super) fn fail_without_link(&mut self, now: Timestamp, copy: Copy, outputs: &mut Outputs) {
        let permitted = Permitted { copy, since: now, leaves: now, is_lost: false, is_news_lost: false };
        let send = self.sends.permit(permitted);
        self.load.started += 1;
        self.send_done(now, send, now, Err(Failure::NoLink), outputs);
    }
}

impl Input {
    /// The turn of a link that it tells of.
    pub(super) fn turn(&self) -> Option<Turn> {
        match self {
            Self::LinkUp { peer } => Some(Turn::Up(*peer)),
            Self::LinkDown { peer } => Some(Turn::Down(*peer)),
            Self::Configure(_)
            | Self::Initiate { .. }
            | Self::Deliver { .. }
            | Self::SendDone { .. }
            | Self::Asked { .. }
            | Self::AskDone { .. }
            | Self::Control { .. }
            | Self::ControlDone { .. }
            | Self::Timeout
            | Self::AccessTimeout
            | Self::Stop => None,
        }
    }
}
