//! Contacts of nodes that move, against every pair looked at alone, and against what the bounds of the reach say.

use super::super::movement::Point;
use super::*;
use crate::random::Random;
use crate::topology::default_ids;

const SECOND: u64 = 1_000_000_000;

/// Legs through these places, from one to the next in `seconds`.
fn way(from: u64, seconds: u64, places: &[(f64, f64)]) -> Vec<Leg> {
    let leg = |(step, ends): (u64, &[(f64, f64)])| Leg {
        from: Interval((from + step * seconds) * SECOND),
        until: Interval((from + (step + 1) * seconds) * SECOND),
        start: Point { x: ends[0].0, y: ends[0].1 },
        end: Point { x: ends[1].0, y: ends[1].1 },
    };
    (0..).zip(places.windows(2)).map(leg).collect()
}

/// Nodes that go about, of which some come later, some leave, and one is much faster than the others.
fn crowd(seed: u64) -> Movement {
    let mut random = Random::keyed(seed, &["crowd"]);
    let ways = (0..40).map(|node| {
        let begin = if node % 5 == 0 { random.below(50) } else { 0 };
        let legs = if node % 7 == 0 { 4 } else { 20 };
        let size = if node == 3 { 900.0 } else { 200.0 };
        let places: Vec<(f64, f64)> = (0..=legs).map(|_| (size * random.unit(), size * random.unit())).collect();
        way(begin, 1 + random.below(12), &places)
    });
    Movement::of(default_ids(40), ways.collect::<Vec<_>>(), Interval(400 * SECOND)).unwrap()
}

/// Every pair, every two legs, the whole time at once.
fn pair_by_pair(movement: &Movement, range: f64) -> Vec<Contact> {
    let nodes = movement.nodes().len() as u32;
    let mut contacts = Vec::new();
    for (a, b) in (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (NodeIx(a), NodeIx(b)))) {
        for_each_overlap(
            movement.legs(a),
            movement.legs(b),
            (Interval::ZERO, movement.span()),
            |own, other, during| {
                contacts.extend(within(own, other, during, range).map(|(from, until)| Spell {
                    of: Link::between(a, b).unwrap(),
                    from,
                    until: Some(until),
                }));
            },
        );
    }
    Spell::merged(contacts).unwrap()
}

#[test]
fn the_grid_and_the_slices_of_time_find_what_every_pair_looked_at_alone_has() {
    for seed in 0..20 {
        let movement = crowd(seed);
        let mut found = movement.contacts("25m".parse().unwrap(), 1).unwrap().contacts();
        let expected = pair_by_pair(&movement, 25.0);
        found.sort_unstable();
        assert!(expected.len() > 100);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let until = |contact: &Contact| contact.until.unwrap_or(movement.span()).0;
            assert_eq!(found.of, expected.of);
            // A crossing is rounded in another slice of time.
            assert!(found.from.0.abs_diff(expected.from.0) <= 2, "{found:?} {expected:?}");
            assert!(until(found).abs_diff(until(expected)) <= 2, "{found:?} {expected:?}");
        }
    }
}

#[test]
fn a_node_that_leaves_has_no_links_and_nodes_at_rest_keep_theirs_to_the_end() {
    let ways = vec![way(0, 100, &[(0.0, 0.0), (0.0, 0.0)]), way(0, 40, &[(3.0, 4.0), (3.0, 4.0)])];
    let ways: Vec<Vec<Leg>> = ways.into_iter().chain([way(20, 80, &[(0.0, 5.0), (0.0, 5.0)])]).collect();
    let movement = Movement::of(default_ids(3), ways, Interval::ZERO).unwrap();

    let network = movement.contacts("5m".parse().unwrap(), 1).unwrap();

    let contact = |a, b, from, until: Option<u64>| Spell {
        of: Link::between(NodeIx(a), NodeIx(b)).unwrap(),
        from: Interval(from * SECOND),
        until: until.map(|until| Interval(until * SECOND)),
    };
    let expected = [contact(0, 1, 0, Some(40)), contact(0, 2, 20, None), contact(1, 2, 20, Some(40))];
    assert_eq!(network.contacts(), expected);
    assert_eq!(network.span(), Interval(100 * SECOND));
    assert!(network.is_there_at_first(NodeIx(1)) && !network.is_there_at_first(NodeIx(2)));
}

#[test]
fn between_the_bounds_a_link_is_as_likely_as_the_line_says_and_drawn_once_a_meeting() {
    // A node comes from 200 m to a distance between the bounds 80 m and 120 m, waits there, and goes back: each time a meeting.
    let meetings = 4000;
    for (distance, expected) in [(79.0, 1.0), (90.0, 0.75), (110.0, 0.25), (121.0, 0.0)] {
        let visits = [(200.0, 0.0), (distance, 0.0), (distance, 0.0)];
        let places: Vec<(f64, f64)> = visits.into_iter().cycle().take(3 * meetings + 1).collect();
        let home = way(0, 30 * meetings as u64, &[(0.0, 0.0), (0.0, 0.0)]);
        let movement = Movement::of(default_ids(2), [home, way(0, 10, &places)], Interval::ZERO).unwrap();
        let network = movement.contacts("80m..120m".parse().unwrap(), 7);
        let found = network.map_or(0, |network| network.contacts().len()) as f64 / meetings as f64;
        let sigma = (expected * (1.0 - expected) / meetings as f64).sqrt();
        assert!((found - expected).abs() <= 4.0 * sigma, "{distance} m: {found} instead of {expected}");
    }
}

#[test]
fn the_draw_follows_from_seed_pair_and_meeting() {
    let reach: Reach = "80m..120m".parse().unwrap();
    let draw = |seed, a, b, meeting| reach.of_meeting(seed, [NodeIx(a), NodeIx(b)], meeting);
    assert_eq!(draw(1, 0, 1, 0), draw(1, 0, 1, 0));
    for other in [draw(2, 0, 1, 0), draw(1, 0, 2, 0), draw(1, 0, 1, 1)] {
        assert_ne!(draw(1, 0, 1, 0), other);
    }
    assert!((0..1000).map(|meeting| draw(1, 0, 1, meeting)).all(|reach| (80.0..120.0).contains(&reach)));
}
