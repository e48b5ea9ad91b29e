//! Whom a fault meets, as typed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quantity::{QuantityError, Share};

/// Some of a run's nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Text", into = "Text")]
pub enum Who {
    /// `all`.
    #[default]
    All,
    /// `10%`: so many of all nodes, drawn by the seed for each round anew. The initiator is not drawn for a fault that stops nodes.
    Share(Share),
    /// `["n1", "n2"]`.
    List(Vec<String>),
    /// `0..49`: places in the roster, both ends included.
    Range {
        /// The first.
        first: u32,
        /// The last.
        last: u32,
    },
    /// `best-connected:5`: those with the most neighbours; of equals, the first in the roster.
    BestConnected(u32),
    /// `around:n1`: a node and its neighbours.
    Around(String),
    /// `region:eu-de`: those in a region of `--delay regions:`.
    Region(String),
    /// `rest`: those of no other side.
    Rest,
}

/// A text that names no nodes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhoError {
    /// The share is none.
    #[error(transparent)]
    Share(#[from] QuantityError),
    /// The last place is before the first.
    #[error("{0:?}: a range goes from the lower place to the higher, as 0..49")]
    Range(String),
    /// It is none of the forms.
    #[error(
        "{0:?} names no nodes: use all, a share as 10%, a list of ids as [\"n1\", \"n2\"], a range of places as 0..49, \
         best-connected:5, around:NODE or region:NAME"
    )]
    Form(String),
}

/// How it stands in a file: a text, or a list of ids.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "use a text as \"10%\" or a list of ids")]
enum Text {
    One(String),
    List(Vec<String>),
}

impl TryFrom<Text> for Who {
    type Error = WhoError;

    fn try_from(text: Text) -> Result<Self, WhoError> {
        match text {
            Text::One(text) => text.parse(),
            Text::List(ids) => Ok(Self::List(ids)),
        }
    }
}

impl From<Who> for Text {
    fn from(who: Who) -> Self {
        match who {
            Who::List(ids) => Self::List(ids),
            Who::All
            | Who::Share(_)
            | Who::Range { .. }
            | Who::BestConnected(_)
            | Who::Around(_)
            | Who::Region(_)
            | Who::Rest => Self::One(who.to_string()),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Share(share) => share.fmt(f),
            Self::List(ids) => f.write_str(&ids.join(", ")),
            Self::Range { first, last } => write!(f, "{first}..{last}"),
            Self::BestConnected(count) => write!(f, "best-connected:{count}"),
            Self::Around(node) => write!(f, "around:{node}"),
            Self::Region(name) => write!(f, "region:{name}"),
            Self::Rest => f.write_str("rest"),
        }
    }
}

impl FromStr for Who {
    type Err = WhoError;

    fn from_str(text: &str) -> Result<Self, WhoError> {
        let form = || WhoError::Form(text.to_owned());
        match text {
            "all" => return Ok(Self::All),
            "rest" => return Ok(Self::Rest),
            _ => {}
        }
        if text.ends_with('%') {
            return Ok(Self::Share(text.parse()?));
        }
        if let Some((word, value)) = text.split_once(':') {
            return match (word, value) {
                (_, "") => Err(form()),
                ("best-connected", count) => {
                    count.parse().ok().filter(|count| *count > 0).map(Self::BestConnected).ok_or_else(form)
                }
                ("around", node) => Ok(Self::Around(node.to_owned())),
                ("region", name) => Ok(Self::Region(name.to_owned())),
                _ => Err(form()),
            };
        }
        let (first, last) = text.split_once("..").ok_or_else(form)?;
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self::Range { first, last }),
            (Ok::<u32, _>(_), Ok::<u32, _>(_)) => Err(WhoError::Range(text.to_owned())),
            (Ok(_) | Err(_), _) => Err(form()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_written_as_they_are_typed() {
        for text in ["all", "10%", "0..49", "best-connected:5", "around:n1", "region:eu-de", "rest"] {
            let json = serde_json::to_string(text).unwrap();
            let who: Who = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&who).unwrap(), json);
        }
        let list: Who = serde_json::from_str(r#"["n1","n2"]"#).unwrap();
        assert_eq!(list, Who::List(vec!["n1".to_owned(), "n2".to_owned()]));
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"["n1","n2"]"#);
    }

    #[test]
    fn what_names_no_nodes_is_refused() {
        for (text, said) in [
            ("n1", "\"n1\" names no nodes: use all, a share as 10%"),
            ("101%", "\"101%\" is out of range: use 0% to 100%"),
            ("9..3", "\"9..3\": a range goes from the lower place to the higher"),
            ("best-connected:0", "\"best-connected:0\" names no nodes"),
            ("around:", "\"around:\" names no nodes"),
        ] {
            let error = text.parse::<Who>().unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
