//! Carries out `cnsim scenario`.

use anyhow::Result;

use super::args::{ScenarioAction, ScenarioCommand};
use super::{check, schema};

/// A file with every key, most of them commented out.
pub const TEMPLATE: &str = include_str!("template.toml");

/// Carries a command out and returns what belongs on stdout.
pub fn run(command: &ScenarioCommand) -> Result<String> {
    match &command.action {
        ScenarioAction::New => Ok(TEMPLATE.to_owned()),
        ScenarioAction::Check(args) => Ok(check::check(args)?),
        ScenarioAction::Schema => Ok(schema::text()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use cnsim::scenario::Kind;

    use super::*;
    use crate::scenario::file::ScenarioFile;
    use crate::scenario::keys::keys;

    /// The template with everything that is commented out in it.
    fn uncommented() -> String {
        let lines = TEMPLATE.lines().map(|line| match line.strip_prefix("# ") {
            Some(code) if is_code(code) => code,
            Some(_) | None => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn is_code(line: &str) -> bool {
        let key = line
            .split_once(" = ")
            .is_some_and(|(key, _)| key.trim().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        key || line.starts_with("[fault.")
    }

    #[test]
    fn the_template_can_be_read_and_names_every_key_and_every_kind() {
        ScenarioFile::parse(TEMPLATE, Path::new("new.toml")).unwrap();
        let all = ScenarioFile::parse(&uncommented(), Path::new("all.toml")).unwrap();
        for key in keys() {
            assert!(all.entries.iter().any(|entry| entry.key.name == key.name), "{}", key.name);
        }
        for (kind, keys) in Kind::KEYS {
            let fault = all.faults.iter().find(|at| at.fault.kind.word() == kind).unwrap_or_else(|| panic!("{kind}"));
            let json = serde_json::to_value(&fault.fault).unwrap();
            for key in keys {
                assert!(json.get(key).is_some(), "{kind} has {key}");
            }
        }
    }
}
