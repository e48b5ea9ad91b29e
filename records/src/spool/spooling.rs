//! A thread that keeps records while the next ones come.

use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread::JoinHandle;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::Spool;
use super::entries::Entries;
use super::sorted::Failed;
use super::texts::SharedTexts;

/// Records that wait for the thread, in parts as they came.
const WAITING: usize = 4;

/// The thread. Where it is dropped, it is waited for, so that its temporary files go with it.
pub struct Spooling {
    texts: SharedTexts,
    running: Option<Running>,
}

struct Running {
    records: SyncSender<(String, Entries)>,
    thread: JoinHandle<Result<Spool, Failed>>,
}

impl Spooling {
    /// Begins to keep records; what memory does not hold goes into temporary files on the disk of `place`.
    pub fn start(place: &Path) -> Self {
        Self::of(Spool::new(place))
    }

    fn of(mut spool: Spool) -> Self {
        let texts = spool.texts().clone();
        let (sender, records) = mpsc::sync_channel::<(String, Entries)>(WAITING);
        let sorting = threads();
        let thread = std::thread::spawn(move || {
            for (origin, records) in records {
                sorting.install(|| spool.add(&origin, records))?;
            }
            Ok(spool)
        });
        Self { texts, running: Some(Running { records: sender, thread }) }
    }

    /// The texts in which what is given numbers its own.
    pub fn texts(&self) -> &SharedTexts {
        &self.texts
    }

    /// Gives it records of a file or table. What was wrong with earlier ones is error here.
    ///
    /// # Errors
    /// Where temporary files cannot be written.
    pub fn add(&mut self, origin: &str, records: Entries) -> Result<(), Failed> {
        let Some(running) = &self.running else { return Ok(()) };
        match running.records.send((origin.to_owned(), records)) {
            Ok(()) => Ok(()),
            Err(mpsc::SendError(_)) => self.end().map(drop),
        }
    }

    /// All records that were given.
    pub fn finish(mut self) -> Result<Spool, Failed> {
        self.end().map(|spool| spool.expect("it ends once: here, or with an error"))
    }

    fn end(&mut self) -> Result<Option<Spool>, Failed> {
        let Some(Running { records, thread }) = self.running.take() else { return Ok(None) };
        drop(records);
        thread.join().expect("keeping records does not panic").map(Some)
    }
}

/// Threads to sort with. They are none of those that give records: one of these, waiting for room below a part of a sort, would
/// wait for itself.
fn threads() -> ThreadPool {
    ThreadPoolBuilder::new().build().expect("the system has threads for the other pool, and so for this")
}

impl Drop for Spooling {
    fn drop(&mut self) {
        // Whatever went wrong with it, something else went wrong before.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::super::tests::entries;
    use super::*;

    const FLOOD: &str = include_str!("../../../analyze/tests/fixtures/flood-n4/events.jsonl");

    #[test]
    fn what_is_given_is_there_at_the_end() {
        let mut spooling = Spooling::start(Path::new("nowhere"));
        let texts = spooling.texts().clone();
        spooling.add("one", entries(&texts, FLOOD.lines())).unwrap();
        spooling.add("two", entries(&texts, FLOOD.lines())).unwrap();
        let spool = spooling.finish().unwrap();
        let origins: Vec<(&str, u64)> =
            spool.runs()["5e1f00d2-cubaan4"].origins.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
        assert_eq!(origins, [("one", 80), ("two", 80)]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn records_that_cannot_be_kept_are_told() {
        let mut spooling = Spooling::start(Path::new("/proc/self"));
        // As many as memory is not given for.
        let texts = spooling.texts().clone();
        let error = (0..10_000).find_map(|_| spooling.add("t", entries(&texts, FLOOD.lines())).err());
        let error = error.or_else(|| spooling.finish().err()).unwrap().to_string();
        assert!(error.starts_with("/proc/self: cannot keep records there on their way: "), "{error}");
    }

    /// Whoever gives records may do so on a thread of rayon's, and wait there for room. So what makes room needs none of these
    /// threads: one that waits below a part of its sort would wait for itself.
    #[test]
    fn records_are_kept_while_every_thread_of_rayons_waits() {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        rayon::spawn_broadcast(move |_| {
            while !seen.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let (done, is_done) = mpsc::channel();
        std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            let mut spooling = Spooling::of(Spool::holding(1 << 20, folder.path()));
            let texts = spooling.texts().clone();
            let lines: Vec<&str> = FLOOD.lines().cycle().take(10_000).collect();
            (0..8).for_each(|_| spooling.add("one", entries(&texts, lines.iter().copied())).unwrap());
            spooling.finish().unwrap();
            done.send(()).unwrap();
        });
        let waited = is_done.recv_timeout(Duration::from_secs(60));
        is_over.store(true, Ordering::Relaxed);
        waited.expect("records are kept by threads of their own");
    }
}
