//! What can be typed after `cnsim-analyze`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use cnsim::manifest::Tool;

use crate::commands::runs;
use crate::compare::args::CompareArgs;
use crate::explain::args::ExplainArgs;
use crate::export::ExportArgs;
#[cfg(feature = "kubernetes")]
use crate::fetch::Pods;
#[cfg(feature = "bigquery")]
use crate::fetch::bigquery::settings::{BigQueryArgs, DoctorArgs, MetricsArgs};
use crate::fetch::{FetchOptions, FetchSource, Others};
use crate::inputs::Input;
use crate::inputs::telemetry;
use crate::measure::{Origin, usage};
use crate::output::figure_file::FigureArgs;
use crate::report::ReportOptions;

/// Turns gossip event records into runs, numbers and figures.
#[derive(Debug, Parser)]
#[command(name = "cnsim-analyze", version, max_term_width = 100)]
#[command(before_help = "Example: cnsim-analyze fetch logs/*.jsonl.gz -o runs")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reads events from files, pods' logs or BigQuery into run folders, in order and without repeats
    Fetch(Box<FetchArgs>),
    /// Turns runs and event files into tables, figures and a verdict on their quality
    Report(ReportArgs),
    /// Says whether conditions differ, by how much, and how sure that is
    Compare(CompareArgs),
    /// Shows one round as a tree with times, and where the time went
    Explain(ExplainArgs),
    /// Writes a run's records in a form that other programs read
    Export(ExportArgs),
    /// Makes the report of a bundle again and compares it
    Verify(VerifyArgs),
    /// Lists run folders, or the runs in BigQuery
    Runs(RunsArgs),
    /// Checks the way of records through BigQuery
    #[cfg(feature = "bigquery")]
    Doctor(DoctorArgs),
}

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

/// What can be typed after `cnsim-analyze report`.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cnsim-analyze report runs/4abf0c12-cubaan10
  cnsim-analyze report default=test-default-bwidth-10X.csv 5M=test-bwidth-5M-10X.csv -o report
  cnsim-analyze report runs/* --origin initiate --format csv --strict
  cnsim-analyze report runs/* --style paper --venue plos --width single --formats tiff,pdf")]
#[command(
    after_help = "Prints the convergence table. The folder holds index.html, summary.json, quality.json, tables/ \
and figures/.
Exit code: 0 fine, 1 failed, 2 usage, 3 the verdict is unsound and --strict was given."
)]
pub struct ReportArgs {
    /// Run folder, JSON lines, CSV or Parquet, plain, .gz or .zst; a pattern; - is standard input. The condition is
    /// LABEL, else the manifest's (of a folder without one: its records'), else the file's name
    #[arg(required = true, value_name = "[LABEL=]INPUT")]
    pub inputs: Vec<Input>,
    /// Folder of the report [default: report in the run folder where that is the only input, else report]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// What time counts from in the printed table and the figures; the tables hold both
    #[arg(long, value_parser = origin(), default_value = Origin::FirstSend.as_str())]
    pub origin: Origin,
    /// Rounds with a number below it are in the tables, and in no statistic
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub warm_up: u32,
    /// What pods used: telemetry.parquet, Prometheus' JSON or a Metrics Explorer CSV, whose name must say what it measures
    /// where cpu=, memory=, received= or transmitted= does not. It counts for each run whose time it overlaps, or for those
    /// of CONDITION. May be given again; that of a run folder is taken anyway
    #[arg(long, value_name = "[CONDITION:][QUANTITY=]FILE")]
    pub telemetry: Vec<telemetry::Source>,
    /// Which samples of it count
    #[arg(long, value_enum, default_value = "block")]
    pub window: usage::Window,
    /// Put inputs, report, methods and REPRODUCE.md into this zip too, which `verify` makes again
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// How figures look.
    #[command(flatten, next_help_heading = "Figures")]
    pub figures: FigureArgs,
    /// How the convergence table is printed
    #[arg(long, value_enum, default_value = "table", help_heading = None)]
    pub format: runs::Format,
    /// Exit with 3 where the verdict is unsound
    #[arg(long, help_heading = None)]
    pub strict: bool,
}

/// What can be typed after `cnsim-analyze verify`.
#[derive(Debug, Args)]
#[command(before_help = "Example: cnsim-analyze verify paper.zip")]
#[command(after_help = "Exit code: 0 the same, 1 changed or different, 2 usage.")]
pub struct VerifyArgs {
    /// The zip that `report --bundle` made
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
}

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
    pub format: runs::Format,
    /// Where BigQuery is to be listed.
    #[cfg(feature = "bigquery")]
    #[command(flatten, next_help_heading = "In BigQuery")]
    pub bigquery: crate::fetch::bigquery::settings::RunsArgs,
}

/// Reads an origin's name.
pub(crate) fn origin() -> impl TypedValueParser<Value = Origin> {
    let names = PossibleValuesParser::new(Origin::ALL.map(Origin::as_str));
    names.map(|name| {
        Origin::ALL.into_iter().find(|origin| origin.as_str() == name).expect("only their names are possible")
    })
}

impl ReportArgs {
    /// The options of a report by a program of this version and revision.
    pub fn options(self, tool: Tool) -> ReportOptions {
        let Self { inputs, output, origin, warm_up, telemetry, window, bundle, figures, format, strict: _ } = self;
        let figures = figures.into();
        ReportOptions { inputs, output, origin, warm_up, telemetry, window, bundle, figures, format, tool }
    }
}

impl From<FetchArgs> for FetchOptions {
    fn from(args: FetchArgs) -> Self {
        let others = if args.force { Others::Replace } else { Others::Keep };
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
