//! Periodic push: in every period a node sends each message that it knows to a few random neighbours, for ever.
//!
//! With a fanout of 1 on the complete graph and aligned periods this is the model of Frieze and Grimmett 1985 ("The
//! shortest-path problem for graphs with random arc-lengths"). A node takes any number of copies in a period.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::contract::{In, Participant, Protocol, Syntax};
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::id::{Message, NodeIx};
use crate::random::Purpose;
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax { usage: "push-periodic:FANOUT", needs: "a whole number from 1 on", parse };

fn parse(numbers: &[&str]) -> Option<Arc<dyn Protocol>> {
    let [fanout] = numbers else { return None };
    Some(Arc::new(PushPeriodic { fanout: fanout.parse().ok()? }))
}

#[derive(Debug, Clone, Copy)]
struct PushPeriodic {
    /// How many neighbours get a message from one node in a period.
    fanout: NonZeroU32,
}

#[derive(Debug)]
struct Node {
    rules: PushPeriodic,
    /// How many messages it sends.
    held: u32,
}

impl fmt::Display for PushPeriodic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "push-periodic:{}", self.fanout)
    }
}

impl Protocol for PushPeriodic {
    fn promises(&self) -> Promises {
        Promises {
            reach: Reach::Chance,
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

    fn is_periodic(&self) -> bool {
        true
    }

    fn copies_a_period(&self) -> Option<u32> {
        Some(self.fanout.get())
    }

    fn settles(&self) -> bool {
        false
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Node { rules: *self, held: 0 })
    }
}

impl Participant for Node {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Start { .. } | In::Received { first: true, .. } => self.held += 1,
            In::Period { nth } => view.known().for_each(|message| self.send(message, nth, view, out)),
            In::Received { first: false, .. }
            | In::Timer(_)
            | In::Asked { .. }
            | In::Answered { .. }
            | In::Unanswered { .. }
            | In::Control { .. }
            | In::Sent { .. }
            | In::PeerUp { .. }
            | In::PeerDown { .. } => {}
        }
    }

    fn unsettled(&self) -> u32 {
        self.held
    }
}

impl Node {
    fn send(&self, message: Message, nth: u32, view: &View<'_>, out: &mut Out) {
        if self.rules.fanout.get() == 1 {
            return view.contact(message, nth).into_iter().for_each(|to| out.send(to, message));
        }
        let mut candidates: Vec<NodeIx> = view.neighbours.to_vec();
        let mut random = view.random_nth(Purpose::Contact, message, nth);
        for to in random.choose(&mut candidates, self.rules.fanout.get() as usize) {
            out.send(*to, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BEGIN, Net, complete, plan};
    use crate::time::Interval;

    #[test]
    fn each_holder_sends_to_as_many_distinct_others_in_every_period() {
        let mut net = Net::new(plan("push-periodic:3", complete(9), "constant:10ms"));
        net.begin(0, 1);
        net.run_until(BEGIN + Interval::from_ms(1_500));
        let first: Vec<_> = net.receipts.iter().filter(|receipt| receipt.from.0 == 0).collect();
        let mut receivers: Vec<u32> = first.iter().map(|receipt| receipt.node.0).collect();
        receivers.sort_unstable();
        receivers.dedup();
        assert!((first.len(), receivers.len()) == (3, 3) || first.len() == 6, "{first:?}");
        net.run_until(BEGIN + Interval::from_ms(60_000));
        assert_eq!(net.holders(1), 9);
        assert!(net.load().1 == 9 && net.copies(1) > 9 * 3 * 40, "it never comes to rest");
    }
}
