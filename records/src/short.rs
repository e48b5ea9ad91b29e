//! Short texts as numbers: two of them are compared without a call, and without a look at where an empty one lies, which is nowhere:
//! a processor may take longer over that than over all the rest of a record.

/// A text of at most 16 bytes. Two are equal where the texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    /// The first eight bytes; all of them where there are fewer.
    first: u64,
    /// The last eight bytes; nothing where there are fewer.
    last: u64,
    len: u8,
}

/// Bytes that one can have.
const LENGTH_MAX: usize = 16;

impl Short {
    /// A text; none where it is too long.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let len = u8::try_from(bytes.len()).ok().filter(|_| bytes.len() <= LENGTH_MAX)?;
        Some(match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => {
                Self { first: u64::from_le_bytes(*first), last: u64::from_le_bytes(*last), len }
            }
            (_, _) => Self { first: bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)), last: 0, len },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_texts_are_equal_where_the_texts_are(one in "[ab\0é]{0,18}", other in "[ab\0é]{0,18}") {
            let of_both = Short::of(&one).zip(Short::of(&other));
            prop_assert_eq!(of_both.is_some(), one.len() <= 16 && other.len() <= 16);
            if let Some((a, b)) = of_both {
                prop_assert_eq!(a == b, one == other);
            }
        }
    }
}
