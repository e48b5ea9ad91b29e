//! A copy's way where all nodes share processors: it is worked on when it leaves, when it is received and when it is
//! acknowledged, a third of its work each time, and waits for a processor before each.

use cnsim::id::NodeIx;
use cnsim::time::{Interval, Timestamp};

use super::World;
use crate::happening::{Arrival, Happening};
use crate::processors::Work;
use crate::queue::Class;

impl World {
    /// Has a copy that nobody works on go on its way, or wait for its sender's work once its link lets it go.
    pub(super) fn set_out(&mut self, node: NodeIx, to: NodeIx, hold: Interval, arrival: Arrival) {
        let leaves = arrival.sent + hold;
        if self.processors.is_none() {
            self.push(leaves, Class::Delivery, to, node, Happening::Arrival(arrival));
        } else if leaves > self.now {
            self.push(leaves, Class::Delivery, to, node, Happening::Leaves(Box::new(arrival)));
        } else {
            // As on real nodes a copy that no link holds is sent when the work on it begins.
            let Work { begins, ends } = self.work();
            let sent = if hold == Interval::ZERO { begins } else { arrival.sent };
            self.push(ends, Class::Delivery, to, node, Happening::Reaches(Box::new(Arrival { sent, ..arrival })));
        }
    }

    /// The link to `to` lets a copy go.
    pub(super) fn leave(&mut self, to: NodeIx, from: NodeIx, arrival: Arrival) {
        let Work { ends, .. } = self.work();
        self.push(ends, Class::Delivery, to, from, Happening::Reaches(Box::new(arrival)));
    }

    /// A copy is at its receiver, which receives it when it has worked on it.
    pub(super) fn reach(&mut self, node: NodeIx, from: NodeIx, arrival: Arrival) {
        let Work { ends, .. } = self.work();
        self.push(ends, Class::Delivery, node, from, Happening::Arrival(arrival));
    }

    /// When an acknowledgment that is given now has been worked on.
    pub(super) fn acknowledged(&mut self) -> Timestamp {
        self.work().ends
    }

    fn work(&mut self) -> Work {
        match &mut self.processors {
            Some(processors) => processors.work(self.now),
            None => Work { begins: self.now, ends: self.now },
        }
    }
}
