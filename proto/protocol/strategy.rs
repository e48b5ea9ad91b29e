//! Who tells whom: the dissemination strategies, each with its rule in a file of its own.

use std::fmt;
use std::str::FromStr;

use super::error::ParseError;
use super::forwarding::{Holder, Origin};
use super::{direct_mail, flood, push};
use crate::id::NodeId;

/// Who tells whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Only the initiator sends, to each of its neighbours (Demers et al. 1987).
    DirectMail,
    /// Every node sends on its first receipt to all neighbours but the one it heard from.
    Flood,
    /// Every node sends on its first receipt to `fanout` random neighbours but the one it heard from.
    Push {
        /// How many neighbours hear from one node; at least 1.
        fanout: u32,
        /// A node at this distance from the initiator no longer forwards; none: every node forwards once.
        ttl: Option<u32>,
    },
}

impl Strategy {
    /// The neighbours that get a copy, as indices into `neighbours`, in sending order.
    pub(crate) fn targets(self, me: &Holder<'_>, neighbours: &[NodeId], origin: Origin<'_>) -> Vec<usize> {
        match self {
            Self::DirectMail => direct_mail::targets(neighbours, origin),
            Self::Flood => flood::targets(neighbours, origin),
            Self::Push { fanout, ttl } => push::targets(push::Rule { fanout, ttl }, me, neighbours, origin),
        }
    }

    /// Whether nodes that only receive also send: then they need connections too.
    pub fn receivers_send(self) -> bool {
        match self {
            Self::DirectMail => false,
            Self::Flood | Self::Push { .. } => true,
        }
    }

    /// Whether a message may miss a node although nothing failed.
    pub fn may_miss(self, topology_complete: bool) -> bool {
        match self {
            Self::DirectMail => !topology_complete,
            Self::Flood => false,
            Self::Push { .. } => true,
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::DirectMail => f.write_str("direct-mail"),
            Self::Flood => f.write_str("flood"),
            Self::Push { fanout, ttl: None } => write!(f, "push:{fanout}"),
            Self::Push { fanout, ttl: Some(ttl) } => write!(f, "push:{fanout}:{ttl}"),
        }
    }
}

impl FromStr for Strategy {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "direct-mail" => Ok(Self::DirectMail),
            "flood" => Ok(Self::Flood),
            _ => match text.strip_prefix("push") {
                Some(numbers) => push(numbers).ok_or_else(|| ParseError::Push(text.to_owned())),
                None => Err(ParseError::Unknown(text.to_owned())),
            },
        }
    }
}

fn push(numbers: &str) -> Option<Strategy> {
    let mut parts = numbers.strip_prefix(':')?.split(':');
    let fanout = positive(parts.next()?)?;
    let ttl = match parts.next() {
        Some(text) => Some(positive(text)?),
        None => None,
    };
    parts.next().is_none().then_some(Strategy::Push { fanout, ttl })
}

fn positive(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_needs_a_fanout_and_may_have_a_ttl() {
        assert_eq!("push:3".parse(), Ok(Strategy::Push { fanout: 3, ttl: None }));
        assert_eq!("push:3:8".parse(), Ok(Strategy::Push { fanout: 3, ttl: Some(8) }));
        for bad in ["push", "push:", "push:0", "push:3:0", "push:3:8:1", "push:x", "push3"] {
            assert_eq!(bad.parse::<Strategy>(), Err(ParseError::Push(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn a_strategy_is_written_as_it_is_typed() {
        for text in ["direct-mail", "flood", "push:3", "push:3:8"] {
            assert_eq!(text.parse::<Strategy>().unwrap().to_string(), text);
        }
    }
}
