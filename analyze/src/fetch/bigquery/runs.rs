//! The runs that a log sink's tables hold, and whether each looks complete.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use cnsim::id::nodes_in_run_id;

use super::error::BigQueryError;
use super::job::{self, Running};
use super::plan::{self, Request};
use super::price;
use super::pull;
use super::servers::Servers;
use super::spec::ListSpec;
use super::statement::QueryKind;
use super::time_range::{TimeRange, instant};
use crate::messages::tell;

/// How far back is looked where nothing says it.
const RECENT: TimeDelta = TimeDelta::days(7);

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRun {
    /// Its name.
    pub run_id: String,
    /// When its first entry was logged.
    pub first: DateTime<Utc>,
    /// When its last one was.
    pub last: DateTime<Utc>,
    /// Nodes, by its name or else as many as received something.
    pub nodes: u64,
    /// Messages that were begun.
    pub rounds: u64,
    /// Entries, repeats of the export included.
    pub entries: u64,
    /// First receipts.
    pub delivered: u64,
}

/// What there is.
#[derive(Debug)]
pub struct RunList {
    /// The runs, the first one first.
    pub runs: Vec<LoggedRun>,
    /// What is not there and should be known, a line each.
    pub notes: Vec<String>,
}

impl LoggedRun {
    /// First receipts of a complete run: every round reaches every other node.
    pub fn expected(&self) -> u64 {
        self.rounds * self.nodes.saturating_sub(1)
    }

    /// Whether every node seems to have received every message.
    pub fn is_complete(&self) -> bool {
        self.rounds > 0 && self.delivered >= self.expected()
    }

    fn add(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.nodes = self.nodes.max(other.nodes);
        self.rounds += other.rounds;
        self.entries += other.entries;
        self.delivered += other.delivered;
    }
}

/// Lists the runs of a window, which ends at `now` where nothing says it.
pub fn list(spec: &ListSpec, now: DateTime<Utc>) -> Result<RunList, BigQueryError> {
    let target = spec.target.resolve()?;
    let typed = |text: &Option<String>| text.as_deref().map(instant).transpose();
    let (since, until) = (typed(&spec.since)?, typed(&spec.until)?);
    let range = if spec.scan_all { TimeRange::ALL } else { TimeRange::new(now - RECENT, now + TimeDelta::days(1))? };
    let request = Request {
        dataset: target.dataset.clone(),
        table: target.table.clone(),
        location: target.location.clone(),
        kind: QueryKind::Runs,
        range: range.with(since, until)?,
        max_bytes_billed: spec.max_bytes_billed,
    };
    job::with_servers(&target, async |servers: &Servers, running: &Running| read(&request, servers, running).await)
}

async fn read(request: &Request, servers: &Servers, running: &Running) -> Result<RunList, BigQueryError> {
    let plan = plan::plan(&servers.rest, request).await?;
    plan.check(request.max_bytes_billed)?;
    tell(format_args!("reading {}", price::in_words(plan.bytes())));
    let mut runs: BTreeMap<String, LoggedRun> = BTreeMap::new();
    for part in &plan.parts {
        for row in pull::rows(&servers.rest, part, running).await? {
            let found = run(&row).ok_or_else(|| BigQueryError::Listing { row: format!("{row:?}") })?;
            runs.entry(found.run_id.clone()).and_modify(|run| run.add(&found)).or_insert(found);
        }
    }
    let mut runs: Vec<LoggedRun> = runs.into_values().collect();
    runs.sort_by(|one, other| (one.first, &one.run_id).cmp(&(other.first, &other.run_id)));
    Ok(RunList { runs, notes: plan.notes })
}

/// A run from a row of `queries/runs.sql`.
fn run(row: &[Option<String>]) -> Option<LoggedRun> {
    let text = |column: usize| row.get(column)?.as_deref();
    let number = |column: usize| text(column)?.parse::<u64>().ok();
    let time = |column: usize| DateTime::from_timestamp_micros(text(column)?.parse().ok()?);
    let run_id = text(0)?.to_owned();
    let nodes = nodes_in_run_id(&run_id).map_or_else(|| number(3), |nodes| Some(u64::from(nodes)))?;
    Some(LoggedRun {
        first: time(1)?,
        last: time(2)?,
        nodes,
        rounds: number(4)?,
        entries: number(5)?,
        delivered: number(6)?,
        run_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(run: &str, delivered: &str) -> Vec<Option<String>> {
        let cells = [run, "1742869853000000", "1742869855000000", "5", "3", "60", delivered];
        cells.iter().map(|cell| Some((*cell).to_owned())).collect()
    }

    #[test]
    fn a_run_s_nodes_are_those_of_its_name_and_else_those_that_were_seen() {
        let named = run(&row("4abf-cubaan50", "147")).unwrap();
        assert_eq!((named.nodes, named.expected(), named.is_complete()), (50, 147, true));
        let other = run(&row("hello", "11")).unwrap();
        assert_eq!((other.nodes, other.expected(), other.is_complete()), (5, 12, false));
    }

    #[test]
    fn a_run_over_midnight_is_one() {
        let (mut first, second) = (run(&row("hello", "12")).unwrap(), run(&row("hello", "11")).unwrap());
        first.add(&second);
        assert_eq!((first.rounds, first.entries, first.delivered, first.is_complete()), (6, 120, 23, false));
    }

    #[test]
    fn a_row_without_a_number_is_no_run() {
        assert_eq!(run(&row("hello", "many")), None);
        assert_eq!(run(&[]), None);
    }
}
