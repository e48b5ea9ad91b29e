//! The statements of `queries/`: one a file, with named parameters; a table's name is the only text that is put in.

use super::client::rest::Partition;
use super::client::{Parameter, Query};
use super::names::TableName;
use super::time_range::TimeRange;

const RECORDS: &str = include_str!("../../../../queries/records.sql");
const RECORDS_BY_INGESTION: &str = include_str!("../../../../queries/records_by_ingestion.sql");
const RUNS: &str = include_str!("../../../../queries/runs.sql");
const RUNS_BY_INGESTION: &str = include_str!("../../../../queries/runs_by_ingestion.sql");
const ARRIVALS: &str = include_str!("../../../../queries/arrivals.sql");
const ARRIVALS_BY_INGESTION: &str = include_str!("../../../../queries/arrivals_by_ingestion.sql");

/// What is asked of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QueryKind {
    /// The records of runs.
    Records(RunSelection),
    /// Which runs there are.
    Runs,
    /// Which kinds of events arrive, and when the last one did.
    Arrivals,
}

/// Which runs are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunSelection {
    /// By their whole names.
    pub(crate) run_ids: Vec<String>,
    /// By the beginnings of their names.
    pub(crate) prefixes: Vec<String>,
}

/// The statement that asks a table.
pub(crate) fn build_query(
    kind: &QueryKind,
    table: &TableName,
    partition: &Partition,
    range: &TimeRange,
    max_bytes_billed: u64,
) -> Query {
    let by_ingestion = match partition {
        Partition::None | Partition::Column(_) => false,
        Partition::Ingestion => true,
    };
    let (text, mut parameters) = match (kind, by_ingestion) {
        (QueryKind::Records(wanted), false) => (RECORDS, wanted.parameters()),
        (QueryKind::Records(wanted), true) => (RECORDS_BY_INGESTION, wanted.parameters()),
        (QueryKind::Runs, false) => (RUNS, Vec::new()),
        (QueryKind::Runs, true) => (RUNS_BY_INGESTION, Vec::new()),
        (QueryKind::Arrivals, false) => (ARRIVALS, Vec::new()),
        (QueryKind::Arrivals, true) => (ARRIVALS_BY_INGESTION, Vec::new()),
    };
    parameters.push(("since", Parameter::Instant(range.since_text())));
    parameters.push(("until", Parameter::Instant(range.until_text())));
    Query { sql: text.replace("{table}", &table.to_string()), parameters, max_bytes_billed }
}

impl RunSelection {
    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        let Self { run_ids, prefixes } = self.clone();
        vec![("run_ids", Parameter::Texts(run_ids)), ("prefixes", Parameter::Texts(prefixes))]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::names::DatasetName;
    use super::*;

    fn query(kind: &QueryKind, partition: &Partition) -> Query {
        let table = DatasetName::new("p", "d").unwrap().table("stdout").unwrap();
        build_query(kind, &table, partition, &TimeRange::ALL, 1)
    }

    fn records() -> QueryKind {
        QueryKind::Records(RunSelection { run_ids: vec!["4abf-cubaan50".to_owned()], prefixes: Vec::new() })
    }

    #[test]
    fn every_parameter_of_a_statement_is_given_and_no_other() {
        let partitions = [Partition::None, Partition::Column("timestamp".to_owned()), Partition::Ingestion];
        let kinds = [records(), QueryKind::Runs, QueryKind::Arrivals];
        for (kind, partition) in kinds.iter().flat_map(|kind| partitions.iter().map(move |partition| (kind, partition)))
        {
            let query = query(kind, partition);
            let body: String = query.sql.lines().filter(|line| !line.starts_with("--")).collect();
            let used: BTreeSet<&str> = body
                .split('@')
                .skip(1)
                .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap())
                .collect();
            let given: BTreeSet<&str> = query.parameters.iter().map(|(name, _)| *name).collect();
            assert_eq!(used, given);
            assert!(body.contains("FROM `p.d.stdout`") && !body.contains('{'), "{body}");
        }
    }

    #[test]
    fn a_run_id_stays_a_parameter() {
        let query = query(&records(), &Partition::None);
        assert!(!query.sql.contains("4abf"), "{}", query.sql);
        assert_eq!(query.parameters[0].1, Parameter::Texts(vec!["4abf-cubaan50".to_owned()]));
    }
}
