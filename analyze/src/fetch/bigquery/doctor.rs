//! `doctor`: the way of records through BigQuery, step by step: what was checked, what is wrong, what to type.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use cnsim::event::{Column, Kind};

use super::client::rest::{Partition, TableFacts};
use super::error::BigQueryError;
use super::job::{self, Running};
use super::names::TableName;
use super::plan::{self, Plan, Request};
use super::price;
use super::pull;
use super::servers::Servers;
use super::spec::DoctorSpec;
use super::statement::QueryKind;
use super::tables::{self, FoundTables};
use super::target::Target;
use super::time_range::TimeRange;

/// How far back is looked.
const RECENT: TimeDelta = TimeDelta::days(7);
/// An entry should not take longer than this.
const LAG_S: u64 = 600;
/// What to type for a sink.
const SINK: &str = "type `cnsim-analyze doctor --print-sink`";

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Good,
    /// Worth knowing.
    Fair,
    /// To be mended.
    Bad,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// How it is.
    pub health: Health,
    /// What was checked.
    pub what: &'static str,
    /// What was found, and what to type.
    pub found: String,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.health {
            Health::Good => "ok",
            Health::Fair => "note",
            Health::Bad => "WRONG",
        };
        write!(f, "{word:<5}  {}: {}", self.what, self.found)
    }
}

impl Diagnosis {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { health: Health::Good, what, found: found.into() }
    }

    fn fair(what: &'static str, found: impl Into<String>) -> Self {
        Self { health: Health::Fair, what, found: found.into() }
    }

    fn bad(what: &'static str, found: impl Into<String>) -> Self {
        Self { health: Health::Bad, what, found: found.into() }
    }
}

/// Examines a target. What cannot be checked because of what is wrong before it is left out.
pub fn examine(spec: &DoctorSpec, now: DateTime<Utc>) -> Result<Vec<Diagnosis>, BigQueryError> {
    let target = spec.target.resolve()?;
    let range = TimeRange::new(now - RECENT, now + TimeDelta::days(1))?;
    let request = Request {
        dataset: target.dataset.clone(),
        table: target.table.clone(),
        location: target.location.clone(),
        kind: QueryKind::Arrivals,
        range,
        max_bytes_billed: spec.max_bytes_billed,
    };
    let done = job::with_servers(&target, async |servers: &Servers, running: &Running| {
        Ok(Examination { target: &target, request: &request, servers, now }.checks(running).await)
    });
    match done {
        Err(BigQueryError::Api(error)) => Ok(vec![Diagnosis::bad("credentials", error.to_string())]),
        done => done,
    }
}

struct Examination<'a> {
    target: &'a Target,
    request: &'a Request,
    servers: &'a Servers,
    now: DateTime<Utc>,
}

impl Examination<'_> {
    async fn checks(&self, running: &Running) -> Vec<Diagnosis> {
        let rest = &self.servers.rest;
        let mut checks = vec![Diagnosis::good("credentials", rest.whose())];
        match rest.tables(&self.target.dataset).await {
            Ok(tables) => {
                checks.push(Diagnosis::good("API", format!("{} has {} tables", self.target.dataset, tables.len())));
            }
            Err(error) => {
                checks.push(Diagnosis::bad("API", error.to_string()));
                return checks;
            }
        }
        let found = match tables::find(rest, &self.target.dataset, &self.target.table, &self.request.range).await {
            Ok(found) => found,
            Err(error) => {
                checks.push(Diagnosis::bad("table", format!("{error}; for a sink {SINK}")));
                return checks;
            }
        };
        checks.push(kind(&found));
        checks.extend(found.notes.iter().map(|note| Diagnosis::fair("table", note.clone())));
        checks.extend(found.unfit.iter().map(|unfit| Diagnosis::bad("columns", format!("{unfit}; for a sink {SINK}"))));
        checks.extend(columns(&found.tables));
        checks.push(self.storage(&found).await);
        checks.extend(self.arrivals(running).await);
        checks
    }

    /// Whether rows may be read in bulk: a session that is opened and not read costs nothing.
    async fn storage(&self, found: &FoundTables) -> Diagnosis {
        let Some(storage) = &self.servers.storage else {
            return Diagnosis::fair("Storage Read", "there is no --storage-endpoint: rows come page by page");
        };
        let (table, _) = &found.tables[0];
        let (of, name) = (table.dataset(), table.table());
        let path = format!("projects/{}/datasets/{}/tables/{name}", of.project(), of.dataset());
        match storage.session(of.project(), &path, 1).await {
            Ok(_) => Diagnosis::good("Storage Read", "it is permitted"),
            Err(error) => Diagnosis::fair("Storage Read", error.to_string()),
        }
    }

    /// What has arrived of late.
    async fn arrivals(&self, running: &Running) -> Vec<Diagnosis> {
        let plan = match plan::plan(&self.servers.rest, self.request).await {
            Ok(plan) => plan,
            Err(error) => return vec![Diagnosis::bad("queries", error.to_string())],
        };
        let bytes = price::in_words(plan.bytes());
        if let Err(error) = plan.check(self.request.max_bytes_billed) {
            return vec![Diagnosis::bad("queries", error.to_string())];
        }
        let mut checks = vec![Diagnosis::good("queries", format!("a look at the last 7 days reads {bytes}"))];
        match self.kinds(&plan, running).await {
            Ok(kinds) => checks.extend(arrived(&kinds, self.now)),
            Err(error) => checks.push(Diagnosis::bad("records", error.to_string())),
        }
        checks
    }

    async fn kinds(&self, plan: &Plan, running: &Running) -> Result<BTreeMap<String, Arrived>, BigQueryError> {
        let mut kinds: BTreeMap<String, Arrived> = BTreeMap::new();
        for part in &plan.parts {
            for row in pull::rows(&self.servers.rest, part, running).await? {
                let (kind, one) = arrival(&row).ok_or_else(|| BigQueryError::Listing { row: format!("{row:?}") })?;
                let all = kinds.entry(kind).or_default();
                *all = Arrived {
                    entries: all.entries + one.entries,
                    last_us: all.last_us.max(one.last_us),
                    lag_s: all.lag_s.max(one.lag_s),
                };
            }
        }
        Ok(kinds)
    }
}

/// What has arrived of one kind of event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Arrived {
    entries: u64,
    last_us: i64,
    lag_s: u64,
}

/// A row of `queries/arrivals.sql`.
fn arrival(row: &[Option<String>]) -> Option<(String, Arrived)> {
    let text = |column: usize| row.get(column)?.as_deref();
    let lag_s = text(3).and_then(|lag| lag.parse().ok()).unwrap_or(0);
    Some((text(0)?.to_owned(), Arrived { entries: text(1)?.parse().ok()?, last_us: text(2)?.parse().ok()?, lag_s }))
}

fn kind(found: &FoundTables) -> Diagnosis {
    let (table, facts) = &found.tables[0];
    match (&facts.partition, found.tables.len()) {
        (Partition::Column(column), _) => Diagnosis::good("table", format!("{table} is divided by {column}")),
        (Partition::Ingestion, _) => Diagnosis::good("table", format!("{table} is divided by when entries came in")),
        (Partition::None, _) if table.table().ends_with(|c: char| c.is_ascii_digit()) => Diagnosis::good(
            "table",
            format!(
                "{} is one of a table for each day: a change of a field's type between days needs a look; one table, \
                 divided by time, has no such days: {SINK}",
                table
            ),
        ),
        (Partition::None, _) => {
            Diagnosis::fair("table", format!("{table} is not divided by time: every query reads all of it: {SINK}"))
        }
    }
}

/// What the columns are, in every table.
fn columns(tables: &[(TableName, TableFacts)]) -> Vec<Diagnosis> {
    let mut checks = Vec::new();
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    for (table, facts) in tables {
        for column in Column::ALL {
            let path = format!("jsonpayload.{}", column.name());
            match facts.columns.iter().find(|(there, _)| *there == path) {
                None => {
                    missing.insert(column.name());
                }
                Some((_, kind)) if !fits(*column, kind) => checks.push(Diagnosis::bad(
                    "columns",
                    format!(
                        "{table}: {path} is {kind}: another program's entry came first, and the sink drops ours: delete \
                         the table, and give the nodes a sink of their own: {SINK}"
                    ),
                )),
                Some(_) => {}
            }
        }
    }
    if !missing.is_empty() {
        let names: Vec<&str> = missing.into_iter().collect();
        checks.push(Diagnosis::fair(
            "columns",
            format!(
                "no {}: they are null, as in logs of the published system and of earlier versions",
                names.join(", ")
            ),
        ));
    }
    checks.extend(drift(tables));
    if checks.is_empty() {
        checks.push(Diagnosis::good("columns", "every field of a record has a column of its type"));
    }
    checks
}

/// Whether a column's type is one that the record's field can have made.
fn fits(column: Column, kind: &str) -> bool {
    let is_number = matches!(kind, "FLOAT" | "FLOAT64" | "INTEGER" | "INT64" | "NUMERIC");
    match column {
        Column::ReceivedTimestamp
        | Column::PropagationTime
        | Column::Round
        | Column::Nodes
        | Column::Hop
        | Column::Seq
        | Column::Bytes
        | Column::Format
        | Column::Incarnation => is_number,
        Column::Message
        | Column::SenderId
        | Column::ReceiverId
        | Column::EventType
        | Column::Detail
        | Column::RunId
        | Column::Protocol
        | Column::Condition
        | Column::SentNs
        | Column::ReceivedNs
        | Column::SendId
        | Column::Reason
        | Column::Clock
        | Column::Topic
        | Column::Process
        | Column::Host => kind == "STRING",
    }
}

/// Columns of a record that change their type between days.
fn drift(tables: &[(TableName, TableFacts)]) -> Vec<Diagnosis> {
    let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, kind) in tables.iter().flat_map(|(_, facts)| &facts.columns) {
        if path.starts_with("jsonpayload.") {
            kinds.entry(path).or_default().insert(kind);
        }
    }
    let changing = kinds.into_iter().filter(|(_, kinds)| kinds.len() > 1);
    changing
        .map(|(path, kinds)| {
            let kinds: Vec<&str> = kinds.into_iter().collect();
            Diagnosis::fair("columns", format!("{path} changes its type between days: {}", kinds.join(", ")))
        })
        .collect()
}

/// What the kinds of events that arrived say.
fn arrived(kinds: &BTreeMap<String, Arrived>, now: DateTime<Utc>) -> Vec<Diagnosis> {
    let Some(last_us) = kinds.values().map(|kind| kind.last_us).max() else {
        let found = format!("none of the last 7 days: run nodes, wait some minutes, and look again; for a sink {SINK}");
        return vec![Diagnosis::bad("records", found)];
    };
    let entries: u64 = kinds.values().map(|kind| kind.entries).sum();
    let age = (now.timestamp_micros() - last_us).max(0) / 1_000_000;
    let mut checks = vec![Diagnosis::good("records", format!("{entries} of the last 7 days, the newest {age} s old"))];
    let lag_s = kinds.values().map(|kind| kind.lag_s).max().unwrap_or(0);
    if lag_s > LAG_S {
        checks.push(Diagnosis::fair(
            "records",
            format!("one took {lag_s} s from its node to Cloud Logging: fetch with --wait"),
        ));
    }
    // A run without a failed send or a duplicate is an ordinary one.
    for kind in [Kind::Initiate, Kind::Received] {
        if !kinds.contains_key(kind.as_str()) {
            let found = format!("no event of type {kind} has arrived: does the sink's filter drop it?");
            checks.push(Diagnosis::bad("records", found));
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::names::DatasetName;
    use super::*;

    fn table(name: &str, change: impl Fn(Column) -> Option<&'static str>) -> (TableName, TableFacts) {
        let column = |column: &Column| {
            let kind = if fits(*column, "STRING") { "STRING" } else { "FLOAT" };
            Some((format!("jsonpayload.{}", column.name()), change(*column).unwrap_or(kind).to_owned()))
        };
        let columns = Column::ALL.iter().filter_map(column).filter(|(_, kind)| kind != "none").collect();
        let facts =
            TableFacts { location: String::new(), partition: Partition::None, columns, kind: "TABLE".to_owned() };
        (DatasetName::new("p", "d").unwrap().table(name).unwrap(), facts)
    }

    fn lines(checks: &[Diagnosis]) -> Vec<String> {
        checks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sink_s_own_table_has_every_column() {
        let checks = columns(&[table("stdout", |_| None)]);
        assert_eq!(lines(&checks), ["ok     columns: every field of a record has a column of its type"]);
    }

    #[test]
    fn a_column_that_is_locked_in_another_type_is_wrong() {
        let checks = columns(&[table("stdout", |column| (column == Column::SentNs).then_some("FLOAT"))]);
        let lines = lines(&checks);
        assert!(
            lines[0].starts_with("WRONG  columns: p.d.stdout: jsonpayload.sent_ns is FLOAT: another"),
            "{}",
            lines[0]
        );
    }

    #[test]
    fn columns_that_are_missing_or_change_between_days_are_notes() {
        let older = table("stdout_20261124", |column| (column == Column::Host).then_some("none"));
        let newer = table("stdout_20261125", |column| (column == Column::Seq).then_some("INTEGER"));
        let expected = [
            "note   columns: no host: they are null, as in logs of the published system and of earlier versions",
            "note   columns: jsonpayload.seq changes its type between days: FLOAT, INTEGER",
        ];
        assert_eq!(lines(&columns(&[older, newer])), expected);
    }

    #[test]
    fn a_kind_of_event_that_never_arrives_is_wrong_where_every_run_has_it() {
        let now = DateTime::from_timestamp(1000, 0).unwrap();
        let kinds = BTreeMap::from([("initiate".to_owned(), Arrived { entries: 3, last_us: 990_000_000, lag_s: 700 })]);
        let expected = [
            "ok     records: 3 of the last 7 days, the newest 10 s old",
            "note   records: one took 700 s from its node to Cloud Logging: fetch with --wait",
            "WRONG  records: no event of type received has arrived: does the sink's filter drop it?",
        ];
        assert_eq!(lines(&arrived(&kinds, now)), expected);
        assert!(lines(&arrived(&BTreeMap::new(), now))[0].starts_with("WRONG  records: none of the last 7 days"));
    }
}
