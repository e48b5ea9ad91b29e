//! Announcements before payloads, as Bitcoin's nodes do (Decker and Wattenhofer 2013, "Information propagation in the
//! Bitcoin network"): a node that has learned a message says so to each neighbour after a delay of its own for each (INV);
//! who does not hold it asks the first who said so (GETDATA), and gets it in the answer.
//!
//! The delays are exponential with the run's period as their mean. A neighbour that has announced the message itself is
//! told nothing. Who was asked and did not answer is followed by the next who announced it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::contract::{In, Participant, Protocol, Syntax};
use super::offers::Offers;
use super::out::{Out, Timer};
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::id::{Message, NodeIx};
use crate::random::Purpose;
use crate::time::{Interval, Timestamp};

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "announce",
    needs: "nothing behind its name",
    parse: |parts| parts.is_empty().then(|| Arc::new(Announce) as Arc<dyn Protocol>),
};

const INV: u8 = 1;
const GETDATA: u8 = 2;
const DATA: u8 = 3;

/// When the next announcement is due.
const DUE: Timer = Timer(0);

#[derive(Debug)]
struct Announce;

#[derive(Debug, Default)]
struct Node {
    /// Announcements to come.
    due: BTreeSet<(Timestamp, NodeIx, Message)>,
    offers: Offers,
}

impl fmt::Display for Announce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("announce")
    }
}

impl Protocol for Announce {
    fn promises(&self) -> Promises {
        Promises {
            reach: Reach::Everyone,
            duplicates: Duplicates::Never,
            senders: Senders::Holders,
            copies_max: None,
            repeats: Repeats::Never,
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
            INV => "inv",
            GETDATA => "getdata",
            _ => "data",
        }
    }

    fn uses_period(&self) -> bool {
        true
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Node::default())
    }
}

impl Participant for Node {
    fn handle(&mut self, now: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Start { message } => self.plan(now, message, None, view),
            In::Received { from, message, first: true, .. } => {
                let announced = self.offers.end(message);
                self.plan(now, message, Some(from), view);
                self.due.retain(|(_, to, other)| *other != message || !announced.contains(to));
            }
            In::Control { from, body } => {
                body.messages.iter().for_each(|message| self.announced(from, *message, view, out));
            }
            In::Asked { body, .. } => {
                let held: Vec<Message> = body.messages.iter().copied().filter(|message| view.holds(*message)).collect();
                out.answer(Body::new(DATA, body.messages.iter().copied()), &held);
            }
            In::Answered { to, body } => {
                ask(self.offers.ask_others(to, |message| body.messages.contains(&message)), out)
            }
            In::Unanswered { to } => ask(self.offers.ask_others(to, |_| true), out),
            In::Timer(_) => self.announce(now, out),
            In::Received { first: false, .. }
            | In::Period { .. }
            | In::Sent { .. }
            | In::PeerUp { .. }
            | In::PeerDown { .. } => return,
        }
        match self.due.first() {
            Some((at, ..)) => out.timer(*at, DUE),
            None => out.cancel(DUE),
        }
    }

    fn unsettled(&self) -> u32 {
        self.due.len() as u32 + self.offers.len()
    }
}

impl Node {
    fn plan(&mut self, now: Timestamp, message: Message, heard_from: Option<NodeIx>, view: &View<'_>) {
        for to in view.neighbours.iter().copied().filter(|to| Some(*to) != heard_from) {
            let unit = view.random_nth(Purpose::Contact, message, to.0).unit();
            let after = Interval((-libm::log(unit) * view.period.0 as f64) as u64);
            self.due.insert((now + after, to, message));
        }
    }

    fn announce(&mut self, now: Timestamp, out: &mut Out) {
        while let Some((_, to, message)) = self.due.first().copied().filter(|(at, ..)| *at <= now) {
            self.due.pop_first();
            out.control(to, Body::new(INV, [message]));
        }
    }

    fn announced(&mut self, from: NodeIx, message: Message, view: &View<'_>, out: &mut Out) {
        self.due.retain(|(_, to, other)| (*to, *other) != (from, message));
        let missing = [message].into_iter().filter(|message| !view.holds(*message));
        for wanted in self.offers.note(from, missing) {
            out.ask(from, Body::new(GETDATA, [wanted]));
        }
    }
}

fn ask(others: Vec<(NodeIx, Message)>, out: &mut Out) {
    others.into_iter().for_each(|(other, message)| out.ask(other, Body::new(GETDATA, [message])));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BEGIN, Net, complete, plan};
    use crate::link::{LinkSpec, Transport};
    use crate::time::Interval;

    #[test]
    fn everybody_asks_once_and_gets_one_copy_in_the_answer() {
        let mut net = Net::new(plan("announce", complete(15), "uniform:10ms:90ms"));
        net.begin(2, 1);
        net.run_until_settled(BEGIN + Interval::from_ms(1_000_000));
        assert_eq!((net.load(), net.holders(1), net.copies(1)), ((0, 0), 15, 14));
        assert_eq!((net.control("getdata"), net.control("data")), (14, 14));
        assert!(net.control("inv") >= 14);
    }

    #[test]
    fn who_does_not_answer_is_followed_by_the_next_who_announced_it() {
        let mut plan = plan("announce", complete(15), "constant:10ms");
        plan.links = LinkSpec { transport: Transport::Datagram, loss: "30%".parse().unwrap(), ..plan.links };
        let mut net = Net::new(plan);
        net.begin(2, 1);
        net.run_until_settled(BEGIN + Interval::from_ms(1_000_000));
        assert_eq!((net.load(), net.holders(1)), ((0, 0), 15));
        assert!(net.control("getdata") > 14, "some were lost");
    }
}
