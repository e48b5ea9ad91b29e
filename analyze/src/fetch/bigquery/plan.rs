//! What would be read: the tables, a query for each, and the bytes that it is estimated to read.

use super::client::rest::Rest;
use super::client::{JobName, Query};
use super::error::BigQueryError;
use super::names::{DatasetName, TableName};
use super::price;
use super::records::Timestamps;
use super::statement::{self, QueryKind};
use super::tables;
use super::time_range::TimeRange;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) dataset: DatasetName,
    /// The table's name, or that of its shards without the day.
    pub(crate) table: String,
    /// Where jobs run; none: where the table lies.
    pub(crate) location: Option<String>,
    pub(crate) kind: QueryKind,
    pub(crate) range: TimeRange,
    pub(crate) max_bytes_billed: u64,
}

/// What would be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// A query for each table.
    pub(crate) parts: Vec<Part>,
    /// What is not there and should be known, a line each.
    pub(crate) notes: Vec<String>,
}

/// One table's query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) table: TableName,
    pub(crate) query: Query,
    pub(crate) location: String,
    /// What it would read.
    pub(crate) bytes: u64,
    /// What the table's timestamps are.
    pub(crate) timestamps: Timestamps,
    /// The finished job that asked for the same before, and its rows; none where the query is to be made.
    pub(crate) earlier: Option<(JobName, u64)>,
}

impl Plan {
    /// What all queries together would read.
    pub(crate) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }

    /// Refuses where it is more than may be read.
    pub(crate) fn check(&self, limit: u64) -> Result<(), BigQueryError> {
        if self.bytes() <= limit {
            return Ok(());
        }
        Err(BigQueryError::TooMuch { bytes: price::in_words(self.bytes()), limit: price::size(limit) })
    }

    /// The statements, what they would read, and the price.
    pub(crate) fn in_words(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(Part::in_words).collect();
        format!("{}\n-- all together: {}\n", parts.join("\n"), price::in_words(self.bytes()))
    }
}

/// Finds the tables and asks what reading them would cost.
pub(crate) async fn plan(rest: &Rest, request: &Request) -> Result<Plan, BigQueryError> {
    let found = tables::find(rest, &request.dataset, &request.table, &request.range).await?;
    let mut parts = Vec::with_capacity(found.tables.len());
    for (table, facts) in found.tables {
        let Request { kind, range, max_bytes_billed, .. } = request;
        let query = statement::build_query(kind, &table, &facts.partition, range, *max_bytes_billed);
        let timestamps = tables::timestamps(&facts);
        let location = request.location.clone().unwrap_or(facts.location);
        let name = JobName { project: request.dataset.project().to_owned(), id: String::new(), location };
        let bytes = rest.estimate(&query, &name).await?;
        parts.push(Part { table, query, location: name.location, bytes, timestamps, earlier: None });
    }
    Ok(Plan { parts, notes: [found.notes, found.unfit].concat() })
}

impl Part {
    fn in_words(&self) -> String {
        let parameters = self.query.parameters.iter().map(|(name, value)| format!("--   @{name} = {value}\n"));
        let parameters: String = parameters.collect();
        format!("-- {}: {}\n{parameters}{}\n", self.table, price::in_words(self.bytes), self.query.sql.trim_end())
    }
}
