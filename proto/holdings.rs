//! The messages that a node holds, in the order of their numbers.

use bytes::Bytes;

use crate::id::{Hop, Message};
use crate::time::Timestamp;

/// How many messages a node remembers.
const MESSAGES_MAX: usize = 1 << 16;

/// What a node holds of one message.
#[derive(Debug, Clone)]
pub(crate) struct Holding {
    pub(crate) message: Message,
    pub(crate) hop: Option<Hop>,
    pub(crate) since: Timestamp,
    /// Length of the message's name.
    pub(crate) text_bytes: u32,
    /// Empty where the protocol sends a message only when it arrives.
    pub(crate) payload: Bytes,
    /// Only that it was here is still known.
    is_forgotten: bool,
}

/// See the module. Sorted by message: rounds come in order, so that nearly all are added at the end.
#[derive(Debug, Default)]
pub(crate) struct Holdings(Vec<Holding>);

impl Holdings {
    /// What is known of a message that was here, forgotten or not.
    pub(crate) fn get(&self, message: Message) -> Option<&Holding> {
        self.place(message).ok().map(|place| &self.0[place])
    }

    /// A message that can still be sent.
    pub(crate) fn held(&self, message: Message) -> Option<&Holding> {
        self.get(message).filter(|holding| !holding.is_forgotten)
    }

    /// All that can still be sent, in order.
    pub(crate) fn all_held(&self) -> impl Iterator<Item = &Holding> {
        self.0.iter().filter(|holding| !holding.is_forgotten)
    }

    /// Lets go of what a message carries.
    pub(crate) fn forget(&mut self, message: Message) {
        if let Ok(place) = self.place(message) {
            self.0[place].payload = Bytes::new();
            self.0[place].is_forgotten = true;
        }
    }

    /// Keeps it in place of what was held of the same message. Where there are too many, the quarter that came first is forgotten.
    pub(crate) fn insert(
        &mut self,
        message: Message,
        hop: Option<Hop>,
        since: Timestamp,
        text_bytes: u32,
        payload: Bytes,
    ) {
        let holding = Holding { message, hop, since, text_bytes, payload, is_forgotten: false };
        match self.place(message) {
            Ok(place) => self.0[place] = Holding { since: self.0[place].since, ..holding },
            Err(place) => {
                if self.0.is_empty() {
                    // Most nodes of a large simulation hold one message.
                    self.0.reserve_exact(1);
                }
                self.0.insert(place, holding);
            }
        }
        if self.0.len() > MESSAGES_MAX {
            self.forget_oldest();
        }
    }

    /// How many are known, forgotten or not.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn forget_oldest(&mut self) {
        let mut times: Vec<Timestamp> = self.0.iter().map(|holding| holding.since).collect();
        let (_, last_forgotten, _) = times.select_nth_unstable(MESSAGES_MAX / 4);
        let last_forgotten = *last_forgotten;
        self.0.retain(|holding| holding.since > last_forgotten);
    }

    fn place(&self, message: Message) -> Result<usize, usize> {
        match self.0.last() {
            Some(last) if last.message < message => Err(self.0.len()),
            Some(last) if last.message == message => Ok(self.0.len() - 1),
            Some(_) | None => self.0.binary_search_by_key(&message, |holding| holding.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(holdings: &mut Holdings, message: u32, at: u64) {
        holdings.insert(Message(message), None, Timestamp(at), 1, Bytes::new());
    }

    #[test]
    fn messages_are_found_in_whatever_order_they_came() {
        let mut holdings = Holdings::default();
        for message in [5, 1, 9, 3] {
            insert(&mut holdings, message, u64::from(message));
        }
        let held: Vec<u32> = (0..11).filter(|message| holdings.get(Message(*message)).is_some()).collect();
        assert_eq!(held, [1, 3, 5, 9]);
    }

    #[test]
    fn what_is_forgotten_is_known_and_no_longer_held() {
        let mut holdings = Holdings::default();
        for message in 1..4 {
            insert(&mut holdings, message, 1);
        }
        holdings.forget(Message(2));
        assert!(holdings.get(Message(2)).is_some() && holdings.held(Message(2)).is_none());
        assert_eq!(holdings.all_held().map(|holding| holding.message.0).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn where_there_are_too_many_the_oldest_are_forgotten() {
        let mut holdings = Holdings::default();
        let last = MESSAGES_MAX as u32;
        for message in 0..=last {
            // The later a number, the earlier it came.
            insert(&mut holdings, message, u64::from(last - message));
        }
        assert!(holdings.get(Message(last)).is_none() && holdings.get(Message(last / 4 * 3 - 1)).is_some());
        assert!(holdings.get(Message(0)).is_some());
    }
}
