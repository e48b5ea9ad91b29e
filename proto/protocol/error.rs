//! Why a text names no protocol, or no value of one of its options.

/// A text that names no protocol or no value of an option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// No protocol and no preset has this name.
    #[error("unknown protocol {text:?}: use {known}, seed-h or seed-o")]
    Unknown {
        /// As typed.
        text: String,
        /// How the known ones are typed.
        known: String,
    },
    /// What stands behind the name is missing or wrong.
    #[error("{text:?} is not {usage} with {needs}")]
    Parts {
        /// As typed.
        text: String,
        /// How it is typed.
        usage: &'static str,
        /// What the parts have to be.
        needs: &'static str,
    },
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
