//! Plumtree (Leitao, Pereira and Rodrigues 2007, "Epidemic broadcast trees"): whole messages go along a tree, and their
//! announcements along the edges beside it, which mend the tree.
//!
//! A neighbour is eager until a copy from it was a duplicate: then it is told so (PRUNE), and both ends keep the edge for
//! announcements (IHAVE). What was announced and has not come after a period is fetched from the first who announced it
//! (GRAFT), whose edge is eager again, then every half period from the next; the paper leaves both times open. The edges
//! that stay are a spanning tree, on which a message takes one copy for each node but the first. Its optimization of the
//! tree by hops, which it leaves to the user, is left out, and announcements are not gathered.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use super::body::Body;
use super::contract::{In, Participant, Protocol, Syntax};
use super::out::{Out, Timer};
use super::promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
use super::view::View;
use crate::id::{Message, NodeIx};
use crate::time::{Interval, Timestamp};

/// How it is typed.
pub(super) const SYNTAX: Syntax = Syntax {
    usage: "plumtree",
    needs: "nothing behind its name",
    parse: |parts| parts.is_empty().then(|| Arc::new(Plumtree) as Arc<dyn Protocol>),
};

const IHAVE: u8 = 1;
const GRAFT: u8 = 2;
const PRUNE: u8 = 3;

#[derive(Debug)]
struct Plumtree;

#[derive(Debug, Default)]
struct Node {
    /// The neighbours that get announcements; the others are eager.
    lazy: BTreeSet<NodeIx>,
    missing: Vec<Missing>,
}

/// A message that was announced and has not come.
#[derive(Debug)]
struct Missing {
    message: Message,
    /// Who announced it and was not asked for it.
    announcers: VecDeque<NodeIx>,
}

impl fmt::Display for Plumtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plumtree")
    }
}

impl Protocol for Plumtree {
    fn promises(&self) -> Promises {
        Promises {
            reach: Reach::Everyone,
            duplicates: Duplicates::Open,
            senders: Senders::Holders,
            copies_max: None,
            // Whoever sent a copy does not announce it, and only an announcer is asked, once.
            repeats: Repeats::Never,
            hops: Hops::Open,
            begins: Begins::AtOnce,
        }
    }

    fn sends_later(&self) -> bool {
        true
    }

    fn once_a_duplicate(&self) -> Option<&'static str> {
        Some(self.body_name(PRUNE))
    }

    fn body_name(&self, kind: u8) -> &'static str {
        match kind {
            IHAVE => "ihave",
            GRAFT => "graft",
            _ => "prune",
        }
    }

    fn learns(&self) -> bool {
        true
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
            In::Start { message } => self.spread(message, None, view, out),
            In::Received { from, message, first: true, .. } => {
                self.missing.retain(|missing| missing.message != message);
                out.cancel(timer(message));
                self.lazy.remove(&from);
                self.spread(message, Some(from), view, out);
            }
            In::Received { from, message, first: false, .. } => {
                self.make_lazy(from, view);
                out.control(from, Body::new(PRUNE, [message]));
            }
            In::Control { from, body } => body.messages.iter().for_each(|message| match body.kind {
                IHAVE => self.announced(now, from, *message, view, out),
                GRAFT => self.grafted(from, *message, view, out),
                _ => self.make_lazy(from, view),
            }),
            In::Timer(Timer(message)) => self.fetch(now, Message(message), view, out),
            In::Period { .. }
            | In::Asked { .. }
            | In::Answered { .. }
            | In::Unanswered { .. }
            | In::Sent { .. }
            | In::PeerUp { .. }
            | In::PeerDown { .. } => {}
        }
    }

    fn unsettled(&self) -> u32 {
        self.missing.len() as u32
    }
}

impl Node {
    fn spread(&self, message: Message, heard_from: Option<NodeIx>, view: &View<'_>, out: &mut Out) {
        for to in view.others(heard_from) {
            if self.lazy.contains(&to) {
                out.control(to, Body::new(IHAVE, [message]));
            } else {
                out.send(to, message);
            }
        }
    }

    fn make_lazy(&mut self, node: NodeIx, view: &View<'_>) {
        if view.neighbours.contains(&node) {
            self.lazy.insert(node);
        }
    }

    fn announced(&mut self, now: Timestamp, from: NodeIx, message: Message, view: &View<'_>, out: &mut Out) {
        if view.holds(message) {
            return;
        }
        match self.missing.iter_mut().find(|missing| missing.message == message) {
            Some(missing) => missing.announcers.push_back(from),
            None => {
                self.missing.push(Missing { message, announcers: VecDeque::from([from]) });
                out.timer(now + view.period, timer(message));
            }
        }
    }

    fn grafted(&mut self, from: NodeIx, message: Message, view: &View<'_>, out: &mut Out) {
        self.lazy.remove(&from);
        if view.holds(message) {
            out.send(from, message);
        }
    }

    /// The message has not come: the next who announced it is asked. Where nobody is left it is given up until it is
    /// announced again.
    fn fetch(&mut self, now: Timestamp, message: Message, view: &View<'_>, out: &mut Out) {
        let Some(place) = self.missing.iter().position(|missing| missing.message == message) else { return };
        match self.missing[place].announcers.pop_front() {
            Some(announcer) => {
                self.lazy.remove(&announcer);
                out.control(announcer, Body::new(GRAFT, [message]));
                out.timer(now + Interval(view.period.0 / 2), timer(message));
            }
            None => drop(self.missing.swap_remove(place)),
        }
    }
}

fn timer(message: Message) -> Timer {
    Timer(message.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{BEGIN, Net, complete, plan};
    use crate::link::{LinkSpec, Transport};
    use crate::time::{Interval, Timestamp};

    #[test]
    fn the_second_message_goes_along_a_tree_and_is_announced_beside_it() {
        let mut net = Net::new(plan("plumtree", complete(6), "constant:10ms"));
        net.begin(0, 1);
        net.run_until_settled(BEGIN + Interval::from_ms(100_000));
        let first = net.copies(1);
        net.begin(4, 2);
        net.run_until_settled(BEGIN + Interval::from_ms(200_000));
        assert_eq!((net.holders(1), net.holders(2), net.copies(2)), (6, 6, 5));
        assert!(first > 5 && net.control("prune") > 0 && net.control("ihave") > 0 && net.control("graft") == 0);
    }

    #[test]
    fn a_message_that_the_tree_loses_is_fetched_from_who_announced_it() {
        let mut plan = plan("plumtree", complete(12), "constant:10ms");
        plan.links = LinkSpec { transport: Transport::Datagram, loss: "10%".parse().unwrap(), ..plan.links };
        let mut net = Net::new(plan);
        let ends = |message: u32| Timestamp(BEGIN.0 + u64::from(message) * 100_000_000_000);
        for message in 1..=20 {
            net.begin(message % 12, message);
            net.run_until_settled(ends(message));
        }
        let missed: usize = (1..=20).map(|message| 12 - net.holders(message)).sum();
        assert!(net.failed > 10 && net.control("graft") > 0, "{} lost", net.failed);
        assert!(missed <= 2, "{missed} missed although {} copies were lost", net.failed);
    }
}
