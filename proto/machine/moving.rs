//! The links of a node in a network that moves: those that are up, and those that the node knows of.
//!
//! The host says when a link comes up or goes down ([`Input::LinkUp`], [`Input::LinkDown`]). The protocol hears of it after the
//! time that a node takes to discover it: until then it does not use a new link, and uses a lost one in vain.

use std::collections::VecDeque;

use super::io::Input;
use crate::id::NodeIx;
use crate::time::{Interval, Timestamp};

/// See the module.
#[derive(Debug)]
pub(super) struct Moving {
    pub(super) discovery: Interval,
    /// In the order of the roster.
    pub(super) up: Vec<NodeIx>,
    /// What the node knows of, in the same order.
    pub(super) known: Vec<NodeIx>,
    /// What it has not discovered yet, in the order in which it will.
    pub(super) ahead: VecDeque<(Timestamp, Turn)>,
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

    pub(super) fn due(&mut self, now: Timestamp) -> Option<Turn> {
        let is_due = self.ahead.front().is_some_and(|(at, _)| *at <= now);
        is_due.then(|| self.ahead.pop_front())?.map(|(_, turn)| turn)
    }
}

impl Turn {
    pub(super) fn apply(self, nodes: &mut Vec<NodeIx>) {
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
