//! Random waypoint against its closed forms, from the first instant on. Tolerances are 4 standard errors.

use super::*;

const SPAN: Interval = Interval(400_000_000_000);
const NODES: u32 = 20_000;

fn waypoint(pause: &str) -> Waypoint {
    Waypoint {
        area: "1000mx1000m".parse().unwrap(),
        speed: "1m/s..20m/s".parse().unwrap(),
        pause: pause.parse().unwrap(),
    }
}

fn leg_at(way: &[Leg], time: Interval) -> Leg {
    way[way.partition_point(|leg| leg.until <= time).min(way.len() - 1)]
}

/// How many standard errors the mean of `values` is from what is expected.
fn errors_off(values: &[f64], expected: f64) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean - expected).abs() / (variance / count).sqrt()
}

/// (20 - 1) / ln(20 / 1)
const MEAN_SPEED: f64 = 6.342_356;

#[test]
fn the_mean_speed_is_stationary_from_the_first_instant_on() {
    let ways: Vec<Vec<Leg>> = (0..NODES).map(|node| waypoint("0s").way(1, node, SPAN)).collect();
    for time in [0, 1_000_000_000, 50_000_000_000, 399_000_000_000].map(Interval) {
        let speeds: Vec<f64> = ways.iter().map(|way| leg_at(way, time).speed()).collect();
        let off = errors_off(&speeds, MEAN_SPEED);
        assert!(off < 4.0, "{off} standard errors at {} ms", time.as_ms());
    }
}

#[test]
fn nodes_that_all_begin_at_a_waypoint_fail_that_test() {
    // Each node's record cut where its first leg of its own begins: what a simulation without a stationary start does.
    let begun_at_waypoints = |node| {
        let way = waypoint("0s").way(1, node, SPAN);
        way[1..].to_vec()
    };
    let speeds = |after: u64| -> Vec<f64> {
        let ways = (0..NODES).map(begun_at_waypoints).filter(|way| !way.is_empty());
        ways.map(|way| leg_at(&way, Interval(way[0].from.0 + after)).speed()).collect()
    };
    let at_first = speeds(0);
    assert!(errors_off(&at_first, 10.5) < 4.0, "it begins with the mean of the speeds that are drawn");
    assert!(errors_off(&at_first, MEAN_SPEED) > 50.0);
    assert!(errors_off(&speeds(30_000_000_000), MEAN_SPEED) > 4.0, "and is not stationary half a minute later");
}

#[test]
fn the_mean_leg_is_that_of_two_places_and_the_first_one_is_drawn_by_its_length() {
    let whole = Interval(3_000_000_000_000);
    let (mut legs, mut begun) = (Vec::new(), Vec::new());
    for node in 0..NODES / 4 {
        // Short legs end sooner: of each node the same number counts, all of them begun and ended long before the record does.
        let way = waypoint("0s").way(5, node, whole);
        legs.extend(way[1..4].iter().map(|leg| leg.start.distance(leg.end)));
        assert!(way.len() > 4);
        begun.push(way[0].start.distance(way[0].end));
    }
    assert!(errors_off(&legs, 521.405) < 4.0, "{}", errors_off(&legs, 521.405));
    // What is left of a leg drawn by its length: half of E[D^2] / E[D], and two places of a unit square have E[D^2] = 1/3.
    let left = 1000.0 / 3.0 / 0.521_405 / 2.0;
    assert!(errors_off(&begun, left) < 4.0, "{}", errors_off(&begun, left));
}

#[test]
fn the_share_of_nodes_at_rest_is_stationary_and_so_is_how_long_they_stay() {
    let model = waypoint("20s..100s");
    let (leg, rest) = model.mean_times();
    let share = rest / (leg + rest);
    let ways: Vec<Vec<Leg>> = (0..NODES).map(|node| model.way(2, node, SPAN)).collect();
    for time in [0, 77_000_000_000, 300_000_000_000].map(Interval) {
        let resting: Vec<f64> = ways.iter().map(|way| f64::from(u8::from(leg_at(way, time).speed() == 0.0))).collect();
        assert!(errors_off(&resting, share) < 4.0, "{share} at {} ms", time.as_ms());
    }
    let first = ways.iter().map(|way| way[0]).filter(|leg| leg.speed() == 0.0);
    let left: Vec<f64> = first.map(|leg| leg.until.0 as f64 / 1e9).collect();
    // E[P^2] / E[P] / 2, where P is uniform from 20 to 100.
    let expected = (100f64.powi(3) - 20f64.powi(3)) / 3.0 / 80.0 / 60.0 / 2.0;
    assert!(errors_off(&left, expected) < 4.0, "{}", errors_off(&left, expected));
}

#[test]
fn a_way_is_without_gaps_and_follows_from_seed_and_node() {
    let model = waypoint("0s..30s");
    for node in 0..100 {
        let way = model.way(1, node, SPAN);
        assert_eq!((way[0].from, way[way.len() - 1].until), (Interval::ZERO, SPAN));
        assert!(way.windows(2).all(|legs| legs[0].until == legs[1].from && legs[0].end == legs[1].start));
    }
    assert_eq!(model.way(1, 3, SPAN), model.way(1, 3, SPAN));
    assert_ne!(model.way(1, 3, SPAN), model.way(2, 3, SPAN));
    assert_ne!(model.way(1, 3, SPAN), model.way(1, 4, SPAN));
    // A longer record begins alike.
    let (short, long) = (model.way(1, 3, Interval(SPAN.0 / 2)), model.way(1, 3, SPAN));
    assert_eq!(short[..short.len() - 1], long[..short.len() - 1]);
}
