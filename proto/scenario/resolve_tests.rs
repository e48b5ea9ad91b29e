//! Faults resolved on small networks: whom they meet, when, and what is refused.

use super::*;
use crate::scenario::{FaultSpec, PROBES};
use crate::topology::Adjacency;
use crate::topology::{EdgeWeights, Topology, TopologySpec};

struct Net {
    topology: Topology,
    neighbours: Adjacency,
}

fn ids(nodes: u32) -> Vec<NodeId> {
    (0..nodes).map(|node| NodeId::new(&format!("n{node}")).unwrap()).collect()
}

impl Net {
    fn new(spec: &str, nodes: u32) -> Self {
        let topology = spec.parse::<TopologySpec>().unwrap().generate(ids(nodes), 1).unwrap();
        let neighbours = topology.adjacency(EdgeWeights::Ignored).unwrap();
        Self { topology, neighbours }
    }

    fn resolve(&self, faults: &str, round: u32) -> Result<Timeline, ScenarioError> {
        let faults: Vec<FaultSpec> = serde_json::from_str(faults).unwrap();
        let region = |node: NodeIx| Some(if node.0 < 3 { "west" } else { "east" }.to_owned());
        let ground = Ground { nodes: &self.topology.nodes, neighbours: &self.neighbours, region: &region, seed: 7 };
        let limit = Interval::from_ms(60_000);
        Timeline::resolve(&faults, &ground, Replicate { round, initiator: Some(NodeIx(0)), limit })
    }

    fn stopped(&self, faults: &str, round: u32) -> Vec<Stopped> {
        let timeline = self.resolve(faults, round).unwrap();
        let Effect::Stopped { nodes, .. } = &timeline.faults[0].effect else { panic!("{timeline:?}") };
        nodes.clone()
    }
}

#[test]
fn a_share_is_drawn_for_each_round_anew_and_never_the_initiator() {
    let net = Net::new("complete", 100);
    let crash = r#"[{"name":"dead","at":"0s","kind":"crash","who":"30%"}]"#;
    let of_round = |round| net.stopped(crash, round).iter().map(|stopped| stopped.node).collect::<Vec<_>>();
    assert_eq!(of_round(1), of_round(1));
    assert_ne!(of_round(1), of_round(2));
    let mut drawn = [0; 100];
    for round in 0..1_000 {
        let nodes = of_round(round);
        assert_eq!(nodes.len(), 30);
        nodes.iter().for_each(|node| drawn[node.index()] += 1);
    }
    assert_eq!(drawn[0], 0, "the initiator begins the message");
    // Each of the 99 others in 1000 draws of 30: four standard deviations of a binomial count.
    let p: f64 = 30.0 / 99.0;
    let allowed = 4.0 * (1_000.0 * p * (1.0 - p)).sqrt();
    assert!(drawn[1..].iter().all(|count| (f64::from(*count) - 1_000.0 * p).abs() < allowed), "{drawn:?}");
}

#[test]
fn sides_by_shares_are_a_whole_and_rest_is_what_remains() {
    let net = Net::new("complete", 101);
    let sizes = |sides: &str| {
        let faults = format!(r#"[{{"name":"split","at":"1s","for":"1s","kind":"partition","sides":{sides}}}]"#);
        let timeline = net.resolve(&faults, 3).unwrap();
        let Effect::Cut { sides, .. } = &timeline.faults[0].effect else { panic!("{timeline:?}") };
        sides.iter().map(|side| side.nodes().len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(r#"["50%","50%"]"#), [51, 50]);
    assert_eq!(sizes(r#"["33.3%","33.3%","33.4%"]"#), [34, 33, 34]);
    assert_eq!(sizes(r#"["20%","rest"]"#), [20, 81]);
    assert_eq!(sizes(r#"["0..9","50%"]"#), [10, 51], "some are on no side");
    assert_eq!(sizes(r#"["region:west","rest"]"#), [3, 98]);
}

#[test]
fn nodes_that_come_and_go_are_up_and_down_by_their_laws() {
    let net = Net::new("complete", 100);
    let churn = r#"[{"name":"churn","at":"1s","for":"50s","kind":"churn","who":"90%","session":"exponential:2s","down":"exponential:1s"}]"#;
    let nodes = net.stopped(churn, 1);
    let (mut down, mut sessions) = (Vec::new(), Vec::new());
    for Stopped { spans, .. } in &nodes {
        assert!(spans.is_sorted() && spans.iter().all(|span| span.ends <= Interval::from_ms(51_000)));
        // The last one of each is cut off.
        down.extend(spans.iter().rev().skip(1).map(|span| (span.ends.0 - span.begins.0) as f64 / 1e9));
        sessions.extend(spans.windows(2).map(|pair| (pair[1].begins.0 - pair[0].ends.0) as f64 / 1e9));
    }
    for (found, mean) in [(down, 1.0), (sessions, 2.0)] {
        let count = found.len() as f64;
        let average = found.iter().sum::<f64>() / count;
        // Long ones are cut off more often: less than two parts in fifty.
        assert!((average - mean).abs() < 4.0 * mean / count.sqrt() + 0.04 * mean, "{average} for {mean} of {count}");
    }
}

#[test]
fn whoever_begins_a_message_is_awake_at_time_0() {
    let net = Net::new("complete", 20);
    let sleep = r#"[{"name":"night","at":"0s","for":"20s","kind":"sleep","who":"all","period":"1s","on":"100ms"}]"#;
    let mut others = 0;
    for round in 0..100 {
        let is_asleep = |stopped: &Stopped| stopped.spans[0].begins == Interval::ZERO;
        let nodes = net.stopped(sleep, round);
        assert!(!is_asleep(&nodes[0]), "round {round}: the initiator sleeps");
        others += nodes[1..].iter().filter(|stopped| is_asleep(stopped)).count();
    }
    // Nine of ten of the others: four standard deviations of a binomial count.
    assert!((f64::from(others as u32) - 1_710.0).abs() < 4.0 * (1_900.0_f64 * 0.9 * 0.1).sqrt(), "{others}");
}

#[test]
fn a_node_that_sleeps_is_awake_for_its_part_of_every_period() {
    let net = Net::new("complete", 50);
    let sleep =
        r#"[{"name":"night","at":"500ms","for":"20s","kind":"sleep","who":"0..49","period":"1s","on":"200ms"}]"#;
    for Stopped { spans, node } in net.stopped(sleep, 1) {
        let asleep: u64 = spans.iter().map(|span| span.ends.0 - span.begins.0).sum();
        assert_eq!(asleep, 16_000_000_000, "{node:?}: {spans:?}");
        assert!(spans.windows(2).all(|pair| pair[1].begins.0 - pair[0].ends.0 == 200_000_000));
    }
}

#[test]
fn probes_are_neighbours_that_the_fault_parts_while_it_lasts() {
    let net = Net::new("ring", 30);
    let faults = r#"[
        {"name":"a","at":"1s","for":"2s","kind":"partition","sides":["0..14","rest"]},
        {"name":"b","at":"5s","for":"1s","kind":"crash","who":"20%","back_after":"exponential:500ms"},
        {"name":"c","at":"0s","kind":"mute","who":"10%"}]"#;
    let timeline = net.resolve(faults, 1).unwrap();
    let of = |fault| timeline.probes.iter().filter(move |probe| probe.fault == fault);
    assert_eq!(of(0).count(), PROBES as usize);
    for probe in of(0) {
        assert!(
            timeline.is_cut(probe.from, probe.to, probe.at)
                && net.neighbours.neighbours(probe.from).contains(&probe.to)
        );
    }
    // Once the last of them is up again nobody is left to ask.
    assert!((1..=PROBES as usize).contains(&of(1).count()));
    for probe in of(1) {
        assert!(timeline.stops_of(probe.to).iter().any(|stop| stop.span.contains(probe.at)));
    }
    assert_eq!(of(2).count(), 0);
    assert!(timeline.probes.is_sorted_by_key(|probe| probe.at));
}

#[test]
fn what_cannot_be_is_refused_in_one_line() {
    let net = Net::new("star", 10);
    let id = net.topology.nodes[3].as_str();
    let twice = format!(r#"{{"name":"b","at":"1500ms","for":"1s","kind":"pause","who":["{id}"]}}"#);
    let crash = format!(r#"{{"name":"a","at":"1s","for":"1s","kind":"crash","who":["{id}"]}}"#);
    let rate = |name| format!(r#"{{"name":"{name}","at":"1s","for":"1s","kind":"uplink","who":"all","rate":"1Mbit"}}"#);
    let cases = [
        (r#"{"name":"a","at":"1s","kind":"crash","who":["nobody"]}"#.to_owned(), "fault a: there is no node nobody"),
        (
            r#"{"name":"a","at":"1s","kind":"mute","who":"3..10"}"#.to_owned(),
            "fault a: there is no place 10: the 10 nodes have the places 0 to 9",
        ),
        (r#"{"name":"a","at":"1s","kind":"mute","who":"1%"}"#.to_owned(), "fault a: 1% of the nodes is nobody"),
        (r#"{"name":"a","at":"1s","kind":"mute","who":[]}"#.to_owned(), "fault a:  of the nodes is nobody"),
        (
            r#"{"name":"a","at":"1s","kind":"mute","who":"region:mars"}"#.to_owned(),
            "fault a: no node is in a region mars: regions are those of --delay regions:FILE",
        ),
        (
            r#"{"name":"a","at":"0s","kind":"crash","who":"100%"}"#.to_owned(),
            "fault a: 10 nodes are meant, and 9 are there that no other fault stops meanwhile and that begin no message",
        ),
        (
            r#"{"name":"a","at":"1s","for":"0s","kind":"mute","who":"all"}"#.to_owned(),
            "fault a: for 0s: a fault lasts longer than 0s",
        ),
        (
            r#"{"name":"a","at":"1s","kind":"partition","sides":["all"]}"#.to_owned(),
            "fault a: a partition has at least two sides",
        ),
        (
            r#"{"name":"a","at":"1s","kind":"partition","sides":["all","rest"]}"#.to_owned(),
            "fault a: side 2 is empty: nothing would be parted",
        ),
        (
            r#"{"name":"a","at":"1s","kind":"partition","sides":["60%","50%"]}"#.to_owned(),
            "fault a: the sides are more than 100% of the nodes",
        ),
        (
            r#"{"name":"a","at":"1s","kind":"loss","loss":"100%"}"#.to_owned(),
            "fault a: a loss of 100% is a partition: use kind = \"partition\"",
        ),
        (
            r#"{"name":"a","at":"1s","kind":"sleep","who":"all","period":"1s","on":"1s"}"#.to_owned(),
            "fault a: on 1s of a period of 1s: a node that sleeps is awake for a part of each period",
        ),
        (
            r#"{"name":"a","at":"1s","kind":"crash","who":"10%","back_after":"1s"}"#.to_owned(),
            "fault a: back_after needs for: nobody says by when all of them are back",
        ),
        (format!("{crash},{twice}"), "fault b: it stops node NODE at a time when fault a does"),
        (
            format!("{},{}", rate("a"), rate("b")),
            "fault b: it gives node FIRST another rate at a time when fault a does",
        ),
    ];
    for (faults, said) in cases {
        let error = net.resolve(&format!("[{faults}]"), 1).unwrap_err().to_string();
        assert_eq!(error, said.replace("NODE", id).replace("FIRST", net.topology.nodes[0].as_str()), "{faults}");
    }
}
