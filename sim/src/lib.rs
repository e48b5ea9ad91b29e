//! The simulator of cnsim: virtual time around the protocol core.
//!
//! - [`queue`]: what happens next
//!
//! There are deliberately no sockets, clocks and threads here: a simulated run is a function of its options and its seed.

#![warn(missing_docs)]

pub mod queue;
