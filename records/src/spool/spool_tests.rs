//! Records that are sorted out of memory.

use std::collections::BTreeSet;

use cnsim::event::Record;
use proptest::prelude::*;

use super::*;
use crate::gather::Gather;
use crate::identity::Identifier;
use crate::times::Times;

const FLOOD: &str = include_str!("../../../analyze/tests/fixtures/flood-n4/events.jsonl");
const RUN: &str = "5e1f00d2-cubaan4";

fn record(line: &str) -> Record<'_> {
    Record::read_line(line.as_bytes()).unwrap()
}

pub(super) fn entries<'a>(texts: &SharedTexts, lines: impl IntoIterator<Item = &'a str>) -> Entries {
    let mut entries = Entries::new(texts);
    lines.into_iter().for_each(|line| entries.push(&record(line)));
    entries
}

fn identity(record: &Record<'_>) -> u128 {
    Identifier::default().identify(record, &Times::of(record))
}

/// The records that these batches come to, where so many bytes wait in memory, and what is found of them.
fn through(batches: &[&[&str]], most: usize) -> (Vec<u128>, Found) {
    let home = tempfile::tempdir().unwrap();
    let mut spool = Spool::holding(most, home.path());
    for batch in batches {
        let entries = entries(spool.texts(), batch.iter().copied());
        spool.add("t", entries).unwrap();
    }
    let mut ordered = Vec::new();
    let run = spool.take(RUN).unwrap().unwrap();
    let found = run
        .each(|records| {
            ordered.extend(records.iter().map(identity));
            Ok::<(), Failed>(())
        })
        .unwrap();
    drop(spool);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "temporary files are there yet");
    (ordered, found)
}

/// The flood and a record that contradicts one of it.
fn lines() -> Vec<String> {
    let conflict = FLOOD.lines().nth(30).unwrap().replace("\"host\":\"bench\"", "\"host\":\"other\"");
    FLOOD.lines().map(str::to_owned).chain([conflict]).collect()
}

/// The identities of distinct records in the run's total order.
fn in_order(lines: &[&str]) -> Vec<u128> {
    let records: Vec<Record<'_>> = lines.iter().map(|line| record(line)).collect();
    let keyed: BTreeSet<_> = records
        .iter()
        .map(|record| {
            let place = (record.round, record.received_ns, &record.process, record.seq);
            let copy = (&record.receiver_id, &record.sender_id, record.kind, Times::of(record).sent_ns, &record.detail);
            (place, copy, identity(record))
        })
        .collect();
    keyed.into_iter().map(|(.., identity)| identity).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_order_and_any_memory_give_the_records_in_order(
        order in Just((0..81_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(0..81_usize, 0..9),
        batch in 1..50_usize,
        most in prop_oneof![Just(0), 1000..60_000_usize],
    ) {
        let lines = lines();
        let given: Vec<&str> = order.iter().chain(&again).map(|line| lines[*line].as_str()).collect();
        let batches: Vec<&[&str]> = given.chunks(batch).collect();
        let (identities, found) = through(&batches, most);
        prop_assert_eq!(identities, in_order(&given));
        prop_assert_eq!(found.rounds.iter().map(|round| round.rows).sum::<u64>(), 81);
        prop_assert_eq!(found.rounds.iter().map(|round| round.repeats).sum::<u64>(), again.len() as u64);
        prop_assert_eq!(found.rounds.iter().map(|round| round.conflicts).sum::<u64>(), 1);
    }
}

#[test]
fn what_the_source_left_out_is_counted_with_the_repeats() {
    let mut spool = Spool::holding(WAITING, Path::new("nowhere"));
    let mut entries = entries(spool.texts(), FLOOD.lines());
    entries.repeats.insert((RUN.to_owned(), 0), 2);
    spool.add("t", entries).unwrap();
    let run = spool.take(RUN).unwrap().unwrap();
    let found = run.each(|_| Ok::<(), Failed>(())).unwrap();
    assert_eq!(found.rounds.iter().map(|round| round.repeats).sum::<u64>(), 2);
}

#[test]
fn taking_may_end_before_all_is_there() {
    let mut spool = Spool::holding(WAITING, Path::new("nowhere"));
    for _ in 0..3 {
        let entries = entries(spool.texts(), FLOOD.lines());
        spool.add("t", entries).unwrap();
    }
    let run = spool.take(RUN).unwrap().unwrap();
    let ended = run.each(|_| Err(Failed { path: "x".into(), reason: io::ErrorKind::StorageFull.into() }));
    assert!(ended.is_err());
}
