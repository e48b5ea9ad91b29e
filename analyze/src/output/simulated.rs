//! What says in tables and figures that runs were simulated. Nothing of it is there where none was.

use std::collections::BTreeSet;

use cnsim_charts::Mark;

use crate::measure::{Analysis, Execution};
use crate::table::{Cell, ColumnKind, Table, flag};

/// The column that says which lines hold simulated rounds.
const COLUMN: &str = "simulated";

/// A table whose lines begin with a condition, with a last column that says which of them hold simulated rounds, and with the words
/// in its caption.
pub(super) fn marked(mut table: Table, analysis: &Analysis) -> Table {
    let Some(words) = analysis.simulated_words() else { return table };
    let places = Places::of(&table);
    let simulated = Simulated::of(analysis);
    for row in &mut table.rows {
        let is_simulated = places.is_simulated(row, &simulated);
        row.push(is_simulated.into());
    }
    table.columns.push(flag(COLUMN));
    table.caption = captioned(&table.caption, &words).into();
    table
}

/// A caption with what it has to say of simulations.
pub(super) fn captioned(caption: &str, words: &str) -> String {
    format!("{}. {words}", caption.trim_end_matches('.'))
}

/// What figures of these data say in their corner.
pub(crate) fn mark(execution: Execution) -> Option<Mark> {
    match execution {
        Execution::Measured => None,
        Execution::Simulated => Some(Mark::Simulated),
        Execution::Both => Some(Mark::PartlySimulated),
    }
}

/// What was simulated, by what a line may name.
struct Simulated<'a> {
    conditions: BTreeSet<&'a str>,
    groups: BTreeSet<(&'a str, u64)>,
    runs: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Simulated<'a> {
    fn of(analysis: &'a Analysis) -> Self {
        let groups = || analysis.groups.iter().filter(|group| group.execution().has_simulated());
        let runs =
            groups().flat_map(|group| group.simulated.iter().map(|run| (group.condition.as_str(), run.as_str())));
        Self {
            conditions: groups().map(|group| group.condition.as_str()).collect(),
            groups: groups().map(|group| (group.condition.as_str(), group.nodes.into())).collect(),
            runs: runs.collect(),
        }
    }
}

/// The places of the columns by which a line says what it is of.
struct Places {
    condition: usize,
    run_id: Option<usize>,
    nodes: Option<usize>,
}

impl Places {
    fn of(table: &Table) -> Self {
        let place = |name: &str| table.columns.iter().position(|column| column.name == name);
        let is_count = |place: &usize| table.columns[*place].kind == ColumnKind::Count;
        Self {
            condition: place("condition").expect("every table of a report says of which condition its lines are"),
            run_id: place("run_id"),
            nodes: place("nodes").filter(is_count),
        }
    }

    /// By the run where the line is of one, else by condition and number of nodes, as far as it has them.
    fn is_simulated(&self, row: &[Cell], simulated: &Simulated<'_>) -> bool {
        let Cell::Text(condition) = &row[self.condition] else { return false };
        match (self.run_id.map(|place| &row[place]), self.nodes.map(|place| &row[place])) {
            (Some(Cell::Text(run_id)), _) => simulated.runs.contains(&(condition, run_id)),
            (_, Some(Cell::Count(nodes))) => simulated.groups.contains(&(condition, *nodes)),
            _ => simulated.conditions.contains(condition.as_str()),
        }
    }
}
