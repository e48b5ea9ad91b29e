//! Random scenarios: whatever befalls a network, nothing happens that cannot, and every copy is accounted for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/lab.rs"]
mod lab;

use std::collections::BTreeMap;

use cnsim::id::{NodeIx, SendId};
use cnsim::random::Random;
use cnsim::scenario::{Manner, Verdict};
use cnsim::time::Interval;
use cnsim_sim::journal::{Entry, Fact};

use lab::{BEGINS, Lab, Run, receipts};

/// How many are tried; `just random-scenarios` tries more.
const SCENARIOS: u64 = 60;

const TOPOLOGIES: [&str; 5] = ["complete", "k-regular:6", "ring", "ba:3", "grid"];
const PROTOCOLS: [&str; 10] = [
    "direct-mail",
    "flood",
    "push:4",
    "push-periodic:2",
    "pull",
    "push-pull",
    "anti-entropy:push-pull",
    "rumor:push:feedback:counter:3",
    "plumtree",
    "announce",
];

fn scenarios() -> u64 {
    std::env::var("CNSIM_SCENARIOS").ok().and_then(|count| count.parse().ok()).unwrap_or(SCENARIOS)
}

struct Drawn {
    topology: &'static str,
    protocol: &'static str,
    nodes: u32,
    faults: String,
    transport: &'static str,
    delay: &'static str,
}

fn draw(seed: u64) -> Drawn {
    let mut random = Random::keyed(seed, &["scenario"]);
    let mut one_of = |items: &[&'static str]| items[random.below(items.len() as u64) as usize];
    let (topology, protocol) = (one_of(&TOPOLOGIES), one_of(&PROTOCOLS));
    let (transport, delay) =
        (one_of(&["stream", "datagram"]), one_of(&["constant:20ms", "exponential:20ms", "uniform:5ms:80ms"]));
    let kinds = [
        r#""kind":"partition","sides":["50%","rest"]"#,
        r#""kind":"partition","sides":["0..5","30%"],"one_way":true"#,
        r#""kind":"crash","who":"20%","back_after":"weibull:0.5:400ms","state":"lost""#,
        r#""kind":"crash","who":"10%""#,
        r#""kind":"churn","who":"20%","session":"exponential:300ms","down":"exponential:200ms","state":"lost""#,
        r#""kind":"pause","who":"10%""#,
        r#""kind":"sleep","who":"20%","period":"300ms","on":"200ms""#,
        r#""kind":"loss","loss":"20%""#,
        r#""kind":"delay","who":"50%","delay":"uniform:10ms:50ms""#,
        r#""kind":"uplink","who":"best-connected:5","rate":"200kbit""#,
        r#""kind":"mute","who":"20%""#,
    ];
    let picked: Vec<&str> = (0..3).map(|_| one_of(&kinds)).collect();
    let count = 1 + random.below(3) as usize;
    let mut faults = Vec::new();
    for (nth, kind) in picked.into_iter().take(count).enumerate() {
        // A rate is one at a time.
        if kind.contains("uplink") && faults.iter().any(|other: &String| other.contains("uplink")) {
            continue;
        }
        let at = random.below(1_500);
        let lasts = 200 + random.below(1_500);
        faults.push(format!(r#"{{"name":"f{nth}","at":"{at}ms","for":"{lasts}ms",{kind}}}"#));
    }
    Drawn {
        topology,
        protocol,
        nodes: 36 + random.below(20) as u32,
        faults: format!("[{}]", faults.join(",")),
        transport,
        delay,
    }
}

fn lab(drawn: &Drawn) -> Lab<'_> {
    let mut lab = Lab::new(drawn.topology, drawn.nodes, drawn.protocol, &drawn.faults);
    lab.links.transport = drawn.transport.parse().unwrap();
    lab.links.delay = drawn.delay.parse().unwrap();
    lab
}

/// Every copy has one end, but for those of senders that went down, which may have none.
fn check_ends(run: &Run) -> Result<(), String> {
    let mut ends: BTreeMap<(NodeIx, SendId), u32> = BTreeMap::new();
    for entry in run.entries.iter().filter(|entry| entry.fact != Fact::Initiated) {
        *ends.entry((entry.sender, entry.send)).or_default() += 1;
    }
    // A copy that arrived may fail too, where the news of it comes too late.
    let twice = ends.iter().find(|(_, count)| **count > 2);
    if let Some((copy, count)) = twice {
        return Err(format!("{copy:?} has {count} ends"));
    }
    let went_down = |node: NodeIx| run.timeline.stops_of(node).iter().any(|stop| stop.manner != Manner::Paused);
    for node in run.entries.iter().map(|entry| entry.sender).filter(|node| !went_down(*node)) {
        let numbers: Vec<u64> =
            ends.range((node, SendId(0))..=(node, SendId(u64::MAX))).map(|((_, send), _)| send.0).collect();
        if numbers.iter().zip(1..).any(|(number, expected)| *number != expected) {
            return Err(format!("the copies of {node:?} have gaps: {numbers:?}"));
        }
    }
    Ok(())
}

/// A node that is down writes nothing, and none receives a message first that it holds.
fn check_records(run: &Run) -> Result<(), String> {
    for entry in &run.entries {
        let writer =
            if matches!(entry.fact, Fact::Failed(_) | Fact::Initiated) { entry.sender } else { entry.receiver };
        let at = entry.at.since(BEGINS);
        let stands = |at: Interval| {
            run.timeline.stops_of(writer).iter().any(|stop| stop.manner != Manner::Paused && stop.span.contains(at))
        };
        // A lost datagram has the time at which it would have arrived.
        let is_lost = matches!(&entry.fact, Fact::Failed(cnsim::machine::Failure::Lost));
        if stands(at) && !is_lost {
            return Err(format!("a record of a node that is down: {entry:?}"));
        }
    }
    let mut first: BTreeMap<(NodeIx, u32), &Entry> = BTreeMap::new();
    for entry in run.entries.iter().filter(|entry| entry.fact == Fact::Received) {
        if let Some(other) = first.insert((entry.receiver, entry.restarts), entry) {
            return Err(format!("two first receipts in one life: {other:?} {entry:?}"));
        }
    }
    Ok(())
}

#[test]
fn nothing_happens_that_cannot_and_every_copy_is_accounted_for() {
    for seed in 0..scenarios() {
        let drawn = draw(seed);
        let lab = lab(&drawn);
        let run = lab.run(1, "120s");
        let said = || {
            format!(
                "scenario {seed}: {} {} {} {} {}",
                drawn.topology, drawn.protocol, drawn.transport, drawn.delay, drawn.faults
            )
        };
        assert_eq!(run.entries, lab.run(1, "120s").entries, "{}", said());
        check_ends(&run).and_then(|()| check_records(&run)).unwrap_or_else(|why| panic!("{why}: {}", said()));
        assert!(run.end.events > 0, "{}", said());
        for receipt in receipts(&lab, std::slice::from_ref(&run)) {
            assert_ne!(receipt.verdict, Verdict::Contradicted, "{receipt:?}: {}", said());
        }
    }
}
