//! What the counters of all processes say about one round.

use cnsim::wire::control::WatchReply;

use crate::cluster::Pass;

/// The counters just before a round's start, and when it ended.
#[derive(Debug, Clone, Copy)]
pub struct Tally<'a> {
    /// Just before the start.
    pub before: &'a Pass,
    /// At the end.
    pub after: &'a Pass,
}

impl Tally<'_> {
    /// How much a counter grew over all processes.
    pub fn grown(&self, counter: impl Fn(&WatchReply) -> u64) -> u64 {
        self.pairs().map(|(before, after)| counter(after).saturating_sub(counter(before))).sum()
    }

    /// The longest that one process waited for a processor; none where no process can say.
    pub fn scheduling_delay_ms(&self) -> Option<f64> {
        let waited = self.pairs().filter_map(|(before, after)| Some(after.run_delay_ns? - before.run_delay_ns?));
        waited.max().map(|ns| ns as f64 / 1e6)
    }

    fn pairs(&self) -> impl Iterator<Item = (&WatchReply, &WatchReply)> {
        self.before.iter().zip(self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(delivered: u64, run_delay_ns: Option<u64>) -> WatchReply {
        WatchReply { delivered, run_delay_ns, ..WatchReply::default() }
    }

    #[test]
    fn counters_add_up_and_the_longest_wait_counts() {
        let before = vec![reply(5, Some(1_000_000)), reply(7, Some(0)), reply(0, None)];
        let after = vec![reply(8, Some(3_500_000)), reply(9, Some(1_000_000)), reply(1, None)];
        let tally = Tally { before: &before, after: &after };

        assert_eq!(tally.grown(|reply| reply.delivered), 6);
        assert_eq!(tally.scheduling_delay_ms(), Some(2.5));
    }

    #[test]
    fn where_no_process_knows_its_waits_there_is_no_delay() {
        let passes = vec![reply(0, None)];
        assert_eq!(Tally { before: &passes, after: &passes }.scheduling_delay_ms(), None);
    }
}
