//! Records from the logs of pods, as far as the cluster keeps these.

pub(super) mod gather;
mod logs;
mod processes;

pub use logs::LogsError;
