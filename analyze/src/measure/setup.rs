//! Set-up: what the initiator does between `initiate` and its first send.

use super::spread::Spread;

/// From `initiate` to the first send; none where either is unknown.
pub(super) fn setup_ns(spread: &Spread<'_>) -> Option<i64> {
    Some(spread.first_send_ns?.saturating_sub(spread.initiate?.at_ns))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, with_spread};
    use super::*;

    #[test]
    fn setup_ends_with_the_initiators_first_send_even_when_that_failed() {
        let rows = [
            Row::initiate("a", 100),
            Row::received("c", "b", 105, 300),
            Row::received("a", "c", 150, 200),
            Row::failed("a", "d", 140, 900),
        ];
        with_spread(&rows, |spread| assert_eq!(setup_ns(spread), Some(40)));
    }

    #[test]
    fn without_an_initiate_or_a_send_time_there_is_no_setup() {
        with_spread(&[Row::received("a", "b", 1, 2)], |spread| assert_eq!(setup_ns(spread), None));
        let unsent = [Row::initiate("a", 1), Row::received("a", "b", 1, 2).without_sent()];
        with_spread(&unsent, |spread| assert_eq!(setup_ns(spread), None));
    }
}
