//! Copies: how many were sent, how many of them came too late, how many failed.

use cnsim::event::Kind;
use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, JoinArgs, JoinType, LazyFrame, PolarsResult, UniqueKeepStrategy, col, cols,
    concat, len,
};

use super::coverage::DELIVERED;
use super::frames::{PLACE, RECEIVER, SEND, SENDER, is};

/// Copies that reached a node, whether or not it held the message.
pub(super) const ARRIVED: &str = "arrived";
/// Sends without an acknowledgment; one that is logged twice is one.
pub(super) const FAILED: &str = "failed";
/// Failed sends of which no copy arrived.
pub(super) const UNDELIVERED: &str = "undelivered";
/// Copies that reached a node which held the message: whatever arrived and is no first receipt.
pub(super) const DUPLICATES: &str = "duplicates";
/// Copies that arrived, and failed sends of which no copy arrived.
pub(super) const SENDS: &str = "sends";

/// The copies of some rounds, told apart by what became of them.
pub(super) struct Copies {
    arrived: LazyFrame,
    failed: DataFrame,
    undelivered: DataFrame,
}

impl Copies {
    /// Tells the rows of a frame of copies apart. A failed copy without a name matches no other; one whose copy arrived has
    /// only lost its acknowledgment.
    pub(super) fn of(copies: &DataFrame) -> PolarsResult<Self> {
        let arrived = copies.clone().lazy().filter(is(Kind::Received).or(is(Kind::Duplicate)));
        let failed = copies.clone().lazy().filter(is(Kind::Failed)).collect()?;
        if failed.height() == 0 {
            return Ok(Self { arrived, undelivered: failed.clone(), failed });
        }
        let unnamed = failed.clone().lazy().filter(col(SEND).is_null());
        let named = failed.lazy().filter(col(SEND).is_not_null()).sort([PLACE, SEND, SENDER], Default::default());
        let named = named.unique_stable(Some(cols([PLACE, SEND])), UniqueKeepStrategy::First);
        let failed = concat([unnamed, named], Default::default())?.collect()?;
        let on = [col(PLACE), col(SEND)];
        let undelivered =
            failed.clone().lazy().join(arrived.clone(), &on, &on, JoinArgs::new(JoinType::Anti)).collect()?;
        Ok(Self { arrived, failed, undelivered })
    }

    /// By [`PLACE`]: how many [`ARRIVED`], [`FAILED`] and were [`UNDELIVERED`], a frame each.
    pub(super) fn counts(&self) -> [LazyFrame; 3] {
        let count = |copies: LazyFrame, name: &str| {
            copies.group_by([col(PLACE)]).agg([len().cast(DataType::UInt64).alias(name)])
        };
        [
            count(self.arrived.clone(), ARRIVED),
            count(self.failed.clone().lazy(), FAILED),
            count(self.undelivered.clone().lazy(), UNDELIVERED),
        ]
    }

    /// The copies that were sent: what arrived, and failed sends of which no copy arrived. They add up to a round's sends.
    pub(super) fn sent(&self) -> PolarsResult<LazyFrame> {
        let columns = [col(PLACE), col(SENDER)];
        let arrived = self.arrived.clone().select(&columns);
        if self.undelivered.height() == 0 {
            return Ok(arrived);
        }
        concat([arrived, self.undelivered.clone().lazy().select(&columns)], Default::default())
    }

    /// The copies that arrived, with [`RECEIVER`].
    pub(super) fn arrived(&self) -> LazyFrame {
        self.arrived.clone().select([col(PLACE), col(RECEIVER)])
    }
}

/// Of a round's counts: its [`DUPLICATES`] and [`SENDS`].
pub(super) fn totals() -> [Expr; 2] {
    [
        (col(ARRIVED) - col(DELIVERED).cast(DataType::UInt64)).alias(DUPLICATES),
        (col(ARRIVED) + col(UNDELIVERED)).alias(SENDS),
    ]
}

/// sends / reached - 1, where reached counts the initiator (after Leitão et al. 2007); none where nobody else was
/// reached.
pub(super) fn redundancy(sends: u64, delivered: u32) -> Option<f64> {
    (delivered > 0).then(|| sends as f64 / (f64::from(delivered) + 1.0) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, events, measured};
    use super::super::{frames, load};
    use super::*;
    use crate::rounds::Rounds;

    /// Duplicates, failed sends and sends of a round.
    fn copies_of(rows: &[Row]) -> [u64; 3] {
        let round = measured(rows);
        [round.duplicates.unwrap(), round.failed, round.sends.unwrap()]
    }

    #[test]
    fn whatever_is_no_first_receipt_is_a_duplicate() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2),
            Row::received("a", "b", 1, 3),
            Row::duplicate("b", "c", 3, 4),
            Row::received("b", "a", 3, 4),
        ];
        assert_eq!(copies_of(&rows), [3, 0, 4]);
    }

    #[test]
    fn a_failed_send_whose_copy_arrived_is_one_send() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2).with_send(11),
            Row::failed("a", "b", 1, 9).with_send(11),
            Row::failed("a", "c", 1, 9).with_send(12),
            Row::failed("a", "c", 1, 9).with_send(12),
        ];
        assert_eq!(copies_of(&rows), [0, 2, 2]);
    }

    #[test]
    fn failed_sends_without_a_name_are_all_counted() {
        let rows = [Row::received("a", "b", 1, 2), Row::failed("a", "b", 1, 9), Row::failed("a", "b", 1, 9)];
        assert_eq!(copies_of(&rows), [0, 2, 3]);
    }

    #[test]
    fn what_nodes_sent_adds_up_to_the_sends() {
        let rows = [
            Row::initiate("a", 0),
            Row::received("a", "b", 1, 2).with_send(11),
            Row::failed("a", "b", 1, 9).with_send(11),
            Row::duplicate("b", "a", 3, 4),
            Row::failed("b", "c", 1, 9).with_send(12),
            Row::failed("b", "c", 1, 9).with_send(12),
            Row::failed("c", "a", 1, 9),
        ];
        let (events, of_round) = (events(&rows), |frame| load::by_round(&frame, 1).unwrap().swap_remove(0));
        let copies = Copies::of(&frames::copies(&Rounds::of(&events).lay_out_all()).unwrap()).unwrap();
        assert_eq!(of_round(load::sent_by_node(copies.sent().unwrap()).unwrap()), [(0, 1), (1, 2), (2, 1)]);
        assert_eq!(of_round(load::count_by_node(copies.arrived(), RECEIVER).unwrap()), [(0, 1), (1, 1)]);
        assert_eq!(copies_of(&rows)[2], 4);
    }

    #[test]
    fn redundancy_counts_the_initiator_among_the_reached() {
        assert_eq!(redundancy(8, 3), Some(1.0));
        assert_eq!(redundancy(0, 0), None);
    }
}
