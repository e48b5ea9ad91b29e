//! Tests of what a moving network promises.

use super::*;
use crate::topology::default_ids;

fn link(a: u32, b: u32) -> Link {
    Link::between(NodeIx(a), NodeIx(b)).unwrap()
}

fn contact(a: u32, b: u32, from: u64, until: Option<u64>) -> Contact {
    Spell { of: link(a, b), from: Interval(from), until: until.map(Interval) }
}

fn stay(node: u32, from: u64, until: Option<u64>) -> Stay {
    Spell { of: NodeIx(node), from: Interval(from), until: until.map(Interval) }
}

fn parts(contacts: &[Contact], stays: &[Stay]) -> Parts {
    Parts { nodes: default_ids(4), contacts: contacts.to_vec(), stays: stays.to_vec(), span: Interval(50) }
}

#[test]
fn changes_are_in_the_order_of_time_and_at_one_instant_links_come_up_before_others_go_down() {
    let contacts = [contact(2, 1, 0, Some(10)), contact(0, 1, 10, Some(10)), contact(3, 0, 10, None)];
    let stays = [stay(3, 10, None), stay(2, 0, Some(10))];
    let network = Contacts::of(parts(&contacts, &stays)).unwrap();

    let changes: Vec<(u64, Change)> = network.changes().map(|(time, change)| (time.0, change)).collect();

    assert_eq!(
        changes,
        [
            (0, Change::Up(link(1, 2))),
            (10, Change::Joins(NodeIx(3))),
            (10, Change::Up(link(0, 1))),
            (10, Change::Up(link(0, 3))),
            (10, Change::Down(link(0, 1))),
            (10, Change::Down(link(1, 2))),
            (10, Change::Leaves(NodeIx(2))),
        ]
    );
    assert!(network.is_there_at_first(NodeIx(2)) && !network.is_there_at_first(NodeIx(3)));
    assert_eq!((network.span(), network.first_after(Interval(0)), network.len()), (Interval(50), 1, 7));
    assert_eq!([0, 9, 10, 11].map(|time| network.first_end_from(Interval(time))), [1, 1, 4, 7]);
    assert_eq!(network.get(1), Some((Interval(10), Change::Joins(NodeIx(3)))));
    assert_eq!(network.links_at(Interval(10)), [link(0, 1), link(0, 3), link(1, 2)]);
    assert_eq!(network.links_at(Interval(11)), [link(0, 3)]);
}

#[test]
fn contacts_that_touch_make_no_change_where_they_do() {
    let contacts = [contact(0, 1, 20, Some(30)), contact(1, 0, 0, Some(20)), contact(0, 1, 31, Some(40))];
    let network = Contacts::of(parts(&contacts, &[])).unwrap();
    assert_eq!(network.contacts(), [contact(0, 1, 0, Some(30)), contact(0, 1, 31, Some(40))]);
    assert_eq!(network.stays().len(), 4);
}

#[test]
fn a_network_is_made_again_from_what_it_gives() {
    let contacts = [contact(2, 1, 5, Some(10)), contact(0, 1, 1, None), contact(1, 2, 30, None)];
    let stays = [stay(2, 4, Some(12)), stay(2, 30, None), stay(3, 0, Some(8))];
    let network = Contacts::of(parts(&contacts, &stays)).unwrap();
    let again = Parts {
        nodes: network.nodes().to_vec(),
        contacts: network.contacts(),
        stays: network.stays(),
        span: network.span(),
    };
    assert_eq!(Contacts::of(again), Ok(network));
}

#[test]
fn what_is_no_moving_network_is_told_in_one_line() {
    let error = |contacts: &[Contact], stays: &[Stay]| Contacts::of(parts(contacts, stays)).unwrap_err().to_string();
    assert_eq!(error(&[], &[]), "no two nodes are ever linked");
    let second = 1_000_000_000;
    assert_eq!(error(&[contact(0, 1, 2 * second, Some(second))], &[]), "what begins at 2 s ends before that, at 1 s");
    let absent = "the node gossip-statefulset-1 has a link from 2 s on and is not there for as long";
    let during = contact(0, 1, 2 * second, Some(4 * second));
    for stays in [
        vec![stay(1, 0, Some(second))],
        vec![stay(1, 0, Some(3 * second))],
        vec![stay(1, 3 * second, None)],
        vec![stay(1, 0, Some(3 * second)), stay(1, 3 * second + 1, None)],
    ] {
        assert_eq!(error(&[during], &stays), absent, "{stays:?}");
    }
    let twice = Parts { nodes: [default_ids(1), default_ids(1)].concat(), ..parts(&[during], &[]) };
    assert_eq!(Contacts::of(twice).unwrap_err().to_string(), "the node gossip-statefulset-0 is listed twice");
}
