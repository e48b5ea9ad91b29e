//! A thread that keeps records while the next ones come.

use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

use super::spool::Spool;
use crate::bigquery::PullError;
use crate::bigquery::records::Records;

/// Records that wait for the thread, in parts as they came.
const WAITING: usize = 1;

/// The thread. Where it is dropped, it is waited for, so that its temporary files go with it.
pub(super) struct Spooling {
    running: Option<Running>,
}

struct Running {
    records: SyncSender<(String, Records)>,
    thread: JoinHandle<Result<Spool, PullError>>,
}

impl Spooling {
    /// Begins to keep records; what memory does not hold goes into temporary files on the disk of `place`.
    pub(super) fn start(place: &Path) -> Self {
        let mut spool = Spool::new(place);
        let (sender, records) = mpsc::sync_channel::<(String, Records)>(WAITING);
        let thread = std::thread::spawn(move || {
            for (table, records) in records {
                spool.add(&table, &records)?;
            }
            Ok(spool)
        });
        Self { running: Some(Running { records: sender, thread }) }
    }

    /// Gives it records of a table. What was wrong with earlier ones is told here.
    pub(super) fn add(&mut self, table: &str, records: Records) -> Result<(), PullError> {
        let sent =
            self.running.as_ref().is_none_or(|running| running.records.send((table.to_owned(), records)).is_ok());
        if sent { Ok(()) } else { self.end().map(drop) }
    }

    /// All records that were given.
    pub(super) fn finish(mut self) -> Result<Spool, PullError> {
        self.end().map(|spool| spool.expect("it ends once: here, or with an error"))
    }

    fn end(&mut self) -> Result<Option<Spool>, PullError> {
        let Some(Running { records, thread }) = self.running.take() else { return Ok(None) };
        drop(records);
        thread.join().expect("keeping records does not panic").map(Some)
    }
}

impl Drop for Spooling {
    fn drop(&mut self) {
        // Whatever went wrong with it, something else went wrong before.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bigquery::records::{Row, Timestamps};

    const FLOOD: &str = include_str!("../../tests/fixtures/flood-n4/events.jsonl");

    fn records() -> Records {
        let mut records = Records::default();
        for record in FLOOD.lines() {
            let row = Row { record, received_ns: None, copies: 1, timestamps: Timestamps::Exact };
            records.push_and_keep(row).unwrap();
        }
        records
    }

    #[test]
    fn what_is_given_is_there_at_the_end() {
        let mut spooling = Spooling::start(Path::new("nowhere"));
        spooling.add("one", records()).unwrap();
        spooling.add("two", records()).unwrap();
        let spool = spooling.finish().unwrap();
        let tables: Vec<(&str, u64)> =
            spool.runs()["5e1f00d2-cubaan4"].tables.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
        assert_eq!(tables, [("one", 80), ("two", 80)]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn records_that_cannot_be_kept_are_told() {
        let mut spooling = Spooling::start(Path::new("/proc/self"));
        // As many as memory is not given for.
        let told = (0..10_000).find_map(|_| spooling.add("t", records()).err());
        let told = told.or_else(|| spooling.finish().err()).unwrap().to_string();
        assert!(told.starts_with("/proc/self: cannot keep records there on their way: "), "{told}");
    }
}
