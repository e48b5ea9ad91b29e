//! A few of many: numbers at even distances, for what has more points than a figure can show apart.

/// At most `max` of the numbers below `count`, the first and the last among them, at distances that differ by one.
pub(super) fn evenly(count: usize, max: usize) -> impl Iterator<Item = usize> {
    let taken = count.min(max);
    (0..taken).map(move |place| if taken < count { place * (count - 1) / (taken - 1) } else { place })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_first_and_the_last() {
        assert_eq!(evenly(3, 200).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(evenly(11, 3).collect::<Vec<_>>(), [0, 5, 10]);
        assert_eq!(evenly(0, 3).count(), 0);
        let thinned: Vec<usize> = evenly(1000, 200).collect();
        assert_eq!((thinned.len(), thinned[0], thinned[199]), (200, 0, 999));
        assert!(thinned.is_sorted_by(|a, b| a < b));
    }
}
