//! What readings of clocks may be the wrong way round before it means anything.

/// Two readings of one clock: a float64 of these years is good to 256 ns.
pub(crate) const ONE_CLOCK_NS: i64 = 1_000;

/// Two readings of clocks on different machines: seconds where nobody synchronises them.
pub(crate) const OTHER_CLOCK_NS: i64 = 60 * 1_000_000_000;

/// Two readings of a machine's wall clock, which may have been set a little without any process that noticed: nodes count steps
/// from a millisecond on.
pub(crate) const UNSEEN_STEP_NS: i64 = 1_000_000;
