//! What the audit will ask of records, noted while these are in memory: numbers, no sentences and no judgement.
//!
//! One file holds one kind of fact as a function over one round's rows. `facts.rs` brings them together, round by round
//! and run by run, so that the records can leave memory before the next input is read.

mod copies;
mod early_receipts;
mod facts;
mod fingerprint;
mod float_timestamps;
mod held_back;
mod hosts;
mod impossible_times;
mod invariants;
mod lateness;
mod latest_records;
mod link_times;
mod names;
mod negative_latencies;
mod own_program;
mod participants;
mod periods;
mod promises;
mod receivers;
mod replay;
mod resolution;
mod returned;
mod send_numbers;
mod seq_bounds;
mod sequence;
mod tolerance;
mod under_faults;
mod ways;
mod witness;

pub(crate) use copies::ImpossibleCopies;
pub(crate) use early_receipts::EarlyReceipts;
pub(crate) use facts::BatchEvidence;
pub use facts::Evidence;
pub(crate) use facts::{KnownBefore, RoundEvidence};
pub(crate) use float_timestamps::FloatTimestamps;
pub(crate) use held_back::HeldBack;
pub(crate) use impossible_times::{ImpossibleTime, ImpossibleTimes};
pub(crate) use invariants::BrokenInvariant;
pub(crate) use latest_records::LatestRecord;
pub(crate) use names::Names;
pub(crate) use negative_latencies::NegativeLatencies;
pub(crate) use own_program::{draws_as_here, is_of_this_build};
pub(crate) use participants::RunParticipants;
pub(crate) use promises::Field;
pub(crate) use receivers::Receivers;
pub(crate) use resolution::Resolution;
pub(crate) use send_numbers::{Begins, SendRange, count_left_out};
pub(crate) use sequence::SeqRange;
pub(crate) use tolerance::{ONE_CLOCK_NS, OTHER_CLOCK_NS, UNSEEN_STEP_NS};
