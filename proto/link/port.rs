//! A node's uplink or downlink: a queue of copies that a rate lets out.
//!
//! It is exact. Work is counted in 10^-9 bits, of which a rate of B bits a second does B in each nanosecond, so that nothing
//! is rounded but the instant at which a copy is through, once and up.
//!
//! Copies stand in lanes: one for each node at the other end (`fair`), or one for all (`fifo`). Lanes that hold copies get
//! equal parts of the rate, and copies in a lane follow each other. With V the work that every lane has got since the port
//! was last empty, a copy that begins at V ends at V plus its size: its end is known when it enters. This is the fluid model
//! of A. Demers, S. Keshav and S. Shenker, "Analysis and simulation of a fair queueing algorithm", SIGCOMM 1989. Work that
//! cannot be split into whole equal parts, less than 10^-9 bits a lane, is kept for the next instant.

use std::collections::{BTreeMap, VecDeque};

use super::rate::Sharing;
use crate::id::NodeIx;
use crate::quantity::Rate;
use crate::time::{Interval, Timestamp};

/// One copy on its way through a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The caller's name for it, which no other copy in this port has.
    pub id: u64,
    /// The node at the other end.
    pub stream: NodeIx,
    /// Its size.
    pub bytes: u64,
}

/// A queue with a rate. Time never goes back: an earlier instant is taken as the latest that was told.
#[derive(Debug)]
pub struct Port {
    rate: Rate,
    sharing: Sharing,
    now: Timestamp,
    /// What every lane that holds copies has got.
    level: u128,
    /// Work done since that is not split yet.
    unsplit: u128,
    /// How many copies ever entered.
    entered: u64,
    /// In the order in which they will be through.
    waiting: BTreeMap<Place, Waiting>,
    lanes: BTreeMap<NodeIx, Lane>,
    /// Copies that are through and not asked for yet.
    done: VecDeque<u64>,
}

/// When a copy is through: first by level, then by entry.
type Place = (u128, u64);

#[derive(Debug, Clone, Copy)]
struct Waiting {
    id: u64,
    lane: NodeIx,
}

#[derive(Debug, Default)]
struct Lane {
    copies: u64,
    /// The level at which the last of them is through.
    end: u128,
}

/// A bit in units of work.
const BIT: u128 = 1_000_000_000;

impl Port {
    /// An empty port.
    pub fn new(rate: Rate, sharing: Sharing) -> Self {
        Self {
            rate,
            sharing,
            now: Timestamp::default(),
            level: 0,
            unsplit: 0,
            entered: 0,
            waiting: BTreeMap::new(),
            lanes: BTreeMap::new(),
            done: VecDeque::new(),
        }
    }

    /// A copy enters.
    pub fn enter(&mut self, now: Timestamp, transfer: Transfer) {
        self.advance(now);
        let lane = match self.sharing {
            Sharing::Fair => transfer.stream,
            Sharing::Fifo => NodeIx(0),
        };
        let Lane { copies, end } = self.lanes.entry(lane).or_default();
        let begin = if *copies == 0 { self.level } else { *end };
        *end = begin + u128::from(transfer.bytes) * 8 * BIT;
        *copies += 1;
        self.entered += 1;
        self.waiting.insert((*end, self.entered), Waiting { id: transfer.id, lane });
    }

    /// Lets copies out at this rate from now on.
    pub fn set_rate(&mut self, now: Timestamp, rate: Rate) {
        self.advance(now);
        self.rate = rate;
    }

    /// When the next copy is through, if no other enters or leaves before; none where none waits.
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        if !self.done.is_empty() {
            return Some(self.now);
        }
        let ((end, _), _) = self.waiting.first_key_value()?;
        let work = ((end - self.level) * self.lanes_held()).saturating_sub(self.unsplit);
        let ns = work.div_ceil(self.rate.bits_per_second().into());
        Some(self.now + Interval(u64::try_from(ns).unwrap_or(u64::MAX)))
    }

    /// A copy that is through at `now`, the first before the later ones; each is told once.
    pub fn poll_done(&mut self, now: Timestamp) -> Option<u64> {
        self.advance(now);
        self.done.pop_front()
    }

    /// Takes a copy out, and with it the work that it still needs; false where there is none of this name.
    pub fn cancel(&mut self, now: Timestamp, id: u64) -> bool {
        self.advance(now);
        if let Some(at) = self.done.iter().position(|done| *done == id) {
            self.done.remove(at);
            return true;
        }
        let Some((place, lane)) = self.waiting.iter().find(|(_, it)| it.id == id).map(|(at, it)| (*at, it.lane)) else {
            return false;
        };
        self.take_out(place, lane);
        self.stop_if_empty();
        true
    }

    /// Takes all copies out, those too that are through and not asked for yet.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.lanes.clear();
        self.done.clear();
        self.stop_if_empty();
    }

    /// Does the work of the time up to `now`, end by end: each end changes how many lanes share the rate.
    fn advance(&mut self, now: Timestamp) {
        let ns = now.since(self.now).0;
        self.now = self.now.max(now);
        let mut work = self.unsplit + u128::from(ns) * u128::from(self.rate.bits_per_second());
        while let Some((&(end, entry), _)) = self.waiting.first_key_value() {
            let needed = (end - self.level) * self.lanes_held();
            if needed > work {
                break;
            }
            work -= needed;
            self.level = end;
            self.pass((end, entry));
        }
        if !self.lanes.is_empty() {
            self.level += work / self.lanes_held();
            self.unsplit = work % self.lanes_held();
        }
        self.stop_if_empty();
    }

    fn pass(&mut self, place: Place) {
        let Some(Waiting { id, lane }) = self.waiting.remove(&place) else { return };
        self.leave(lane);
        self.done.push_back(id);
    }

    fn leave(&mut self, lane: NodeIx) {
        if let Some(held) = self.lanes.get_mut(&lane) {
            held.copies -= 1;
            if held.copies == 0 {
                self.lanes.remove(&lane);
            }
        }
    }

    /// The copies behind it in its lane move up by what it still needed.
    fn take_out(&mut self, place: Place, lane: NodeIx) {
        let others = self.waiting.iter().filter(|(at, it)| it.lane == lane && **at != place);
        let (before, behind): (Vec<Place>, Vec<Place>) = others.map(|(at, _)| *at).partition(|at| *at < place);
        let begin = before.last().map_or(self.level, |(end, _)| *end);
        let needed = place.0 - begin;
        self.waiting.remove(&place);
        for (end, entry) in behind {
            if let Some(copy) = self.waiting.remove(&(end, entry)) {
                self.waiting.insert((end - needed, entry), copy);
            }
        }
        if let Some(held) = self.lanes.get_mut(&lane) {
            held.end -= needed;
        }
        self.leave(lane);
    }

    /// An idle port saves no work for later.
    fn stop_if_empty(&mut self) {
        if self.waiting.is_empty() {
            (self.level, self.unsplit) = (0, 0);
        }
    }

    /// How many lanes share the rate.
    fn lanes_held(&self) -> u128 {
        self.lanes.len() as u128
    }
}

#[cfg(test)]
#[path = "port_tests.rs"]
mod tests;
