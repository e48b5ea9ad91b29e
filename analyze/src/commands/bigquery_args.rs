//! What can be typed of BigQuery and of telemetry, for `fetch`, `runs` and `doctor`.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::fetch::bigquery::price;
use crate::fetch::bigquery::spec::{DoctorSpec, ListSpec, Method, MetricsSpec, RecordsSpec};
use crate::fetch::bigquery::target::TargetSpec;

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
    #[arg(long, value_parser = method(), default_value = Method::Auto.as_str(), hide_possible_values = true)]
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

/// What can be told of telemetry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct MetricsArgs {
    /// Ask Cloud Monitoring what the pods of runs that are in --out used, into their telemetry.parquet
    #[arg(long, requires = "run_ids", conflicts_with = "BigQueryArgs")]
    pub metrics: bool,
    /// The pods' namespace [default: the manifest's]
    #[arg(long, value_name = "NS", requires = "metrics")]
    pub pod_namespace: Option<String>,
    /// Another server's root; without TLS and credentials on this machine
    #[arg(long, value_name = "URL", requires = "metrics")]
    pub monitoring_endpoint: Option<String>,
}

/// Reads the name of a way of rows.
fn method() -> impl TypedValueParser<Value = Method> {
    let names = PossibleValuesParser::new(Method::ALL.map(Method::as_str));
    names.map(|name| {
        Method::ALL.into_iter().find(|method| method.as_str() == name).expect("only their names are possible")
    })
}

impl TargetArgs {
    /// Whether BigQuery is meant.
    pub fn is_given(&self) -> bool {
        *self != Self::default()
    }
}

impl MetricsArgs {
    /// What is asked for, for these runs in a folder.
    pub fn spec(&self, target: &TargetArgs, run_ids: &[String], out: &Path) -> MetricsSpec {
        MetricsSpec {
            target: target.into(),
            run_ids: run_ids.to_vec(),
            out: out.to_owned(),
            pod_namespace: self.pod_namespace.clone(),
            endpoint: self.monitoring_endpoint.clone(),
        }
    }
}

impl From<&TargetArgs> for TargetSpec {
    fn from(args: &TargetArgs) -> Self {
        let TargetArgs { project, dataset, table, location, endpoint, storage_endpoint } = args.clone();
        Self { project, dataset, table, location, endpoint, storage_endpoint }
    }
}

impl From<BigQueryArgs> for RecordsSpec {
    fn from(args: BigQueryArgs) -> Self {
        let BigQueryArgs {
            target,
            run_id_prefixes,
            since,
            until,
            manifest,
            scan_all,
            method,
            wait,
            dry_run,
            max_bytes_billed,
        } = args;
        Self {
            target: TargetSpec::from(&target),
            run_id_prefixes,
            since,
            until,
            manifest,
            scan_all,
            method,
            wait_min: wait,
            dry_run,
            max_bytes_billed,
        }
    }
}

impl From<&RunsArgs> for ListSpec {
    fn from(args: &RunsArgs) -> Self {
        let RunsArgs { target, since, until, scan_all, max_bytes_billed } = args;
        let (since, until) = (since.clone(), until.clone());
        Self { target: target.into(), since, until, scan_all: *scan_all, max_bytes_billed: *max_bytes_billed }
    }
}

impl From<&DoctorArgs> for DoctorSpec {
    fn from(args: &DoctorArgs) -> Self {
        let DoctorArgs { target, print_sink: _, namespace, max_bytes_billed } = args;
        Self { target: target.into(), namespace: namespace.clone(), max_bytes_billed: *max_bytes_billed }
    }
}
