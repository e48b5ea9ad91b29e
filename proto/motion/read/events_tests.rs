//! Events of links in all the forms that there are, and what is wrong in them.

use super::super::super::spell::InSeconds;
use super::super::{Recording, read};
use super::*;

fn network(text: &str) -> Contacts {
    match read(&mut text.as_bytes(), None).unwrap() {
        Recording::Contacts(contacts) => contacts,
        Recording::Movement(_) => panic!("{text}"),
    }
}

fn error(text: &str) -> String {
    read(&mut text.as_bytes(), None).unwrap_err().to_string()
}

/// Every contact as "a b from until".
fn contacts(text: &str) -> Vec<String> {
    let network = network(text);
    let name = |node: NodeIx| network.nodes()[node.index()].as_str().to_owned();
    let shown = |contact: Contact| {
        let [a, b] = contact.of.ends().map(name);
        let until = contact.until.map_or("open".to_owned(), |until| InSeconds(until).to_string());
        format!("{a} {b} {} {until}", InSeconds(contact.from))
    };
    network.contacts().into_iter().map(shown).collect()
}

#[test]
fn events_stand_between_commas_or_spaces_with_or_without_a_header() {
    let expected = ["car7 roof 0 12.5", "car7 b 974 open"];
    for text in [
        "t,u,v,change\n0,car7,roof,up\n12.5,roof,car7,down\n974,car7,b,up\n",
        "0 car7 roof UP\r\n12.5 roof car7 Down wlan0\r\n\r\n974 car7 b up\r\n",
        "\u{feff}# made by hand\n0, car7, roof, up, wlan0\n12.5, roof, car7, down\n  # the rest\n974,car7,b,up",
        "time;u;v;change\n0;car7;roof;up\n12.5;roof;car7;down\n974;car7;b;up",
    ] {
        assert_eq!(contacts(text), expected, "{text}");
    }
}

#[test]
fn connection_events_of_the_one_have_hosts_with_letters_or_without() {
    let text =
        "# of the ONE\n0\tCONN\tp12\t3\tup\n5 C M1 12 3 500\n7 conn 12 W3 DOWN 1\n9 DE M1 12 3\n10 CONN 0 12 up bt\n";
    assert_eq!(contacts(text), ["3 12 0 7", "0 12 10 open"]);
    let names: Vec<String> = network(text).nodes().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["0", "3", "12"], "numbers are in their order");
}

#[test]
fn a_link_that_goes_down_and_up_at_one_instant_goes_on() {
    assert_eq!(contacts("0 a b up\n5 a b down\n5 a b up\n5 a b down\n6 a b up\n6 a b down\n"), ["a b 0 5", "a b 6 6"]);
}

#[test]
fn the_form_that_is_written_lists_nodes_and_tells_when_they_are_there() {
    let text = "t,u,v,change\n,c,,node\n,a,,node\n,b,,node\n0,a,b,up\n3,c,,joins\n4,c,a,up\n5,a,c,down\n5,c,,leaves\n\
                7,c,,joins\n9.5,,,end\n";
    let network = network(text);
    assert_eq!(network.nodes().iter().map(ToString::to_string).collect::<Vec<_>>(), ["c", "a", "b"]);
    let stay = |from: u64, until: Option<u64>| Spell {
        of: NodeIx(0),
        from: Interval(from * 1_000_000_000),
        until: until.map(|until| Interval(until * 1_000_000_000)),
    };
    assert_eq!(network.stays()[..2], [stay(3, Some(5)), stay(7, None)]);
    assert_eq!(network.span(), Interval(9_500_000_000));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, told) in [
        ("", "there is nothing in it"),
        ("# nothing\n\n", "there is nothing in it"),
        ("0 a b up\n1 a b up\n", "line 2: the link between a and b is up already"),
        ("# x\n0 a b up\n1 a c down\n", "line 3: the link between a and c is not up"),
        ("0 a b up\n1 a b down\n2 a b down\n", "line 3: the link between a and b is not up"),
        ("5 a b up\n4 a c up\n", "line 2: time goes back from 5 s to 4 s"),
        ("5 a a up\n", "line 1: the node a meets itself"),
        ("0 a b up\n-1 a b down\n", "line 2: \"-1\" is no time in seconds from 0 on"),
        ("0 a b up\n1 a b sideways\n", "line 2: \"1 a b sideways\" is not t,u,v,up|down or t CONN u v up|down"),
        ("0 a b up\n1 a b\n", "line 2: \"1 a b\" is not t,u,v,up|down or t CONN u v up|down"),
        ("0 CONN p q up\n", "line 1: \"p\" is no host: use a number, with letters before it or without"),
        ("0,,b,up\n", "line 1: a node id must not be empty"),
        (",a,,node\n,b,,node\n0,a,c,up\n", "line 3: there is no node c in the list of nodes"),
        (",a,,node\n,a,,node\n", "line 2: the node a is listed twice"),
        ("1,a,,joins\n2,a,,joins\n", "line 2: the node a is there already"),
        ("1,a,,leaves\n2,a,,leaves\n", "line 2: the node a is not there"),
        ("0,a,b,up\n1,a,,leaves\n", "the node a has a link from 0 s on and is not there for as long"),
        (",a,,node\n,b,,node\n", "no two nodes are ever linked"),
    ] {
        assert_eq!(error(text), told);
    }
    assert!(error("hello world\n").starts_with("line 1: \"hello world\" begins no moving network: use t,u,v,up|down;"));
}
