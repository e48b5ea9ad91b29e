//! Flood: every node sends on its first receipt to all neighbours but the one it heard from.

use std::fmt;
use std::sync::Arc;

use super::contract::{In, Participant, Protocol, Syntax};
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "flood",
    needs: "nothing behind its name",
    parse: |parts| parts.is_empty().then(|| Arc::new(Flood) as Arc<dyn Protocol>),
};

#[derive(Debug)]
struct Flood;

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("flood")
    }
}

impl Protocol for Flood {
    fn promises(&self) -> Promises {
        Promises {
            reach: Reach::Everyone,
            duplicates: Duplicates::OfFlood,
            senders: Senders::Holders,
            copies_max: None,
            repeats: Repeats::Never,
            hops: Hops::Distance,
            begins: Begins::AtOnce,
        }
    }

    fn may_send_back(&self) -> bool {
        true
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Self)
    }
}

impl Participant for Flood {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        let (message, heard_from) = match input {
            In::Start { message } => (message, None),
            In::Received { from, message, first: true, .. } => (message, Some(from)),
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
        view.others(heard_from).for_each(|neighbour| out.send(neighbour, message));
    }
}
