//! What a node does with a message: the protocols, one file each, and the options that all of them share.

mod contract;
mod direct_mail;
mod error;
mod flood;
mod known;
mod options;
mod promises;
mod push;
mod settings;
mod spec;

pub use contract::{In, Out, Participant, Protocol, Syntax, Timer, View};
pub use error::ParseError;
pub use options::{Connections, Forward, Order};
pub use promises::{Duplicates, Hops, Promises, Reach, Repeats, Senders};
pub use settings::ProtocolSettings;
pub use spec::{Preset, ProtocolSpec};
