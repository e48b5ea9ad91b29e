//! A fast 64-bit hash of texts and numbers, the same on every machine and in every run. It is not meant to withstand
//! an adversary.

const KEY: [u64; 4] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3];

/// The hash of a text.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut state = KEY[0];
    let mut chunks = bytes.chunks_exact(16);
    for chunk in &mut chunks {
        state = fold(word(&chunk[..8]) ^ state, word(&chunk[8..]) ^ KEY[1]);
    }
    let rest = chunks.remainder();
    let (low, high) = rest.split_at(rest.len().min(8));
    fold(fold(word(low) ^ state, word(high) ^ KEY[2]), KEY[3] ^ bytes.len() as u64)
}

/// A hash of several parts in an order.
#[derive(Debug, Clone, Copy)]
pub struct Mix(u64, u64);

impl Mix {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(KEY[2], KEY[3])
    }

    /// With two more parts.
    pub fn with(self, one: u64, two: u64) -> Self {
        Self(fold(self.0 ^ one, two ^ KEY[0]), fold(self.1 ^ two, one ^ KEY[1]))
    }

    /// The hash of all parts.
    pub fn finish(self) -> u128 {
        u128::from(fold(self.0, KEY[2])) << 64 | u128::from(fold(self.1, KEY[3]))
    }
}

/// Both halves of a product: the step of wyhash.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// Up to 8 bytes as a number.
fn word(bytes: &[u8]) -> u64 {
    match <[u8; 8]>::try_from(bytes) {
        Ok(bytes) => u64::from_le_bytes(bytes),
        Err(_) => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn texts_that_differ_in_one_byte_or_in_length_differ() {
        let texts = (0..40).flat_map(|length| (0..=length).map(move |at| (length, at)));
        let texts: Vec<Vec<u8>> =
            texts.map(|(length, at)| (0..length).map(|byte| u8::from(byte == at)).collect()).collect();
        let distinct: BTreeSet<_> = texts.iter().collect();
        let hashes: BTreeSet<_> = texts.iter().map(|text| hash(text)).collect();
        assert_eq!(hashes.len(), distinct.len());
    }

    #[test]
    fn the_order_of_parts_counts() {
        let mix = |a, b, c, d| Mix::new().with(a, b).with(c, d).finish();
        let all =
            [mix(1, 2, 3, 4), mix(2, 1, 3, 4), mix(3, 4, 1, 2), mix(1, 2, 4, 3), mix(0, 0, 0, 0), mix(0, 0, 0, 1)];
        assert_eq!(BTreeSet::from(all).len(), all.len());
    }
}
