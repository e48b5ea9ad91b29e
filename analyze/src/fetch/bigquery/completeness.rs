//! Whether all of a run has arrived in BigQuery: by its manifest, which counts every process's records, else by the clock.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::manifest::{Manifest, RunOutcome};
use cnsim_records::spool::Spool;

use crate::fetch::list::list_names;

/// How long an entry may take from a node's output to a table, in nanoseconds: minutes where the table is new.
const LAG_NS: i64 = 10 * 60 * 1_000_000_000;
/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// What a run's records lack by its manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MissingRecords {
    pub(super) run_id: String,
    /// Records that the manifest counts.
    expected: u64,
    /// How many of each process's are not there, where any is missing.
    missing: BTreeMap<String, u64>,
    /// Hosts of the roster without a record.
    hosts: BTreeSet<String>,
}

/// Whether a manifest counts all records of its run: not while that goes on.
pub(super) fn counts_records(manifest: &Manifest) -> bool {
    manifest.outcome != RunOutcome::Running && !manifest.last_seqs.is_empty()
}

/// What the records of a manifest's run lack; none where every one is there, or nobody counted them.
pub(super) fn find_missing(spool: &Spool, manifest: &Manifest) -> Option<MissingRecords> {
    if !counts_records(manifest) {
        return None;
    }
    let run = spool.runs().get(&manifest.run_id);
    let missing = |(process, last): (&String, &u64)| {
        let there = run.and_then(|run| run.seqs.get(process)).map_or(0, |seqs| seqs.count_to(*last));
        (there < *last).then(|| (process.clone(), *last - there))
    };
    let missing: BTreeMap<String, u64> = manifest.last_seqs.iter().filter_map(missing).collect();
    let is_absent = |host: &&String| run.is_none_or(|run| !run.hosts.contains(*host));
    let records = MissingRecords {
        run_id: manifest.run_id.clone(),
        expected: manifest.last_seqs.values().sum(),
        missing,
        hosts: manifest.roster.iter().map(|node| &node.host).filter(is_absent).cloned().collect(),
    };
    (!records.missing.is_empty()).then_some(records)
}

impl MissingRecords {
    /// In a line for each thing that should be known.
    pub(super) fn notes(&self) -> Vec<String> {
        let count: u64 = self.missing.values().sum();
        let processes = self.missing.iter().map(|(process, count)| format!("{process} ({count})"));
        let mut notes = vec![format!(
            "{}: {count} of the {} records that its manifest counts have not arrived, from {}: fetch again later, or with \
             --wait",
            self.run_id,
            self.expected,
            list_names(&processes.collect::<Vec<_>>(), NAMES_SHOWN)
        )];
        if !self.hosts.is_empty() {
            notes.push(format!(
                "{}: no record of the hosts {}: does the sink's filter leave them out?",
                self.run_id,
                list_names(&self.hosts.iter().collect::<Vec<_>>(), NAMES_SHOWN)
            ));
        }
        notes
    }
}

/// A note where the newest record of runs that nobody `counted` is so young that others may still be on their way.
pub(super) fn note_recent(spool: &Spool, counted: &BTreeSet<&str>, now_ns: i64) -> Option<String> {
    let of_others = spool.runs().iter().filter(|(run_id, _)| !counted.contains(run_id.as_str()));
    let newest = of_others.map(|(_, run)| run.newest_ns).max()?;
    let age_ns = now_ns.saturating_sub(newest);
    (age_ns < LAG_NS).then(|| {
        let seconds = age_ns.max(0) / 1_000_000_000;
        format!("the newest record is {seconds} s old: others may be on their way: fetch again in some minutes")
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cnsim::event::Record;

    use super::*;
    use cnsim_records::gather::Gather;
    use cnsim_records::spool::Entries;

    const MANIFEST: &[u8] = include_bytes!("../../../tests/fixtures/flood-n4/manifest.json");
    const FLOOD: &str = include_str!("../../../tests/fixtures/flood-n4/events.jsonl");

    fn missing_without(is_lost: impl Fn(&str) -> bool) -> Option<MissingRecords> {
        let mut spool = Spool::new(Path::new("nowhere"));
        let mut entries = Entries::new(spool.texts());
        for line in FLOOD.lines().filter(|line| !is_lost(line)) {
            entries.push(&Record::read_line(line.as_bytes()).unwrap());
        }
        spool.add("t", entries).unwrap();
        find_missing(&spool, &Manifest::from_json(MANIFEST).unwrap())
    }

    #[test]
    fn a_run_that_is_there_as_its_manifest_counts_it_lacks_nothing() {
        assert_eq!(missing_without(|_| false), None);
    }

    #[test]
    fn records_that_have_not_arrived_are_told_by_process() {
        let is_lost = |line: &str| line.contains("\"seq\":2,") && !line.contains("\"process\":\"bench-n1-");
        let notes = missing_without(is_lost).unwrap().notes();
        let expected = "5e1f00d2-cubaan4: 3 of the 80 records that its manifest counts have not arrived, from \
                        bench-n0-1742869850000 (1), bench-n2-1742869850000 (1), bench-n3-1742869850000 (1): fetch again \
                        later, or with --wait";
        assert_eq!(notes, [expected]);
    }

    #[test]
    fn a_run_that_goes_on_is_counted_by_nobody() {
        let mut manifest = Manifest::from_json(MANIFEST).unwrap();
        assert!(counts_records(&manifest));
        manifest.outcome = RunOutcome::Running;
        assert!(!counts_records(&manifest));
        assert_eq!(find_missing(&Spool::new(Path::new("nowhere")), &manifest), None);
    }

    #[test]
    fn a_host_without_a_record_is_named() {
        let notes = missing_without(|_| true).unwrap().notes();
        assert!(notes[0].starts_with("5e1f00d2-cubaan4: 80 of the 80 records"), "{}", notes[0]);
        assert_eq!(notes[1], "5e1f00d2-cubaan4: no record of the hosts bench: does the sink's filter leave them out?");
    }
}
