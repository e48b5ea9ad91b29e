//! Random waypoint (Johnson and Maltz 1996): a node goes straight to a place of the area, stays for a while, and goes to the next.
//!
//! It begins as if it had gone on for ever. A run that begins with nodes at places of the area and speeds as they are drawn slows down
//! for a long time, for a slow leg lasts longer than a fast one (Yoon, Liu and Noble 2003, "Random waypoint considered harmful"). So the
//! state at time 0 is drawn from the law that stays as it is (Navidi and Camp 2004, "Stationary distributions for the random waypoint
//! mobility model"):
//!
//! - a node is at rest with the share of time that rests take; its rest is drawn by its length, and any part of it is left;
//! - else it is on a leg, drawn by its length, at any part of it, with a speed v drawn by 1/v.

use super::area::Area;
use super::bounds::Bounds;
use super::movement::{Leg, Point};
use super::way::Way;
use crate::quantity::Speed;
use crate::random::{Purpose, Random};
use crate::time::Interval;

/// `waypoint:AREA:SPEED:PAUSE:REACH` without its last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waypoint {
    /// Where nodes go about.
    pub area: Area,
    /// How fast a leg is, each speed equally likely.
    pub speed: Bounds<Speed>,
    /// How long a node stays at a waypoint, each time equally likely.
    pub pause: Bounds<Interval>,
}

impl Waypoint {
    /// The legs of a node from time 0 on to `span`; rests are legs that lead nowhere.
    pub(super) fn way(&self, seed: u64, node: u32, span: Interval) -> Vec<Leg> {
        let draws = |leg: u64| Random::at(seed, Purpose::Waypoint, &[u64::from(node), leg]);
        let mut way = Way::until(span);
        let mut here = self.begin(&mut way, &mut draws(0));
        for leg in 1.. {
            if way.is_over() {
                break;
            }
            let mut random = draws(leg);
            let next = self.area.draw(&mut random);
            let speed = self.draw_speed(&mut random);
            way.go(here, next, speed);
            way.rest(next, self.draw_pause(&mut random));
            here = next;
        }
        way.legs
    }

    /// The mean time of a leg and of a rest, in nanoseconds.
    pub(super) fn mean_times(&self) -> (f64, f64) {
        let (slow, fast) = (self.speed.least.metres_per_second(), self.speed.most.metres_per_second());
        let mean_of_inverse = if slow == fast { 1.0 / slow } else { libm::log(fast / slow) / (fast - slow) };
        let leg = self.area.mean_distance() * mean_of_inverse * 1e9;
        (leg, (self.pause.least.0 as f64 + self.pause.most.0 as f64) / 2.0)
    }

    /// What a node is at when the record begins; gives the first waypoint that it reaches.
    fn begin(&self, way: &mut Way, random: &mut Random) -> Point {
        let (leg, rest) = self.mean_times();
        if random.unit() * (leg + rest) <= rest {
            let here = self.area.draw(random);
            let whole = self.draw_pause_by_length(random);
            way.rest(here, Interval((whole * random.unit()) as u64));
            return here;
        }
        let (start, end) = self.draw_leg_by_length(random);
        let here = start.towards(end, random.unit());
        way.go(here, end, self.draw_speed_by_time(random));
        way.rest(end, self.draw_pause(random));
        end
    }

    /// Two places, as likely as they are far from each other: any two, taken with the share that their distance is of the longest.
    fn draw_leg_by_length(&self, random: &mut Random) -> (Point, Point) {
        loop {
            let (start, end) = (self.area.draw(random), self.area.draw(random));
            if random.unit() * self.area.diagonal() <= start.distance(end) {
                return (start, end);
            }
        }
    }

    fn draw_speed(&self, random: &mut Random) -> f64 {
        let (slow, fast) = (self.speed.least.metres_per_second(), self.speed.most.metres_per_second());
        slow + (fast - slow) * random.unit()
    }

    /// A speed with density proportional to 1/v, by inversion.
    fn draw_speed_by_time(&self, random: &mut Random) -> f64 {
        let (slow, fast) = (self.speed.least.metres_per_second(), self.speed.most.metres_per_second());
        slow * libm::exp(random.unit() * libm::log(fast / slow))
    }

    fn draw_pause(&self, random: &mut Random) -> Interval {
        let Bounds { least, most } = self.pause;
        Interval(least.0 + random.below(most.0 - least.0 + 1))
    }

    /// A rest with density proportional to its length, in nanoseconds, by inversion.
    fn draw_pause_by_length(&self, random: &mut Random) -> f64 {
        let (least, most) = (self.pause.least.0 as f64, self.pause.most.0 as f64);
        libm::sqrt(least * least + random.unit() * (most * most - least * least))
    }
}

#[cfg(test)]
#[path = "waypoint_tests.rs"]
mod tests;
