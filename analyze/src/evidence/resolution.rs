//! How finely the clocks of a run were read: what all times that one node's clock gave are multiples of.

use std::collections::BTreeMap;

use cnsim::event::Kind;
use cnsim_records::columns::{EventColumns, UNKNOWN_NS};

use crate::rounds::Batch;

/// What times can be multiples of, from coarse to fine, in ns: seconds to ten microseconds. What is finer hides nothing.
const STEPS_NS: [i64; 6] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000];

/// Times that were all read to the nearest of something, by chance, would be so few.
const TIMES_MIN: u64 = 5;

/// What the times that one node's clock gave are multiples of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Reading {
    /// How many times, those that follow an equal one not counted: copies of a burst may share one reading.
    times: u64,
    last_ns: i64,
    /// Place in [`STEPS_NS`]; its length: none of them.
    step: usize,
}

/// How finely the clocks of a run's nodes were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolution {
    /// By node number.
    readings: BTreeMap<u32, Reading>,
}

impl Resolution {
    /// The same with what later rounds tell.
    fn merge(&mut self, later: Self) {
        for (node, reading) in later.readings {
            let known = self.readings.entry(node).or_default();
            *known = Reading { times: known.times + reading.times, step: known.step.max(reading.step), ..reading };
        }
    }

    /// The coarsest step that all times of some node are multiples of, in ns, and which nodes share it; none where no node's clock
    /// was read coarsely.
    pub(crate) fn coarsest(&self) -> Option<(i64, Vec<u32>)> {
        let is_telling = |reading: &&Reading| reading.times >= TIMES_MIN;
        let step = self.readings.values().filter(is_telling).map(|reading| reading.step).min()?;
        let step_ns = *STEPS_NS.get(step)?;
        let of_step = self.readings.iter().filter(|(_, reading)| is_telling(reading) && reading.step == step);
        Some((step_ns, of_step.map(|(node, _)| *node).collect()))
    }

    /// How many nodes have times enough to tell.
    pub(crate) fn nodes(&self) -> usize {
        self.readings.values().filter(|reading| reading.times >= TIMES_MIN).count()
    }
}

/// How finely the clocks of each run's nodes were read, as far as some rounds say, by run id.
pub(super) fn find_resolutions(batch: &Batch) -> BTreeMap<String, Resolution> {
    let events = &batch.columns;
    let mut runs: BTreeMap<String, Resolution> = BTreeMap::new();
    let mut rounds = batch.iter().peekable();
    while let Some(first) = rounds.peek().cloned() {
        let mut readings = vec![Reading::default(); events.names.nodes.len()];
        // Rounds of one run stand one behind the other.
        while let Some(round) = rounds.next_if(|round| round.run == first.run) {
            for row in round.rows {
                read_times(events, row, &mut readings);
            }
        }
        let known = (0..).zip(readings).filter(|(_, reading)| reading.times > 0);
        let of_run = Resolution { readings: known.collect() };
        runs.entry(first.run_id().to_owned()).or_default().merge(of_run);
    }
    runs
}

/// Adds what later rounds tell.
pub(super) fn add_resolutions(runs: &mut BTreeMap<String, Resolution>, later: BTreeMap<String, Resolution>) {
    for (run_id, resolution) in later {
        runs.entry(run_id).or_default().merge(resolution);
    }
}

fn read_times(events: &EventColumns, row: usize, readings: &mut [Reading]) {
    let reader = if events.kind[row] == Kind::Failed { events.sender[row] } else { events.receiver[row] };
    readings[reader as usize].read(events.received_ns[row]);
    if events.kind[row] != Kind::Initiate && events.sent_ns[row] != UNKNOWN_NS {
        readings[events.sender[row] as usize].read(events.sent_ns[row]);
    }
}

impl Reading {
    fn read(&mut self, time_ns: i64) {
        self.times += u64::from(self.times == 0 || time_ns != self.last_ns);
        self.last_ns = time_ns;
        while STEPS_NS.get(self.step).is_some_and(|step_ns| time_ns % step_ns != 0) {
            self.step += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};
    use crate::rounds::Rounds;

    /// The coarsest step of a run whose times are made from `times`, all of one node's clock.
    fn coarsest(times: &[i64]) -> Option<i64> {
        let rows: Vec<Row> = times.iter().map(|at_ns| Row::initiate("a", *at_ns)).collect();
        let events = events(&rows);
        let runs = find_resolutions(&Rounds::of(&events).lay_out_all());
        runs["run"].coarsest().map(|(step_ns, _)| step_ns)
    }

    #[test]
    fn the_step_is_the_coarsest_that_divides_every_time() {
        let of = |step: i64| (1..=5).map(|place| 7 * place * step).collect::<Vec<_>>();
        for step in STEPS_NS {
            assert_eq!(coarsest(&of(step)), Some(step));
        }
        assert_eq!(coarsest(&of(1_000)), None, "a microsecond hides nothing");
        assert_eq!(coarsest(&of(1_000_000)[..4]), None, "four times may be so by chance");
        assert_eq!(coarsest(&[of(1_000_000), vec![1]].concat()), None);
    }
}
