//! Lists of names and of numbers in words, cut where they are long.

use std::collections::BTreeSet;

/// Names that a list has at most.
const NAMES_SHOWN: usize = 12;

/// Names with commas between them, and how many more there are.
pub(super) fn shown(names: impl IntoIterator<Item: AsRef<str>>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_owned()).collect();
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMES_SHOWN].join(", ")),
    }
}

/// Numbers with runs of them drawn together: `0-10, 12`.
pub(super) fn ranges(numbers: &BTreeSet<u32>) -> String {
    let numbers: Vec<u32> = numbers.iter().copied().collect();
    let spans = numbers.chunk_by(|a, b| a + 1 == *b);
    let spans = spans.map(|span| match span {
        [first, .., last] => format!("{first}-{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    });
    shown(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_drawn_together() {
        assert_eq!(ranges(&BTreeSet::from([0, 1, 2, 5, 7, 8])), "0-2, 5, 7-8");
    }

    #[test]
    fn many_names_are_cut() {
        assert_eq!(shown((0..14).map(|number| number.to_string())), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more");
    }
}
