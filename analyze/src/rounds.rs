//! Events grouped into rounds: the unit of every metric and every check.

use cnsim_records::frame::Events;

/// The rows of one input, grouped by run and round.
#[derive(Debug, Clone)]
pub struct Rounds<'a> {
    events: &'a Events,
    /// Row numbers, grouped.
    rows: Vec<u32>,
    spans: Vec<Span>,
}

/// Where one round's rows stand in `rows`.
#[derive(Debug, Clone, Copy)]
struct Span {
    run: u32,
    round: u32,
    start: usize,
    end: usize,
}

/// One round's rows, in the order in which the input holds them.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    /// The columns.
    pub events: &'a Events,
    /// Number of the run in `events.names.runs`.
    pub run: u32,
    /// The round; 0 is warm-up.
    pub round: u32,
    /// Its row numbers.
    pub rows: &'a [u32],
}

impl<'a> Rounds<'a> {
    /// Groups `events`: runs in the order of their ids, rounds in the order of their numbers.
    pub fn of(events: &'a Events) -> Self {
        let rows = grouped(events);
        let mut spans: Vec<Span> = Vec::new();
        for (position, row) in rows.iter().enumerate() {
            let (run, round) = key(events, *row);
            match spans.last_mut() {
                Some(span) if (span.run, span.round) == (run, round) => span.end = position + 1,
                _ => spans.push(Span { run, round, start: position, end: position + 1 }),
            }
        }
        Self { events, rows, spans }
    }

    /// The columns.
    pub fn events(&self) -> &'a Events {
        self.events
    }

    /// How many rounds there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// One round, by its position.
    pub fn get(&self, position: usize) -> Round<'_> {
        let span = self.spans[position];
        Round { events: self.events, run: span.run, round: span.round, rows: &self.rows[span.start..span.end] }
    }

    /// Every round, in order.
    pub fn iter(&self) -> impl Iterator<Item = Round<'_>> {
        (0..self.len()).map(|position| self.get(position))
    }
}

impl<'a> Round<'a> {
    /// The run's id.
    pub fn run_id(&self) -> &'a str {
        self.events.names.runs.text(self.run)
    }

    /// The protocol as its first record names it; may be empty.
    pub fn protocol(&self) -> &'a str {
        self.rows.first().map_or("", |row| self.events.names.protocols.text(self.events.protocol[*row as usize]))
    }
}

fn key(events: &Events, row: u32) -> (u32, u32) {
    (events.run[row as usize], events.round[row as usize])
}

/// Row numbers in the order of runs and rounds; rows of one round keep their order.
fn grouped(events: &Events) -> Vec<u32> {
    let count = u32::try_from(events.len()).expect("an input has less than 2^32 records, as its readers see to");
    let mut rows: Vec<u32> = (0..count).collect();
    if rows.is_sorted_by_key(|row| key(events, *row)) {
        return rows;
    }
    match Slots::of(events) {
        Some(slots) => slots.place(events, &mut rows),
        None => rows.sort_by_key(|row| key(events, *row)),
    }
    rows
}

/// Counting sort: one slot for each round number that a run could have up to its largest.
struct Slots {
    /// By run: the slot of its round 0.
    base: Vec<usize>,
    count: usize,
}

impl Slots {
    /// None where round numbers are so sparse that slots would need more room than the rows.
    fn of(events: &Events) -> Option<Self> {
        let runs = events.names.runs.texts().len();
        let mut rounds = vec![0_usize; runs];
        for (run, round) in events.run.iter().zip(&events.round) {
            let rounds = &mut rounds[*run as usize];
            *rounds = (*rounds).max(*round as usize + 1);
        }
        let mut base = Vec::with_capacity(runs);
        let mut count = 0_usize;
        for rounds in rounds {
            base.push(count);
            count += rounds;
        }
        (count <= events.len() + 1024).then_some(Self { base, count })
    }

    fn place(&self, events: &Events, rows: &mut [u32]) {
        let slot = |row: usize| self.base[events.run[row] as usize] + events.round[row] as usize;
        let mut next = vec![0_u32; self.count + 1];
        for row in 0..rows.len() {
            next[slot(row) + 1] += 1;
        }
        for slot in 1..next.len() {
            next[slot] += next[slot - 1];
        }
        for row in 0..rows.len() {
            let place = &mut next[slot(row)];
            rows[*place as usize] = row as u32;
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};

    fn grouping(rows: &[Row]) -> Vec<(String, u32, Vec<u32>)> {
        let events = events(rows);
        let rounds = Rounds::of(&events);
        rounds.iter().map(|round| (round.run_id().to_owned(), round.round, round.rows.to_vec())).collect()
    }

    #[test]
    fn rows_are_grouped_by_run_and_round_and_keep_their_order() {
        let row = |run, round| Row::initiate("a", 1).of_run(run).of_round(round);
        let rows = [row("s", 2), row("r", 1), row("s", 0), row("s", 2), row("r", 1)];
        let expected = [("r", 1, vec![1, 4]), ("s", 0, vec![2]), ("s", 2, vec![0, 3])];
        assert_eq!(grouping(&rows), expected.map(|(run, round, rows)| (run.to_owned(), round, rows)));
    }

    #[test]
    fn round_numbers_far_apart_are_grouped_too() {
        let rows = [4_000_000_000, 7, 4_000_000_000].map(|round| Row::initiate("a", 1).of_round(round));
        let rounds: Vec<u32> = grouping(&rows).into_iter().map(|(_, round, _)| round).collect();
        assert_eq!(rounds, [7, 4_000_000_000]);
    }

    #[test]
    fn no_event_makes_no_round() {
        assert!(Rounds::of(&events(&[])).is_empty());
    }
}
