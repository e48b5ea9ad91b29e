//! Epidemic routing (Vahdat and Becker 2000, "Epidemic routing for partially connected ad hoc networks"): two nodes that meet
//! tell each other what they hold, and each asks for what it lacks. So a message goes wherever a path of contacts leads, however
//! long nodes carry it in between.
//!
//! A node offers what it holds to each neighbour that it discovers, and what it has just learned to those that it has. With
//! a TTL it offers nothing that it got over so many hops; with a buffer it keeps so many messages, and drops the oldest.

use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::contract::{In, Participant, Protocol, Syntax};
use super::offers::Offers;
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::id::{Hop, Message, NodeIx};
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "epidemic[:TTL[:BUFFER]]",
    needs: "a number of hops from 1 up, and a number of messages from 1 up, or nothing",
    parse: |parts| {
        let number = |text: &&str| text.parse::<u32>().ok().filter(|number| *number > 0);
        let rules = match parts {
            [] => Rules { ttl: None, buffer: None },
            [ttl] => Rules { ttl: Some(number(ttl)?), buffer: None },
            [ttl, buffer] => Rules { ttl: Some(number(ttl)?), buffer: Some(number(buffer)?) },
            _ => return None,
        };
        Some(Arc::new(rules) as Arc<dyn Protocol>)
    },
};

const OFFER: u8 = 1;
const GET: u8 = 2;
const DATA: u8 = 3;

#[derive(Debug, Clone, Copy)]
struct Rules {
    /// A node at this distance offers nothing.
    ttl: Option<u32>,
    /// How many messages a node keeps.
    buffer: Option<u32>,
}

#[derive(Debug)]
struct Node {
    rules: Rules,
    /// What it keeps, the oldest first, and whether it offers it.
    kept: Vec<(Message, bool)>,
    offers: Offers,
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("epidemic")?;
        [self.ttl, self.buffer].iter().flatten().try_for_each(|number| write!(f, ":{number}"))
    }
}

impl Protocol for Rules {
    fn promises(&self) -> Promises {
        Promises {
            reach: if self.ttl.is_none() && self.buffer.is_none() { Reach::Everyone } else { Reach::Chance },
            duplicates: Duplicates::Open,
            senders: Senders::Holders,
            copies_max: None,
            repeats: Repeats::Allowed,
            hops: Hops::Open,
            begins: Begins::Later,
        }
    }

    fn sends_later(&self) -> bool {
        true
    }

    fn answers_with_copies(&self) -> bool {
        true
    }

    fn body_name(&self, kind: u8) -> &'static str {
        match kind {
            OFFER => "offer",
            GET => "get",
            _ => "data",
        }
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Node { rules: *self, kept: Vec::new(), offers: Offers::default() })
    }
}

impl Participant for Node {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Start { message } => self.learn(message, Some(Hop::ORIGIN), None, view, out),
            In::Received { from, message, hop, first: true } => {
                self.offers.end(message);
                self.learn(message, hop, Some(from), view, out);
            }
            In::PeerUp { peer } => {
                let offered: Vec<Message> = self.kept.iter().filter(|(_, offers)| *offers).map(|(it, _)| *it).collect();
                if !offered.is_empty() {
                    out.control(peer, Body::new(OFFER, offered));
                }
            }
            In::Control { from, body } => {
                let missing = body.messages.iter().copied().filter(|message| view.held_since(*message).is_none());
                let wanted = self.offers.note(from, missing);
                if !wanted.is_empty() {
                    out.ask(from, Body::new(GET, wanted));
                }
            }
            In::Asked { body, .. } => {
                let held: Vec<Message> = body.messages.iter().copied().filter(|message| view.holds(*message)).collect();
                out.answer(Body::new(DATA, body.messages.iter().copied()), &held);
            }
            In::Answered { to, body } => {
                ask(self.offers.ask_others(to, |message| body.messages.contains(&message)), out)
            }
            In::Unanswered { to } => ask(self.offers.ask_others(to, |_| true), out),
            In::PeerDown { peer } => ask(self.offers.leave(peer), out),
            In::Received { first: false, .. } | In::Timer(_) | In::Period { .. } | In::Sent { .. } => {}
        }
    }

    fn unsettled(&self) -> u32 {
        self.offers.len()
    }
}

impl Node {
    fn learn(&mut self, message: Message, hop: Option<Hop>, from: Option<NodeIx>, view: &View<'_>, out: &mut Out) {
        let offers = self.rules.ttl.zip(hop).is_none_or(|(ttl, hop)| hop.0 < ttl);
        self.kept.push((message, offers));
        if self.rules.buffer.is_some_and(|buffer| self.kept.len() > buffer as usize) {
            let (oldest, _) = self.kept.remove(0);
            out.forget(oldest);
        }
        if offers {
            for neighbour in view.neighbours.iter().filter(|neighbour| Some(**neighbour) != from) {
                out.control(*neighbour, Body::new(OFFER, [message]));
            }
        }
    }
}

fn ask(others: Vec<(NodeIx, Message)>, out: &mut Out) {
    others.into_iter().for_each(|(other, message)| out.ask(other, Body::new(GET, [message])));
}
