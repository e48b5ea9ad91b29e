//! Latency by the machines at both ends of a first delivery.

use std::collections::BTreeMap;

use super::clock::{self, Hosts};
use super::spread::{Spread, known};
use super::whereabouts::Whereabouts;

/// Latencies in ns by the machines that copies went from and to, which may be the same.
pub type BetweenHosts = BTreeMap<(String, String), Vec<i64>>;

/// The latencies of a round's first deliveries; empty where all nodes run on one machine.
pub(super) fn latencies(spread: &Spread<'_>, whereabouts: &Whereabouts<'_>) -> BetweenHosts {
    if clock::is_on_one_machine(spread) {
        return BTreeMap::new();
    }
    let mut hosts = Hosts::new(spread, whereabouts);
    let mut between: BTreeMap<(u32, u32), Vec<i64>> = BTreeMap::new();
    for row in (0..spread.firsts.len()).map(|position| spread.row(position)) {
        let events = spread.events;
        let [from, to] = [events.sender[row], events.receiver[row]].map(|node| hosts.number(node));
        if let (Some(latency), Some(from), Some(to)) = (known(events.latency_ns[row]), from, to) {
            between.entry((from, to)).or_default().push(latency);
        }
    }
    let name = |number: u32| hosts.names[number as usize].clone();
    between.into_iter().map(|((from, to), latencies)| ((name(from), name(to)), latencies)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn first_deliveries_count_for_the_machines_at_their_ends_and_duplicates_do_not() {
        let rows = [
            Row::initiate("10.0.1.1", 0),
            Row::received("10.0.1.1", "10.0.1.2", 1, 3),
            Row::received("10.0.1.1", "10.0.2.1", 10, 40),
            Row::received("10.0.1.2", "10.0.2.2", 10, 50),
            Row::duplicate("10.0.1.2", "10.0.2.1", 20, 70),
        ];
        with_spread(&rows, |spread| {
            let ends = |from: &str, to: &str| (from.to_owned(), to.to_owned());
            let expected = [(ends("10.0.1.x", "10.0.1.x"), vec![2]), (ends("10.0.1.x", "10.0.2.x"), vec![30, 40])];
            assert_eq!(latencies(spread, &Whereabouts::default()), BTreeMap::from(expected));
        });
    }
}
