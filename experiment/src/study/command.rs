//! Carries out `cnsim study`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use cnsim_node::messages::tell;

use super::args::{RepeatArgs, StatusArgs, StudyAction, StudyCommand, StudyReportArgs, StudyRunArgs};
use super::carry::{Carried, Ended, Messages};
use super::error::StudyError;
use super::file::{self, StudyFile};
use super::folder::StudyFolder;
use super::plan::{StudyPlan, Typed};
use super::record::StudyRecord;
use super::{status, template};
use crate::cli::BackendName;

/// Carries a command out and returns what belongs on stdout.
///
/// # Errors
/// What stopped it, in one line.
pub fn run(command: &StudyCommand) -> Result<String> {
    match &command.action {
        StudyAction::New(args) => Ok(template::named(&args.name)?),
        StudyAction::Run(args) => run_study(args),
        StudyAction::Status(StatusArgs { name, out }) => {
            let (plan, folder) = remembered(name, out)?;
            Ok(status::status(&plan, &folder))
        }
        StudyAction::Report(args) => report(args),
        StudyAction::Repeat(args) => repeat(args),
    }
}

fn run_study(args: &StudyRunArgs) -> Result<String> {
    let text = file::read(&args.file)?;
    let file = StudyFile::parse(&text, &args.file)?;
    let typed =
        |seed| Typed { backend: args.backend, nodes: args.nodes, name: args.name.clone(), seed, limit: args.limit };
    // A study that was begun without a seed goes on with the one that it drew.
    let named = StudyPlan::of(&file, &typed(None))?;
    let before = StudyFolder::find(&args.out.join(&named.name), &args.out).ok();
    let seed = before.as_ref().map(|folder| folder.record().map(|record| record.seed)).transpose()?;
    let plan = StudyPlan::of(&file, &typed(seed))?;
    plan.check(&args.file)?;
    if args.dry_run {
        return Ok(status::describe(&plan, &args.file, before.as_ref())?);
    }
    let folder = carry_out(&plan, &file, &args.out, (args.blocks.unwrap_or(plan.blocks), Messages::EachRun))?;
    Ok(told(&plan, &folder))
}

/// Makes what is not complete of the study in `path`, telling of failures alone, and returns its run folders, cell by cell.
///
/// # Errors
/// Where it cannot be made, or a run fails.
pub fn make(path: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    let text = file::read(path)?;
    let file = StudyFile::parse(&text, path)?;
    let plan = StudyPlan::of(&file, &Typed { limit: u64::MAX, ..Typed::default() })?;
    plan.check(path)?;
    let folder = carry_out(&plan, &file, out, (plan.blocks, Messages::Failures))?;
    Ok(folders(&plan, &folder))
}

/// Makes what is not complete, and gives the study's folder.
fn carry_out(
    plan: &StudyPlan,
    file: &StudyFile<'_>,
    out: &Path,
    (blocks, messages): (u32, Messages),
) -> Result<StudyFolder> {
    let folder = StudyFolder::open(out, &StudyRecord::of(plan, file.text))?;
    let command_line = std::env::args().collect();
    let carried = Carried { plan, file: file.path, folder: &folder, blocks, command_line, messages };
    let name = &plan.name;
    match carried.carry_out()? {
        Ended::Complete => Ok(folder),
        Ended::Failed(count) => {
            bail!("{count} runs of study {name} failed: cnsim study status {} says why", folder.path().display())
        }
        Ended::Interrupted => bail!("study {name} was stopped: the same command goes on with it"),
    }
}

/// What is printed of a study that is made.
fn told(plan: &StudyPlan, folder: &StudyFolder) -> String {
    let place = folder.path().display();
    tell(format_args!("study {}: cnsim study report {place} makes its report", plan.name));
    format!("{place}\n")
}

/// The plan of a study that was begun, by what it remembers.
fn remembered(name: &Path, out: &Path) -> Result<(StudyPlan, StudyFolder), StudyError> {
    let folder = StudyFolder::find(name, out)?;
    let (record, path) = (folder.record()?, remembered_path(&folder));
    let plan = plan_of(&record, &StudyFile::parse(&record.file, &path)?, None)?;
    Ok((plan, folder))
}

/// Where the text would stand that a study remembers of its file: what errors about it name.
fn remembered_path(folder: &StudyFolder) -> PathBuf {
    folder.path().join("study.toml")
}

/// The plan that `study.json` stands for, under another name where one is given.
fn plan_of(record: &StudyRecord, file: &StudyFile<'_>, name: Option<String>) -> Result<StudyPlan, StudyError> {
    let known = |word: &String| BackendName::ALL.into_iter().find(|backend| backend.word() == word.as_str());
    let typed = Typed {
        backend: record.backend.as_ref().and_then(known),
        nodes: record.nodes,
        name: Some(name.unwrap_or_else(|| record.name.clone())),
        seed: Some(record.seed),
        limit: u64::MAX,
    };
    StudyPlan::of(file, &typed)
}

/// Makes a study again under another name, then holds its cells against those of before.
fn repeat(args: &RepeatArgs) -> Result<String> {
    let before = StudyFolder::find(&args.name, &args.out)?;
    let record = before.record()?;
    let name = args.new_name.clone().unwrap_or_else(|| format!("{}-again", record.name));
    let path = remembered_path(&before);
    let file = StudyFile::parse(&record.file, &path)?;
    let (old, new) = (plan_of(&record, &file, None)?, plan_of(&record, &file, Some(name))?);
    new.check(file.path)?;
    let after = carry_out(&new, &file, &args.out, (new.blocks, Messages::EachRun))?;
    compared(&Both { old: (&old, &before), new: (&new, &after) })?;
    Ok(told(&new, &after))
}

/// A study and its repetition.
#[cfg_attr(not(feature = "report"), expect(dead_code, reason = "only a comparison looks at them"))]
struct Both<'a> {
    old: (&'a StudyPlan, &'a StudyFolder),
    new: (&'a StudyPlan, &'a StudyFolder),
}

/// Tells of each cell whether it came out as before.
#[cfg(feature = "report")]
fn compared(both: &Both<'_>) -> Result<()> {
    for cell in &both.old.0.cells {
        let of_cell = |(plan, folder): (&StudyPlan, &StudyFolder)| -> Vec<PathBuf> {
            let runs = status::complete(plan, folder).into_iter().filter(|run| run.cell == cell.number);
            runs.map(|run| folder.run(plan, run)).collect()
        };
        let sentence = super::report::compare(&of_cell(both.old), &of_cell(both.new))?;
        let name = super::label::cell(&cell.levels);
        tell(format_args!("cell {} ({name}): {sentence}", cell.number));
    }
    Ok(())
}

#[cfg(not(feature = "report"))]
fn compared(_: &Both<'_>) -> Result<()> {
    tell("this program was built without comparisons: cnsim-analyze compare holds both against each other");
    Ok(())
}

#[cfg(feature = "report")]
fn report(args: &StudyReportArgs) -> Result<String> {
    let (plan, folder) = remembered(&args.name, &args.out)?;
    let runs = folders(&plan, &folder);
    if runs.is_empty() {
        return Err(StudyError::NoRuns(plan.name).into());
    }
    let place = folder.path().join("report");
    super::report::make(&runs, &place)
}

#[cfg(not(feature = "report"))]
fn report(_: &StudyReportArgs) -> Result<String> {
    bail!("this program was built without reports: cnsim-analyze report studies/NAME/runs/* makes them")
}

/// The folders of complete runs, cell by cell.
fn folders(plan: &StudyPlan, folder: &StudyFolder) -> Vec<PathBuf> {
    status::complete(plan, folder).into_iter().map(|run| folder.run(plan, run)).collect()
}
