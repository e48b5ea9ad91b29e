//! The known word that is most like an unknown one.

/// How alike two words must be (Jaro) for one to be a slip of the other; clap takes the same for flags.
const ALIKE: f64 = 0.7;

/// The word most like `typed`; none where none is like it.
pub(crate) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = known.into_iter().map(|word| (strsim::jaro(typed, word), word));
    let best = rated.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.filter(|(alike, _)| *alike > ALIKE).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_has_a_nearest_word_and_another_word_has_none() {
        let known = ["protocol", "payload", "period", "topology"];
        assert_eq!(nearest("protocl", known), Some("protocol"));
        assert_eq!(nearest("toplogy", known), Some("topology"));
        assert_eq!(nearest("xyz", known), None);
    }
}
