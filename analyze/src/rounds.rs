//! Events grouped into rounds: the unit of every metric and every check.

mod beginnings;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use cnsim::event::Kind;
use cnsim_records::columns::{EventColumns, EventNames, numbers, plain_values};
use cnsim_records::events::Events;
use cnsim_records::schema::{KIND, ROUND, RUN};
use polars::prelude::{DataFrame, IdxCa, IdxSize, NamedFrom, PolarsResult, UInt32Type};

use crate::inputs::About;

pub(crate) use beginnings::{Apart, Beginnings};

/// Rows that are laid out at once, but that a round is never cut: enough that a query costs little beside them, few enough
/// that they stay near the processor.
const BATCH_ROWS: usize = 1 << 17;

/// The rows of one input, grouped by run and round.
#[derive(Debug)]
pub struct Rounds<'a> {
    events: &'a Events,
    /// Row numbers, grouped; none where the rows lie so already.
    order: Option<Vec<u32>>,
    spans: Vec<Span>,
    begun_apart: Vec<BegunApart>,
}

/// A message that was begun several times and whose records tell the beginnings apart: so many rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BegunApart {
    /// The run's id.
    pub(crate) run_id: String,
    /// The numbers under which its rounds stand, in the order of time. The first is the one in its records.
    pub(crate) rounds: Vec<u32>,
}

/// Where one round's rows stand in the order of rounds.
#[derive(Debug, Clone, Copy)]
struct Span {
    run: u32,
    round: u32,
    message: u32,
    start: usize,
    end: usize,
}

/// A round that is several ones.
struct Windows {
    /// When each of them began, in order.
    begun_ns: Vec<i64>,
    /// The place of the one that each row belongs to.
    of_rows: Vec<usize>,
}

/// Some whole rounds: their rows in the order of rounds, those of a round in the order in which the input holds them.
#[derive(Debug)]
pub struct Batch {
    /// The rows as plain slices.
    pub columns: EventColumns,
    spans: Vec<Span>,
}

/// One round's rows.
#[derive(Debug, Clone)]
pub struct Round<'a> {
    /// The columns.
    pub events: &'a EventColumns,
    /// Number of the run in `events.names.runs`.
    pub run: u32,
    /// The round; 0 is warm-up.
    pub round: u32,
    /// The round that its records name: another one where their message was begun several times.
    pub message: u32,
    /// Its rows.
    pub rows: Range<usize>,
}

impl<'a> Rounds<'a> {
    /// Groups the events of an input. A message that was begun several times is as many rounds where its records tell these apart;
    /// not in a run with a manifest, which says what its rounds were.
    pub fn of_input(about: &About, events: &'a Events) -> Self {
        let mut rounds = Self::of(events);
        if rounds.is_empty() {
            return rounds;
        }
        let found = rounds.find_begun_apart(about).expect("events have kinds");
        rounds.tell_apart(found);
        rounds
    }

    /// Groups `events`: runs in the order of their ids, rounds in the order of their numbers.
    pub fn of(events: &'a Events) -> Self {
        if events.is_empty() {
            return Self { events, order: None, spans: Vec::new(), begun_apart: Vec::new() };
        }
        let keys = Keys::of(events).expect("events have runs and rounds");
        let order = keys.grouped(events.names().runs.len());
        let key = |position: usize| keys.get(order.as_ref().map_or(position, |order| order[position] as usize));
        let mut spans: Vec<Span> = Vec::new();
        for position in 0..events.len() {
            let (run, round) = key(position);
            match spans.last_mut() {
                Some(span) if (span.run, span.round) == (run, round) => span.end = position + 1,
                _ => spans.push(Span { run, round, message: round, start: position, end: position + 1 }),
            }
        }
        Self { events, order, spans, begun_apart: Vec::new() }
    }

    /// The messages that are several rounds.
    pub(crate) fn into_begun_apart(self) -> Vec<BegunApart> {
        self.begun_apart
    }

    /// The texts behind the numbers.
    pub fn names(&self) -> &'a EventNames {
        self.events.names()
    }

    /// How many rounds there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The run's id and the number of every round, in order.
    pub fn keys(&self) -> impl Iterator<Item = (&'a str, u32)> {
        let names = self.events.names();
        self.spans.iter().map(|span| (names.runs.text(span.run), span.round))
    }

    /// The rounds of each batch, by position.
    pub fn batches(&self) -> Vec<Range<usize>> {
        let mut batches = Vec::new();
        let mut first = 0;
        for (position, span) in self.spans.iter().enumerate() {
            if span.end - self.spans[first].start >= BATCH_ROWS || position + 1 == self.spans.len() {
                batches.push(first..position + 1);
                first = position + 1;
            }
        }
        batches
    }

    /// What each batch comes to, in order. The threads are its own: those of a pool would begin other batches while one waits
    /// for Polars, each with its rows laid out.
    pub fn map_batches<T: Send>(&self, examine: impl Fn(&Batch) -> T + Sync) -> Vec<T> {
        let (batches, next) = (self.batches(), AtomicUsize::new(0));
        let work = || {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(batch) = batches.get(place) else { return done };
                done.push((place, examine(&self.lay_out(batch.clone()))));
            }
        };
        let threads = rayon::current_num_threads().min(batches.len());
        let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("a batch is examined without a panic")).collect()
        });
        done.sort_by_key(|(place, _)| *place);
        done.into_iter().map(|(_, examined)| examined).collect()
    }

    /// Lays the rounds at some positions out.
    pub fn lay_out(&self, rounds: Range<usize>) -> Batch {
        let Some(spans) = self.spans.get(rounds).filter(|spans| !spans.is_empty()) else {
            return Batch { columns: EventColumns::default(), spans: Vec::new() };
        };
        let (start, end) = (spans[0].start, spans[spans.len() - 1].end);
        let frame = self.rows(start..end).expect("rows of a frame can be taken out of it");
        let columns = EventColumns::of(&frame, self.events.names()).expect("the frame is one of events");
        let within = |span: &Span| Span { start: span.start - start, end: span.end - start, ..*span };
        Batch { columns, spans: spans.iter().map(within).collect() }
    }

    /// All rounds at once, for small inputs.
    pub fn lay_out_all(&self) -> Batch {
        self.lay_out(0..self.len())
    }

    /// The rounds, by position, that are several ones.
    fn find_begun_apart(&self, about: &About) -> PolarsResult<BTreeMap<usize, Windows>> {
        let kinds = numbers(self.events.frame().column(KIND)?)?;
        let row = |place: usize| self.order.as_ref().map_or(place, |order| order[place] as usize);
        let begins = |place: &usize| kinds[row(*place)] == Kind::Initiate as u32;
        let names = self.names();
        let is_begun_again = |position: &usize| {
            let span = self.spans[*position];
            let is_driven = about.runs.contains_key(names.runs.text(span.run));
            !is_driven && (span.start..span.end).filter(begins).nth(1).is_some()
        };
        let mut found = BTreeMap::new();
        for range in self.batches() {
            let again: Vec<usize> = range.clone().filter(is_begun_again).collect();
            if again.is_empty() {
                continue;
            }
            let batch = self.lay_out(range.clone());
            for position in again {
                let rows = batch.get(position - range.start).rows;
                let of_message = Beginnings::of(&batch.columns, rows.clone());
                let Some(beginnings) = of_message.filter(|it| it.verdict == Apart::Yes) else { continue };
                let of_rows = rows.map(|row| beginnings.window(batch.columns.received_ns[row])).collect();
                found.insert(position, Windows { begun_ns: beginnings.begun_ns, of_rows });
            }
        }
        Ok(found)
    }

    /// Makes rounds of the beginnings of some: the first keeps its number, the others have those after the highest of the run, in the
    /// order of time.
    fn tell_apart(&mut self, found: BTreeMap<usize, Windows>) {
        if found.is_empty() {
            return;
        }
        // Spans are in order, so that the last of a run stays.
        let mut highest: BTreeMap<u32, u32> = self.spans.iter().map(|span| (span.run, span.round)).collect();
        let begun = |(position, windows): (&usize, &Windows)| {
            let (run, position) = (self.spans[*position].run, *position);
            windows.begun_ns.iter().skip(1).map(|at_ns| (run, *at_ns, position)).collect::<Vec<_>>()
        };
        let mut again: Vec<(u32, i64, usize)> = found.iter().flat_map(begun).collect();
        again.sort_unstable();
        let mut rounds: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (run, _, position) in again {
            let highest = highest.get_mut(&run).expect("every run has a highest round");
            // Numbers that run out leave one round, which is told as such.
            let Some(next) = highest.checked_add(1) else { return };
            *highest = next;
            rounds.entry(position).or_insert_with(|| vec![self.spans[position].round]).push(next);
        }
        let run_id = |position: &usize| self.events.names().runs.text(self.spans[*position].run).to_owned();
        let apart = rounds.iter().map(|(at, rounds)| BegunApart { run_id: run_id(at), rounds: rounds.clone() });
        self.begun_apart = apart.collect();
        self.split(&rounds, &found);
    }

    /// Splits rounds into those of these numbers.
    fn split(&mut self, rounds: &BTreeMap<usize, Vec<u32>>, found: &BTreeMap<usize, Windows>) {
        let old = self.order.take().unwrap_or_else(|| (0..self.events.len() as u32).collect());
        let mut parts: Vec<(Span, Vec<u32>)> = Vec::new();
        for (position, span) in self.spans.iter().enumerate() {
            let rows = &old[span.start..span.end];
            let Some(windows) = found.get(&position) else {
                parts.push((*span, rows.to_vec()));
                continue;
            };
            for (number, round) in rounds[&position].iter().enumerate() {
                let of_window = rows.iter().zip(&windows.of_rows).filter(|(_, window)| **window == number);
                parts.push((Span { round: *round, ..*span }, of_window.map(|(row, _)| *row).collect()));
            }
        }
        parts.sort_by_key(|(span, _)| (span.run, span.round));
        let mut order = Vec::with_capacity(old.len());
        self.spans.clear();
        for (span, rows) in parts {
            let start = order.len();
            order.extend(rows);
            self.spans.push(Span { start, end: order.len(), ..span });
        }
        self.order = Some(order);
    }

    /// The rows at some places in the order of rounds.
    fn rows(&self, places: Range<usize>) -> PolarsResult<DataFrame> {
        match &self.order {
            None => Ok(self.events.frame().slice(places.start as i64, places.len())),
            Some(order) => {
                let rows: Vec<IdxSize> = order[places].to_vec();
                self.events.frame().take(&IdxCa::new("".into(), rows))
            }
        }
    }
}

impl Batch {
    /// How many rounds it has.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// One round, by its position.
    pub fn get(&self, position: usize) -> Round<'_> {
        let span = self.spans[position];
        let Span { run, round, message, start, end } = span;
        Round { events: &self.columns, run, round, message, rows: start..end }
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
        self.rows.clone().next().map_or("", |row| self.events.names.protocols.text(self.events.protocol[row]))
    }
}

/// The run and the round of every row.
struct Keys {
    runs: Vec<u32>,
    rounds: Vec<u32>,
}

impl Keys {
    fn of(events: &Events) -> PolarsResult<Self> {
        let rounds = plain_values::<UInt32Type>(events.frame().column(ROUND)?, 0)?;
        Ok(Self { runs: numbers(events.frame().column(RUN)?)?, rounds })
    }

    fn get(&self, row: usize) -> (u32, u32) {
        (self.runs[row], self.rounds[row])
    }

    /// Row numbers in the order of runs and rounds; rows of one round keep their order. None where rows lie so already.
    fn grouped(&self, runs: usize) -> Option<Vec<u32>> {
        let rows = self.runs.len();
        if (1..rows).all(|row| self.get(row - 1) <= self.get(row)) {
            return None;
        }
        let count = u32::try_from(rows).expect("an input has less than 2^32 records, as its readers see to");
        let mut order: Vec<u32> = (0..count).collect();
        match Slots::of(self, runs) {
            Some(slots) => slots.place(self, &mut order),
            None => order.sort_by_key(|row| self.get(*row as usize)),
        }
        Some(order)
    }
}

/// Counting sort: one slot for each round number that a run could have up to its largest.
struct Slots {
    /// By run: the slot of its round 0.
    base: Vec<usize>,
    count: usize,
}

impl Slots {
    /// None where round numbers are so sparse that slots would need more room than the rows.
    fn of(keys: &Keys, runs: usize) -> Option<Self> {
        let mut rounds = vec![0_usize; runs];
        for (run, round) in keys.runs.iter().zip(&keys.rounds) {
            let rounds = &mut rounds[*run as usize];
            *rounds = (*rounds).max(*round as usize + 1);
        }
        let mut base = Vec::with_capacity(runs);
        let mut count = 0_usize;
        for rounds in rounds {
            base.push(count);
            count += rounds;
        }
        (count <= keys.runs.len() + 1024).then_some(Self { base, count })
    }

    fn place(&self, keys: &Keys, order: &mut [u32]) {
        let slot = |row: usize| self.base[keys.runs[row] as usize] + keys.rounds[row] as usize;
        let mut next = vec![0_u32; self.count + 1];
        for row in 0..order.len() {
            next[slot(row) + 1] += 1;
        }
        for slot in 1..next.len() {
            next[slot] += next[slot - 1];
        }
        for row in 0..order.len() {
            let place = &mut next[slot(row)];
            order[*place as usize] = row as u32;
            *place += 1;
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, events};

    fn grouping(rows: &[Row]) -> Vec<(String, u32, Vec<i64>)> {
        let events = events(rows);
        let rounds = Rounds::of(&events);
        let batch = rounds.lay_out_all();
        let rows = |round: &Round<'_>| round.rows.clone().map(|row| batch.columns.received_ns[row]).collect();
        batch.iter().map(|round| (round.run_id().to_owned(), round.round, rows(&round))).collect()
    }

    #[test]
    fn rows_are_grouped_by_run_and_round_and_keep_their_order() {
        let row = |at_ns, run, round| Row::initiate("a", at_ns).of_run(run).of_round(round);
        let rows = [row(0, "s", 2), row(1, "r", 1), row(2, "s", 0), row(3, "s", 2), row(4, "r", 1)];
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
