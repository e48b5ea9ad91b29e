//! `doctor`: checks the way of records through BigQuery.

use std::process::ExitCode;

use super::bigquery_args::DoctorArgs;
use super::clock::now;
use super::printing::{REFUSED, print};
use crate::fetch::bigquery::doctor::{Health, examine};
use crate::fetch::bigquery::sink;

/// Checks, and prints a line for each thing.
pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<ExitCode> {
    if args.print_sink {
        return Ok(print(sink::commands(&args.into())?.as_bytes()));
    }
    let checks = examine(&args.into(), now())?;
    let lines: String = checks.iter().map(|check| format!("{check}\n")).collect();
    let code = print(lines.as_bytes());
    let is_well = checks.iter().all(|check| check.health != Health::Bad);
    Ok(if is_well || code != ExitCode::SUCCESS { code } else { ExitCode::from(REFUSED) })
}
