//! The copies of one node that are on their way out: those that wait for a permit, and those that have one.

use std::collections::VecDeque;

use bytes::Bytes;

use super::io::Owed;
use crate::id::{Hop, Message, NodeIx, SendId};
use crate::time::Timestamp;

/// One copy. What all copies of one forwarding share stands once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copy {
    pub(super) to: NodeIx,
    spread: u32,
}

/// A copy with a permit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Permitted {
    pub(super) copy: Copy,
    /// When it got its permit: it counts as sent then.
    pub(super) since: Timestamp,
    /// When its link lets it go; the end of time while it waits in the uplink.
    pub(super) leaves: Timestamp,
    /// Whether its link loses it.
    pub(super) is_lost: bool,
    /// Whether the news of its end is lost: then nobody says whether it was of use.
    pub(super) is_news_lost: bool,
}

/// One forwarding of a message.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    pub(super) message: Message,
    /// Length of the message's name.
    pub(super) text_bytes: u32,
    pub(super) hop: Option<Hop>,
    pub(super) payload: Bytes,
    /// The delivery whose reply waits for the last copy, and what it will be.
    pub(super) owed: Option<Owed>,
}

#[derive(Debug)]
struct Open {
    spread: Spread,
    copies: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Sends {
    waiting: VecDeque<Copy>,
    /// Sends are numbered from 1 in the order of their permits; this is how many are no longer in `permitted`.
    ended: u64,
    /// By number; none where one has ended before an earlier one.
    permitted: VecDeque<Option<Permitted>>,
    in_flight: u32,
    spreads: Vec<Option<Open>>,
}

impl Sends {
    /// Queues one copy for each of `targets`, of which there is at least one.
    pub(super) fn queue(&mut self, spread: Spread, targets: impl ExactSizeIterator<Item = NodeIx>) {
        let open = Open { copies: targets.len() as u32, spread };
        let free = self.spreads.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.spreads.reserve_exact(1);
            self.spreads.push(None);
            self.spreads.len() - 1
        });
        self.spreads[place] = Some(open);
        self.waiting.extend(targets.map(|to| Copy { to, spread: place as u32 }));
    }

    /// Leaves out so many numbers, before the first copy.
    pub(super) fn skip(&mut self, numbers: u64) {
        self.ended += numbers;
    }

    /// The copies that wait for a permit.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The copies that have one.
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// The next copy that waits.
    pub(super) fn next_waiting(&mut self) -> Option<Copy> {
        self.waiting.pop_front()
    }

    /// Gives a copy a permit and a number.
    pub(super) fn permit(&mut self, permitted: Permitted) -> SendId {
        self.in_flight += 1;
        self.permitted.push_back(Some(permitted));
        SendId(self.ended + self.permitted.len() as u64)
    }

    /// Notes when a copy that has a permit leaves.
    pub(super) fn leave(&mut self, send: SendId, leaves: Timestamp) {
        let place = send.0.checked_sub(self.ended + 1).and_then(|place| usize::try_from(place).ok());
        if let Some(Some(permitted)) = place.and_then(|place| self.permitted.get_mut(place)) {
            permitted.leaves = leaves;
        }
    }

    /// Takes a copy that has ended; none where it was cancelled before.
    pub(super) fn end(&mut self, send: SendId) -> Option<Permitted> {
        let place = usize::try_from(send.0.checked_sub(self.ended + 1)?).ok()?;
        let ended = self.permitted.get_mut(place)?.take();
        self.in_flight -= u32::from(ended.is_some());
        self.drop_ended();
        ended
    }

    /// The number of a copy that needs no permit and is over.
    pub(super) fn number_ended(&mut self) -> SendId {
        self.permitted.push_back(None);
        let send = SendId(self.ended + self.permitted.len() as u64);
        self.drop_ended();
        send
    }

    fn drop_ended(&mut self) {
        while let Some(None) = self.permitted.front() {
            self.permitted.pop_front();
            self.ended += 1;
        }
    }

    /// The copies with a permit, by their numbers.
    pub(super) fn permitted(&self) -> impl Iterator<Item = (SendId, &Permitted)> {
        let numbered = (self.ended + 1..).map(SendId).zip(&self.permitted);
        numbered.filter_map(|(send, permitted)| Some((send, permitted.as_ref()?)))
    }

    /// What a copy is one of.
    pub(super) fn spread(&self, copy: Copy) -> &Spread {
        let open = self.spreads[copy.spread as usize].as_ref();
        &open.expect("a forwarding stays until its last copy has ended").spread
    }

    /// One copy fewer; the reply that waited for the last one.
    pub(super) fn settle(&mut self, copy: Copy) -> Option<Owed> {
        let place = &mut self.spreads[copy.spread as usize];
        let open = place.as_mut()?;
        open.copies -= 1;
        if open.copies > 0 {
            return None;
        }
        place.take().and_then(|open| open.spread.owed)
    }
}
