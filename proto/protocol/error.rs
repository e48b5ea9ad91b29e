//! Why a text names no protocol, or no value of one of its options.

/// A text that names no protocol or no value of an option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No strategy and no preset has this name.
    #[error("unknown protocol {0:?}: use direct-mail, flood, push:FANOUT[:TTL], seed-h or seed-o")]
    Unknown(String),
    /// The numbers after `push` are missing or wrong.
    #[error("{0:?} is not push:FANOUT[:TTL] with whole numbers from 1 on")]
    Push(String),
    /// An option has no such value.
    #[error("unknown {option} {value:?}: use {allowed}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The value as typed.
        value: String,
        /// Its values.
        allowed: &'static str,
    },
}
