//! Events grouped into rounds: the unit of every metric and every check.

use crate::frame::Events;

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
        let mut rows: Vec<u32> = (0..events.len() as u32).collect();
        let key = |row: &u32| (events.run[*row as usize], events.round[*row as usize]);
        if !rows.is_sorted_by_key(key) {
            rows.sort_by_key(key);
        }
        let mut spans: Vec<Span> = Vec::new();
        for (position, row) in rows.iter().enumerate() {
            let (run, round) = key(row);
            match spans.last_mut() {
                Some(span) if (span.run, span.round) == (run, round) => span.end = position + 1,
                _ => spans.push(Span { run, round, start: position, end: position + 1 }),
            }
        }
        Self { events, rows, spans }
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
}
