//! Names of nodes, runs and messages, checked where they enter.

use std::fmt;
use std::sync::Arc;

/// A text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("a {what} must not be empty")]
    Empty {
        /// What the text should have named.
        what: &'static str,
    },
    /// The text holds white space or a control character.
    #[error("the {what} {text:?} must not contain spaces or control characters")]
    Space {
        /// What the text should have named.
        what: &'static str,
        /// The text as given.
        text: String,
    },
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks that `text` is not empty and has no white space or control characters.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check($what, text)?;
                Ok(Self(text.into()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.as_str().to_owned()
            }
        }
    };
}

name_type!(
    /// A gossip node: a pod's name or address, or any name in a topology file.
    NodeId,
    "node id"
);
name_type!(
    /// One execution of an experiment.
    RunId,
    "run id"
);

impl serde::Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for NodeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

fn check(what: &'static str, text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty { what });
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(IdError::Space { what, text: text.to_owned() });
    }
    Ok(())
}

/// The name of a message: `{run_id}-{round}`, or any text. Two messages are the same when their names are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// Any text names a message: the published system's `start` takes whatever the user types.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The message that carries round `round` of run `run`.
    pub fn of(run: &RunId, round: u32) -> Self {
        Self(format!("{run}-{round}").into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The run and the round that the name says: see [`split_message`].
    pub fn run_and_round(&self) -> (&str, u32) {
        split_message(&self.0)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// Splits a message's name into run and round: a trailing `-digits` is the round, else the whole is the run and the
/// round is 1.
pub fn split_message(message: &str) -> (&str, u32) {
    if let Some((run, digits)) = message.rsplit_once('-')
        && !run.is_empty()
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && let Ok(round) = digits.parse()
    {
        return (run, round);
    }
    (message, 1)
}

/// The number of nodes that a run id of the usual form `{hex}-cubaan{N}` names.
pub fn nodes_in_run_id(run: &str) -> Option<u32> {
    let rest = run.trim_end_matches(|c: char| c.is_ascii_digit());
    if !rest.ends_with("-cubaan") {
        return None;
    }
    run[rest.len()..].parse().ok().filter(|nodes| *nodes > 0)
}

/// A node's place in the roster of its run. Names stand at the edges only: on the wire, in records and in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct NodeIx(pub u32);

impl NodeIx {
    /// The place as an index into a table of nodes.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A message inside one process: a message of its run has the round's number, another text gets one of the upper half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message(pub u32);

impl Message {
    /// The first number of texts that are no messages of the run.
    pub const FOREIGN: u32 = 1 << 31;
}

/// A node's distance from the initiator, in deliveries: the initiator is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop(pub u32);

impl Hop {
    /// The initiator's own hop.
    pub const ORIGIN: Self = Self(0);

    /// The hop of whoever hears from a node at this one.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// One configuration of the whole network; a node of an older one is seen by it. 0 is a node that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// One send of one machine, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendId(pub u64);

/// One ask or control message of one machine, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(pub u64);

/// One delivery that waits for its reply, named by the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_number_is_the_round() {
        assert_eq!(split_message("4abf-cubaan50-7"), ("4abf-cubaan50", 7));
        assert_eq!(
            split_message("nodes70_Mar112025160431_Full1.0-5869-12"),
            ("nodes70_Mar112025160431_Full1.0-5869", 12)
        );
    }

    #[test]
    fn a_text_without_a_trailing_number_is_round_one() {
        assert_eq!(split_message("hello"), ("hello", 1));
        assert_eq!(split_message("5869-prepare"), ("5869-prepare", 1));
        assert_eq!(split_message("-5"), ("-5", 1));
        assert_eq!(split_message("a-"), ("a-", 1));
        assert_eq!(split_message("a-99999999999"), ("a-99999999999", 1));
    }

    #[test]
    fn the_run_id_names_the_number_of_nodes() {
        assert_eq!(nodes_in_run_id("4abf-cubaan50"), Some(50));
        assert_eq!(nodes_in_run_id("cubaan50"), None);
        assert_eq!(nodes_in_run_id("x-cubaan0"), None);
    }

    #[test]
    fn names_with_spaces_are_refused() {
        assert!(RunId::new("a b").is_err());
        assert!(RunId::new("").is_err());
        assert!(NodeId::new("gossip-statefulset-0").is_ok());
    }
}
