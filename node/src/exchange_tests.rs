//! Processes whose nodes ask and tell each other over real connections.

use std::collections::BTreeSet;
use std::time::Duration;

use cnsim::event::{Kind, Record};
use cnsim::time::Interval;
use cnsim::wire::control::{WatchReply, WatchRequest};

use crate::testing::{Net, Plan, of_kind};

const PROCESSES: [&[&str]; 4] = [&["a", "b", "c"], &["d", "e", "f"], &["g", "h"], &["i", "j"]];
const NODES: usize = 10;

#[tokio::test]
async fn every_node_of_four_processes_is_reached_by_pull_in_answers() {
    let records = spread("pull").await;
    assert_eq!(of_kind(&records, Kind::Received).len(), NODES - 1);
    let is_named = |record: &&Record<'_>| record.send_id.starts_with(&format!("{}:", record.sender_id));
    assert!(of_kind(&records, Kind::Received).iter().all(is_named), "a copy is the answering node's send");
    assert!(of_kind(&records, Kind::Received).iter().all(|record| record.hop.is_some() && record.bytes > Some(1_000)));
}

#[tokio::test]
async fn every_node_of_four_processes_is_reached_by_push_pull() {
    let records = spread("push-pull").await;
    let reached: BTreeSet<&str> = of_kind(&records, Kind::Received).iter().map(|record| &*record.receiver_id).collect();
    assert_eq!(reached.len(), NODES - 1);
}

#[tokio::test]
async fn a_rumor_ends_by_what_acknowledgments_say_of_its_use() {
    let records = spread("rumor:push:feedback:counter:6").await;
    assert!(of_kind(&records, Kind::Duplicate).len() >= 6);
}

#[tokio::test]
async fn plumtree_prunes_over_real_connections() {
    let records = spread("plumtree").await;
    assert_eq!(of_kind(&records, Kind::Received).len(), NODES - 1);
}

/// Spreads one message over a complete graph; the records of all processes.
async fn spread(protocol: &str) -> Vec<Record<'static>> {
    let names: Vec<&'static str> = PROCESSES.iter().flat_map(|ids| ids.iter().copied()).collect();
    let others = |from: &&'static str| {
        let from = *from;
        names.iter().copied().filter(move |to| *to != from).map(move |to| (from, to))
    };
    let edges: Vec<_> = names.iter().flat_map(others).collect();
    let mut plan = Plan::new(protocol, &edges);
    plan.protocol.period = Interval::from_ms(30);
    plan.hold_ns = 2_000_000;
    let settles = plan.protocol.spec.protocol().settles();
    let mut net = Net::start(&PROCESSES).await;
    net.configure(&plan).await;
    net.prepare(1, "e").await;
    net.begin(1, "e", 1, &[7; 1_000]).await;
    let is_over = |watched: &[WatchReply]| {
        let delivered: u64 = watched.iter().map(|watch| watch.delivered).sum();
        let moving: u64 = watched.iter().map(|watch| watch.queued + watch.in_flight + watch.unsettled).sum();
        delivered as usize == NODES - 1 && (moving == 0 || !settles)
    };
    while !is_over(&watch(&mut net).await) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    net.stop().await
}

async fn watch(net: &mut Net) -> Vec<WatchReply> {
    let mut watched = Vec::new();
    for process in &mut net.processes {
        watched.push(process.control.watch(WatchRequest {}).await.unwrap().into_inner());
    }
    watched
}
