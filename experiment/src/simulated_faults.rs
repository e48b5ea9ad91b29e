//! What a simulation has seen of its faults, round by round.

use std::path::Path;

use cnsim::id::NodeIx;
use cnsim::machine::FaultLog;
use cnsim::scenario::{Seen, SeenEnd, Timeline, Witness};
use cnsim::time::Timestamp;
use cnsim_files::WriteError;
use cnsim_sim::journal::{Entry, Fact};

use crate::fault_files::{self, FaultyRound, from_origin};
use crate::plan::Plan;

/// When a simulated run begins.
pub(crate) const BEGINS: Timestamp = Timestamp(cnsim::manifest::VIRTUAL_EPOCH_NS.unsigned_abs());

/// What a simulation has seen of its faults.
pub(crate) struct SeenFaults<'a> {
    pub(crate) timeline: Timeline,
    pub(crate) witness: Witness<'a>,
    pub(crate) logs: Vec<(NodeIx, FaultLog)>,
}

impl SeenFaults<'_> {
    /// Adds it to the run folder and to the witness of the run, as of a round that began then.
    pub(crate) fn keep(
        &self,
        plan: &Plan,
        folder: &Path,
        (round, begins): (u32, Timestamp),
        witness: &mut Witness<'_>,
    ) -> Result<(), WriteError> {
        let shift = begins.since(BEGINS);
        let moved = |log: &FaultLog| log.moved(shift);
        let logs = self.logs.iter().map(|(node, log)| (*node, moved(log))).collect();
        let faulty = FaultyRound { round, origin: begins, timeline: &self.timeline, kills: &[], logs };
        fault_files::add_round(plan, folder, &faulty)?;
        fault_files::note_logs(witness, &faulty);
        witness.add(&self.witness);
        Ok(())
    }
}

/// A record as a witness sees it. Every simulated round has its time 0 at the begin of the simulation before it is put into place.
pub(crate) fn seen(entry: &Entry) -> Seen {
    let end = match entry.fact {
        Fact::Initiated => SeenEnd::Began,
        Fact::Received => SeenEnd::First,
        Fact::Duplicate => SeenEnd::Again,
        Fact::Failed(_) => SeenEnd::Failed,
    };
    Seen {
        from: entry.sender,
        to: entry.receiver,
        sent_ns: from_origin(entry.sent, BEGINS),
        received_ns: from_origin(entry.at, BEGINS),
        end,
        hop: entry.hop.map(|hop| hop.0),
        bytes: entry.bytes,
    }
}
