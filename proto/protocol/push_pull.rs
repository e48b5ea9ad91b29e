//! Push-pull: in every period each node calls one random neighbour, sends it all that it knows, and gets in its answer all
//! that the neighbour knows and it does not (Karp et al. 2000, "Randomized rumor spreading").
//!
//! The push is blind, as in the model: what goes out first needs no answer before it, so that both directions are done in
//! two delays. `anti-entropy:push-pull` compares first, and takes three. A node answers any number of calls in a period.

use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::contract::{In, Participant, Protocol, Syntax};
use super::digest::{digest, missing_there};
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "push-pull",
    needs: "nothing behind its name",
    parse: |parts| parts.is_empty().then(|| Arc::new(PushPull) as Arc<dyn Protocol>),
};

const DIGEST: u8 = 1;
const ANSWER: u8 = 2;

#[derive(Debug)]
struct PushPull;

#[derive(Debug, Default)]
struct Node {
    /// How many messages it sends.
    held: u32,
}

impl fmt::Display for PushPull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("push-pull")
    }
}

impl Protocol for PushPull {
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

    fn settles(&self) -> bool {
        false
    }

    fn answers_with_copies(&self) -> bool {
        true
    }

    fn once_a_period(&self) -> Option<&'static str> {
        Some(self.body_name(DIGEST))
    }

    fn body_name(&self, kind: u8) -> &'static str {
        if kind == DIGEST { "digest" } else { "answer" }
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(Node::default())
    }
}

impl Participant for Node {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Start { .. } | In::Received { first: true, .. } => self.held += 1,
            In::Period { nth } => {
                let Some(partner) = view.partner(nth) else { return };
                view.known().for_each(|message| out.send(partner, message));
                out.poll(partner, digest(DIGEST, view));
            }
            In::Asked { body, .. } => out.answer(Body::new(ANSWER, []), &missing_there(body, view)),
            In::Received { first: false, .. }
            | In::Timer(_)
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

#[cfg(test)]
mod tests {
    use super::super::testing::{BEGIN, Net, plan};
    use crate::time::Interval;

    #[test]
    fn of_two_nodes_whichever_knows_tells_the_other_within_a_period() {
        for knowing in [0, 1] {
            let mut net = Net::new(plan("push-pull", vec![vec![1], vec![]], "constant:10ms"));
            net.begin(knowing, 1);
            net.run_until(BEGIN + Interval::from_ms(1_030));
            assert_eq!(net.holders(1), 2, "only node 0 calls, and node {knowing} knew");
        }
    }
}
