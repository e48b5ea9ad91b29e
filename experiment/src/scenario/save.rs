//! Writes a scenario file of what was typed: no defaults, so that it means what the command did.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use cnsim::scenario::{FaultSpec, Kind};
use serde_json::Value;

use super::fault_table::SHARED;
use super::keys::{FAULT, Key, Takes, keys};
use cnsim_files::WriteError;

/// Why no file was saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There is one.
    #[error("--save {}: there is such a file, which is not written over", .0.display())]
    Exists(PathBuf),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl SaveError {
    /// Whether another file has to be named.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Exists(_) => true,
            Self::Write(_) => false,
        }
    }
}

/// Writes the file, which must not be there.
///
/// # Errors
/// Where it is there or cannot be written.
pub fn write(path: &Path, text: &str) -> Result<(), SaveError> {
    match path.symlink_metadata() {
        Ok(_) => Err(SaveError::Exists(path.to_owned())),
        Err(_) => Ok(cnsim_files::replace(path, text.as_bytes())?),
    }
}

/// The text of the file.
pub(super) fn text(typed: &ArgMatches, faults: &[FaultSpec]) -> String {
    let mut text = String::new();
    for key in keys().iter().filter(|key| typed.value_source(&key.name) == Some(ValueSource::CommandLine)) {
        let raw = typed.get_raw(&key.name).into_iter().flatten();
        let values: Vec<String> = raw.map(|value| value.to_string_lossy().into_owned()).collect();
        push_line(&mut text, &key.name, &value_of(key, &values));
    }
    for fault in faults {
        text.push_str(&table_of(fault));
    }
    text
}

fn value_of(key: &Key, values: &[String]) -> String {
    match key.takes {
        Takes::Switch => "true".to_owned(),
        Takes::List => list(values.iter().map(String::as_str)),
        Takes::Number | Takes::Text => {
            let value = values.last().map(String::as_str).unwrap_or_default();
            // TOML's whole numbers end at 2^63, and have no zeros before them.
            let is_bare = value.parse::<i64>().is_ok_and(|number| number.to_string() == value);
            if key.takes == Takes::Number && is_bare { value.to_owned() } else { quoted(value) }
        }
    }
}

/// A fault as its table, with the keys in the order in which they are listed.
fn table_of(fault: &FaultSpec) -> String {
    let json = serde_json::to_value(fault).expect("a fault has text keys");
    let mut text = format!("\n[{FAULT}.{}]\n", quoted_key(&fault.name));
    let of_kind = Kind::KEYS.iter().find(|(kind, _)| *kind == fault.kind.word()).map(|(_, keys)| *keys);
    for key in SHARED.iter().chain(of_kind.unwrap_or_default()) {
        let value = match json.get(key) {
            Some(Value::String(value)) => quoted(value),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Array(values)) => nested(values),
            Some(Value::Null | Value::Number(_) | Value::Object(_)) | None => continue,
        };
        push_line(&mut text, key, &value);
    }
    text
}

fn nested(values: &[Value]) -> String {
    let one = |value: &Value| match value {
        Value::Array(values) => nested(values),
        Value::String(value) => quoted(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    };
    format!("[{}]", values.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn list<'a>(values: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", values.map(quoted).collect::<Vec<_>>().join(", "))
}

fn push_line(text: &mut String, key: &str, value: &str) {
    writeln!(text, "{key} = {value}").expect("a String takes what is written");
}

fn quoted_key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A text in TOML's quotes, whose escapes are those of JSON; DEL is the one that JSON leaves as it is.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
