//! What a node does with a message: the dissemination strategy and the options that every strategy shares.

mod direct_mail;
mod error;
mod flood;
mod forwarding;
mod options;
mod push;
mod settings;
mod spec;
mod strategy;

pub use error::ParseError;
pub(crate) use forwarding::Holder;
pub use forwarding::Origin;
pub use options::{Connections, Forward, Order};
pub use settings::Protocol;
pub use spec::ProtocolSpec;
pub use strategy::Strategy;
