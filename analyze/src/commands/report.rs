//! `report`: runs and event files into tables, figures and a verdict, and all of that into a bundle.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Error;
use clap::Args;
use cnsim::manifest::Tool;

use super::figure_args::FigureArgs;
use super::printing::{REFUSED, print};
use super::time_args::TimeArgs;
use super::values::origin;
use crate::audit::Verdict;
use crate::bundle::{self, BundleError};
use crate::inputs::Input;
use crate::inputs::telemetry::Source;
use crate::measure::usage::Window;
use crate::measure::{EnergyModel, Origin};
use crate::messages::tell;
use crate::report::{self, Outcome, ReportFiles, ReportFolder, ReportSpec};
use crate::table::TableFormat;

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
    /// What times count.
    #[command(flatten)]
    pub times: TimeArgs,
    /// What pods used: telemetry.parquet, Prometheus' JSON or a Metrics Explorer CSV, whose name must say what it measures
    /// where cpu=, memory=, received= or transmitted= does not. It counts for each run whose time it overlaps, or for those
    /// of CONDITION. May be given again; that of a run folder is taken anyway
    #[arg(long, value_name = "[CONDITION:][QUANTITY=]FILE")]
    pub telemetry: Vec<Source>,
    /// Which samples of it count
    #[arg(long, value_enum, default_value = "block")]
    pub window: Window,
    /// What bytes and time cost, for the table energy: as sent=1uJ/B,received=0.5uJ/B,awake=50mW, each of which may be left out
    #[arg(long, value_name = "COSTS")]
    pub energy: Option<EnergyModel>,
    /// Put inputs, report, methods and REPRODUCE.md into this zip too, which `verify` makes again
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// How figures look.
    #[command(flatten, next_help_heading = "Figures")]
    pub figures: FigureArgs,
    /// How the convergence table is printed
    #[arg(long, value_enum, default_value = "table", help_heading = None)]
    pub format: TableFormat,
    /// Exit with 3 where the verdict is unsound
    #[arg(long, help_heading = None)]
    pub strict: bool,
}

/// Where a report and its bundle go.
struct Places {
    folder: PathBuf,
    bundle: Option<PathBuf>,
}

/// Reports, and prints the convergence table.
pub(super) fn run(args: ReportArgs, tool: &Tool) -> anyhow::Result<ExitCode> {
    let ReportArgs {
        inputs,
        output,
        origin,
        warm_up,
        times,
        telemetry,
        window,
        energy,
        bundle,
        figures,
        format,
        strict,
    } = args;
    let places = Places { folder: output.unwrap_or_else(|| report::default_folder(&inputs)), bundle };
    let (times, figures) = (times.into(), figures.into());
    let spec = ReportSpec { inputs, times, telemetry, origin, warm_up, window, energy, figures };
    let outcome = write(&spec, tool, &places, format)?;
    tell(outcome.messages.trim_end());
    let code = print(&outcome.table);
    let is_refused = strict && outcome.verdict == Verdict::Unsound && code == ExitCode::SUCCESS;
    Ok(if is_refused { ExitCode::from(REFUSED) } else { code })
}

/// Writes the report, and the bundle where one is wanted. Both hold what was measured and drawn once.
fn write(spec: &ReportSpec, tool: &Tool, places: &Places, format: TableFormat) -> anyhow::Result<Outcome> {
    let Places { folder, bundle: Some(bundle) } = places else {
        return Ok(report::write(spec, tool, &places.folder, format)?);
    };
    bundle::check_place(bundle, folder, &spec.inputs)?;
    let place = ReportFolder::claim(folder)?;
    let staged = bundle::stage(spec).map_err(no_bundle)?;
    let mut report = staged.report(tool)?;
    let ReportFiles { files, quality } = report.files(|name| staged.given(name))?;
    place.fill(&files)?;
    bundle::pack(bundle, &staged, &mut report).map_err(no_bundle)?;
    Ok(report::outcome(&report, &quality, folder, format))
}

/// An input that cannot be read is no matter of the bundle.
fn no_bundle(error: BundleError) -> Error {
    if let BundleError::Source(source) = error {
        return source.into();
    }
    Error::from(error).context("no bundle was made")
}
