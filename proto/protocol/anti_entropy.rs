//! Anti-entropy (Demers et al. 1987, "Epidemic algorithms for replicated database maintenance"): in every period each node
//! compares all that it knows with one random neighbour, by digests, and what differs is sent.
//!
//! - `push`: the digest is answered with what the neighbour lacks, which then gets it: three delays.
//! - `pull`: the answer carries what the digest does not name: two delays, the same exchange as `pull`.
//! - `push-pull`: both.
//!
//! A node answers any number of calls in a period.

use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::contract::{In, Participant, Protocol, Syntax};
use super::digest::{digest, missing_here, missing_there};
use super::out::Out;
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::time::Timestamp;

/// How it is typed.
pub(super) const SYNTAX: Syntax =
    Syntax { usage: "anti-entropy:WAY", needs: "push, pull or push-pull as its way", parse };

const DIGEST: u8 = 1;
const WANTED: u8 = 2;

/// Which differences an exchange removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AntiEntropy {
    /// What the asked node lacks.
    Push,
    /// What the asking node lacks.
    Pull,
    /// Both.
    PushPull,
}

fn parse(parts: &[&str]) -> Option<Arc<dyn Protocol>> {
    let way = match parts {
        ["push"] => AntiEntropy::Push,
        ["pull"] => AntiEntropy::Pull,
        ["push-pull"] => AntiEntropy::PushPull,
        _ => return None,
    };
    Some(Arc::new(way))
}

impl fmt::Display for AntiEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Push => "anti-entropy:push",
            Self::Pull => "anti-entropy:pull",
            Self::PushPull => "anti-entropy:push-pull",
        })
    }
}

impl Protocol for AntiEntropy {
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
        *self != Self::Push
    }

    fn once_a_period(&self) -> Option<&'static str> {
        Some(self.body_name(DIGEST))
    }

    fn body_name(&self, kind: u8) -> &'static str {
        if kind == DIGEST { "digest" } else { "wanted" }
    }

    fn node(&self) -> Box<dyn Participant> {
        Box::new(*self)
    }
}

impl Participant for AntiEntropy {
    fn handle(&mut self, _: Timestamp, input: In<'_>, view: &View<'_>, out: &mut Out) {
        match input {
            In::Period { nth } => {
                if let Some(partner) = view.partner(nth) {
                    out.poll(partner, digest(DIGEST, view));
                }
            }
            In::Asked { body, .. } => {
                let wanted = if *self == Self::Pull { Vec::new() } else { missing_here(body, view) };
                let copies = if *self == Self::Push { Vec::new() } else { missing_there(body, view) };
                out.answer(Body::new(WANTED, wanted), &copies);
            }
            In::Answered { to, body } => {
                let wanted = body.messages.iter().copied();
                wanted.filter(|message| view.holds(*message)).for_each(|message| out.send(to, message));
            }
            In::Start { .. }
            | In::Received { .. }
            | In::Timer(_)
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
    fn each_way_removes_the_differences_that_it_says() {
        for (way, from_asking, from_asked) in [("push", 2, 1), ("pull", 1, 2), ("push-pull", 2, 2)] {
            let mut net = Net::new(plan(&format!("anti-entropy:{way}"), vec![vec![1], vec![]], "constant:10ms"));
            net.begin(0, 1);
            net.begin(1, 2);
            net.run_until(BEGIN + Interval::from_ms(1_040));
            assert_eq!((net.holders(1), net.holders(2)), (from_asking, from_asked), "{way}");
        }
    }

    #[test]
    fn what_both_hold_is_not_sent_again() {
        let mut net = Net::new(plan("anti-entropy:push-pull", complete(12), "constant:1ms"));
        (1..=5).for_each(|message| net.begin(message, message));
        net.run_until(BEGIN + Interval::from_ms(60_000));
        let copies: Vec<usize> = (1..=5).map(|message| net.copies(message)).collect();
        assert!(copies.iter().all(|copies| (11..16).contains(copies)), "{copies:?}");
    }
}
