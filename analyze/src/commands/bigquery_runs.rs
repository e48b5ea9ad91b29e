//! `runs` of BigQuery: the list of runs as a table.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::fetch::bigquery::runs::ListedRun;
use crate::output::{Cell, Column, ColumnKind, Table};

/// The list as a table.
pub fn table(runs: &[ListedRun]) -> Table {
    let column = |name, kind| Column { name, kind };
    let columns = vec![
        column("run_id", ColumnKind::Text),
        column("first", ColumnKind::Text),
        column("last", ColumnKind::Text),
        column("nodes", ColumnKind::Count),
        column("rounds", ColumnKind::Count),
        column("entries", ColumnKind::Count),
        column("delivered", ColumnKind::Count),
        column("expected", ColumnKind::Count),
        column("complete", ColumnKind::Flag),
    ];
    let time = |time: DateTime<Utc>| Cell::Text(time.to_rfc3339_opts(SecondsFormat::Secs, true));
    let cells = |run: &ListedRun| {
        vec![
            Cell::Text(run.run_id.clone()),
            time(run.first),
            time(run.last),
            Cell::Count(run.nodes),
            Cell::Count(run.rounds),
            Cell::Count(run.entries),
            Cell::Count(run.delivered),
            Cell::Count(run.expected()),
            Cell::Flag(run.is_complete()),
        ]
    };
    let caption = "Runs in BigQuery; complete where every node has received every message.";
    Table { name: "runs", caption, columns, rows: runs.iter().map(cells).collect() }
}
