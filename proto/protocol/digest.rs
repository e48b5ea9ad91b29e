//! Digests: what a node says it holds, and what another can tell from it.

use super::body::Body;
use super::view::View;
use crate::id::Message;

/// All that a node knows.
pub(super) fn digest(kind: u8, view: &View<'_>) -> Body {
    Body::new(kind, view.known())
}

/// What this node knows and the digest does not name.
pub(super) fn missing_there(body: &Body, view: &View<'_>) -> Vec<Message> {
    view.known().filter(|message| !body.names(*message)).collect()
}

/// What the digest names and this node does not hold.
pub(super) fn missing_here(body: &Body, view: &View<'_>) -> Vec<Message> {
    body.messages.iter().copied().filter(|message| !view.holds(*message)).collect()
}
