//! The part of a machine whose links come and go.

use std::collections::VecDeque;

use super::Machine;
use super::io::{Failure, Outputs};
use super::moving::{Moving, Turn};
use super::sends::{Copy, Permitted};
use crate::id::NodeIx;
use crate::protocol::In;
use crate::time::{Interval, Timestamp};

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
