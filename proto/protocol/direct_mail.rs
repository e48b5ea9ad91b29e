//! Direct mail: only the initiator sends, to each of its neighbours (Demers et al. 1987).

use std::fmt;
use std::sync::Arc;

use super::contract::{In, Participant, Protocol, Syntax};
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "direct-mail",
    needs: "nothing behind its name",
    parse: |parts| parts.is_empty().then(|| Arc::new(DirectMail) as Arc<dyn Protocol>),
};

#[derive(Debug)]
struct DirectMail;

impl fmt::Display for DirectMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("direct-mail")
    }
}

impl Protocol for DirectMail {
    fn promises(&self) -> Promises {
        Promises {
            reach: Reach::Neighbours,
            duplicates: Duplicates::Never,
            senders: Senders::Initiator,
            copies_max: None,
            repeats: Repeats::Never,
            hops: Hops::One,
            begins: Begins::AtOnce,
        }
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Self)
    }
}

impl Participant for DirectMail {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Start { message } => view.neighbours.iter().for_each(|neighbour| out.send(*neighbour, message)),
            In::Received { .. }
            | In::Timer(_)
            | In::Period { .. }
            | In::Asked { .. }
            | In::Answered { .. }
            | In::Unanswered { .. }
            | In::Control { .. }
            | In::Sent { .. }
            | In::PeerUp { .. }
            | In::PeerDown { .. } => {}
        }
    }
}
