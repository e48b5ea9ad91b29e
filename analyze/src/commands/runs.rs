//! `runs`: the run folders of a folder, or the runs in BigQuery.

use std::path::PathBuf;
use std::process::ExitCode;

#[cfg(feature = "bigquery")]
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;

#[cfg(feature = "bigquery")]
use super::bigquery_args;
#[cfg(feature = "bigquery")]
use super::clock::now;
use super::printing::print;
#[cfg(feature = "bigquery")]
use crate::fetch::bigquery;
use crate::inputs::{ListedRun, list_runs};
#[cfg(feature = "bigquery")]
use crate::messages::tell;
use crate::table::{Cell, Column, Table, TableFormat, count, flag, text};

/// What can be typed after `cnsim-analyze runs`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim-analyze runs --format csv
  cnsim-analyze runs --project my-study --dataset gke_logs --since 2026-11-01")]
pub struct RunsArgs {
    /// Folder that run folders are in
    #[arg(value_name = "DIR", default_value = "runs")]
    #[cfg_attr(feature = "bigquery", arg(conflicts_with_all = ["TargetArgs", "BigQueryRuns"]))]
    pub dir: PathBuf,
    /// How the list is written
    #[arg(long, value_enum, default_value = "table")]
    pub format: TableFormat,
    /// Where BigQuery is to be listed.
    #[cfg(feature = "bigquery")]
    #[command(flatten, next_help_heading = "In BigQuery")]
    pub bigquery: bigquery_args::RunsArgs,
}

/// Lists runs, and prints them.
pub(super) fn run(args: &RunsArgs) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "bigquery")]
    if args.bigquery.target.is_given() {
        let listed = bigquery::runs::list(&(&args.bigquery).into(), now())?;
        listed.notes.iter().for_each(|note| tell(format_args!("warning: {note}")));
        return Ok(print(&remote_table(&listed.runs).printed(args.format)));
    }
    Ok(print(&table(&list_runs(&args.dir)?, args.format).printed(args.format)))
}

/// The list as a table. Readers see sizes in their largest unit, and nothing where nothing is known.
fn table(runs: &[ListedRun], format: TableFormat) -> Table {
    let columns = [
        text("run_id"),
        text("condition"),
        count("nodes"),
        count("rounds"),
        count("rows"),
        count("delivered"),
        count("expected"),
        text("outcome"),
        text("started"),
        size_column(format),
    ];
    let mut table = Table::new("runs", "Run folders", columns, runs.iter().map(row));
    if format == TableFormat::Text {
        for (run, cells) in runs.iter().zip(&mut table.rows) {
            cells[columns.len() - 1] = Cell::Text(size(run.bytes));
            cells.iter_mut().filter(|cell| **cell == Cell::None).for_each(|cell| *cell = Cell::Text(String::new()));
        }
    }
    if runs.iter().any(|run| run.is_simulated) {
        table.columns.push(flag("simulated"));
        table.rows.iter_mut().zip(runs).for_each(|(row, run)| row.push(run.is_simulated.into()));
    }
    table
}

fn size_column(format: TableFormat) -> Column {
    match format {
        TableFormat::Text => count("size"),
        TableFormat::Json | TableFormat::Csv => count("bytes"),
    }
}

fn row(run: &ListedRun) -> [Cell; 10] {
    [
        run.run_id.as_str().into(),
        run.condition.as_str().into(),
        run.nodes.into(),
        run.rounds.into(),
        run.rows.into(),
        run.delivered.into(),
        run.expected.into(),
        run.outcome.as_str().into(),
        run.started.as_deref().into(),
        run.bytes.into(),
    ]
}

/// A size in the largest unit that leaves at least one.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    match UNITS.into_iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / size as f64),
        None => format!("{bytes} B"),
    }
}

/// Runs in BigQuery as a table.
#[cfg(feature = "bigquery")]
fn remote_table(runs: &[bigquery::runs::LoggedRun]) -> Table {
    let columns = [
        text("run_id"),
        text("first"),
        text("last"),
        count("nodes"),
        count("rounds"),
        count("entries"),
        count("delivered"),
        count("expected"),
        flag("complete"),
    ];
    let time = |time: DateTime<Utc>| Cell::Text(time.to_rfc3339_opts(SecondsFormat::Secs, true));
    let cells = |run: &bigquery::runs::LoggedRun| {
        [
            run.run_id.as_str().into(),
            time(run.first),
            time(run.last),
            run.nodes.into(),
            run.rounds.into(),
            run.entries.into(),
            run.delivered.into(),
            run.expected().into(),
            run.is_complete().into(),
        ]
    };
    let caption = "Runs in BigQuery; complete where every node has received every message.";
    Table::new("runs", caption, columns, runs.iter().map(cells))
}
