//! Pull: in every period each node asks one random neighbour with a digest of what it knows, and the answer carries what
//! the digest does not name (the pull of Karp et al. 2000, "Randomized rumor spreading", and of Demers et al. 1987).
//!
//! A node answers any number of calls in a period. Copies travel in answers alone.

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
    usage: "pull",
    needs: "nothing behind its name",
    parse: |parts| parts.is_empty().then(|| Arc::new(Pull) as Arc<dyn Protocol>),
};

const DIGEST: u8 = 1;
const ANSWER: u8 = 2;

#[derive(Debug)]
struct Pull;

impl fmt::Display for Pull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pull")
    }
}

impl Protocol for Pull {
    /// The same neighbour may answer twice with a message where the first answer is still on its way or was lost.
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
        Box::new(Self)
    }
}

impl Participant for Pull {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Period { nth } => {
                if let Some(partner) = view.partner(nth) {
                    out.poll(partner, digest(DIGEST, view));
                }
            }
            In::Asked { body, .. } => out.answer(Body::new(ANSWER, []), &missing_there(body, view)),
            In::Start { .. }
            | In::Received { .. }
            | In::Timer(_)
            | In::Answered { .. }
            | In::Unanswered { .. }
            | In::Control { .. }
            | In::Sent { .. }
            | In::PeerUp { .. }
            | In::PeerDown { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BEGIN, Net, complete, plan};
    use crate::time::Interval;

    #[test]
    fn everybody_is_reached_by_answers_once_and_polls_go_on() {
        let mut net = Net::new(plan("pull", complete(20), "constant:10ms"));
        net.begin(3, 1);
        net.run_until(BEGIN + Interval::from_ms(60_000));
        assert_eq!((net.holders(1), net.copies(1)), (20, 19), "a digest keeps a second copy away");
        assert_eq!((net.control("digest"), net.control("answer")), (20 * 60, 20 * 60));
        assert!(net.receipts.iter().all(|receipt| receipt.hop.is_some()));
        assert_eq!(net.load().1, 0, "polls that bring nothing leave nothing unsettled");
    }
}
