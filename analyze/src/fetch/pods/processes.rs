//! What a log holds of each process's records, and what it lacks.

use std::collections::BTreeMap;

use cnsim_cluster::Instance;

use super::logs::PodLog;
use crate::fetch::list::list_names;
use crate::inputs::fetch_facts::FetchedProcess;
use cnsim_records::spool::Entries;

/// How many names a sentence lists.
const NAMES_SHOWN: usize = 5;

/// The sequence numbers that one log holds, by run and process.
#[derive(Debug, Default)]
pub(super) struct Tally {
    runs: BTreeMap<String, BTreeMap<String, Vec<u64>>>,
}

impl Tally {
    /// Counts records of the log.
    pub(super) fn add(&mut self, entries: &Entries) {
        for (run, process, seqs) in entries.seqs() {
            let processes = self.runs.entry(run.to_owned()).or_default();
            processes.entry(process.to_owned()).or_default().extend(seqs);
        }
    }

    /// Whether there is no record.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

/// The processes of one run in one log; one without records where there is none.
pub(super) fn in_log(log: &PodLog, tally: &Tally, run_id: &str) -> Vec<FetchedProcess> {
    match tally.runs.get(run_id) {
        Some(processes) => processes.iter().map(|(name, seqs)| process(log, name, seqs.clone())).collect(),
        None => vec![process(log, "", Vec::new())],
    }
}

fn process(log: &PodLog, name: &str, mut seqs: Vec<u64>) -> FetchedProcess {
    let records = seqs.len() as u64;
    seqs.retain(|seq| *seq > 0);
    seqs.sort_unstable();
    seqs.dedup();
    let gaps = seqs.windows(2).filter(|pair| pair[1] - pair[0] > 1).map(|pair| [pair[0] + 1, pair[1] - 1]);
    FetchedProcess {
        pod: log.pod.clone(),
        container: match log.instance {
            Instance::Current => "current",
            Instance::Previous => "previous",
        }
        .to_owned(),
        lines: log.lines,
        bytes: log.bytes,
        process: name.to_owned(),
        records,
        first_seq: seqs.first().copied(),
        last_seq: seqs.last().copied(),
        gaps: gaps.collect(),
    }
}

/// What is missing, a line for each process with the likely reason, and one for all logs without a record.
pub(super) fn notes(processes: &[FetchedProcess]) -> Vec<String> {
    let mut notes: Vec<String> = processes.iter().filter_map(note).collect();
    let without: Vec<&str> =
        processes.iter().filter(|process| process.records == 0).map(|process| process.pod.as_str()).collect();
    if !without.is_empty() {
        notes.push(format!("no record of the run in the logs of {}", list_names(&without, NAMES_SHOWN)));
    }
    notes
}

fn note(process: &FetchedProcess) -> Option<String> {
    let before = process.first_seq.filter(|first| *first > 1).map(|first| [1, first - 1]);
    let missing: Vec<[u64; 2]> = before.into_iter().chain(process.gaps.iter().copied()).collect();
    let count: u64 = missing.iter().map(|[from, to]| to - from + 1).sum();
    let shown: Vec<String> = missing
        .iter()
        .take(NAMES_SHOWN)
        .map(|[from, to]| if from == to { from.to_string() } else { format!("{from}-{to}") })
        .collect();
    let more = if missing.len() > NAMES_SHOWN { ", …" } else { "" };
    let why = match before {
        Some(_) => {
            "the log was probably rotated: the kubelet keeps 10 MiB a file and the API serves only the current one"
        }
        None => "lines of the log are lost",
    };
    (count > 0).then(|| {
        format!(
            "{}: {count} records of {} are not in its log ({}{more}): {why}",
            process.pod,
            process.process,
            shown.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_seqs(seqs: &[u64]) -> FetchedProcess {
        let log = PodLog {
            pod: "g-0".to_owned(),
            instance: Instance::Previous,
            lines: 9,
            bytes: 900,
            path: "x".into(),
            holds_records: true,
        };
        process(&log, "g-0.1.17", seqs.to_vec())
    }

    #[test]
    fn a_whole_log_leaves_nothing_to_say() {
        let process = of_seqs(&[2, 1, 3]);
        assert_eq!((process.first_seq, process.last_seq, process.gaps.as_slice()), (Some(1), Some(3), &[][..]));
        assert_eq!((process.container.as_str(), process.records), ("previous", 3));
        assert_eq!(notes(&[process]), Vec::<String>::new());
    }

    #[test]
    fn a_log_that_begins_late_was_probably_rotated() {
        let process = of_seqs(&[501, 502, 510]);
        assert_eq!(process.gaps, [[503, 509]]);
        let expected = "g-0: 507 records of g-0.1.17 are not in its log (1-500, 503-509): the log was probably rotated: \
                        the kubelet keeps 10 MiB a file and the API serves only the current one";
        assert_eq!(notes(&[process]), [expected]);
    }

    #[test]
    fn a_gap_alone_is_no_rotation() {
        let expected = "g-0: 1 records of g-0.1.17 are not in its log (2): lines of the log are lost";
        assert_eq!(notes(&[of_seqs(&[1, 3])]), [expected]);
    }

    #[test]
    fn logs_without_a_record_are_named_together() {
        let without: Vec<FetchedProcess> = (0..7).map(|_| of_seqs(&[])).collect();
        assert_eq!(notes(&without), ["no record of the run in the logs of g-0, g-0, g-0, g-0, g-0 and 2 more"]);
    }
}
