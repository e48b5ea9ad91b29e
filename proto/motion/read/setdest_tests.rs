//! Scripts for ns-2 as programs write them, with the traps that are in them.

use super::super::{Recording, read};
use super::*;

const SECOND: u64 = 1_000_000_000;

fn movement(text: &str) -> Result<Movement, ReadError> {
    match read(&mut text.as_bytes(), None)? {
        Recording::Movement(movement) => Ok(movement),
        Recording::Contacts(_) => panic!("{text}"),
    }
}

/// Each leg of a node as "from until x y -> x y", in seconds and metres.
fn legs(text: &str, node: u32) -> Vec<String> {
    let movement = movement(text).unwrap();
    let shown = |leg: &Leg| {
        let [from, until] = [leg.from, leg.until].map(|time| time.0 as f64 / 1e9);
        format!("{from} {until} {} {} -> {} {}", leg.start.x, leg.start.y, leg.end.x, leg.end.y)
    };
    movement.legs(NodeIx(node)).iter().map(shown).collect()
}

#[test]
fn a_node_stands_before_its_first_setdest_and_stays_where_it_arrives() {
    let text = "\
# nodes: 2, pause: 2.00
set god_ [God instance]
$node_(10) set X_ 100
$node_(10) set Y_ 0.0
$node_(10) set Z_ 0.000000000000
$node_(2) set X_ 0.0
$node_(2) set Y_ 50.0
$god_ set-dist 2 10 1
$ns_ at 2.0 \"$node_(10) setdest 100.0 80.0 10.0\"
# $ns_ at 2.0 \"$node_(10) setdest 0.0 0.0 99.0\"
$ns_ at 5.0 \"$god_ set-dist 2 10 2\"
$ns at 12.5 \" $node_(10) setdest 100.0 70.0 1.0\" ;# back a little
";
    assert_eq!(
        legs(text, 1),
        ["0 2 100 0 -> 100 0", "2 10 100 0 -> 100 80", "10 12.5 100 80 -> 100 80", "12.5 22.5 100 80 -> 100 70"]
    );
    assert_eq!(legs(text, 0), ["0 22.5 0 50 -> 0 50"]);
    let names: Vec<String> = movement(text).unwrap().nodes().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["2", "10"]);
}

#[test]
fn a_new_setdest_turns_a_node_on_its_way_and_one_of_speed_zero_stops_it() {
    let text = "\
$node_(0) set X_ 0
$node_(0) set Y_ 0
$ns_ at 20 \"$node_(0) setdest 0 0 0\"
$ns_ at 0 \"$node_(0) setdest 100 0 10\"
$ns_ at 4 \"$node_(0) setdest 40 100 2\"
$ns_ at 30 \"$node_(0) set X_ 7\"
$ns_ at 31 \"$node_(0) setdest 7 32 1\"
";
    assert_eq!(legs(text, 0), ["0 4 0 0 -> 40 0", "4 20 40 0 -> 40 32", "20 30 40 32 -> 40 32", "30 31 7 32 -> 7 32",]);
}

#[test]
fn on_and_off_are_nodes_that_come_and_go() {
    let text = "\
$node_(0) set X_ 0
$node_(0) set Y_ 0
$node_(1) set X_ 3
$node_(1) set Y_ 4
$ns_ at 0 \"$node_(1) setdest 3 24 1\"
$ns_ at 5 \"$node_(1) on\"
$ns_ at 10 \"$node_(1) off\"
$ns_ at 15 \"$node_(0) off\"
$ns_ at 18 \"$node_(1) on\"
";
    assert_eq!(legs(text, 1), ["5 10 3 9 -> 3 14", "18 20 3 22 -> 3 24"]);
    let stays = movement(text).unwrap().stays();
    let spans: Vec<(u64, Option<u64>)> =
        stays.iter().map(|stay| (stay.from.0 / SECOND, stay.until.map(|until| until.0 / SECOND))).collect();
    assert_eq!(spans, [(0, Some(15)), (5, Some(10)), (18, None)]);
    let network = movement(text).unwrap().contacts("10m".parse().unwrap(), 1).unwrap();
    let [only] = network.contacts()[..] else { panic!() };
    // It joins 3 m aside and 9 m ahead, and goes on at 1 m/s: 10 m are left behind at y = sqrt(91).
    let until = only.until.unwrap().0 as f64 / 1e9;
    assert!(only.from == Interval(5 * SECOND) && (until - 91f64.sqrt() + 4.0).abs() < 1e-8, "{until}");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let error = |text: &str| movement(text).unwrap_err().to_string();
    let place = "$node_(0) set X_ 0\n$node_(0) set Y_ 0\n";
    for (line, told) in [
        ("$ns_ at $tz \"$node_(0) setdest 1 1 1\"", "$tz is a variable: write its value"),
        ("$node_($i) set X_ 5", "$i is a variable: write its value"),
        ("$ns_ at 1 \"$node_(0) setdest $x 1 1\"", "$x is a variable: write its value"),
        ("$ns_ at -1 \"$node_(0) on\"", "\"-1\" is no time in seconds from 0 on"),
        ("$ns_ at 1 \"$node_(0) setdest 1 1 fast\"", "\"fast\" is no number"),
        ("$node_(0) set X_ 3", "the node 0 is at two places at once at 0 s"),
        ("$ns_ at 1 \"$node_(4) setdest 1 1 1\"", "the node 4 moves before it has a place: set X_ and Y_ of it"),
        ("$node_(5) set X_ 3", "the node 5 moves before it has a place: set X_ and Y_ of it"),
    ] {
        assert_eq!(error(&format!("{place}{line}\n")), format!("line 3: {told}"));
    }
    assert!(
        error(&format!("{place}puts hello\n"))
            .starts_with("line 3: \"puts hello\" is not $node_(N) set X_ x, $ns_ at t")
    );
}
