//! Names of tables, each part checked by BigQuery's naming rule: they are the only text that is put into a statement.

use std::fmt;

/// The longest name of a dataset or a table, in bytes.
const LONGEST: usize = 1024;

/// A name that BigQuery would not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} {name:?} cannot be one: {rule}")]
pub struct NameError {
    /// `--project`, `--dataset` or `--table`.
    part: &'static str,
    name: String,
    rule: &'static str,
}

/// A dataset of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetName {
    project: String,
    dataset: String,
}

/// A table of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    dataset: DatasetName,
    table: String,
}

impl DatasetName {
    /// The dataset of these names, if they can be names.
    pub fn new(project: &str, dataset: &str) -> Result<Self, NameError> {
        let refuse = |part, name: &str, rule| Err(NameError { part, name: name.to_owned(), rule });
        if !is_project(project) {
            return refuse(
                "--project",
                project,
                "a project's id has lower-case letters, digits and hyphens, and begins with a letter",
            );
        }
        if !is_dataset(dataset) {
            return refuse("--dataset", dataset, "a dataset's name has letters, digits and underscores");
        }
        Ok(Self { project: project.to_owned(), dataset: dataset.to_owned() })
    }

    /// The project's id.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The dataset's own name.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// One of its tables.
    pub fn table(&self, table: &str) -> Result<TableName, NameError> {
        let rule = "a table's name has letters, digits, underscores and hyphens";
        if is_table(table) {
            Ok(TableName { dataset: self.clone(), table: table.to_owned() })
        } else {
            Err(NameError { part: "--table", name: table.to_owned(), rule })
        }
    }
}

impl TableName {
    /// Its dataset.
    pub fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// Its own name.
    pub fn table(&self) -> &str {
        &self.table
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.project, self.dataset)
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dataset, self.table)
    }
}

/// Ids of projects, the old ones with a domain before a colon among them.
fn is_project(name: &str) -> bool {
    let (domain, id) = name.rsplit_once(':').unwrap_or(("a", name));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = id.starts_with(|c: char| c.is_ascii_lowercase());
    let is_domain = !domain.is_empty() && domain.chars().all(|c| plain(c) || c == '.');
    begins && id.len() <= 30 && id.chars().all(plain) && is_domain
}

fn is_dataset(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_table(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_written_with_its_project_and_dataset() {
        let table = DatasetName::new("my-study-4", "gke_logs").unwrap().table("stdout_20261125").unwrap();
        assert_eq!(table.to_string(), "my-study-4.gke_logs.stdout_20261125");
        assert!(DatasetName::new("example.com:study", "d").is_ok());
    }

    #[test]
    fn what_could_end_the_quoted_name_is_no_name() {
        let dataset = DatasetName::new("p", "d").unwrap();
        for table in ["", "a`b", "a b", "a.b", "stdout_*", "x\n", "ä"] {
            assert!(dataset.table(table).is_err(), "{table:?}");
        }
        for (project, name) in [("P", "d"), ("1p", "d"), ("p;", "d"), ("", "d"), ("p", ""), ("p", "a-b"), ("p", "`")] {
            assert!(DatasetName::new(project, name).is_err(), "{project:?}.{name:?}");
        }
    }

    #[test]
    fn a_refused_name_says_which_flag_and_which_rule() {
        let error = DatasetName::new("My Project", "d").unwrap_err().to_string();
        let rule = "a project's id has lower-case letters, digits and hyphens, and begins with a letter";
        assert_eq!(error, format!("--project \"My Project\" cannot be one: {rule}"));
    }
}
