//! Why nothing came from BigQuery, each in one line that says what to change.

use std::io;
use std::path::PathBuf;

use cnsim_records::spool;

use super::client::ApiError;
use super::endpoint::EndpointError;
use super::names::NameError;
use super::records::RowError;
use super::time_range::TimeRangeError;

/// Why nothing came from BigQuery.
#[derive(Debug, thiserror::Error)]
pub enum BigQueryError {
    /// The server did not do what was asked.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An endpoint that is none.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A time that is none.
    #[error(transparent)]
    TimeRange(#[from] TimeRangeError),
    /// A row that is no record.
    #[error("a row of the result")]
    Row(#[from] RowError),
    /// Records could not be kept on their way.
    #[error(transparent)]
    Spool(#[from] spool::Failed),
    /// Neither the table nor a shard of it.
    #[error("no table {table} and no {table}_YYYYMMDD: the tables there are {there}: check --dataset and --table")]
    NoTable {
        /// Its whole name.
        table: String,
        /// The dataset's tables.
        there: String,
    },
    /// Shards, but of other days.
    #[error("no table {table}_YYYYMMDD of the days asked for: there are those of {days}: check --since and --until")]
    NoShard {
        /// Its whole name without the day.
        table: String,
        /// The first and the last.
        days: String,
    },
    /// A table of something else.
    #[error("{table}: it has no column {missing}: is it the table of the sink for the nodes' stdout?")]
    Unfit {
        /// Its whole name.
        table: String,
        /// Their paths.
        missing: String,
    },
    /// A column that the first entry gave another type.
    #[error(
        "{table}: its column {column} is not of type STRING: another program's entry came first: give nodes a sink of their own"
    )]
    Locked {
        /// Its whole name.
        table: String,
        /// Its path.
        column: String,
    },
    /// More than may be paid.
    #[error("it would read {bytes}, more than --max-bytes-billed {limit}: narrow --since and --until, or raise it")]
    TooMuch {
        /// In words, with the price.
        bytes: String,
        /// In words.
        limit: String,
    },
    /// No time is known.
    #[error(
        "no time of the run is known, so that all of the table would be read: {bytes}: give --since and --until, or the \
         run's --manifest, or --scan-all"
    )]
    NoTime {
        /// In words, with the price.
        bytes: String,
    },
    /// Rows are missing or too many.
    #[error("{table}: {found} rows came of {rows} that the query found: fetch again")]
    Incomplete {
        /// Its whole name.
        table: String,
        /// How many came.
        found: u64,
        /// How many there are.
        rows: u64,
    },
    /// No row at all.
    #[error(
        "no record of {wanted} in {tables} between {since} and {until}: check --run-id and the times; entries arrive minutes after they are logged"
    )]
    NoRecords {
        /// Runs in words.
        wanted: String,
        /// Tables in words.
        tables: String,
        /// The window's beginning.
        since: String,
        /// The window's end.
        until: String,
    },
    /// A row of a list of runs that is none.
    #[error("the list of runs holds a row that is no run: {row}")]
    Listing {
        /// As it came.
        row: String,
    },
    /// A name that cannot stand in a command.
    #[error("{flag} {name:?} cannot be one: it has letters, digits and hyphens")]
    SinkName {
        /// Which flag.
        flag: &'static str,
        /// As typed.
        name: String,
    },
    /// Asked for without a server.
    #[error("--method storage with --endpoint needs --storage-endpoint")]
    NoStorage,
    /// Something that neither a flag nor the environment nor cnsim.toml says.
    #[error("no {what}: give --{what}, or set {variable}, or write {what} = \"…\" under [bigquery] in cnsim.toml")]
    Unset {
        /// `project` or `dataset`.
        what: &'static str,
        /// Its variable.
        variable: &'static str,
    },
    /// cnsim.toml cannot be read.
    #[error("cnsim.toml: {0}")]
    Settings(String),
    /// The manifest that was named cannot be read.
    #[error("--manifest {}: {why}", path.display())]
    Manifest {
        /// As typed.
        path: PathBuf,
        /// In one line.
        why: String,
    },
    /// A manifest of something else.
    #[error("--manifest {}: it is that of run {run_id}, which --run-id does not name", path.display())]
    OtherManifest {
        /// As typed.
        path: PathBuf,
        /// Whose it is.
        run_id: String,
    },
    /// Nothing says how many records there are.
    #[error("--wait needs the manifest of a run that has ended, which counts its records: give --manifest")]
    WaitForWhat,
    /// The user stopped it.
    #[error("interrupted: whatever ran at BigQuery was stopped, and nothing was fetched")]
    Interrupted,
    /// No runtime.
    #[error("cannot begin")]
    Runtime(#[source] io::Error),
}
