//! What a control message says: protocols tell, ask and answer each other in these.

use crate::id::Message;

/// A kind, in the protocol's own numbers, and the messages that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// Which kind; protocols count theirs from 1.
    pub kind: u8,
    /// Which messages: those of a digest, of a request.
    pub messages: Vec<Message>,
}

impl Body {
    /// The kind of an answer that says nothing.
    pub const EMPTY: u8 = 0;

    /// A body of this kind about these messages.
    pub fn new(kind: u8, messages: impl IntoIterator<Item = Message>) -> Self {
        Self { kind, messages: messages.into_iter().collect() }
    }

    /// Whether it names a message. Its messages stand in order.
    pub fn names(&self, message: Message) -> bool {
        self.messages.binary_search(&message).is_ok()
    }
}
