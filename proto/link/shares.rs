//! A whole that is split into shares, and which of them a draw falls into.

use crate::quantity::Share;
use crate::random::Random;

/// Shares that add up to 100 %.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// Up to where each share reaches, in parts of the whole.
    ends: Vec<u64>,
}

/// Shares that do not add up.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the shares add up to {sum_percent}%: make it 100%")]
pub struct SharesError {
    sum_percent: f64,
}

impl Shares {
    /// Keeps the order of `shares`. Refuses shares that do not add up to exactly 100 %.
    pub fn new(shares: &[Share]) -> Result<Self, SharesError> {
        let mut reached = 0;
        let reach = |share: &Share| {
            reached += u64::from(share.parts());
            reached
        };
        let ends: Vec<u64> = shares.iter().map(reach).collect();
        if reached != u64::from(Share::WHOLE) {
            return Err(SharesError { sum_percent: reached as f64 * 100.0 / f64::from(Share::WHOLE) });
        }
        Ok(Self { ends })
    }

    /// The place of the share that the next draw falls into; each is as likely as it is large.
    pub fn draw(&self, random: &mut Random) -> usize {
        let drawn = random.below(Share::WHOLE.into());
        self.ends.partition_point(|end| *end <= drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn a_share_is_drawn_as_often_as_it_is_large_and_an_empty_one_never() {
        let shares = Shares::new(&["20%".parse().unwrap(), Share::ZERO, "80%".parse().unwrap()]).unwrap();
        let mut counts = [0u32; 3];
        for node in 0..10_000 {
            counts[shares.draw(&mut Random::at(5, Purpose::Rate, &[node]))] += 1;
        }
        // Four standard deviations of a binomial count: 4 * sqrt(10000 * 0.2 * 0.8).
        assert!(counts[0].abs_diff(2_000) <= 160 && counts[1] == 0, "{counts:?}");
    }

    #[test]
    fn shares_that_do_not_add_up_are_told_their_sum() {
        let error = Shares::new(&["20%".parse().unwrap(), "70.5%".parse().unwrap()]).unwrap_err();
        assert_eq!(error.to_string(), "the shares add up to 90.5%: make it 100%");
        assert!(Shares::new(&[]).is_err());
    }
}
