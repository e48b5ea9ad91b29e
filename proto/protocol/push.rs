//! Push: every node sends on its first receipt to a few random neighbours, up to a distance from the initiator.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::contract::{In, Participant, Protocol, Syntax};
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::id::{Hop, NodeIx};
use crate::random::Purpose;
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax { usage: "push:FANOUT[:TTL]", needs: "whole numbers from 1 on", parse };

#[derive(Debug, Clone, Copy)]
struct Push {
    /// How many neighbours hear from one node.
    fanout: NonZeroU32,
    /// A node at this distance from the initiator no longer sends.
    ttl: Option<NonZeroU32>,
}

fn parse(numbers: &[&str]) -> Option<Arc<dyn Protocol>> {
    let (fanout, ttl) = match numbers {
        [fanout] => (fanout, None),
        [fanout, ttl] => (fanout, Some(ttl.parse().ok()?)),
        _ => return None,
    };
    Some(Arc::new(Push { fanout: fanout.parse().ok()?, ttl }))
}

impl fmt::Display for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ttl {
            None => write!(f, "push:{}", self.fanout),
            Some(ttl) => write!(f, "push:{}:{ttl}", self.fanout),
        }
    }
}

impl Protocol for Push {
    fn promises(&self) -> Promises {
        let (fanout, ttl) = (self.fanout.get(), self.ttl.map(NonZeroU32::get));
        Promises {
            reach: Reach::Chance,
            duplicates: Duplicates::Open,
            senders: Senders::Holders,
            copies_max: Some(fanout),
            repeats: Repeats::Never,
            hops: Hops::Push { fanout, ttl },
            begins: Begins::AtOnce,
        }
    }

    fn may_send_back(&self) -> bool {
        true
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(*self)
    }
}

impl Participant for Push {
    /// A node that does not know its distance sends: it hears each message first only once, so the push still ends.
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        let (message, hop, heard_from) = match input {
            In::Start { message } => (message, Some(Hop::ORIGIN), None),
            In::Received { from, message, hop, first: true } => (message, hop, Some(from)),
            In::Received { first: false, .. }
            | In::Timer(_)
            | In::Period { .. }
            | In::Asked { .. }
            | In::Answered { .. }
            | In::Unanswered { .. }
            | In::Control { .. }
            | In::Sent { .. }
            | In::PeerUp { .. }
            | In::PeerDown { .. } => return,
        };
        if let (Some(Hop(hop)), Some(ttl)) = (hop, self.ttl)
            && hop >= ttl.get()
        {
            return;
        }
        let mut candidates: Vec<NodeIx> = view.others(heard_from).collect();
        let mut random = view.random(Purpose::Targets, message);
        for to in random.choose(&mut candidates, self.fanout.get() as usize) {
            out.send(*to, message);
        }
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn a_fanout_is_needed_and_a_ttl_may_be_given() {
        for text in ["push:3", "push:3:8"] {
            assert_eq!(text.parse::<super::super::ProtocolSpec>().unwrap().to_string(), text);
        }
        assert_eq!("push:03".parse::<super::super::ProtocolSpec>().unwrap().to_string(), "push:3");
        for bad in ["push", "push:", "push:0", "push:3:0", "push:3:8:1", "push:x", "push3"] {
            assert!(bad.parse::<super::super::ProtocolSpec>().is_err(), "{bad}");
        }
    }
}
