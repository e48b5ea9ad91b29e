//! When and where an event happens: the total order of a simulated run.

use std::cmp::Ordering;

use cnsim::id::NodeIx;
use cnsim::time::Timestamp;

/// What an event is. Of one instant these happen in the order in which they stand here: a link that comes up carries what is
/// delivered then, a copy that arrives at the deadline arrived, and a link that goes down carried what was delivered then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// Links come up, or change.
    LinksUp,
    /// Something arrives at a node.
    Delivery,
    /// Links go down.
    LinksDown,
    /// A timer of a node ends, which sees the network as it is from then on.
    Timer,
}

/// When and where an event happens. Events are ordered by time, class, destination, source and sequence, in this order, so
/// that their order depends on no thread and on no order of insertion.
///
/// No two events of one run have the same key: a source counts what it causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// When.
    pub time: Timestamp,
    /// What.
    pub class: Class,
    /// The node to which it happens.
    pub destination: NodeIx,
    /// The node that caused it.
    pub source: NodeIx,
    /// Which of the events that the source caused.
    pub sequence: u32,
}

impl Key {
    /// The leading 128 bits of the order as one number: 64 of time, 2 of class, 32 of destination and the upper 30 of source.
    /// A key before another has a place that is lower or the same.
    pub(super) fn place(&self) -> u128 {
        let rank = (self.class as u64) << 62 | u64::from(self.destination.0) << 30 | u64::from(self.source.0 >> 2);
        u128::from(self.time.0) << 64 | u128::from(rank)
    }

    fn tail(&self) -> u64 {
        u64::from(self.source.0) << 32 | u64::from(self.sequence)
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place()).then_with(|| self.tail().cmp(&other.tail()))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The time that a place begins with.
pub(super) fn time_of(place: u128) -> Timestamp {
    Timestamp((place >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_ordered_by_its_fields_from_the_first_to_the_last() {
        let key = |time, class, destination, source, sequence| Key {
            time: Timestamp(time),
            class,
            destination: NodeIx(destination),
            source: NodeIx(source),
            sequence,
        };
        let most = u32::MAX;
        let ordered = [
            key(1, Class::LinksUp, 0, 0, 7),
            key(1, Class::LinksUp, 0, 1, 6),
            key(1, Class::LinksUp, 0, most, most),
            key(1, Class::LinksUp, 1, 0, 0),
            key(1, Class::LinksUp, most, most, most),
            key(1, Class::Delivery, 0, 0, 0),
            key(1, Class::LinksDown, 0, 0, 0),
            key(1, Class::Timer, 0, 0, 0),
            key(2, Class::LinksUp, 0, 0, 0),
            key(u64::MAX, Class::Timer, most, most, most),
        ];
        assert!(ordered.is_sorted_by(|a, b| a < b && a.place() <= b.place()));
        assert_eq!(size_of::<Key>(), 24);
    }
}
