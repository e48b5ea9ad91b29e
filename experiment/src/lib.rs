//! Plans gossip experiments, drives the nodes through their rounds and writes the run folder.
//!
//! [`cli`] is what was typed; [`resolve`] makes plain values of it, a [`plan`] that is checked before any work; [`run`]
//! carries it out: a [`backend`] ([`local`] or [`kubernetes`], as [`backend_choice`] says) brings processes up as a
//! [`cluster::Cluster`], the one [`driver`] leads them through the rounds, and the [`ledger`] keeps the manifest true
//! after every round; a [`simulation`] needs no process and no driver. There is deliberately no protocol here and no figure: those are the core's and the analysis's.

pub mod backend;
pub mod backend_choice;
pub mod backend_name;
pub mod cli;
pub mod cluster;
mod conditions;
mod configuring;
pub mod control_file;
pub mod delay_files;
#[cfg(all(feature = "report", feature = "sim"))]
pub mod demo;
#[cfg(all(feature = "report", feature = "sim"))]
mod demo_args;
pub mod descriptors;
mod drive_error;
mod driven_round;
pub mod driver;
pub mod fault_files;
pub mod faults;
pub mod folder;
pub mod kubernetes;
pub mod ledger;
pub mod like;
pub mod local;
pub mod machine;
pub mod measured;
pub mod memory;
pub mod merge;
pub mod motion_command;
pub mod motion_plan;
pub mod motion_source;
mod open_loop;
pub mod payload;
pub mod plan;
pub mod progress;
pub mod repeat;
#[cfg(feature = "report")]
pub mod report;
pub mod resolve;
pub mod resume;
pub mod run;
pub mod scenario;
pub mod session;
#[cfg(feature = "sim")]
mod simulated_faults;
#[cfg(feature = "sim")]
pub mod simulation;
pub mod study;
pub mod tally;
pub mod topology_command;
pub mod topology_source;
mod undertaking;
pub mod version;
pub mod watcher;
