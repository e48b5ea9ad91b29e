//! Moving networks as people have them: link events, lists of contacts, scripts of ns-2 and floating car data, each told from its first
//! line and read as it comes.

mod bins;
mod error;
mod events;
mod fcd;
mod fields;
mod format;
mod intervals;
mod roster;
mod setdest;

pub use error::{Problem, ReadError};
pub use format::{Recording, read};
