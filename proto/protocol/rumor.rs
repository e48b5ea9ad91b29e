//! Rumor mongering (Demers et al. 1987, "Epidemic algorithms for replicated database maintenance"): a node that has learned
//! a message is hot, and spreads it until it has lost interest.
//!
//! - `push`: in every period a hot node sends the whole message to one random neighbour.
//! - `pull`: in every period each node polls one random neighbour, which answers with all that is hot there, whether or
//!   not the poll's digest names it; the digest says what was of use. A node answers any number of polls in a period.
//! - `feedback`: a contact counts that was of no use, that is, with a node which knew the message at its last timer; one
//!   that was of use sets the counter back to 0. Of several polls in a period one that was of use is enough. `blind`:
//!   every contact counts.
//! - `counter:K`: interest is lost at the Kth contact that counts; `coin:K`: at each with probability 1/K.
//!
//! Counting from the last timer and setting back to 0 are what reproduces the paper's tables. A push whose fate nobody
//! told counts as one of no use: a rumor must end among nodes that do not answer.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::body::Body;
use super::contract::{In, Participant, Protocol, Syntax};
use super::digest::digest;
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::id::Message;
use crate::random::Purpose;
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "rumor:WAY:FEEDBACK:INTEREST:K",
    needs: "push or pull, feedback or blind, counter or coin, and a whole number from 1 on",
    parse,
};

const DIGEST: u8 = 1;
const ANSWER: u8 = 2;

/// Who calls whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Push,
    Pull,
}

/// Which contacts count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    Useless,
    All,
}

/// How those lead to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interest {
    Counter(NonZeroU32),
    Coin(NonZeroU32),
}

#[derive(Debug, Clone, Copy)]
struct Rumor {
    way: Way,
    counts: Counts,
    interest: Interest,
}

/// A message that a node is interested in.
#[derive(Debug, Clone, Copy)]
struct Hot {
    message: Message,
    /// Contacts that counted since the last one of use.
    counter: u32,
    /// Coins thrown.
    coins: u32,
    /// Whether it was polled since the last timer, and then whether that was of use.
    polled: Option<bool>,
}

#[derive(Debug)]
struct Node {
    rules: Rumor,
    hot: Vec<Hot>,
}

fn parse(parts: &[&str]) -> Option<Arc<dyn Protocol>> {
    let [way, counts, interest, k] = parts else { return None };
    let k = k.parse().ok()?;
    let way = match *way {
        "push" => Way::Push,
        "pull" => Way::Pull,
        _ => return None,
    };
    let counts = match *counts {
        "feedback" => Counts::Useless,
        "blind" => Counts::All,
        _ => return None,
    };
    let interest = match *interest {
        "counter" => Interest::Counter(k),
        "coin" => Interest::Coin(k),
        _ => return None,
    };
    Some(Arc::new(Rumor { way, counts, interest }))
}

impl fmt::Display for Rumor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Push => "push",
            Way::Pull => "pull",
        };
        let counts = match self.counts {
            Counts::Useless => "feedback",
            Counts::All => "blind",
        };
        match self.interest {
            Interest::Counter(k) => write!(f, "rumor:{way}:{counts}:counter:{k}"),
            Interest::Coin(k) => write!(f, "rumor:{way}:{counts}:coin:{k}"),
        }
    }
}

impl Protocol for Rumor {
    fn promises(&self) -> Promises {
        Promises {
            reach: Reach::Chance,
            duplicates: Duplicates::Open,
            senders: Senders::Holders,
            copies_max: self.copies_max(),
            repeats: Repeats::Allowed,
            hops: Hops::Open,
            begins: Begins::Later,
        }
    }

    fn sends_later(&self) -> bool {
        true
    }

    fn is_periodic(&self) -> bool {
        true
    }

    fn wants_sent(&self) -> bool {
        self.way == Way::Push && self.counts == Counts::Useless
    }

    fn copies_a_period(&self) -> Option<u32> {
        (self.way == Way::Push).then_some(1)
    }

    fn answers_with_copies(&self) -> bool {
        self.way == Way::Pull
    }

    fn once_a_period(&self) -> Option<&'static str> {
        (self.way == Way::Pull).then(|| self.body_name(DIGEST))
    }

    fn body_name(&self, kind: u8) -> &'static str {
        if kind == DIGEST { "digest" } else { "answer" }
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Node { rules: *self, hot: Vec::new() })
    }
}

impl Rumor {
    /// Blind counting sends so often and no more.
    fn copies_max(&self) -> Option<u32> {
        match (self.way, self.counts, self.interest) {
            (Way::Push, Counts::All, Interest::Counter(k)) => Some(k.get()),
            (Way::Push, Counts::All, Interest::Coin(_))
            | (Way::Push, Counts::Useless, _)
            | (Way::Pull, Counts::Useless | Counts::All, _) => None,
        }
    }
}

impl Participant for Node {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Start { message } => self.learn(message, view),
            In::Received { message, first, .. } => {
                out.useful(first || !view.knows(message));
                if first {
                    self.learn(message, view);
                }
            }
            In::Period { nth } => match self.rules.way {
                Way::Push => self.push(nth, view, out),
                Way::Pull => self.poll(nth, view, out),
            },
            In::Asked { body, .. } => self.answer(body, view, out),
            In::Sent { message, useful, .. } => self.contacted(message, useful == Some(true), view),
            In::Timer(_)
            | In::Answered { .. }
            | In::Unanswered { .. }
            | In::Control { .. }
            | In::PeerUp { .. }
            | In::PeerDown { .. } => {}
        }
    }

    fn unsettled(&self) -> u32 {
        self.hot.len() as u32
    }
}

impl Node {
    /// Who can tell nobody is not interested: no contact would ever end that.
    fn learn(&mut self, message: Message, view: &View<'_>) {
        if self.rules.way == Way::Push && view.neighbours.is_empty() {
            return;
        }
        self.hot.push(Hot { message, counter: 0, coins: 0, polled: None });
    }

    fn push(&mut self, nth: u32, view: &View<'_>, out: &mut Out) {
        let rules = self.rules;
        self.hot.retain_mut(|hot| {
            let Some(to) = view.contact(hot.message, nth).filter(|_| view.knows(hot.message)) else { return true };
            out.send(to, hot.message);
            // With feedback the send's end says whether it counts.
            rules.counts == Counts::Useless || hot.stays(rules, false, view)
        });
    }

    /// The polls since the last timer are over: one contact for each message that was polled.
    fn poll(&mut self, nth: u32, view: &View<'_>, out: &mut Out) {
        let rules = self.rules;
        self.hot.retain_mut(|hot| hot.polled.take().is_none_or(|of_use| hot.stays(rules, of_use, view)));
        if let Some(partner) = view.partner(nth) {
            out.poll(partner, digest(DIGEST, view));
        }
    }

    fn answer(&mut self, body: &Body, view: &View<'_>, out: &mut Out) {
        let mut copies = Vec::new();
        for hot in self.hot.iter_mut().filter(|hot| view.knows(hot.message)) {
            let of_use = !body.names(hot.message);
            hot.polled = Some(of_use || hot.polled == Some(true));
            copies.push(hot.message);
        }
        out.answer(Body::new(ANSWER, []), &copies);
    }

    fn contacted(&mut self, message: Message, of_use: bool, view: &View<'_>) {
        let rules = self.rules;
        self.hot.retain_mut(|hot| hot.message != message || hot.stays(rules, of_use, view));
    }
}

impl Hot {
    /// Whether a node is still interested after a contact.
    fn stays(&mut self, rules: Rumor, of_use: bool, view: &View<'_>) -> bool {
        let counts = match rules.counts {
            Counts::Useless => !of_use,
            Counts::All => true,
        };
        if !counts {
            self.counter = 0;
            return true;
        }
        match rules.interest {
            Interest::Counter(k) => {
                self.counter += 1;
                self.counter < k.get()
            }
            Interest::Coin(k) => {
                self.coins += 1;
                view.random_nth(Purpose::Interest, self.message, self.coins).below(k.get().into()) > 0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ProtocolSpec;
    use super::super::testing::{BEGIN, Net, complete, plan};
    use crate::time::Interval;

    #[test]
    fn a_variant_needs_all_its_words() {
        for text in ["rumor:push:feedback:counter:2", "rumor:pull:blind:coin:1"] {
            assert_eq!(text.parse::<ProtocolSpec>().unwrap().to_string(), text);
        }
        for bad in ["rumor", "rumor:push:feedback:counter", "rumor:push:feedback:counter:0", "rumor:both:blind:coin:1"]
        {
            assert!(bad.parse::<ProtocolSpec>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_blind_counter_sends_exactly_k_copies_for_each_node_that_learned() {
        let mut net = Net::new(plan("rumor:push:blind:counter:3", complete(50), "constant:10ms"));
        net.begin(0, 1);
        net.run_until_settled(BEGIN + Interval::from_ms(1_000_000));
        assert_eq!(net.load(), (0, 0));
        assert_eq!(net.copies(1), 3 * net.holders(1));
    }

    #[test]
    fn a_node_that_can_tell_nobody_keeps_no_rumor_going() {
        let mut net = Net::new(plan("rumor:push:feedback:counter:2", vec![vec![1], vec![]], "constant:10ms"));
        net.begin(0, 1);
        net.run_until_settled(BEGIN + Interval::from_ms(100_000));
        assert_eq!((net.load(), net.holders(1)), ((0, 0), 2));
    }

    #[test]
    fn feedback_ends_a_rumor_after_k_useless_contacts_in_a_row() {
        let mut net = Net::new(plan("rumor:push:feedback:counter:4", vec![vec![1], vec![0]], "constant:10ms"));
        net.begin(0, 1);
        net.run_until_settled(BEGIN + Interval::from_ms(100_000));
        let sent_by = |node| net.receipts.iter().filter(|receipt| receipt.from.0 == node).count();
        assert_eq!((sent_by(0), sent_by(1)), (1 + 4, 4), "one was of use, and four after it were not");
    }
}
