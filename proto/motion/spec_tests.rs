//! What is typed for a moving network, and what its models give.

use sha2::{Digest, Sha256};

use super::*;
use crate::topology::default_ids;

fn model(text: &str) -> Model {
    match text.parse() {
        Ok(MotionSpec::Model(model)) => model,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_spec_round_trips_through_its_text() {
    for text in [
        "contacts:town.csv",
        "contacts:trc/town.dat:trc/presence.dat",
        "positions:city.xml:100m",
        "positions:mobility.tcl:80m..120m",
        "waypoint:1500mx300m:1m/s..20m/s:0s..60s:250m",
        "waypoint:1kmx1km:10m/s:0s:80m..120m",
        "walk:500mx500m:1m/s..2m/s:60s:100m",
        "rewire:0.1:1s:er:0.05",
        "rewire:1:200ms:k-regular:8",
        "rewire:1:200ms:ws:4:0.1",
    ] {
        assert_eq!(text.parse::<MotionSpec>().unwrap().to_string(), text);
    }
}

#[test]
fn each_bad_value_is_told_in_one_line() {
    let error = |text: &str| text.parse::<MotionSpec>().unwrap_err().to_string();
    assert_eq!(error("drift:1"), format!("unknown motion \"drift:1\": use {}", MotionSpec::FORMS));
    for (text, told) in [
        ("contacts:", "is not contacts:FILE or contacts:FILE:PRESENCE, of files without a colon in their names"),
        ("positions:city.xml", "is not positions:FILE:REACH, as positions:city.xml:100m"),
        ("positions:city.xml:100", "\"100\" has no unit: write 100m or 100km"),
        ("positions:city.xml:120m..80m", "\"120m..80m\" goes down: write the smaller one first"),
        ("waypoint:100m:1m/s:0s:10m", "\"100m\" is not WIDTHxHEIGHT, as 1500mx300m"),
        ("waypoint:100mx100m:0m/s..5m/s:0s:10m", "\"0m/s\" is out of range"),
        ("waypoint:100mx100m:5:0s:10m", "\"5\" has no unit: write 5m/s or 5mm/s"),
        ("waypoint:100mx100m:5m/s:9:10m", "\"9\" has no unit: write 9ms or 9s"),
        ("waypoint:100mx100m:5m/s:0s", "is not waypoint:AREA:SPEED:PAUSE:REACH, as"),
        ("walk:100mx100m:5m/s:0s:10m", "TURN is above 0s"),
        ("rewire:1.5:1s:er:0.1", "\"1.5\" is no probability P: use a number from 0 to 1"),
        ("rewire:1:0s:er:0.1", "PERIOD is above 0s"),
        ("rewire:1:1s", "is not rewire:P:PERIOD:GRAPH, as rewire:0.1:1s:er:0.05"),
        ("rewire:1:1s:mesh", "unknown topology \"mesh\""),
        ("rewire:1:1s:ring", "ring: this graph is not random: use er:P or k-regular:K"),
        ("rewire:0.5:1s:ba:3", "ba:3: edges of this graph depend on each other: use P = 1, er:P or k-regular:K"),
        ("rewire:1:1s:k-out:3", "k-out:3: links have no direction: use er:P or k-regular:K"),
    ] {
        let found = error(text);
        assert!(found.starts_with(&format!("{text:?}")) && found.contains(told), "{found}");
        assert!(!found.contains('\n'));
    }
    assert!(MotionSpec::is_meant("walk:x") && !MotionSpec::is_meant("walk") && !MotionSpec::is_meant("er:0.1"));
}

#[test]
fn the_same_seed_gives_the_same_network_for_ever() {
    for (text, golden) in [
        ("waypoint:500mx500m:1m/s..20m/s:0s..5s:100m", "b53ca630b64fa4c9"),
        ("walk:500mx500m:1m/s..20m/s:9s:80m..120m", "e042f92d4c301752"),
        ("rewire:0.1:1s:er:0.05", "5c56cfd0c387d394"),
        ("rewire:0.3:5s:k-regular:4", "2123dc0a2e35c59f"),
    ] {
        let network = |seed| model(text).generate(default_ids(40), seed, Interval(100_000_000_000)).unwrap();
        let mut bytes = Vec::new();
        network(7).write(&mut bytes).unwrap();
        let digest: String = Sha256::digest(&bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, golden, "{text}");
        assert_ne!(network(7), network(8));
    }
}

#[test]
fn what_cannot_be_made_is_refused_before_it_is() {
    let error = |text, nodes, seconds: u64| {
        let made = model(text).generate(default_ids(nodes), 1, Interval(seconds * 1_000_000_000));
        made.unwrap_err().to_string()
    };
    let walk = "walk:500mx500m:1m/s:60s:10m";
    assert_eq!(error(walk, 1, 10), format!("{walk} with 1 nodes: a network has at least 2 nodes"));
    assert_eq!(error(walk, 5, 0), format!("{walk} with 5 nodes: a record is longer than 0s"));
    assert!(error("rewire:1:1us:er:0.5", 1000, 10).contains("steps in 10s are more than 50000000"));
    assert!(error("rewire:1:1s:k-regular:3", 5, 10).contains("every edge has two ends"));
    let far = "walk:1000kmx1000km:1mm/s:60s:1mm";
    assert_eq!(error(far, 2, 10), format!("{far}: no two nodes are ever linked"));
}
