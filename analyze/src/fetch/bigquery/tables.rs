//! The tables that a log sink fills: one, divided by time, or one for each UTC day, found by listing.

use super::client::rest::{Rest, TableFacts};
use super::error::BigQueryError;
use super::names::{DatasetName, TableName};
use super::records::Timestamps;
use super::time_range::TimeRange;
use crate::fetch::list::list_names;

/// What every table of records has.
const NEEDED: [&str; 5] =
    ["jsonpayload.message", "jsonpayload.event_type", "jsonpayload.received_timestamp", "timestamp", "insertid"];

/// The tables that hold a window of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundTables {
    /// In the order of their names.
    pub(crate) tables: Vec<(TableName, TableFacts)>,
    /// What is not there and should be known, a line each.
    pub(crate) notes: Vec<String>,
    /// The tables that cannot be read, and why, a line each.
    pub(crate) unfit: Vec<String>,
}

/// Finds the table of this name, or else its days.
pub(crate) async fn find(
    rest: &Rest,
    dataset: &DatasetName,
    name: &str,
    range: &TimeRange,
) -> Result<FoundTables, BigQueryError> {
    let table = dataset.table(name)?;
    if let Some(facts) = rest.table(&table).await? {
        check(&table, &facts)?;
        return Ok(FoundTables { tables: vec![(table, facts)], notes: Vec::new(), unfit: Vec::new() });
    }
    let there = rest.tables(dataset).await?;
    let shards = shards(name, &there);
    if shards.is_empty() {
        return Err(BigQueryError::NoTable { table: table.to_string(), there: shown(&there) });
    }
    let inside: Vec<&&str> = shards.iter().filter(|day| range.touches(day)).collect();
    if inside.is_empty() {
        let (first, last) = (shards[0], shards[shards.len() - 1]);
        let days = format!("{first} to {last}");
        return Err(BigQueryError::NoShard { table: table.to_string(), days });
    }
    let notes = missing(name, &shards, range);
    let (mut tables, mut unfit) = (Vec::new(), Vec::new());
    for day in inside {
        let shard = dataset.table(&format!("{name}_{day}"))?;
        // A shard that was deleted since the listing is a missing one.
        let Some(facts) = rest.table(&shard).await? else { continue };
        match check(&shard, &facts) {
            Ok(()) => tables.push((shard, facts)),
            Err(error) => unfit.push(error),
        }
    }
    if tables.is_empty() {
        let nothing = || BigQueryError::NoTable { table: table.to_string(), there: shown(&there) };
        return Err(unfit.into_iter().next().unwrap_or_else(nothing));
    }
    let unfit = unfit.into_iter().map(|error| format!("{error}; it is left out")).collect();
    Ok(FoundTables { tables, notes, unfit })
}

/// The days of a table's shards, in order.
fn shards<'a>(name: &str, there: &'a [String]) -> Vec<&'a str> {
    let day = |table: &'a String| table.strip_prefix(name)?.strip_prefix('_').filter(|day| TimeRange::ALL.touches(day));
    let mut days: Vec<&str> = there.iter().filter_map(day).collect();
    days.sort_unstable();
    days
}

/// A note where days of the window have no shard.
fn missing(name: &str, shards: &[&str], range: &TimeRange) -> Vec<String> {
    let wanted = range.days().unwrap_or_default();
    let missing: Vec<String> =
        wanted.into_iter().filter(|day| !shards.contains(&day.as_str())).map(|day| format!("{name}_{day}")).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![format!("no table {}: nothing was logged on that day, or it has not arrived or has expired", shown(&missing))]
}

fn check(table: &TableName, facts: &TableFacts) -> Result<(), BigQueryError> {
    let has = |column: &str| facts.columns.iter().any(|(path, _)| path == column);
    let missing: Vec<&str> = NEEDED.into_iter().filter(|column| !has(column)).collect();
    if !missing.is_empty() {
        return Err(BigQueryError::Unfit { table: table.to_string(), missing: missing.join(", ") });
    }
    let locked = |column: &&str| facts.columns.iter().any(|(path, kind)| path == column && kind != "STRING");
    match NEEDED[..2].iter().find(|column| locked(column)) {
        Some(column) => Err(BigQueryError::Locked { table: table.to_string(), column: (*column).to_owned() }),
        None => Ok(()),
    }
}

/// What a table's timestamps are.
pub(crate) fn timestamps(facts: &TableFacts) -> Timestamps {
    let is_float = |(path, kind): &(String, String)| path == NEEDED[2] && kind == "FLOAT";
    if facts.columns.iter().any(is_float) { Timestamps::Float } else { Timestamps::Exact }
}

/// The first few of a dataset's tables.
fn shown(names: &[String]) -> String {
    const SHOWN: usize = 8;
    if names.is_empty() { "none".to_owned() } else { list_names(names, SHOWN) }
}

#[cfg(test)]
mod tests {
    use super::super::client::rest::Partition;
    use super::super::time_range::instant;
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn shards_are_the_tables_that_end_with_a_day() {
        let there = names(&["stdout_20261126", "stdout_20261125", "stdout_2026", "stderr_20261125", "stdout_20261399"]);
        assert_eq!(shards("stdout", &there), ["20261125", "20261126"]);
    }

    #[test]
    fn a_day_of_the_window_without_a_shard_is_reported() {
        let range = TimeRange::new(instant("2026-11-24").unwrap(), instant("2026-11-27").unwrap()).unwrap();
        let notes = missing("stdout", &["20261125"], &range);
        let expected = "no table stdout_20261124, stdout_20261126: nothing was logged on that day, or it has not \
                        arrived or has expired";
        assert_eq!(notes, [expected]);
        assert_eq!(missing("stdout", &["20261125"], &TimeRange::ALL), Vec::<String>::new());
    }

    fn with(columns: &[(&str, &str)]) -> TableFacts {
        TableFacts {
            location: String::new(),
            partition: Partition::None,
            columns: columns.iter().map(|(path, kind)| ((*path).to_owned(), (*kind).to_owned())).collect(),
            kind: "TABLE".to_owned(),
        }
    }

    #[test]
    fn timestamps_are_what_their_column_is() {
        let of =
            |kind| timestamps(&with(&[("jsonpayload.message", "FLOAT"), ("jsonpayload.received_timestamp", kind)]));
        assert_eq!(["FLOAT", "INTEGER", "STRING"].map(of), [Timestamps::Float, Timestamps::Exact, Timestamps::Exact]);
    }

    #[test]
    fn a_table_without_the_records_columns_is_refused_by_their_names() {
        let table = DatasetName::new("p", "d").unwrap().table("stdout").unwrap();
        let none = check(&table, &with(&[("timestamp", "TIMESTAMP"), ("insertid", "STRING")])).unwrap_err();
        assert!(
            none.to_string().starts_with("p.d.stdout: it has no column jsonpayload.message, jsonpayload.event_type")
        );
        let float: Vec<(&str, &str)> = NEEDED.iter().map(|column| (*column, "FLOAT")).collect();
        let locked = check(&table, &with(&float)).unwrap_err();
        assert!(locked.to_string().starts_with("p.d.stdout: its column jsonpayload.message is not of type STRING"));
    }
}
