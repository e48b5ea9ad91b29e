//! The command line, with what stands in a scenario file before it: what is typed wins.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use cnsim::scenario::FaultSpec;

use super::file::{Entry, FileError, ScenarioFile};
use super::{keys, save};
use crate::cli::{BackendName, Cli, Command, RunArgs};

/// Flags that say the same, so that one that is typed also takes the place of the other in a file.
const SAME: [[&str; 2]; 1] = [["payload", "payload_bytes"]];

/// What was typed.
#[derive(Debug)]
pub struct Typed {
    /// It, with what the file says.
    pub cli: Cli,
    /// The file, with the keys that were not overridden.
    pub file: Option<ScenarioFile>,
    /// What `--save` writes.
    pub saved: Option<String>,
}

/// Why nothing can be made of what was typed.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    /// It is no command line.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Reads a command line, and the scenario file that it names.
///
/// # Errors
/// Where one of them cannot be read.
pub fn read(arguments: &[OsString]) -> Result<Typed, TypedError> {
    let mut matches = Cli::command().try_get_matches_from(arguments)?;
    let file = match matches.subcommand() {
        Some(("run", run)) => match run.get_one::<std::path::PathBuf>("file") {
            Some(path) => Some(kept(ScenarioFile::read(path)?, run)),
            None => None,
        },
        Some(_) | None => None,
    };
    if let Some(file) = &file {
        // The command stands first: before it there can only be what ends the program.
        let (program_and_run, rest) = arguments.split_at(2);
        let merged = program_and_run.iter().cloned().chain(file.arguments().map(OsString::from));
        matches = Cli::command().try_get_matches_from(merged.chain(rest.iter().cloned()))?;
    }
    let mut cli = Cli::from_arg_matches(&matches)?;
    let mut saved = None;
    if let (Command::Run(args), Some(("run", run))) = (&mut cli.command, matches.subcommand()) {
        args.experiment.faults = file.as_ref().map(ScenarioFile::faults).unwrap_or_default();
        saved = args.save.is_some().then(|| save::text(run, &args.experiment.faults));
    }
    Ok(Typed { cli, file, saved })
}

/// The command line that a file alone stands for, on a backend; its own where none is given.
///
/// # Errors
/// Where its keys do not go together.
pub fn of_file(file: &ScenarioFile, backend: Option<BackendName>) -> Result<(RunArgs, ScenarioFile), TypedError> {
    let backend = backend.map(|backend| format!("--backend={}", backend.word()));
    let typed: Vec<String> = ["run".to_owned()].into_iter().chain(backend).collect();
    let file = kept(file.clone(), &keys::command().try_get_matches_from(&typed)?);
    let matches = keys::command().try_get_matches_from(typed.into_iter().chain(file.arguments()))?;
    let mut args = RunArgs::from_arg_matches(&matches)?;
    args.experiment.faults = file.faults();
    Ok((args, file))
}

/// A file without the keys that are typed too, and without those that only say how a backend is used which is not used.
fn kept(mut file: ScenarioFile, typed: &ArgMatches) -> ScenarioFile {
    let is_typed = |name: &str| typed.value_source(name) == Some(ValueSource::CommandLine);
    let is_overridden = |entry: &Entry| {
        let name = entry.key.name.as_str();
        is_typed(name) || SAME.iter().any(|same| same.contains(&name) && same.iter().any(|other| is_typed(other)))
    };
    file.entries.retain(|entry| !is_overridden(entry));
    let in_file = file.entries.iter().find(|entry| entry.key.name == "backend");
    let in_file = in_file.and_then(|entry| entry.arguments.first()).and_then(|argument| argument.split_once('='));
    let backend = match typed.get_one::<BackendName>("backend") {
        Some(typed) => typed.word(),
        None => in_file.map_or(BackendName::Local.word(), |(_, word)| word),
    }
    .to_owned();
    file.entries.retain(|entry| match entry.key.name.as_str() {
        "repeats" => backend == BackendName::Sim.word(),
        _ => !entry.key.is_of_kubernetes || backend == BackendName::Kubernetes.word(),
    });
    file
}

impl ScenarioFile {
    /// What would be typed for its keys.
    fn arguments(&self) -> impl Iterator<Item = String> {
        self.entries.iter().flat_map(|entry| entry.arguments.iter().cloned())
    }

    /// Its faults.
    pub fn faults(&self) -> Vec<FaultSpec> {
        self.faults.iter().map(|located| located.fault.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::plan::Plan;
    use crate::resolve::plan_of;

    fn typed(words: &[&str]) -> Result<Typed, TypedError> {
        let words: Vec<OsString> = ["cnsim", "run"].iter().chain(words).map(OsString::from).collect();
        read(&words)
    }

    fn run(words: &[&str]) -> RunArgs {
        let Ok(Typed { cli: Cli { command: Command::Run(args) }, .. }) = typed(words) else {
            panic!("{words:?} is no run")
        };
        *args
    }

    fn plan(words: &[&str]) -> Plan {
        let args = run(words);
        plan_of(&args.experiment, args.run_id, args.backend.unwrap_or(BackendName::Local)).unwrap()
    }

    fn file(folder: &Path, text: &str) -> String {
        let path = folder.join("f.toml");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn what_is_typed_overrides_the_file_and_the_rest_of_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "nodes = 4\nrounds = 3\npayload = \"1kB\"\nbackend = \"sim\"\nseed = 7");
        let args = run(&["-f", &path, "--rounds", "5", "--payload-bytes", "7", "--backend=local"]);
        let experiment = args.experiment;
        assert_eq!((experiment.nodes, experiment.rounds, experiment.seed), (Some(4), 5, Some(7)));
        assert_eq!((experiment.payload_bytes(), args.backend), (Some(7), Some(BackendName::Local)));
    }

    #[test]
    fn what_only_says_how_another_backend_is_used_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "nodes = 4\nbackend = \"kubernetes\"\nnamespace = \"lab\"\nrepeats = 3");
        let on = |backend: &str| run(&["-f", &path, "--backend", backend]);
        assert_eq!((on("kubernetes").kubernetes.namespace.as_deref(), on("kubernetes").repeats), (Some("lab"), None));
        assert_eq!((on("sim").kubernetes.namespace, on("sim").repeats), (None, Some(3)));
        assert_eq!(
            (run(&["-f", &path]).kubernetes.namespace.as_deref(), run(&["-f", &path]).repeats),
            (Some("lab"), None)
        );
    }

    #[test]
    fn a_saved_command_is_the_same_run() {
        let folder = tempfile::tempdir().unwrap();
        let faults = "[fault.split]\nkind = \"partition\"\nat = \"1500ms\"\nsides = [\"25%\", [\"gossip-statefulset-0\"], \"rest\"]\none_way = true\n\
                      [fault.\"a b\\\"\"]\nkind = \"crash\"\nat = \"0s\"\nfor = \"2s\"\nwho = \"10%\"\nback_after = \"weibull:0.5:3s\"\nstate = \"lost\"\n";
        let path = file(folder.path(), &format!("nodes = 20\nprotocol = \"push:3\"\nrounds = 9\n{faults}"));
        let saved = folder.path().join("saved.toml");
        let flags = [
            "-f",
            &path,
            "--rounds",
            "2",
            "--seed",
            "18446744073709551615",
            "--condition",
            "a \"b\" 1",
            "--deadline=none",
            "--deadline",
            "250",
        ];
        // Not given twice.
        let flags = [&flags[..8], &flags[9..]].concat();
        let with_save = [flags.as_slice(), &["--save", saved.to_str().unwrap()]].concat();

        fs::write(&saved, typed(&with_save).unwrap().saved.unwrap()).unwrap();

        let (before, after) = (plan(&flags).options, plan(&["-f", saved.to_str().unwrap()]).options);
        assert_eq!(before, after, "{}", fs::read_to_string(&saved).unwrap());
        assert_eq!(after.faults.len(), 2);
        assert_eq!(after.seed, u64::MAX);
    }
}
