//! What each protocol promises, as properties over random graphs, seeds, losses and transports.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::testing::{BEGIN, Net, Plan, plan};
use super::*;
use crate::link::{LinkSpec, Transport};
use crate::random::Random;
use crate::time::Interval;

/// One of each kind.
const PROTOCOLS: [&str; 16] = [
    "direct-mail",
    "flood",
    "push:3",
    "push:2:4",
    "push-periodic:2",
    "pull",
    "push-pull",
    "anti-entropy:push",
    "anti-entropy:pull",
    "anti-entropy:push-pull",
    "rumor:push:blind:counter:3",
    "rumor:pull:feedback:coin:2",
    "plumtree",
    "announce",
    "epidemic",
    "spray:4",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_protocol_keeps_what_it_promises(
        which in 0..PROTOCOLS.len(), nodes in 2u32..25, extra in 0u32..40, seed: u64, loss in 0u32..30, datagram: bool,
    ) {
        let graph = connected(nodes, extra, seed);
        let plain = plan(PROTOCOLS[which], graph.clone(), "uniform:1ms:60ms");
        let transport = if datagram { Transport::Datagram } else { Transport::Stream };
        let loses = datagram && loss > 0;
        let links = LinkSpec { transport, loss: format!("{loss}%").parse().unwrap(), ..plain.links };
        let spec = plain.settings.spec.clone();
        let (promises, settles) = (spec.promises(), spec.protocol().settles());
        let mut net = Net::new(Plan { links, seed, ..plain });
        let initiator = (seed % u64::from(nodes)) as u32;
        net.begin(initiator, 1);
        let end = BEGIN + Interval::from_ms(if settles { 2_000_000 } else { 20_000 });
        if settles { net.run_until_settled(end) } else { net.run_until(end) }

        prop_assert!(!settles || net.load() == (0, 0), "{:?}", net.load());
        let holders: BTreeSet<u32> = (0..nodes).filter(|node| net.is_held(*node, 1)).collect();
        match promises.reach {
            Reach::Everyone if !loses => prop_assert_eq!(holders.len(), nodes as usize),
            Reach::Neighbours if !loses => prop_assert_eq!(holders.len(), 1 + graph[initiator as usize].len()),
            Reach::Everyone | Reach::Neighbours | Reach::Chance => {}
        }
        let duplicates = net.receipts.iter().filter(|receipt| receipt.duplicate).count();
        match promises.duplicates {
            Duplicates::Never if !loses => prop_assert_eq!(duplicates, 0),
            Duplicates::OfFlood if !loses => {
                let ways: usize = graph.iter().map(Vec::len).sum();
                prop_assert_eq!(duplicates, ways - 2 * (nodes as usize - 1));
            }
            Duplicates::Never | Duplicates::OfFlood | Duplicates::Open => {}
        }
        let (mut ways, mut senders) = (BTreeMap::<_, u32>::new(), BTreeMap::<_, u32>::new());
        for receipt in &net.receipts {
            prop_assert!(graph[receipt.node.index()].contains(&receipt.from.0) && holders.contains(&receipt.from.0));
            *ways.entry((receipt.from, receipt.node)).or_default() += 1;
            *senders.entry(receipt.from).or_default() += 1;
        }
        prop_assert!(net.answered == 0 || spec.protocol().answers_with_copies(), "copies travel in answers");
        prop_assert!(promises.repeats == Repeats::Allowed || ways.values().all(|copies| *copies == 1));
        prop_assert!(promises.copies_max.is_none_or(|most| senders.values().all(|copies| *copies <= most)));
        prop_assert!(promises.senders == Senders::Holders || senders.keys().all(|sender| sender.0 == initiator));
    }
}

/// A random tree with up to `extra` more edges.
fn connected(nodes: u32, extra: u32, seed: u64) -> Vec<Vec<u32>> {
    let mut random = Random::keyed(seed, &["test graph"]);
    let mut below = |bound: u32| random.below(bound.into()) as u32;
    let mut edges: BTreeSet<(u32, u32)> = (1..nodes).map(|child| (below(child), child)).collect();
    let more = (0..extra).map(|_| (below(nodes), below(nodes))).filter(|(one, other)| one != other);
    edges.extend(more.map(|(one, other)| (one.min(other), one.max(other))));
    let mut graph = vec![Vec::new(); nodes as usize];
    for (one, other) in edges {
        graph[one as usize].push(other);
        graph[other as usize].push(one);
    }
    graph
}
