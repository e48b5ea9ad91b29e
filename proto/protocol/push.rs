//! Push: forward on first receipt to a few random neighbours, up to a distance.

use super::forwarding::{Holder, Origin, all_but_sender};
use crate::id::{Hop, NodeId};

pub(super) struct Rule {
    pub(super) fanout: u32,
    pub(super) ttl: Option<u32>,
}

/// A node that does not know its distance forwards: it hears each message first only once, so the push still ends.
pub(super) fn targets(rule: Rule, me: &Holder<'_>, neighbours: &[NodeId], origin: Origin<'_>) -> Vec<usize> {
    let hop = match origin {
        Origin::Initiated => Some(Hop::ORIGIN),
        Origin::Heard { hop, .. } => hop,
    };
    if let (Some(Hop(hop)), Some(ttl)) = (hop, rule.ttl)
        && hop >= ttl
    {
        return Vec::new();
    }
    let mut candidates = all_but_sender(neighbours, origin);
    me.random("push").choose(&mut candidates, rule.fanout as usize).to_vec()
}
