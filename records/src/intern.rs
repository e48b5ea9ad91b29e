//! Texts to numbers: the one way for every source.

use crate::frame::Dictionary;

use crate::hash::hash;

const EMPTY: u32 = u32::MAX;

/// Distinct texts in the order in which they first came.
#[derive(Debug, Clone, Default)]
pub struct Interner {
    bytes: String,
    entries: Vec<Entry>,
    slots: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    start: u32,
    end: u32,
}

impl Interner {
    /// The number of `text`, which is new if it was never asked for. `near` is a number that it may well be.
    pub fn number(&mut self, text: &str, near: Option<&u32>) -> u32 {
        if let Some(near) = near
            && self.is(*near, text)
        {
            return *near;
        }
        if self.entries.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(text.as_bytes());
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != EMPTY {
            let number = self.slots[slot];
            if self.entries[number as usize].hash == hash && self.is(number, text) {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        let number = self.entries.len() as u32;
        self.slots[slot] = number;
        let start = self.bytes.len() as u32;
        self.bytes.push_str(text);
        let end = u32::try_from(self.bytes.len()).expect("distinct names of one input stay below 4 GiB");
        self.entries.push(Entry { hash, start, end });
        number
    }

    /// The text of a number.
    pub fn text(&self, number: u32) -> &str {
        let entry = &self.entries[number as usize];
        &self.bytes[entry.start as usize..entry.end as usize]
    }

    /// The hash of a number's text.
    pub fn hash(&self, number: u32) -> u64 {
        self.entries[number as usize].hash
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes over `other`'s texts; the result translates its numbers into ours.
    pub fn absorb(&mut self, other: &Self) -> Vec<u32> {
        (0..other.len() as u32).map(|number| self.number(other.text(number), None)).collect()
    }

    /// The texts in order, and what translates our numbers into theirs.
    pub fn sorted(&self) -> (Dictionary, Vec<u32>) {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by_key(|number| self.text(*number));
        let mut to_sorted = vec![0; order.len()];
        for (place, number) in order.iter().enumerate() {
            to_sorted[*number as usize] = place as u32;
        }
        (Dictionary::from_sorted(order.iter().map(|number| self.text(*number).to_owned()).collect()), to_sorted)
    }

    /// Whether a number's text is `text`. Comparing nothing with nothing may cost more than comparing texts: the address of
    /// an empty text need not be mapped.
    fn is(&self, number: u32, text: &str) -> bool {
        let own = self.text(number);
        own.len() == text.len() && (text.is_empty() || own == text)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        self.slots = vec![EMPTY; size];
        for (number, entry) in self.entries.iter().enumerate() {
            let mut slot = entry.hash as usize & (size - 1);
            while self.slots[slot] != EMPTY {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = number as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_lead_back_to_their_texts_through_every_translation(texts in prop::collection::vec("[a-c]{0,3}", 0..300)) {
            let (mut ours, mut other) = (Interner::default(), Interner::default());
            ours.number("zz", None);
            let numbers: Vec<u32> = texts.iter().map(|text| other.number(text, None)).collect();
            let to_ours = ours.absorb(&other);
            let (dictionary, to_sorted) = ours.sorted();
            for (text, number) in texts.iter().zip(numbers) {
                prop_assert_eq!(other.text(number), text);
                prop_assert_eq!(dictionary.text(to_sorted[to_ours[number as usize] as usize]), text);
            }
        }
    }
}
