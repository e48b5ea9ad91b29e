//! The copies in a measured run's records: how many each round has, and how long the fastest one was on its way.

use std::collections::BTreeMap;
use std::path::Path;

#[cfg(feature = "sim")]
use cnsim_records::error::SourceError;

/// What the records of a run say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured {
    /// Round by round.
    pub rounds: BTreeMap<u32, Copies>,
    /// Hex digest of the file.
    pub sha256: String,
}

/// The copies that were received in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Copies {
    /// How many, duplicates too.
    pub copies: u64,
    /// From send to receipt; none where no record says it.
    pub least_wire_ns: Option<i64>,
}

/// Why records say nothing.
#[derive(Debug, thiserror::Error)]
pub enum MeasuredError {
    /// There are none.
    #[error("it has no file of records, and so no wire times")]
    NoFile,
    /// The file is no file of records.
    #[cfg(feature = "sim")]
    #[error(transparent)]
    Source(#[from] SourceError),
    /// What reads them is not there.
    #[cfg(not(feature = "sim"))]
    #[error("this program was built without its simulator")]
    NoSimulator,
}

/// Reads the records in a run folder.
///
/// # Errors
/// Where there are none that can be read.
#[cfg(feature = "sim")]
pub fn read_copies(folder: &Path) -> Result<Measured, MeasuredError> {
    use cnsim_records::gather::{Reader, Rejects};
    use cnsim_records::open::Stream;
    use cnsim_records::read::read;

    use crate::folder::{EVENTS, SIMULATED_EVENTS};

    let files = [EVENTS, SIMULATED_EVENTS].map(|name| folder.join(name));
    let file = files.iter().find(|file| file.exists()).ok_or(MeasuredError::NoFile)?;
    let (mut measured, mut rejects) = (Measured::default(), Rejects::keeping_few());
    let mut take = |part: Counting| {
        part.0.into_iter().for_each(|(round, copies)| measured.rounds.entry(round).or_default().add(copies));
        Ok::<(), SourceError>(())
    };
    let new = |_| Counting::default();
    let facts = read(Stream::open(file)?, Reader { new: &new, rejects: &mut rejects, take: &mut take })?;
    Ok(Measured { sha256: facts.sha256, ..measured })
}

/// The same where nothing can read them.
///
/// # Errors
/// Always.
#[cfg(not(feature = "sim"))]
pub fn read_copies(_: &Path) -> Result<Measured, MeasuredError> {
    Err(MeasuredError::NoSimulator)
}

/// A part of a file.
#[cfg(feature = "sim")]
#[derive(Default)]
struct Counting(BTreeMap<u32, Copies>, usize);

#[cfg(feature = "sim")]
impl cnsim_records::gather::Gather for Counting {
    fn push(&mut self, record: &cnsim::event::Record<'_>) {
        use cnsim::event::Kind;

        self.1 += 1;
        match record.kind {
            Kind::Received | Kind::Duplicate => {
                let wire = record.sent_ns.filter(|_| !record.float_timestamp).map(|sent| record.received_ns - sent);
                self.0.entry(record.round).or_default().add(Copies { copies: 1, least_wire_ns: wire });
            }
            Kind::Initiate | Kind::Failed => {}
        }
    }

    fn rows(&self) -> usize {
        self.1
    }
}

impl Copies {
    fn add(&mut self, more: Self) {
        self.copies += more.copies;
        // An unknown time is not the shortest.
        self.least_wire_ns = match (self.least_wire_ns, more.least_wire_ns) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}
