//! What happens to nodes and links while messages spread.
//!
//! A scenario is named faults ([`FaultSpec`]): what befalls whom, and when. Before a round the driver resolves them by the run's
//! seed into a [`Timeline`], plain data with nodes and instants, which every node of the round is given together with the instant
//! of its time 0. So each node says alone what a fault does to it, on every backend alike: the machine asks the timeline, and
//! nobody is told anything while the round lasts. What a fault did is witnessed by the records of both ends and by probes, never
//! by whoever applied it.

mod exact;
mod fault;
mod ground;
mod law;
mod probe;
mod receipt;
mod resolve;
mod round_line;
mod timeline;
mod who;
mod witness;

pub use fault::{FaultSpec, How, Kind, State};
pub use ground::{Ground, Replicate};
pub use law::{SpanLaw, SpanLawError};
pub use probe::PROBES;
pub use receipt::{Control, ProcessKill, Receipt, Testimony, Verdict};
pub use resolve::{Reason, ScenarioError, never_initiate};
pub use round_line::{RoundKill, RoundLine};
pub use timeline::{Effect, Manner, NodeSet, Planned, Probe, ROUND_END, Span, Stop, Stopped, Timeline};
pub use who::{Who, WhoError};
pub use witness::{SLACK, Seen, SeenEnd, Witness};
