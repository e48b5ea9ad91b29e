//! The number at which a rising score reaches what is wanted.

/// Where to look for a number with a given score.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    /// The number lies above it.
    pub(super) low: f64,
    /// The number is at most that.
    pub(super) high: f64,
    /// Where the score is about 0.
    pub(super) middle: f64,
    /// About how far it is from there to where the score is 1.
    pub(super) scale: f64,
    /// Numbers that differ by no more are one.
    pub(super) resolution: f64,
    /// Scores that differ by no more are one.
    pub(super) close: f64,
}

impl Search {
    /// The number at which a score that rises with it reaches `target`, by secants. Where a few do not get there, because
    /// the score has steps, every second one halves what is left.
    pub(super) fn reaching(self, target: f64, score: impl Fn(f64) -> f64) -> f64 {
        const SECANTS: usize = 8;
        const STEPS_MAX: usize = 200;
        let (mut low, mut high) = (self.low, self.high);
        let mut slope = 1.0 / self.scale;
        let mut last: Option<(f64, f64)> = None;
        let mut at = self.middle + target * self.scale;
        for step in 1..=STEPS_MAX {
            if (step > SECANTS && step % 2 == 0) || !(low < at && at < high) {
                at = low.midpoint(high);
            }
            if high - low <= self.resolution {
                break;
            }
            let found = score(at);
            if (found - target).abs() <= self.close {
                return at;
            }
            if found < target {
                low = at
            } else {
                high = at
            }
            if let Some((before, score)) = last
                && ((found - score) / (at - before)).is_normal()
            {
                slope = (found - score) / (at - before);
            }
            last = Some((at, found));
            at += (target - found) / slope;
        }
        high
    }
}
