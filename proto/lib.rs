//! The protocol core of cnsim: what a node is, what it says, and what is written down about it.
//!
//! Everything here is sans-IO. [`machine::Machine`] takes inputs and the time as arguments and gives sends, replies and
//! events as values; a host (a process behind gRPC, or a simulator) carries them out. There are deliberately no sockets,
//! files, clocks, threads or global random numbers here: without the feature `grpc` the crate reaches no async runtime.
//!
//! - [`topology`]: who may send to whom; [`link`]: what a copy meets on its way; [`initiator`]: who begins which round;
//!   [`pace`]: when
//! - [`motion`]: networks whose links come and go: traces, movements, generators
//! - [`quantity`]: spans, rates, shares, sizes, lengths and speeds as they are typed
//! - [`protocol`]: the dissemination strategies and their options
//! - [`machine`]: one node
//! - [`scenario`]: what happens to nodes and links while messages spread, and what proves that it did
//! - [`event`]: the record of a delivery, its writer and its reader
//! - [`manifest`]: the record of a run
//! - [`invariant`]: what must hold for the events of one round
//! - [`wire`]: the generated gRPC types and their translation (feature `grpc`)

#![warn(missing_docs)]

// A protocol of docs/own-protocol.md, and the network of `protocol/testing.rs` that other crates' tests share, name this crate as those
// outside it do.
extern crate self as cnsim;

mod as_text;
pub mod event;
mod holdings;
pub mod id;
pub mod initiator;
pub mod invariant;
pub mod link;
pub mod machine;
pub mod manifest;
pub mod motion;
pub mod pace;
pub mod protocol;
pub mod quantity;
pub mod random;
pub mod scenario;
pub mod time;
pub mod topology;
#[cfg(feature = "grpc")]
pub mod wire;

#[cfg(doctest)]
#[doc = include_str!("../docs/own-protocol.md")]
struct OwnProtocol;
