//! The simulator of cnsim: virtual time around the protocol core.
//!
//! - [`network`]: the nodes of a run; [`round`]: messages in virtual time
//! - [`queue`]: what happens next; [`journal`]: what is written down
//!
//! There are deliberately no sockets, clocks and threads here: a simulated run is a function of its options and its seed.

#![warn(missing_docs)]

mod coverage;
mod ending;
mod gates;
mod happening;
pub mod journal;
mod motion;
pub mod network;
mod processors;
pub mod queue;
pub mod round;
mod spec;
