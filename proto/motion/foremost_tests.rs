//! The one pass against a search that knows nothing of it, and against values found by hand.

use super::super::contacts::Parts;
use super::super::spell::{Contact, Link, Spell};
use super::*;
use crate::random::Random;
use crate::topology::default_ids;

/// (a, b, from, until)
type Row = (u32, u32, u64, u64);

fn network(nodes: u32, rows: &[Row]) -> Contacts {
    let contact = |(a, b, from, until): &Row| Contact {
        of: Link::between(NodeIx(*a), NodeIx(*b)).unwrap(),
        from: Interval(*from),
        until: Some(Interval(*until)),
    };
    let contacts = rows.iter().map(contact).collect();
    Contacts::of(Parts { nodes: default_ids(nodes), contacts, ..Parts::default() }).unwrap()
}

fn arrivals(rows: &[Row], nodes: u32, source: u32, begins: u64) -> Vec<Option<u64>> {
    let found = foremost(&network(nodes, rows), NodeIx(source), Interval(begins));
    found.into_iter().map(|time| time.map(|time| time.0)).collect()
}

/// Earliest arrivals by relaxing every contact until nothing gets earlier (Bellman and Ford): over a contact a message goes at the
/// later of its own arrival and the contact's begin, if the contact still holds then.
fn by_relaxation(rows: &[Row], nodes: u32, source: u32, begins: u64) -> Vec<Option<u64>> {
    let mut earliest = vec![None; nodes as usize];
    earliest[source as usize] = Some(begins);
    loop {
        let mut is_changed = false;
        for (a, b, from, until) in rows {
            for (sender, receiver) in [(*a, *b), (*b, *a)] {
                let Some(has) = earliest[sender as usize] else { continue };
                let at = has.max(*from);
                if at <= *until && earliest[receiver as usize].is_none_or(|known| at < known) {
                    earliest[receiver as usize] = Some(at);
                    is_changed = true;
                }
            }
        }
        if !is_changed {
            return earliest;
        }
    }
}

/// Seven nodes: a chain against the order of time, a contact that ends as another begins, one that holds for an instant, one that ends
/// just before it is needed, and a node that nobody meets.
const TRACE: [Row; 8] = [
    (2, 3, 0, 5),
    (0, 1, 10, 20),
    (1, 2, 20, 30),
    (2, 3, 30, 40),
    (3, 4, 25, 29),
    (3, 5, 40, 40),
    (4, 5, 50, 60),
    (0, 4, 70, 80),
];

#[test]
fn a_trace_worked_out_by_hand() {
    let all = |source, begins| arrivals(&TRACE, 7, source, begins);
    assert_eq!(all(0, 0), [Some(0), Some(10), Some(20), Some(30), Some(50), Some(40), None]);
    assert_eq!(all(3, 0), [Some(20), Some(20), Some(0), Some(0), Some(25), Some(40), None]);
    // At its last instant a contact still passes a message on, and just behind it no longer.
    assert_eq!(all(0, 20), [Some(20), Some(20), Some(20), Some(30), Some(50), Some(40), None]);
    assert_eq!(all(0, 21), [Some(21), None, None, None, Some(70), None, None]);
    assert_eq!(all(6, 5), [None, None, None, None, None, None, Some(5)]);
}

#[test]
fn the_pass_finds_what_relaxing_every_contact_finds() {
    for seed in 0..200 {
        let mut random = Random::keyed(seed, &["foremost"]);
        let mut draw = |bound| random.below(bound);
        let nodes = 2 + draw(12) as u32;
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..1 + draw(60) {
            let a = draw(u64::from(nodes)) as u32;
            let b = (a + 1 + draw(u64::from(nodes) - 1) as u32) % nodes;
            // Few instants, so that many changes happen at the same one.
            let from = draw(15);
            rows.push((a, b, from, from + draw(4)));
        }
        for source in 0..nodes {
            let begins = draw(12);
            let expected = by_relaxation(&rows, nodes, source, begins);
            assert_eq!(arrivals(&rows, nodes, source, begins), expected, "seed {seed}, source {source}: {rows:?}");
        }
    }
}

#[test]
fn many_sources_at_once_reach_what_each_reaches_alone() {
    let nodes = 150;
    let mut random = Random::keyed(1, &["together"]);
    let rows: Vec<Row> = (0..400)
        .map(|_| {
            let a = random.below(nodes) as u32;
            let b = (a + 1 + random.below(nodes - 1) as u32) % nodes as u32;
            let from = random.below(300);
            (a, b, from, from + random.below(20))
        })
        .collect();
    let network = network(nodes as u32, &rows);
    let sources: Vec<NodeIx> = (0..nodes as u32).rev().map(NodeIx).collect();
    let mut together = vec![vec![None; nodes as usize]; nodes as usize];

    spread(&network, &sources, Interval(7), |source, node, time| together[source][node.index()] = Some(time));

    for (source, arrivals) in sources.iter().zip(together) {
        assert_eq!(arrivals, foremost(&network, *source, Interval(7)));
    }
}

#[test]
fn a_source_that_is_not_there_begins_nothing_and_a_node_keeps_what_it_has_while_it_is_away() {
    let contact = |a, b, from, until| Contact {
        of: Link::between(NodeIx(a), NodeIx(b)).unwrap(),
        from: Interval(from),
        until: Some(Interval(until)),
    };
    let contacts = vec![contact(0, 1, 2, 4), contact(1, 2, 8, 9)];
    let stay = |from, until: Option<u64>| Spell { of: NodeIx(1), from: Interval(from), until: until.map(Interval) };
    let parts =
        Parts { nodes: default_ids(3), contacts, stays: vec![stay(1, Some(5)), stay(7, None)], span: Interval(9) };
    let network = Contacts::of(parts).unwrap();
    assert_eq!(foremost(&network, NodeIx(1), Interval(0)), [None, None, None]);
    assert_eq!(foremost(&network, NodeIx(0), Interval(0)), [0, 2, 8].map(|time| Some(Interval(time))));
}
