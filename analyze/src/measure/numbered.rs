//! Texts of all inputs by number, in the order in which they first came.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Texts, each once.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    numbers: BTreeMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
}

impl Numbered {
    /// The number of a text, which is new or was there.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let (number, text): (u32, Arc<str>) = (self.texts.len() as u32, text.into());
        self.numbers.insert(Arc::clone(&text), number);
        self.texts.push(text);
        number
    }

    /// The texts, by number.
    pub(super) fn into_texts(self) -> Vec<Arc<str>> {
        self.texts
    }
}
