//! The statements of `queries/`: one a file, with named parameters; a table's name is the only text that is put in.

use super::client::rest::Partition;
use super::client::{Parameter, Query};
use super::names::TableName;
use super::window::Window;

const RECORDS: &str = include_str!("../../../queries/records.sql");
const RECORDS_BY_INGESTION: &str = include_str!("../../../queries/records_by_ingestion.sql");

/// Which runs are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// By their whole names.
    pub(crate) run_ids: Vec<String>,
    /// By the beginnings of their names.
    pub(crate) prefixes: Vec<String>,
}

/// The statement for the records of runs in a table.
pub(crate) fn records(
    table: &TableName,
    partition: &Partition,
    wanted: &Wanted,
    window: &Window,
    max_bytes_billed: u64,
) -> Query {
    let text = match partition {
        Partition::None | Partition::Column(_) => RECORDS,
        Partition::Ingestion => RECORDS_BY_INGESTION,
    };
    Query {
        sql: text.replace("{table}", &table.to_string()),
        parameters: vec![
            ("run_ids", Parameter::Texts(wanted.run_ids.clone())),
            ("prefixes", Parameter::Texts(wanted.prefixes.clone())),
            ("since", Parameter::Instant(window.since_text())),
            ("until", Parameter::Instant(window.until_text())),
        ],
        max_bytes_billed,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::names::DatasetName;
    use super::*;

    fn query(partition: &Partition) -> Query {
        let table = DatasetName::new("p", "d").unwrap().table("stdout").unwrap();
        let wanted = Wanted { run_ids: vec!["4abf-cubaan50".to_owned()], prefixes: Vec::new() };
        records(&table, partition, &wanted, &Window::ALL, 1)
    }

    #[test]
    fn every_parameter_of_a_statement_is_given_and_no_other() {
        for partition in [Partition::None, Partition::Column("timestamp".to_owned()), Partition::Ingestion] {
            let query = query(&partition);
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
        let query = query(&Partition::None);
        assert!(!query.sql.contains("4abf"), "{}", query.sql);
        assert_eq!(query.parameters[0].1, Parameter::Texts(vec!["4abf-cubaan50".to_owned()]));
    }
}
