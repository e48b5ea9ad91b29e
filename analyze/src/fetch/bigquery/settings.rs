//! What can be typed of BigQuery, and what the environment and `cnsim.toml` say where nothing was typed.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::PullError;
use super::client::credentials::{Credentials, Places};
use super::client::rest::Rest;
use super::client::storage::Storage;
use super::client::{ApiError, Patience};
use super::endpoint::Endpoint;
use super::names::DatasetName;
use super::price;
use super::pull::{Method, Servers};

/// The file of settings, in the folder that the command runs in.
const FILE: &str = "cnsim.toml";
/// The table that a sink for stdout fills.
const TABLE: &str = "stdout";

/// Which table of BigQuery's, and where it is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct TargetArgs {
    /// BigQuery project, which pays [default: CNSIM_PROJECT, cnsim.toml, GOOGLE_CLOUD_PROJECT]
    #[arg(long, value_name = "P")]
    pub project: Option<String>,
    /// Its dataset that the log sink fills [default: CNSIM_DATASET, cnsim.toml]
    #[arg(long, value_name = "D")]
    pub dataset: Option<String>,
    /// The sink's table, or its shards' name without the day [default: CNSIM_TABLE, cnsim.toml, stdout]
    #[arg(long, value_name = "T")]
    pub table: Option<String>,
    /// Where queries run, such as EU [default: CNSIM_LOCATION, cnsim.toml, where the table lies]
    #[arg(long, value_name = "L")]
    pub location: Option<String>,
    /// Another server's REST root; without TLS and credentials on this machine
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Its Storage Read root
    #[arg(long, value_name = "URL", requires = "endpoint")]
    pub storage_endpoint: Option<String>,
}

/// What else `fetch` can be told of BigQuery.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct BigQueryArgs {
    /// Where.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Fetch every run in BigQuery whose name begins so; may be given again
    #[arg(long = "run-id-prefix", value_name = "TEXT")]
    pub run_id_prefixes: Vec<String>,
    /// Look at entries logged from this time on, in UTC where no zone stands [default: the manifest's]
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Look at entries logged before this time [default: the manifest's]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// A run's manifest.json, for its times [default: the one in the run's folder]
    #[arg(long, value_name = "PATH")]
    pub manifest: Option<PathBuf>,
    /// Read all of the table where no time is known
    #[arg(long)]
    pub scan_all: bool,
    /// How rows travel: storage, all streams of Storage Read at once; rest, page by page; auto, whichever is faster and
    /// permitted
    #[arg(long, value_enum, default_value = "auto", hide_possible_values = true)]
    pub method: Method,
    /// Fetch again and again until every record that the manifest counts has arrived, for so long
    #[arg(long, value_name = "MINUTES", num_args = 0..=1, default_missing_value = "15")]
    pub wait: Option<u32>,
    /// Print the statements, the bytes that they would read and the price, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Read no more than this
    #[arg(long, value_name = "SIZE", default_value = "10GB", value_parser = price::parse_size)]
    pub max_bytes_billed: u64,
}

/// What `runs` can be told of BigQuery.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[group(id = "BigQueryRuns")]
pub struct RunsArgs {
    /// Where.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Look at entries logged from this time on, in UTC where no zone stands [default: 7 days ago]
    #[arg(long, value_name = "TIME", requires = "TargetArgs")]
    pub since: Option<String>,
    /// Look at entries logged before this time [default: now]
    #[arg(long, value_name = "TIME", requires = "TargetArgs")]
    pub until: Option<String>,
    /// Read all of the table
    #[arg(long, requires = "TargetArgs")]
    pub scan_all: bool,
    /// Read no more than this
    #[arg(long, value_name = "SIZE", default_value = "10GB", value_parser = price::parse_size)]
    pub max_bytes_billed: u64,
}

/// What can be typed after `cnsim-analyze doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(before_help = "Examples:
  cnsim-analyze doctor --project my-study --dataset gke_logs
  cnsim-analyze doctor --project my-study --dataset gke_logs --location EU --print-sink")]
#[command(
    after_help = "Prints a line for each thing that was checked. Exit code: 0 all is well, 1 failed, 2 usage, 3 \
something is not."
)]
pub struct DoctorArgs {
    /// Where.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print the commands that make a dataset and a log sink for the nodes' records, and stop
    #[arg(long)]
    pub print_sink: bool,
    /// The nodes' namespace, for --print-sink
    #[arg(long, value_name = "NS", default_value = "default", requires = "print_sink")]
    pub namespace: String,
    /// Read no more than this
    #[arg(long, value_name = "SIZE", default_value = "10GB", value_parser = price::parse_size)]
    pub max_bytes_billed: u64,
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

impl TargetArgs {
    /// Whether BigQuery is meant.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }

    /// The target, with what the environment and `cnsim.toml` add.
    pub fn resolve(&self) -> Result<Target, PullError> {
        self.with(variable, &text_of_file()?)
    }

    /// The project alone, as it is found for [`Self::resolve`].
    pub(crate) fn resolve_project(&self) -> Result<String, PullError> {
        let File { bigquery: file } = parsed(&text_of_file()?)?;
        self.project_of(variable, file.project)
    }

    fn project_of(
        &self,
        variable: impl Fn(&str) -> Option<String>,
        of_file: Option<String>,
    ) -> Result<String, PullError> {
        let project = self.project.clone().or_else(|| variable("CNSIM_PROJECT")).or(of_file);
        let project = project.or_else(|| variable("GOOGLE_CLOUD_PROJECT"));
        project.ok_or(PullError::Unset { what: "project", variable: "CNSIM_PROJECT" })
    }

    fn with(&self, variable: impl Fn(&str) -> Option<String>, file: &str) -> Result<Target, PullError> {
        let File { bigquery: file } = parsed(file)?;
        let project = self.project_of(&variable, file.project)?;
        let dataset = self.dataset.clone().or_else(|| variable("CNSIM_DATASET")).or(file.dataset);
        let table = self.table.clone().or_else(|| variable("CNSIM_TABLE")).or(file.table);
        let location = self.location.clone().or_else(|| variable("CNSIM_LOCATION")).or(file.location);
        let dataset = dataset.ok_or(PullError::Unset { what: "dataset", variable: "CNSIM_DATASET" })?;
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

fn text_of_file() -> Result<String, PullError> {
    match std::fs::read_to_string(FILE) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(PullError::Settings(error.to_string())),
    }
}

fn parsed(text: &str) -> Result<File, PullError> {
    toml::from_str(text).map_err(|error| PullError::Settings(error.to_string().replace('\n', " ")))
}

impl Target {
    /// Its servers, with the credentials that there are.
    pub(crate) async fn servers(&self) -> Result<Servers, ApiError> {
        let patience = Patience::default();
        let storage_is_here = self.storage_endpoint.as_ref().is_none_or(Endpoint::is_loopback);
        let credentials = if self.endpoint.is_loopback() && storage_is_here {
            Credentials::None
        } else {
            Credentials::find(&Places::of_environment()).await?
        };
        let rest = Rest::new(self.endpoint.clone(), credentials.clone(), patience)?;
        let storage = |endpoint: &Endpoint| Storage::new(endpoint.clone(), credentials.clone(), patience);
        Ok(Servers { storage: self.storage_endpoint.as_ref().map(storage).transpose()?, rest })
    }
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
            let args = TargetArgs { project: typed.map(str::to_owned), ..TargetArgs::default() };
            args.with(variables(set), FILE).unwrap().dataset.project().to_owned()
        };
        let set = [("CNSIM_PROJECT", "of-cnsim"), ("GOOGLE_CLOUD_PROJECT", "of-google")];
        assert_eq!(project(Some("typed"), &set), "typed");
        assert_eq!(project(None, &set), "of-cnsim");
        assert_eq!(project(None, &set[1..]), "of-file");
        let none = TargetArgs { dataset: Some("d".to_owned()), ..TargetArgs::default() };
        assert_eq!(none.with(variables(&set[1..]), "").unwrap().dataset.project(), "of-google");
    }

    #[test]
    fn what_nobody_says_is_asked_for() {
        let error = TargetArgs::default().with(variables(&[]), "").unwrap_err().to_string();
        let expected =
            "no project: give --project, or set CNSIM_PROJECT, or write project = \"…\" under [bigquery] in cnsim.toml";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_wrong_word_in_the_file_is_told_in_one_line() {
        let error = TargetArgs::default().with(variables(&[]), "[bigquery]\nprojekt = 1\n").unwrap_err().to_string();
        assert!(error.starts_with("cnsim.toml: ") && error.contains("projekt") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn a_server_of_one_s_own_has_a_storage_server_only_where_it_is_named() {
        let args =
            |endpoint: Option<&str>| TargetArgs { endpoint: endpoint.map(str::to_owned), ..TargetArgs::default() };
        let own = args(Some("http://127.0.0.1:9050")).with(variables(&[]), FILE).unwrap();
        assert_eq!(own.storage_endpoint, None);
        let google = args(None).with(variables(&[]), FILE).unwrap();
        assert_eq!(google.storage_endpoint, Some(Endpoint::google_storage()));
    }
}
