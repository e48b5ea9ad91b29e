//! Which table of BigQuery's is meant and where it is reached: what was typed, else the environment, else `cnsim.toml`.

use serde::Deserialize;

use super::endpoint::Endpoint;
use super::error::BigQueryError;
use super::names::DatasetName;

/// The file of settings, in the folder that the command runs in.
const FILE: &str = "cnsim.toml";
/// The table that a sink for stdout fills.
const TABLE: &str = "stdout";

/// A target as far as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetSpec {
    /// The project, which pays.
    pub project: Option<String>,
    /// Its dataset.
    pub dataset: Option<String>,
    /// The table, or its shards' name without the day.
    pub table: Option<String>,
    /// Where queries run.
    pub location: Option<String>,
    /// Another server's REST root.
    pub endpoint: Option<String>,
    /// Its Storage Read root.
    pub storage_endpoint: Option<String>,
}

/// A target whose names are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The dataset.
    pub dataset: DatasetName,
    /// The table's name.
    pub table: String,
    /// Where queries run; none: where the table lies.
    pub location: Option<String>,
    /// The REST server.
    pub endpoint: Endpoint,
    /// The Storage Read server; none: there is none.
    pub storage_endpoint: Option<Endpoint>,
}

/// `cnsim.toml`, as far as it concerns this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct File {
    #[serde(default)]
    bigquery: FileTarget,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTarget {
    project: Option<String>,
    dataset: Option<String>,
    table: Option<String>,
    location: Option<String>,
}

impl TargetSpec {
    /// The target, with what the environment and `cnsim.toml` add.
    pub fn resolve(&self) -> Result<Target, BigQueryError> {
        self.with(variable, &text_of_file()?)
    }

    /// The project alone, as it is found for [`Self::resolve`].
    pub(crate) fn resolve_project(&self) -> Result<String, BigQueryError> {
        let File { bigquery: file } = parsed(&text_of_file()?)?;
        self.project_of(variable, file.project)
    }

    fn project_of(
        &self,
        variable: impl Fn(&str) -> Option<String>,
        of_file: Option<String>,
    ) -> Result<String, BigQueryError> {
        let project = self.project.clone().or_else(|| variable("CNSIM_PROJECT")).or(of_file);
        let project = project.or_else(|| variable("GOOGLE_CLOUD_PROJECT"));
        project.ok_or(BigQueryError::Unset { what: "project", variable: "CNSIM_PROJECT" })
    }

    fn with(&self, variable: impl Fn(&str) -> Option<String>, file: &str) -> Result<Target, BigQueryError> {
        let File { bigquery: file } = parsed(file)?;
        let project = self.project_of(&variable, file.project)?;
        let dataset = self.dataset.clone().or_else(|| variable("CNSIM_DATASET")).or(file.dataset);
        let table = self.table.clone().or_else(|| variable("CNSIM_TABLE")).or(file.table);
        let location = self.location.clone().or_else(|| variable("CNSIM_LOCATION")).or(file.location);
        let dataset = dataset.ok_or(BigQueryError::Unset { what: "dataset", variable: "CNSIM_DATASET" })?;
        let given = self.endpoint.as_deref().map(Endpoint::parse).transpose()?;
        let storage = self.storage_endpoint.as_deref().map(Endpoint::parse).transpose()?;
        Ok(Target {
            dataset: DatasetName::new(&project, &dataset)?,
            table: table.unwrap_or_else(|| TABLE.to_owned()),
            location,
            storage_endpoint: storage.or_else(|| given.is_none().then(Endpoint::google_storage)),
            endpoint: given.unwrap_or_else(Endpoint::google_rest),
        })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn text_of_file() -> Result<String, BigQueryError> {
    match std::fs::read_to_string(FILE) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(BigQueryError::Settings(error.to_string())),
    }
}

fn parsed(text: &str) -> Result<File, BigQueryError> {
    toml::from_str(text).map_err(|error| BigQueryError::Settings(error.to_string().replace('\n', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[bigquery]\nproject = \"of-file\"\ndataset = \"logs\"\n[other]\nx = 1\n";

    fn variables<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn what_is_typed_comes_before_the_environment_and_that_before_the_file() {
        let project = |typed: Option<&str>, set: &[(&str, &str)]| {
            let spec = TargetSpec { project: typed.map(str::to_owned), ..TargetSpec::default() };
            spec.with(variables(set), FILE).unwrap().dataset.project().to_owned()
        };
        let set = [("CNSIM_PROJECT", "of-cnsim"), ("GOOGLE_CLOUD_PROJECT", "of-google")];
        assert_eq!(project(Some("typed"), &set), "typed");
        assert_eq!(project(None, &set), "of-cnsim");
        assert_eq!(project(None, &set[1..]), "of-file");
        let none = TargetSpec { dataset: Some("d".to_owned()), ..TargetSpec::default() };
        assert_eq!(none.with(variables(&set[1..]), "").unwrap().dataset.project(), "of-google");
    }

    #[test]
    fn what_nobody_says_is_asked_for() {
        let error = TargetSpec::default().with(variables(&[]), "").unwrap_err().to_string();
        let expected =
            "no project: give --project, or set CNSIM_PROJECT, or write project = \"…\" under [bigquery] in cnsim.toml";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_wrong_word_in_the_file_is_told_in_one_line() {
        let error = TargetSpec::default().with(variables(&[]), "[bigquery]\nprojekt = 1\n").unwrap_err().to_string();
        assert!(error.starts_with("cnsim.toml: ") && error.contains("projekt") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn a_server_of_one_s_own_has_a_storage_server_only_where_it_is_named() {
        let spec =
            |endpoint: Option<&str>| TargetSpec { endpoint: endpoint.map(str::to_owned), ..TargetSpec::default() };
        let own = spec(Some("http://127.0.0.1:9050")).with(variables(&[]), FILE).unwrap();
        assert_eq!(own.storage_endpoint, None);
        let google = spec(None).with(variables(&[]), FILE).unwrap();
        assert_eq!(google.storage_endpoint, Some(Endpoint::google_storage()));
    }
}
