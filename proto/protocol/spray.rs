//! Binary spray (Spyropoulos, Psounis and Raghavendra 2005, "Spray and wait"): a message begins with L tokens; a node that holds
//! several gives half of them, with a copy, to a node that lacks the message. So L nodes hold it in the end. The paper's
//! second phase, waiting for one destination, has no place where everybody is one.
//!
//! Tokens travel in the answer that carries the copy: an answer that is lost takes its tokens along.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::contract::{In, Participant, Protocol, Syntax};
use super::offers::Offers;
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::id::{Message, NodeIx};
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "spray:L",
    needs: "a number of tokens from 2 up",
    parse: |parts| match parts {
        [tokens] => {
            let tokens = tokens.parse().ok().filter(|tokens| *tokens >= 2)?;
            Some(Arc::new(Spray { tokens }) as Arc<dyn Protocol>)
        }
        _ => None,
    },
};

const OFFER: u8 = 1;
const GET: u8 = 2;
const TOKENS: u8 = 3;

#[derive(Debug, Clone, Copy)]
struct Spray {
    tokens: u32,
}

#[derive(Debug)]
struct Node {
    rules: Spray,
    tokens: BTreeMap<Message, u32>,
    offers: Offers,
}

impl fmt::Display for Spray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "spray:{}", self.tokens)
    }
}

impl Protocol for Spray {
    fn promises(&self) -> Promises {
        Promises {
            reach: Reach::Chance,
            duplicates: Duplicates::Open,
            senders: Senders::Holders,
            // Each gift halves what is left.
            copies_max: Some(u32::BITS - self.tokens.leading_zeros()),
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
            _ => "tokens",
        }
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Node { rules: *self, tokens: BTreeMap::new(), offers: Offers::default() })
    }
}

impl Participant for Node {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Start { message } => self.learn(message, self.rules.tokens, None, view, out),
            In::Received { message, first: true, .. } => drop(self.offers.end(message)),
            In::PeerUp { peer } => {
                let several = self.tokens.iter().filter(|(_, tokens)| **tokens > 1).map(|(message, _)| *message);
                let offered: Vec<Message> = several.collect();
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
            In::Asked { body, .. } => self.give(body, out),
            In::Answered { to, body } => {
                let given = || body.messages.chunks_exact(2).map(|pair| (pair[0], pair[1].0));
                for (message, tokens) in given().filter(|(_, tokens)| *tokens > 0) {
                    self.learn(message, tokens, Some(to), view, out);
                }
                let is_answered = |message| given().any(|(answered, _)| answered == message);
                ask(self.offers.ask_others(to, is_answered), out);
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
    /// Half of the tokens of each message that is asked for: each message and then how many, 0 where there are not several.
    fn give(&mut self, body: &Body, out: &mut Out) {
        let (mut given, mut copies) = (Vec::new(), Vec::new());
        for message in &body.messages {
            let several = self.tokens.get_mut(message).filter(|tokens| **tokens > 1);
            let half = several.as_ref().map_or(0, |tokens| **tokens / 2);
            if let Some(tokens) = several {
                *tokens -= half;
                copies.push(*message);
            }
            given.extend([*message, Message(half)]);
        }
        out.answer(Body::new(TOKENS, given), &copies);
    }

    fn learn(&mut self, message: Message, tokens: u32, from: Option<NodeIx>, view: &View<'_>, out: &mut Out) {
        let held = self.tokens.entry(message).or_default();
        *held += tokens;
        if *held > 1 {
            for neighbour in view.neighbours.iter().filter(|neighbour| Some(**neighbour) != from) {
                out.control(*neighbour, Body::new(OFFER, [message]));
            }
        }
    }
}

fn ask(others: Vec<(NodeIx, Message)>, out: &mut Out) {
    others.into_iter().for_each(|(other, message)| out.ask(other, Body::new(GET, [message])));
}
