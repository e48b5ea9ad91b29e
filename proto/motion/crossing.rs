//! When two nodes on straight legs are near each other, in closed form.

use super::movement::Leg;
use crate::time::Interval;

/// Nodes that keep a distance of exactly the range are linked all the time, though it comes out a little differently on each leg.
const SLACK_M: f64 = 1e-9;

/// From when to when, both included.
pub(super) type During = (Interval, Interval);

/// The part of `during` in which the nodes on legs `a` and `b` are at most `range` metres apart. `during` lies in both legs. There is
/// at most one part: the way of one node seen from the other is straight, and a disc is convex.
///
/// Seen from `b`, node `a` is at p + s w, with s from 0 to 1 during the time. It is within the range r where
/// s² w·w + 2 s p·w + p·p - r² is at most 0.
pub(super) fn within(a: &Leg, b: &Leg, during: During, range: f64) -> Option<During> {
    let (begin, end) = during;
    let range = range + SLACK_M;
    let seen = |time| {
        let (own, other) = (a.at(time), b.at(time));
        (own.x - other.x, own.y - other.y)
    };
    let (first, last) = (seen(begin), seen(end));
    let square = |(x, y): (f64, f64)| x * x + y * y;
    let (beyond_first, beyond_last) = (square(first) - range * range, square(last) - range * range);
    let way = (last.0 - first.0, last.1 - first.1);
    let (quadratic, half_linear) = (square(way), first.0 * way.0 + first.1 * way.1);
    let discriminant = half_linear * half_linear - quadratic * beyond_first;
    if beyond_first > 0.0 && beyond_last > 0.0 {
        // It passes by, or comes no nearer than the nearest point of the way, which lies inside.
        let nearest_is_inside = half_linear < 0.0 && -half_linear < quadratic;
        if !nearest_is_inside || discriminant < 0.0 {
            return None;
        }
    }
    let root = libm::sqrt(discriminant.max(0.0));
    // The root that does not cancel, and the other by their product.
    let large = if half_linear > 0.0 { -half_linear - root } else { -half_linear + root };
    let (enters, leaves) = match half_linear > 0.0 {
        true => (large / quadratic, beyond_first / large),
        false => (beyond_first / large, large / quadratic),
    };
    let at = |part: f64| {
        let span = (end.0 - begin.0) as f64;
        Interval(begin.0 + libm::round(part.clamp(0.0, 1.0) * span) as u64)
    };
    let from = if beyond_first <= 0.0 { begin } else { at(enters) };
    let until = if beyond_last <= 0.0 { end } else { at(leaves) };
    Some((from, until.max(from)))
}

#[cfg(test)]
mod tests {
    use super::super::movement::Point;
    use super::*;
    use crate::random::Random;

    const SECOND: u64 = 1_000_000_000;

    fn leg(start: (f64, f64), end: (f64, f64), seconds: u64) -> Leg {
        let point = |(x, y)| Point { x, y };
        Leg { from: Interval::ZERO, until: Interval(seconds * SECOND), start: point(start), end: point(end) }
    }

    fn near(a: &Leg, b: &Leg, range: f64) -> Option<(f64, f64)> {
        let during = (Interval::ZERO, a.until.min(b.until));
        within(a, b, during, range).map(|(from, until)| (from.as_ms() / 1e3, until.as_ms() / 1e3))
    }

    #[test]
    fn nodes_that_pass_each_other_are_near_for_as_long_as_the_chord_takes() {
        // Towards each other at 10 m/s each, 60 m aside: of a disc of 100 m they cross 160 m, at 20 m/s.
        let a = leg((0.0, 0.0), (1000.0, 0.0), 100);
        let b = leg((1000.0, 60.0), (0.0, 60.0), 100);
        let (from, until) = near(&a, &b, 100.0).unwrap();
        assert!((from - 46.0).abs() < 2e-9 && (until - 54.0).abs() < 2e-9, "{from} {until}");
        // At a right angle the one is seen at 45 degrees: 500 - 10 t in both coordinates, 50 m at t = 50 -+ 5 / sqrt 2.
        let c = leg((500.0, -500.0), (500.0, 500.0), 100);
        let (from, until) = near(&a, &c, 50.0).unwrap();
        let half = 5.0 / 2f64.sqrt();
        assert!((from - (50.0 - half)).abs() < 2e-9 && (until - (50.0 + half)).abs() < 2e-9, "{from} {until}");
        assert_eq!(near(&a, &b, 59.9), None);
    }

    #[test]
    fn a_node_that_touches_the_range_is_near_for_an_instant() {
        let a = leg((0.0, 0.0), (1000.0, 0.0), 100);
        let at_rest = leg((500.0, 100.0), (500.0, 100.0), 100);
        let (from, until) = near(&a, &at_rest, 100.0).unwrap();
        assert!((from - 50.0).abs() < 1e-4 && (until - 50.0).abs() < 1e-4, "{from} {until}");
        assert_eq!(near(&a, &at_rest, 99.999_999), None);
    }

    #[test]
    fn nodes_side_by_side_at_exactly_the_range_stay_linked() {
        let a = leg((0.1, 0.3), (700.7, 123.4), 77);
        let b = leg((100.1, 0.3), (800.7, 123.4), 77);
        assert_eq!(near(&a, &b, 100.0), Some((0.0, 77.0)));
        assert_eq!(near(&a, &b, 99.999), None);
        assert_eq!(near(&a, &a, 1.0), Some((0.0, 77.0)));
        let mut random = Random::keyed(3, &["side by side"]);
        for _ in 0..1000 {
            let mut place = || (1000.0 * random.unit(), 1000.0 * random.unit());
            let (start, end) = (place(), place());
            let aside = |(x, y)| (x + 60.0, y + 80.0);
            assert_eq!(near(&leg(start, end, 9), &leg(aside(start), aside(end), 9), 100.0), Some((0.0, 9.0)));
        }
    }

    #[test]
    fn crossing_times_are_where_the_distance_is_the_range_and_nowhere_else() {
        let mut random = Random::keyed(5, &["crossing"]);
        let mut found = 0;
        for _ in 0..20_000 {
            let mut place = || (random.unit() * 1000.0, random.unit() * 1000.0);
            let (a, b) = (leg(place(), place(), 100), leg(place(), place(), 100));
            let range = 20.0 + random.unit() * 300.0;
            let distance = |time: Interval| a.at(time).distance(b.at(time));
            let during = (Interval(7 * SECOND), Interval(93 * SECOND));
            let near = within(&a, &b, during, range);
            found += u32::from(near.is_some());
            // 2 ns at the fastest, 30 m/s, and the slack.
            if let Some((from, until)) = near {
                assert!(from == during.0 || (distance(from) - range).abs() < 1e-7, "{} {range}", distance(from));
                assert!(until == during.1 || (distance(until) - range).abs() < 1e-7, "{} {range}", distance(until));
            }
            for step in 0..=86 {
                let time = Interval((7 + step) * SECOND);
                let is_near = near.is_some_and(|(from, until)| from <= time && time <= until);
                assert!(is_near == (distance(time) <= range) || (distance(time) - range).abs() < 1e-7);
            }
        }
        assert!(found > 5_000, "{found}");
    }
}
