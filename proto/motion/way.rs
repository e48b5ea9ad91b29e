//! The way of a node while it is made: one leg after another.

use super::movement::{Leg, Point};
use crate::time::Interval;

/// Legs as they are added, one when the last ends.
pub(super) struct Way {
    pub(super) legs: Vec<Leg>,
    span: Interval,
}

impl Way {
    /// No legs yet, of a record that is so long.
    pub(super) fn until(span: Interval) -> Self {
        Self { legs: Vec::new(), span }
    }

    /// Whether the record ends before anything could be added.
    pub(super) fn is_over(&self) -> bool {
        self.now() >= self.span && !self.legs.is_empty()
    }

    /// Goes straight from one place to another, in metres a second.
    pub(super) fn go(&mut self, start: Point, end: Point, speed: f64) {
        let ns = libm::round(start.distance(end) / speed * 1e9) as u64;
        self.add(Interval(ns), start, end);
    }

    /// Stays at a place for some time.
    pub(super) fn rest(&mut self, place: Point, time: Interval) {
        self.add(time, place, place);
    }

    /// Adds a leg, cut off where the record ends.
    pub(super) fn add(&mut self, time: Interval, start: Point, end: Point) {
        let from = self.now();
        if time == Interval::ZERO || self.is_over() {
            return;
        }
        let whole = Leg { from, until: Interval(from.0.saturating_add(time.0)), start, end };
        let until = whole.until.min(self.span);
        self.legs.push(Leg { until, end: whole.at(until), ..whole });
    }

    fn now(&self) -> Interval {
        self.legs.last().map_or(Interval::ZERO, |leg| leg.until)
    }
}
