//! The built program, as a user runs it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;
#[cfg(feature = "report")]
mod examples;
mod halt;
mod help;
mod input;
mod kills;
#[cfg(feature = "sim")]
mod like;
mod open_loop;
#[cfg(all(feature = "report", feature = "sim"))]
mod records;
#[cfg(feature = "report")]
mod report;
mod run;
mod scenario;
#[cfg(feature = "sim")]
mod simulation;
#[cfg(feature = "sim")]
mod study;
mod topology;
