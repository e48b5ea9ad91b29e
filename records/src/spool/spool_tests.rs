//! Records that are sorted out of memory.

use std::collections::BTreeSet;

use cnsim::event::Record;
use proptest::prelude::*;

use super::*;

const FLOOD: &str = include_str!("../../../analyze/tests/fixtures/flood-n4/events.jsonl");
const RUN: &str = "5e1f00d2-cubaan4";

pub fn records<'a>(lines: impl Iterator<Item = &'a str>) -> Records {
    let mut table = Table::new(Keep::Records);
    lines.for_each(|line| table.push(&Record::read_line(line.as_bytes()).unwrap()));
    table.into()
}

/// The records that these batches come to, where so many bytes wait in memory, and what is found of them.
fn through(batches: &[Records], most: usize) -> (Vec<u128>, Found) {
    let home = tempfile::tempdir().unwrap();
    let mut spool = Spool::holding(most, home.path());
    for batch in batches {
        spool.add("t", batch).unwrap();
    }
    let mut came = Vec::new();
    let run = spool.take(RUN).unwrap().unwrap();
    let found = run
        .each(|block| {
            came.extend_from_slice(&block.content);
            Ok::<(), Failed>(())
        })
        .unwrap();
    drop(spool);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "temporary files are there yet");
    (came, found)
}

/// The flood and a record that contradicts one of it.
fn lines() -> Vec<String> {
    let conflict = FLOOD.lines().nth(30).unwrap().replace("\"host\":\"bench\"", "\"host\":\"other\"");
    FLOOD.lines().map(str::to_owned).chain([conflict]).collect()
}

/// The hashes of distinct records in the run's total order.
fn in_order(lines: &[&str]) -> Vec<u128> {
    let records: Vec<Record<'_>> = lines.iter().map(|line| Record::read_line(line.as_bytes()).unwrap()).collect();
    let content = |record: &Record<'_>| {
        let mut table = Table::new(Keep::Records);
        table.push(record);
        (table.sent_ns[0], table.content[0])
    };
    let keyed: BTreeSet<_> = records
        .iter()
        .map(|record| {
            let (sent_ns, content) = content(record);
            let place = (record.round, record.received_ns, &record.process, record.seq);
            (place, &record.receiver_id, &record.sender_id, record.kind, sent_ns, &record.detail, content)
        })
        .collect();
    keyed.into_iter().map(|(.., content)| content).collect()
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
        let came: Vec<&str> = order.iter().chain(&again).map(|line| lines[*line].as_str()).collect();
        let batches: Vec<Records> = came.chunks(batch).map(|lines| records(lines.iter().copied())).collect();
        let (content, found) = through(&batches, most);
        prop_assert_eq!(content, in_order(&came));
        prop_assert_eq!(found.rounds.iter().map(|round| round.rows).sum::<u64>(), 81);
        prop_assert_eq!(found.rounds.iter().map(|round| round.repeats).sum::<u64>(), again.len() as u64);
        prop_assert_eq!(found.rounds.iter().map(|round| round.conflicts).sum::<u64>(), 1);
    }
}

#[test]
fn what_the_source_left_out_is_counted_with_the_repeats() {
    let mut records = records(FLOOD.lines());
    records.repeats.insert((RUN.to_owned(), 0), 2);
    let (_, found) = through(&[records], WAITING);
    assert_eq!(found.rounds.iter().map(|round| round.repeats).sum::<u64>(), 2);
}

#[test]
fn taking_may_end_before_all_is_there() {
    let mut spool = Spool::holding(WAITING, Path::new("nowhere"));
    (0..3).for_each(|_| spool.add("t", &records(FLOOD.lines())).unwrap());
    let run = spool.take(RUN).unwrap().unwrap();
    let ended = run.each(|_| Err(Failed { path: "x".into(), reason: io::ErrorKind::StorageFull.into() }));
    assert!(ended.is_err());
}

#[test]
fn numbers_are_counted_up_to_the_last_one() {
    let mut seqs = Seqs::default();
    for seq in [0, 1, 63, 64, 65, 200, u64::MAX] {
        assert!(seqs.insert(seq));
    }
    assert!(!seqs.insert(64));
    let counts: Vec<u64> = [0, 1, 63, 64, 127, 128, 200, u64::MAX].iter().map(|last| seqs.count_to(*last)).collect();
    assert_eq!(counts, [0, 1, 2, 3, 4, 4, 5, 6]);
}
