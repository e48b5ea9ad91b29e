//! Random walk (Camp, Boleng and Davies 2002, "A survey of mobility models for ad hoc network research"): a node goes straight in a
//! random direction for a fixed time, then in another; at the border of the area it is reflected.
//!
//! Places stay spread evenly, and speeds as they are drawn, because every leg takes the same time. Each node is at its own part of a leg
//! when the record begins, so that nodes do not turn at once.

use std::f64::consts::TAU;

use super::area::Area;
use super::bounds::Bounds;
use super::movement::{Leg, Point};
use super::way::Way;
use crate::quantity::Speed;
use crate::random::{Purpose, Random};
use crate::time::Interval;

/// `walk:AREA:SPEED:TURN:REACH` without its last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Where nodes go about.
    pub area: Area,
    /// How fast a leg is, each speed equally likely.
    pub speed: Bounds<Speed>,
    /// How long a leg takes; above 0.
    pub turn: Interval,
}

impl Walk {
    /// The legs of a node from time 0 on to `span`, each broken where it is reflected.
    pub(super) fn way(&self, seed: u64, node: u32, span: Interval) -> Vec<Leg> {
        let draws = |leg: u64| Random::at(seed, Purpose::Walk, &[u64::from(node), leg]);
        let mut way = Way::until(span);
        let mut first = draws(0);
        let mut here = self.area.draw(&mut first);
        let mut time = Interval(first.below(self.turn.0) + 1);
        for leg in 1.. {
            if way.is_over() {
                break;
            }
            here = self.go(here, time, &mut draws(leg), &mut way);
            time = self.turn;
        }
        way.legs
    }

    /// Goes in a random direction for some time, and gives the place that it ends at.
    fn go(&self, mut here: Point, time: Interval, random: &mut Random, way: &mut Way) -> Point {
        let (slow, fast) = (self.speed.least.metres_per_second(), self.speed.most.metres_per_second());
        let speed = slow + (fast - slow) * random.unit();
        let direction = TAU * random.unit();
        let mut velocity = Point { x: speed * libm::cos(direction), y: speed * libm::sin(direction) };
        let mut left = time.0 as f64 / 1e9;
        loop {
            let to_x = seconds_to_border(here.x, velocity.x, self.area.width.metres());
            let to_y = seconds_to_border(here.y, velocity.y, self.area.height.metres());
            let seconds = left.min(to_x).min(to_y);
            let next = Point {
                x: (here.x + velocity.x * seconds).clamp(0.0, self.area.width.metres()),
                y: (here.y + velocity.y * seconds).clamp(0.0, self.area.height.metres()),
            };
            way.add(Interval(libm::round(seconds * 1e9) as u64), here, next);
            here = next;
            left -= seconds;
            if left <= 0.0 || way.is_over() {
                return here;
            }
            if seconds == to_x {
                velocity.x = -velocity.x;
            }
            if seconds == to_y {
                velocity.y = -velocity.y;
            }
        }
    }
}

/// When a coordinate meets the border that it goes towards.
fn seconds_to_border(at: f64, velocity: f64, side: f64) -> f64 {
    match velocity {
        v if v > 0.0 => (side - at) / v,
        v if v < 0.0 => at / -v,
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Interval = Interval(100_000_000_000);

    fn walk() -> Walk {
        Walk { area: "200mx100m".parse().unwrap(), speed: "1m/s..20m/s".parse().unwrap(), turn: "7s".parse().unwrap() }
    }

    #[test]
    fn a_node_stays_in_the_area_and_turns_in_time() {
        for node in 0..200 {
            let way = walk().way(3, node, SPAN);
            assert_eq!((way[0].from, way[way.len() - 1].until), (Interval::ZERO, SPAN));
            assert!(way.windows(2).all(|legs| legs[0].until == legs[1].from && legs[0].end == legs[1].start));
            let inside = |place: Point| (0.0..=200.0).contains(&place.x) && (0.0..=100.0).contains(&place.y);
            assert!(way.iter().all(|leg| inside(leg.start) && inside(leg.end)));
            assert!(way.len() >= 15, "{}", way.len());
        }
    }

    #[test]
    fn nodes_do_not_turn_at_once() {
        // So far from the border that no leg is broken there.
        let wide = Walk { area: "1000kmx1000km".parse().unwrap(), ..walk() };
        let first_turns = (0..4000).map(|node| wide.way(1, node, SPAN)[0].until.0);
        let early = first_turns.filter(|turn| *turn <= 7_000_000_000 / 4).count() as f64;
        assert!((early / 4000.0 - 0.25).abs() < 4.0 * (0.25f64 * 0.75 / 4000.0).sqrt(), "{early}");
    }

    #[test]
    fn at_any_time_places_are_spread_evenly_and_speeds_are_those_drawn() {
        let nodes = 20_000;
        for time in [0, 1, 33_000_000_000, 100_000_000_000].map(Interval) {
            let (mut low, mut left, mut speeds) = (0.0, 0.0, 0.0);
            for node in 0..nodes {
                let way = walk().way(1, node, SPAN);
                let leg = way[way.partition_point(|leg| leg.until < time)];
                low += f64::from(u8::from(leg.at(time).y < 25.0));
                left += f64::from(u8::from(leg.at(time).x < 20.0));
                speeds += leg.speed();
            }
            let count = f64::from(nodes);
            let holds = |share: f64, expected: f64| {
                (share / count - expected).abs() < 4.0 * (expected * (1.0 - expected) / count).sqrt()
            };
            assert!(holds(low, 0.25) && holds(left, 0.1), "{} {}", low / count, left / count);
            // Uniform from 1 to 20. Rounding to nanoseconds may be seen in a leg of a few nanoseconds, at a border.
            assert!((speeds / count - 10.5).abs() < 4.0 * 19.0 / (12.0 * count).sqrt(), "{}", speeds / count);
        }
    }
}
