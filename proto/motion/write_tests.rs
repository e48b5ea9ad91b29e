//! What is written is read again as it was.

use proptest::prelude::*;

use super::super::contacts::Parts;
use super::super::read::{Recording, read};
use super::super::spell::{Link, Spell};
use super::*;
use crate::time::Interval;

fn text(network: &Contacts) -> String {
    let mut bytes = Vec::new();
    network.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn parts(names: &[&str], contacts: Vec<(u32, u32, u64, Option<u64>)>, stays: Vec<(u32, u64, Option<u64>)>) -> Parts {
    let contacts = contacts.into_iter().filter_map(|(a, b, from, length)| {
        let of = Link::between(NodeIx(a), NodeIx(b))?;
        Some(Spell { of, from: Interval(from), until: length.map(|length| Interval(from + length)) })
    });
    let stays = stays.into_iter().map(|(node, from, length)| Spell {
        of: NodeIx(node),
        from: Interval(from),
        until: length.map(|length| Interval(from + length)),
    });
    Parts {
        nodes: names.iter().map(|name| NodeId::new(name).unwrap()).collect(),
        contacts: contacts.collect(),
        stays: stays.collect(),
        span: Interval(77),
    }
}

#[test]
fn a_network_is_written_as_it_is_documented() {
    let second = 1_000_000_000;
    let contacts = vec![(0, 1, 0, Some(2 * second + 500_000_000)), (2, 1, 3 * second, None)];
    let network = Contacts::of(parts(&["b", "a", "c"], contacts, vec![(2, 3 * second, Some(9 * second))]));
    assert!(network.is_err(), "c leaves with a link");
    let contacts = vec![(0, 1, 0, Some(2 * second + 500_000_000)), (2, 1, 3 * second, Some(second))];
    let network = Contacts::of(parts(&["b", "a", "c"], contacts, vec![(2, 3 * second, Some(9 * second))])).unwrap();
    assert_eq!(
        text(&network),
        "t,u,v,change\n,b,,node\n,a,,node\n,c,,node\n0,b,a,up\n2.5,b,a,down\n3,c,,joins\n3,a,c,up\n4,a,c,down\n\
         12,c,,leaves\n12,,,end\n"
    );
}

#[test]
fn a_name_that_would_be_read_otherwise_is_refused() {
    let network = Contacts::of(parts(&["a,b", "c"], vec![(0, 1, 0, None)], Vec::new())).unwrap();
    let error = network.write(Vec::new()).unwrap_err().to_string();
    assert_eq!(error, "the node \"a,b\" has a comma or a semicolon in its name, which a file of contacts cannot hold");
}

proptest! {
    #[test]
    fn any_network_is_read_as_it_was_written(
        contacts in prop::collection::vec((0..6u32, 0..6u32, 0..40u64, prop::option::of(0..30u64)), 1..30),
        stays in prop::collection::vec((6..8u32, 0..40u64, prop::option::of(0..30u64)), 0..6),
    ) {
        // Two nodes come and go and have no links; numbers among the names are not in order.
        let names = ["9", "10", "a", "b", "c", "#d", "e", "f"];
        if let Ok(network) = Contacts::of(parts(&names, contacts, stays)) {
            let again = read(&mut text(&network).as_bytes(), None).unwrap();
            prop_assert_eq!(again, Recording::Contacts(network));
        }
    }
}
