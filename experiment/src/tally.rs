//! What the counters of all processes say about one round.

use cnsim::manifest::Resources;
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
        let waited = self.pairs().filter_map(|(before, after)| after.run_delay_ns?.checked_sub(before.run_delay_ns?));
        waited.max().map(|ns| ns as f64 / 1e6)
    }

    /// What the processes of these names used. Every process has answered for the same configuration at both ends, so that
    /// its counters are those of one life.
    pub fn resources(&self, names: &[&str]) -> Resources {
        let cpu_ns = self.each(|reply| reply.cpu_ns);
        let resident: Option<Vec<u64>> = self.after.iter().map(|reply| reply.resident_bytes).collect();
        let busiest = cpu_ns.as_ref().and_then(|all| {
            // Of equals the first.
            all.iter().zip(names).rev().max_by_key(|(ns, _)| **ns)
        });
        let ms = |ns: u64| ns as f64 / 1e6;
        Resources {
            processes: u32::try_from(names.len()).unwrap_or(u32::MAX),
            cpu_ms: cpu_ns.as_ref().map(|all| ms(all.iter().sum())),
            cpu_process_max_ms: busiest.map(|(ns, _)| ms(*ns)),
            cpu_busiest: busiest.map(|(_, name)| (*name).to_owned()),
            resident_bytes: resident.as_ref().map(|all| all.iter().sum()),
            resident_process_max_bytes: resident.and_then(|all| all.into_iter().max()),
            sent_bytes: self.each(|reply| reply.sent_bytes).map(|all| all.iter().sum()),
            received_bytes: self.each(|reply| reply.received_bytes).map(|all| all.iter().sum()),
        }
    }

    /// How much a counter grew in each process; none where one does not say, or where it went backwards.
    fn each(&self, counter: impl Fn(&WatchReply) -> Option<u64>) -> Option<Vec<u64>> {
        self.pairs().map(|(before, after)| counter(after)?.checked_sub(counter(before)?)).collect()
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

    fn used(cpu_ns: Option<u64>, resident_bytes: u64, sent_bytes: u64) -> WatchReply {
        WatchReply {
            cpu_ns,
            resident_bytes: Some(resident_bytes),
            sent_bytes: Some(sent_bytes),
            received_bytes: Some(2 * sent_bytes),
            ..WatchReply::default()
        }
    }

    #[test]
    fn what_processes_used_is_how_much_their_counters_grew() {
        let before = vec![used(Some(5_000_000), 90, 100), used(Some(1_000_000), 70, 0)];
        let after = vec![used(Some(6_500_000), 100, 300), used(Some(5_000_000), 60, 50)];

        let found = Tally { before: &before, after: &after }.resources(&["p0", "p1"]);

        let expected = Resources {
            processes: 2,
            cpu_ms: Some(5.5),
            cpu_process_max_ms: Some(4.0),
            cpu_busiest: Some("p1".to_owned()),
            resident_bytes: Some(160),
            resident_process_max_bytes: Some(100),
            sent_bytes: Some(250),
            received_bytes: Some(500),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_counter_that_is_missing_or_went_backwards_gives_no_number_and_the_others_stand() {
        let before = vec![used(Some(5), 90, 100), used(None, 70, 50)];
        let after = vec![used(Some(9), 100, 300), used(None, 60, 40)];

        let found = Tally { before: &before, after: &after }.resources(&["p0", "p1"]);

        assert_eq!((found.cpu_ms, found.cpu_process_max_ms, found.cpu_busiest), (None, None, None));
        assert_eq!((found.sent_bytes, found.received_bytes), (None, None));
        assert_eq!(found.resident_bytes, Some(160));
    }

    #[test]
    fn where_no_process_knows_its_waits_there_is_no_delay() {
        let passes = vec![reply(0, None)];
        assert_eq!(Tally { before: &passes, after: &passes }.scheduling_delay_ms(), None);
    }
}
