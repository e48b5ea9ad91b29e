//! A number by which two copies of one round are known, whatever their run is called.

use crate::rounds::Round;

/// A number that two rounds share only if their records agree in kind and times, in whatever order they stand.
///
/// Each record's kind, time of receipt and latency are mixed into a number of its own, and these are added: a sum does not
/// depend on the order. That two rounds of different records share it by chance has a probability of 2^-64.
pub(super) fn fingerprint(round: &Round<'_>) -> u64 {
    let events = round.events;
    let rows = round.rows.clone();
    rows.fold(0, |sum: u64, row| {
        let kind = events.kind[row] as u64;
        sum.wrapping_add(mix(mix(events.received_ns[row] as u64 ^ kind) ^ events.latency_ns[row] as u64))
    })
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on every bit of `x`.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};
    use crate::rounds::Rounds;

    fn of(rows: &[Row]) -> u64 {
        let events = events(rows);
        fingerprint(&Rounds::of(&events).lay_out_all().get(0))
    }

    #[test]
    fn names_and_order_do_not_count_and_kinds_and_times_do() {
        let (first, second) = (Row::received("a", "b", 1, 5), Row::duplicate("b", "a", 6, 9));
        let known = of(&[first, second]);
        assert_eq!(of(&[second, first]), known, "another order");
        assert_eq!(
            of(&[Row::received("x", "y", 1, 5), Row::duplicate("y", "x", 6, 9)].map(|row| row.of_run("s"))),
            known
        );
        assert_ne!(of(&[first, Row::received("b", "a", 6, 9)]), known, "another kind");
        assert_ne!(of(&[first, Row::duplicate("b", "a", 6, 10)]), known, "another time of receipt");
        assert_ne!(of(&[first, Row::duplicate("b", "a", 7, 9)]), known, "another latency");
    }
}
