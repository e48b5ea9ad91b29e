//! The keys of a scenario file: every flag of `cnsim run` but those that are about files of runs.

use std::sync::LazyLock;

use clap::{Arg, ArgAction, Args, Command};

use super::nearest::nearest;
use crate::cli::{KubernetesArgs, RunArgs};

/// Flags that say what is done with a file or a run, so that they are typed.
pub const TYPED: [&str; 4] = ["file", "save", "repeat", "resume"];

/// The table of the faults, beside the keys.
pub const FAULT: &str = "fault";

/// A key.
#[derive(Debug)]
pub struct Key {
    /// As it is written, with underscores.
    pub name: String,
    /// The flag, without its dashes before it.
    pub flag: String,
    /// Older names of the flag.
    aliases: Vec<String>,
    /// What stands behind it.
    pub takes: Takes,
    /// The only texts that there are; none where there are others.
    pub words: Vec<String>,
    /// What it is, as `--help` says it.
    pub help: String,
    /// Whether it only says how Kubernetes is used.
    pub is_of_kubernetes: bool,
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// `true` or `false`: the flag has no value.
    Switch,
    /// A text.
    Text,
    /// A number alone; some take words as well.
    Number,
    /// A list of texts: the flag may be typed again.
    List,
}

/// All of them, in the order of `--help`.
pub fn keys() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
        let command = command();
        command.get_arguments().filter(|arg| !TYPED.contains(&arg.get_id().as_str())).map(Key::of).collect()
    });
    &KEYS
}

/// The key of this name; dashes are as good as underscores.
pub fn find(typed: &str) -> Option<&'static Key> {
    let name = typed.replace('-', "_");
    keys().iter().find(|key| key.name == name || key.aliases.contains(&name))
}

/// The key, or table, that is most like a name that is none.
pub(crate) fn near(typed: &str) -> Option<&'static str> {
    let names = keys().iter().map(|key| key.name.as_str()).chain([FAULT]);
    nearest(&typed.replace('-', "_"), names)
}

/// `cnsim run` as clap knows it.
pub(super) fn command() -> Command {
    RunArgs::augment_args(Command::new("run"))
}

impl Key {
    fn of(arg: &Arg) -> Self {
        let flag = arg.get_long().expect("what is typed after `cnsim run` has a long name").to_owned();
        let takes = Takes::of(arg, &flag);
        let words = if takes == Takes::Text { arg.get_possible_values() } else { Vec::new() };
        let aliases = arg.get_all_aliases().unwrap_or_default();
        let of_kubernetes = KubernetesArgs::augment_args(Command::new("run"));
        Self {
            name: flag.replace('-', "_"),
            aliases: aliases.into_iter().map(|alias| alias.replace('-', "_")).collect(),
            words: words.iter().map(|word| word.get_name().to_owned()).collect(),
            takes,
            help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            is_of_kubernetes: of_kubernetes.get_arguments().any(|other| other.get_id() == arg.get_id()),
            flag,
        }
    }

    /// What is typed for one value.
    pub fn argument(&self, value: &str) -> String {
        format!("--{}={value}", self.flag)
    }

    /// Whether `cnsim run` takes this alone; why not, in clap's words.
    ///
    /// # Errors
    /// Where it does not.
    pub(super) fn check(&self, argument: &str) -> Result<(), String> {
        match command().try_get_matches_from(["run", argument]) {
            Ok(_) => Ok(()),
            Err(error) => {
                let line = cnsim_node::one_line(&error);
                let line = line.strip_prefix("error: ").unwrap_or(&line);
                Err(line.strip_suffix(" (see --help)").unwrap_or(line).to_owned())
            }
        }
    }
}

impl Takes {
    /// A number is what takes one and does not take any text.
    fn of(arg: &Arg, flag: &str) -> Self {
        let does_take = |value: &str| command().try_get_matches_from(["run", &format!("--{flag}={value}")]).is_ok();
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            Self::Switch
        } else if matches!(arg.get_action(), ArgAction::Append) {
            Self::List
        } else if does_take("1") && !does_take("word") {
            Self::Number
        } else {
            Self::Text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_a_run_is_a_key_or_is_typed() {
        let command = command();
        let flags: Vec<&str> = command.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        for name in &flags {
            assert!(TYPED.contains(name) != find(name).is_some(), "{name}");
        }
        assert!(TYPED.iter().all(|name| flags.contains(name)));
        for known in ["nodes", "protocol", "payload", "payload_bytes", "backend", "repeats", "seed", "set"] {
            assert!(flags.contains(&known), "{known}");
        }
    }

    #[test]
    fn what_stands_behind_a_key_is_what_its_flag_takes() {
        for (name, takes) in [
            ("nodes", Takes::Number),
            ("warm_up", Takes::Number),
            ("in_flight", Takes::Number),
            ("payload", Takes::Text),
            ("initiator", Takes::Text),
            ("condition", Takes::Text),
            ("back_to_sender", Takes::Switch),
            ("set", Takes::List),
        ] {
            assert_eq!(find(name).unwrap().takes, takes, "{name}");
        }
        assert_eq!(find("link-delay").unwrap().name, "delay");
    }
}
