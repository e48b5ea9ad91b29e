//! What a node does with a message: the protocols, one file each, and the options that all of them share.

mod announce;
mod anti_entropy;
mod body;
mod contract;
mod digest;
mod direct_mail;
mod epidemic;
mod error;
mod flood;
mod known;
mod offers;
mod options;
mod out;
mod plumtree;
mod promises;
mod pull;
mod push;
mod push_periodic;
mod push_pull;
mod rumor;
mod settings;
mod spec;
mod spray;
#[cfg(test)]
mod testing;
mod view;

pub use body::Body;
pub use contract::{In, Participant, Protocol, Syntax};
pub use error::ParseError;
pub use options::{Connections, Forward, Order, Phase};
pub(crate) use out::Other;
pub use out::{Out, Timer};
pub use promises::{Begins, Duplicates, Hops, Promises, Reach, Repeats, Senders};
pub use settings::ProtocolSettings;
pub use spec::{Preset, ProtocolSpec};
pub use view::View;
