//! `fetch`: events from wherever they are into run folders.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

#[cfg(feature = "bigquery")]
use super::bigquery_args::{BigQueryArgs, MetricsArgs};
use super::printing::print;
#[cfg(feature = "kubernetes")]
use crate::fetch::Pods;
#[cfg(feature = "bigquery")]
use crate::fetch::bigquery::telemetry;
use crate::fetch::{self, FetchSource, FetchSpec, Fetched, OtherEvents};
use crate::messages::tell;

/// What can be typed after `cnsim-analyze fetch`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim-analyze fetch logs/*.jsonl.gz
  cnsim-analyze fetch --run-id 4abf-cubaan50 results.csv -o runs
  kubectl logs -l app=gossip --tail=-1 | cnsim-analyze fetch -
  cnsim-analyze fetch --kubernetes --run-id hello --release gossip-statefulset
  cnsim-analyze fetch --run-id 4abf0c12-cubaan10 --project my-study --dataset gke_logs")]
#[command(after_help = "Prints the run folders. Exit code: 0 fine, 1 failed, 2 usage.")]
pub struct FetchArgs {
    /// JSON lines, CSV or Parquet, plain, .gz or .zst; patterns; run folders; - is standard input
    #[arg(value_name = "FILE")]
    #[cfg_attr(feature = "kubernetes", arg(conflicts_with = "kubernetes"))]
    #[cfg_attr(feature = "bigquery", arg(required_unless_present_any = OTHER_SOURCES))]
    #[cfg_attr(feature = "bigquery", arg(conflicts_with_all = ["TargetArgs", "BigQueryArgs"]))]
    #[cfg_attr(all(feature = "kubernetes", not(feature = "bigquery")), arg(required_unless_present = "kubernetes"))]
    #[cfg_attr(not(any(feature = "bigquery", feature = "kubernetes")), arg(required = true))]
    pub files: Vec<PathBuf>,
    /// Fetch this run only; may be given again [default: every run that is there]
    #[arg(long = "run-id", value_name = "ID")]
    pub run_ids: Vec<String>,
    /// Where pods' logs are the source.
    #[cfg(feature = "kubernetes")]
    #[command(flatten)]
    pub pods: PodArgs,
    /// Folder that run folders are in
    #[arg(short, long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Replace events of another source
    #[arg(long)]
    pub force: bool,
    /// Where BigQuery is the source.
    #[cfg(feature = "bigquery")]
    #[command(flatten, next_help_heading = "From BigQuery")]
    pub bigquery: BigQueryArgs,
    /// Where telemetry is wanted.
    #[cfg(feature = "bigquery")]
    #[command(flatten, next_help_heading = "Telemetry")]
    pub metrics: MetricsArgs,
}

/// What makes files needless: pods' logs, or a run to look for in BigQuery.
#[cfg(all(feature = "bigquery", feature = "kubernetes"))]
const OTHER_SOURCES: [&str; 3] = ["kubernetes", "run_ids", "run_id_prefixes"];
#[cfg(all(feature = "bigquery", not(feature = "kubernetes")))]
const OTHER_SOURCES: [&str; 2] = ["run_ids", "run_id_prefixes"];

/// Which pods' logs to fetch.
#[cfg(feature = "kubernetes")]
#[derive(Debug, Args)]
pub struct PodArgs {
    /// Read the logs of the nodes' pods, as far as the cluster keeps them
    #[arg(long, requires = "run_ids")]
    #[cfg_attr(feature = "bigquery", arg(conflicts_with_all = ["TargetArgs", "BigQueryArgs"]))]
    pub kubernetes: bool,
    /// Their namespace [default: the kubeconfig's]
    #[arg(long, value_name = "NS", requires = "kubernetes")]
    pub namespace: Option<String>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, value_name = "C", requires = "kubernetes")]
    pub context: Option<String>,
    /// Their Helm release [default: every one in the namespace]
    #[arg(long, value_name = "NAME", requires = "kubernetes")]
    pub release: Option<String>,
}

/// Fetches, and prints the folders.
pub(super) fn run(args: FetchArgs) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "bigquery")]
    if args.metrics.metrics {
        let fetched = telemetry::fetch(&args.metrics.spec(&args.bigquery.target, &args.run_ids, &args.out))?;
        return Ok(print_fetched(&fetched));
    }
    let fetched = fetch::fetch(&args.into())?;
    Ok(print_fetched(&fetched))
}

/// Prints what a fetch came to.
fn print_fetched(fetched: &Fetched) -> ExitCode {
    fetched.notes.iter().for_each(|note| tell(format_args!("warning: {note}")));
    if let Some(plan) = &fetched.plan {
        return print(plan.as_bytes());
    }
    let lines: String = fetched.folders.iter().map(|folder| format!("{}\n", folder.display())).collect();
    print(lines.as_bytes())
}

impl From<FetchArgs> for FetchSpec {
    fn from(args: FetchArgs) -> Self {
        let others = if args.force { OtherEvents::Replace } else { OtherEvents::Keep };
        let source = match args.files {
            #[cfg(feature = "bigquery")]
            files if files.is_empty() => FetchSource::BigQuery(Box::new(args.bigquery.into())),
            files => FetchSource::Files(files),
        };
        #[cfg(feature = "kubernetes")]
        let source = match args.pods {
            PodArgs { kubernetes: true, namespace, context, release } => {
                FetchSource::Pods(Pods { namespace, context, release })
            }
            PodArgs { kubernetes: false, .. } => source,
        };
        Self { source, run_ids: args.run_ids, out: args.out, others }
    }
}
