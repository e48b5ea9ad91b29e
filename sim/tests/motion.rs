//! Networks that move: a message is wherever a path of contacts leads, and no earlier.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use bytes::Bytes;
use cnsim::id::{Epoch, Message, NodeIx};
use cnsim::link::{LinkSpec, Links};
use cnsim::machine::{Common, Failure};
use cnsim::motion::{Contacts, MotionSpec, foremost};
use cnsim::time::{Interval, Timestamp};
use cnsim::topology::{Adjacency, default_ids};
use cnsim_sim::journal::{Entry, Fact};
use cnsim_sim::network::Network;
use cnsim_sim::round::{Outcome, RoundEnd, RoundSpec, World};

const BEGINS: Timestamp = Timestamp(1_893_456_000_000_000_000);

/// What comes of a message that begins at `source` at time 0 of these contacts.
fn spread(contacts: &Arc<Contacts>, protocol: &str, delay: &str, source: u32) -> (RoundEnd, Vec<Entry>) {
    spread_after(contacts, protocol, delay, source, Interval::ZERO)
}

fn spread_after(
    contacts: &Arc<Contacts>,
    protocol: &str,
    delay: &str,
    source: u32,
    discovery: Interval,
) -> (RoundEnd, Vec<Entry>) {
    let nodes = contacts.nodes().len();
    let links = LinkSpec { delay: delay.parse().unwrap(), ..LinkSpec::default() };
    let everybody = (0..nodes as u32)
        .map(|me| (0..nodes as u32).filter(|to| *to != me).map(|to| (NodeIx(to), Interval::ZERO)).collect::<Vec<_>>());
    let common = Common {
        epoch: Epoch(1),
        seed: 3,
        settings: protocol.parse().unwrap(),
        neighbours: Adjacency::of(everybody),
        links: Links::new(&links, None, 3).unwrap(),
    };
    let spec = RoundSpec {
        message: Message(1),
        text_bytes: 9,
        payload: Bytes::from_static(&[0; 100]),
        initiator: NodeIx(source),
        begins: BEGINS,
        limit: Interval::from_ms(3_600_000),
    };
    let (mut world, mut entries) = (World::new(&Network::new(common, &vec![8; nodes]), BEGINS, 1), Vec::new());
    world.set_motion(Arc::clone(contacts), discovery);
    let end = world.round(&spec, &mut entries, &mut |_| true);
    (end, entries)
}

fn generated(spec: &str, nodes: u32, seconds: u64) -> Arc<Contacts> {
    let MotionSpec::Model(model) = spec.parse().unwrap() else { panic!("{spec} is no model") };
    Arc::new(model.generate(default_ids(nodes), 5, Interval::from_ms(seconds * 1_000)).unwrap())
}

/// When each node has the message, from time 0.
fn arrivals(nodes: usize, source: u32, entries: &[Entry]) -> Vec<Option<Interval>> {
    let mut at = vec![None; nodes];
    at[source as usize] = Some(Interval::ZERO);
    for entry in entries.iter().filter(|entry| entry.fact == Fact::Received) {
        at[entry.receiver.index()] = Some(entry.at.since(BEGINS));
    }
    at
}

/// Two models whose contacts leave the network in pieces at most times.
const MODELS: [&str; 2] = ["waypoint:1000mx1000m:1m/s..20m/s:0s..10s:120m", "rewire:0.5:5s:er:0.02"];

#[test]
fn an_epidemic_without_delay_arrives_at_the_end_of_every_foremost_path() {
    for spec in MODELS {
        let contacts = generated(spec, 30, 300);
        for source in [0, 7, 29] {
            let (end, entries) = spread(&contacts, "epidemic", "constant:0ms", source);
            let expected = foremost(&contacts, NodeIx(source), Interval::ZERO);
            assert_eq!(arrivals(30, source, &entries), expected, "{spec} from {source}");
            assert_eq!(end.outcome, Outcome::Quiescent);
            let reached = expected.iter().flatten().count();
            let receipts = entries.iter().filter(|entry| matches!(entry.fact, Fact::Received | Fact::Duplicate));
            assert_eq!(receipts.count(), reached - 1, "who lacks it asks one node");
        }
    }
}

#[test]
fn with_delays_nobody_has_it_before_the_foremost_path_ends() {
    for spec in MODELS {
        let contacts = generated(spec, 30, 300);
        let (_, entries) = spread(&contacts, "epidemic", "constant:100ms", 3);
        let earliest = foremost(&contacts, NodeIx(3), Interval::ZERO);
        for (found, earliest) in arrivals(30, 3, &entries).iter().zip(&earliest) {
            assert!(found.is_none_or(|found| earliest.is_some_and(|earliest| found >= earliest)));
        }
    }
}

#[test]
fn a_flood_that_forgets_goes_only_where_links_are_up_at_once() {
    let contacts = generated(MODELS[0], 30, 300);
    let (end, entries) = spread(&contacts, "flood", "constant:0ms", 0);
    assert!(entries.iter().filter(|entry| entry.fact == Fact::Received).all(|entry| entry.at == BEGINS));
    assert_eq!(end.load.failed, 0);
}

#[test]
fn spray_leaves_the_message_with_as_many_nodes_as_there_were_tokens() {
    let contacts = generated(MODELS[0], 40, 1_000);
    for tokens in [2, 5, 8, 16] {
        let (_, entries) = spread(&contacts, &format!("spray:{tokens}"), "constant:0ms", 1);
        let received = entries.iter().filter(|entry| entry.fact == Fact::Received).count();
        assert_eq!(received + 1, tokens, "{tokens} tokens");
    }
}

#[test]
fn a_node_that_has_not_discovered_a_lost_link_sends_over_it_in_vain() {
    // Links are redrawn each second; a node that learns of it late pushes to neighbours that it had.
    let contacts = generated("rewire:1:1s:er:0.2", 20, 30);
    let late = Interval::from_ms(300);
    let failed = |discovery| {
        let (_, entries) = spread_after(&contacts, "push-periodic:2", "constant:5ms", 0, discovery);
        entries.iter().filter(|entry| entry.fact == Fact::Failed(Failure::NoLink)).count()
    };
    assert_eq!(failed(Interval::ZERO), 0);
    assert!(failed(late) > 0);
}
