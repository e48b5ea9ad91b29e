//! Plans gossip experiments, drives the nodes through their rounds and writes the run folder.
//!
//! [`plan`] turns what was typed into a plan that is checked before any work; [`run`] carries it out: a [`backend`]
//! ([`local`] or [`kubernetes`]) brings processes up as a [`cluster::Cluster`], the one [`driver`] leads them through the
//! rounds, and the [`ledger`] keeps the manifest true after every round. There is deliberately no protocol here and no figure: those are
//! the core's and the analysis's.

pub mod backend;
pub mod cli;
pub mod cluster;
pub mod descriptors;
pub mod driver;
pub mod facts;
pub mod folder;
pub mod initiator;
pub mod kubernetes;
pub mod ledger;
pub mod link_delay;
pub mod local;
pub mod merge;
pub mod plan;
pub mod progress;
pub mod repeat;
#[cfg(feature = "report")]
pub mod report;
pub mod resume;
pub mod run;
pub mod session;
pub mod tally;
pub mod topology_command;
pub mod topology_source;
