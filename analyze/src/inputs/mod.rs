//! Where events come from: run folders, JSON lines, the published system's CSV, Parquet; plain or compressed.

pub(crate) mod control;
pub(crate) mod digest;
mod error;
mod facts;
pub(crate) mod faults;
pub mod fetch_facts;
pub(crate) mod folder;
mod input;
mod load;
pub(crate) mod motion;
pub(crate) mod name;
mod run_list;
pub mod telemetry;
mod times;

pub use cnsim_records::FileFacts;
pub use cnsim_records::times::TimeScale;

pub use control::{ControlFacts, ControlSent, Sent};
pub(crate) use digest::{combined_digest, sha256};
pub use error::InputError;
pub use facts::{About, Facts, Loaded, RunFacts};
pub use faults::{FaultFacts, SentProbe};
pub use input::Input;
pub use load::{each, load};
pub use motion::MotionFacts;
pub use run_list::{ListedRun, RunsError, list_runs};
