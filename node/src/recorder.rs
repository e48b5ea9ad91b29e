//! The process's records: numbered where they happen, turned into lines and written by one thread.
//!
//! No record is dropped. Where the writer falls behind, whoever makes records waits for room; where it cannot write,
//! the process is told and ends.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use cnsim::event::NamedEvent;
use cnsim::event::{Context, FIRST_INCARNATION, Kind, Record, Stamp};
use cnsim::id::{MessageId, NodeId};
use tokio::sync::{Notify, oneshot};

use crate::spool::Spool;

/// From here on makers of records wait.
const BACKLOG_MAX: usize = 1 << 16;
/// How long a record waits before the writer is woken for it: the writer's work takes time that a copy's way to the next
/// node would be measured with. A driver has records written between rounds, so a shorter round is never disturbed.
const WAKE_DELAY: Duration = Duration::from_millis(50);
/// Lines are written in pieces of about this size.
const CHUNK_BYTES: usize = 64 * 1024;

/// Something to write down about one node.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What happened.
    pub(crate) fact: Fact,
    /// Where.
    pub(crate) node: NodeId,
    /// In which run.
    pub(crate) context: Arc<Context>,
    /// How often it has lost what it held, and began anew.
    pub(crate) restarts: u32,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Fact {
    /// The core said so.
    Event(NamedEvent),
    /// A copy was refused before it reached the core: the event is what it would have been.
    Refused {
        /// [`NamedEvent::Received`].
        event: NamedEvent,
        /// For `detail`.
        reason: String,
    },
}

/// The last sequence number of each run.
pub(crate) type LastSeqs = BTreeMap<String, u64>;

/// The handle that records are given to.
#[derive(Debug)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// Wakes the writer.
    filled: Condvar,
    /// Something waits for the writer, which may sleep.
    waiting: Notify,
    room: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<(u64, Entry)>,
    flushes: Vec<oneshot::Sender<()>>,
    last_seqs: LastSeqs,
    closed: bool,
}

/// What the writer takes from the queue at once.
struct Batch {
    entries: VecDeque<(u64, Entry)>,
    flushes: Vec<oneshot::Sender<()>>,
}

/// Where lines go.
struct Writer {
    stamp: Stamp,
    sink: Box<dyn Write + Send>,
    spool: Option<Arc<Spool>>,
    lines: Vec<u8>,
    /// The first sequence number in `lines` of each run.
    firsts: LastSeqs,
}

impl Recorder {
    /// Starts the writer, on a runtime; `on_error` is told the first time that writing fails, and nothing is written
    /// after that.
    pub(crate) fn start(
        stamp: Stamp,
        sink: Box<dyn Write + Send>,
        spool: Option<Arc<Spool>>,
        on_error: impl FnOnce(io::Error) + Send + 'static,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let writer = Writer { stamp, sink, spool, lines: Vec::new(), firsts: LastSeqs::new() };
        tokio::spawn(Arc::clone(&shared).wake_writer());
        let theirs = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("records".to_owned()).spawn(move || theirs.write_all(writer, on_error))?;
        Ok(Self { shared, writer: Mutex::new(Some(thread)) })
    }

    /// Numbers an entry and queues it. Never blocks; see [`Recorder::room`].
    pub(crate) fn record(&self, entry: Entry) {
        let mut queue = self.shared.lock();
        let seq = queue.next_seq(entry.fact.message().run_and_round().0);
        queue.entries.push_back((seq, entry));
        drop(queue);
        self.shared.waiting.notify_one();
    }

    /// Waits until the writer has caught up, where it is behind.
    pub(crate) async fn room(&self) {
        loop {
            let room = self.shared.room.notified();
            if self.shared.lock().entries.len() < BACKLOG_MAX {
                return;
            }
            room.await;
        }
    }

    /// Waits until everything that was recorded before is written.
    pub(crate) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        {
            let mut queue = self.shared.lock();
            if queue.closed {
                return;
            }
            queue.flushes.push(done);
        }
        self.shared.filled.notify_one();
        // An error means that the writer has ended, and then it has written what it could.
        let _ = flushed.await;
    }

    /// The last sequence number given out in `run_id`; 0: none yet.
    pub(crate) fn last_seq(&self, run_id: &str) -> u64 {
        self.shared.lock().last_seqs.get(run_id).copied().unwrap_or(0)
    }

    /// The last sequence number of every run.
    pub(crate) fn last_seqs(&self) -> LastSeqs {
        self.shared.lock().last_seqs.clone()
    }

    /// Writes what is queued and ends the writer. Blocks until then.
    pub(crate) fn close(&self) {
        self.shared.lock().closed = true;
        self.shared.filled.notify_one();
        let writer = self.writer.lock().expect("no holder of this lock panics").take();
        if let Some(writer) = writer
            && let Err(panic) = writer.join()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Fact {
    fn message(&self) -> &MessageId {
        match self {
            Self::Event(event) | Self::Refused { event, .. } => match event {
                NamedEvent::Initiated { message, .. }
                | NamedEvent::Received { message, .. }
                | NamedEvent::Failed { message, .. } => message,
            },
        }
    }
}

impl Queue {
    fn next_seq(&mut self, run_id: &str) -> u64 {
        match self.last_seqs.get_mut(run_id) {
            Some(seq) => {
                *seq += 1;
                *seq
            }
            None => {
                self.last_seqs.insert(run_id.to_owned(), 1);
                1
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().expect("no holder of this lock panics")
    }

    async fn wake_writer(self: Arc<Self>) {
        loop {
            self.waiting.notified().await;
            tokio::time::sleep(WAKE_DELAY).await;
            self.filled.notify_one();
        }
    }

    fn write_all(&self, mut writer: Writer, on_error: impl FnOnce(io::Error)) {
        let mut on_error = Some(on_error);
        while let Some(Batch { entries, flushes }) = self.next_batch() {
            if on_error.is_some()
                && let Err(error) = writer.write(entries)
                && let Some(on_error) = on_error.take()
            {
                on_error(error);
            }
            self.room.notify_waiters();
            for flush in flushes {
                // Whoever asked may have gone.
                let _ = flush.send(());
            }
        }
    }

    /// Everything that waits; sleeps while there is nothing. None at the end.
    fn next_batch(&self) -> Option<Batch> {
        let mut queue = self.lock();
        while queue.entries.is_empty() && queue.flushes.is_empty() {
            if queue.closed {
                return None;
            }
            queue = self.filled.wait(queue).expect("no holder of this lock panics");
        }
        Some(Batch { entries: std::mem::take(&mut queue.entries), flushes: std::mem::take(&mut queue.flushes) })
    }
}

impl Writer {
    fn write(&mut self, entries: VecDeque<(u64, Entry)>) -> io::Result<()> {
        for (seq, entry) in entries {
            entry.write_line(seq, &self.stamp, &mut self.lines);
            if self.spool.is_some() {
                self.note_first(&entry, seq);
            }
            if self.lines.len() >= CHUNK_BYTES {
                self.write_lines()?;
            }
        }
        self.write_lines()?;
        self.sink.flush()
    }

    fn note_first(&mut self, entry: &Entry, seq: u64) {
        let run_id = entry.fact.message().run_and_round().0;
        if !self.firsts.contains_key(run_id) {
            self.firsts.insert(run_id.to_owned(), seq);
        }
    }

    fn write_lines(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.lines)?;
        if let Some(spool) = &self.spool {
            let named = |error| io::Error::other(format!("{}: {error}", spool.path().display()));
            spool.append(&self.lines, std::mem::take(&mut self.firsts)).map_err(named)?;
        }
        self.lines.clear();
        Ok(())
    }
}

impl Entry {
    fn write_line(&self, seq: u64, stamp: &Stamp, lines: &mut Vec<u8>) {
        let record = match &self.fact {
            Fact::Event(event) => Record::of(event, &self.node, &self.context, stamp),
            Fact::Refused { event, reason } => Record {
                kind: Kind::Failed,
                detail: reason.into(),
                propagation_time: None,
                ..Record::of(event, &self.node, &self.context, stamp)
            },
        };
        Record { seq: Some(seq), incarnation: FIRST_INCARNATION + self.restarts, ..record }.write_line(lines);
    }
}

#[cfg(test)]
mod tests {
    use cnsim::time::Timestamp;

    use super::*;

    #[tokio::test]
    async fn each_run_is_numbered_from_1_without_gaps_in_the_order_of_the_lines() {
        let (sink, file) = sink();
        let recorder = Recorder::start(stamp(), sink, None, |error| panic!("{error}")).unwrap();
        for round in 0..1000 {
            recorder.record(initiated(&format!("a-{round}")));
            recorder.record(initiated(&format!("b-{round}")));
        }
        assert_eq!((recorder.last_seq("a"), recorder.last_seq("b"), recorder.last_seq("c")), (1000, 1000, 0));
        recorder.flush().await;
        let lines = std::fs::read(file.path()).unwrap();
        let records = lines.split_inclusive(|byte| *byte == b'\n').map(|line| Record::read_line(line).unwrap());
        let of_a: Vec<_> = records.filter(|record| record.run_id == "a").map(|record| record.seq.unwrap()).collect();
        assert_eq!(of_a, (1..=1000).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn closing_writes_what_is_queued() {
        let (sink, file) = sink();
        let recorder = Recorder::start(stamp(), sink, None, |error| panic!("{error}")).unwrap();
        recorder.record(initiated("a-1"));
        recorder.close();
        assert_eq!(std::fs::read_to_string(file.path()).unwrap().lines().count(), 1);
        recorder.flush().await;
    }

    #[tokio::test]
    async fn a_backlog_makes_the_makers_of_records_wait_for_the_writer() {
        let (sink, file) = sink();
        let recorder = Recorder::start(stamp(), sink, None, |error| panic!("{error}")).unwrap();
        for _ in 0..BACKLOG_MAX {
            recorder.record(initiated("a-1"));
        }
        recorder.room().await;
        assert!(recorder.shared.lock().entries.len() < BACKLOG_MAX);
        recorder.close();
        assert_eq!(std::fs::read_to_string(file.path()).unwrap().lines().count(), BACKLOG_MAX);
    }

    fn initiated(message: &str) -> Entry {
        Entry {
            fact: Fact::Event(NamedEvent::Initiated { message: MessageId::new(message), at: Timestamp(1) }),
            node: NodeId::new("n").unwrap(),
            context: Arc::default(),
            restarts: 0,
        }
    }

    fn stamp() -> Stamp {
        Stamp { process: "p".to_owned(), host: "h".to_owned(), pod: "p".to_owned() }
    }

    fn sink() -> (Box<dyn Write + Send>, tempfile::NamedTempFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        (Box::new(file.reopen().unwrap()), file)
    }
}
