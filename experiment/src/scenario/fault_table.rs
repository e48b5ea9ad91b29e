//! Reads the tables of faults. Which keys a kind has is what [`Kind::KEYS`] says.

use std::fmt::Display;
use std::str::FromStr;

use cnsim::link::WorkSpec;
use cnsim::quantity::{Rate, Share};
use cnsim::scenario::{FaultSpec, Kind, SpanLaw, Who};
use cnsim::time::Interval;
use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::nearest::nearest;
use super::place::{FileError, Source, Wrong, WrongFault, did_you_mean};

/// The keys that every kind has.
pub(super) const SHARED: [&str; 3] = ["kind", "at", "for"];

/// What a crash takes down.
pub(super) const HOW: [&str; 2] = ["dark", "process"];

/// What a node holds when it is back.
pub(super) const STATE: [&str; 2] = ["kept", "lost"];

/// A fault and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct LocatedFault {
    /// The fault.
    pub fault: FaultSpec,
    /// The line of its table.
    pub line: usize,
}

/// The keys of a table as they stand in the file; TOML's own order is that of the alphabet.
pub(crate) fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut keys: Vec<_> = table.iter().collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    keys
}

/// A text, or a number as one; none of what is neither.
pub(crate) fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(whole) if whole.radix() == 10 => Some(whole.as_str().to_owned()),
        DeValue::Integer(whole) => u64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|n| n.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// All faults of the table `fault`, in the order of the file.
pub(super) fn read_all(faults: &Spanned<DeValue<'_>>, source: Source<'_>) -> Result<Vec<LocatedFault>, FileError> {
    let DeValue::Table(tables) = faults.get_ref() else { return Err(source.wrong(&faults.span(), Wrong::NoFault)) };
    let mut read = Vec::with_capacity(tables.len());
    for (name, table) in in_order(tables) {
        if name.get_ref().is_empty() {
            return Err(source.wrong(&name.span(), Wrong::NoFault));
        }
        let DeValue::Table(keys) = table.get_ref() else {
            return Err(source.wrong(&name.span(), Wrong::NoTable(name.get_ref().to_string())));
        };
        let table = Table { name, keys, source };
        read.push(LocatedFault { fault: table.read()?, line: source.line(&name.span()) });
    }
    Ok(read)
}

/// One fault's table.
struct Table<'a, 'i> {
    name: &'a Spanned<DeString<'i>>,
    keys: &'a DeTable<'i>,
    source: Source<'a>,
}

impl<'i> Table<'_, 'i> {
    fn read(&self) -> Result<FaultSpec, FileError> {
        let (kind, known) = self.kind()?;
        let mut fields = Map::from_iter([("name".to_owned(), Value::from(self.name.get_ref().as_ref()))]);
        for (typed, value) in in_order(self.keys) {
            let wrong = |wrong| self.wrong(typed, wrong);
            let name = typed.get_ref().replace('-', "_");
            let Some(key) = known.iter().copied().find(|key| *key == name) else {
                let (key, near) = (typed.get_ref().to_string(), nearest(&name, known.iter().copied()));
                return Err(wrong(WrongFault::Key { kind, key, near, known: known[1..].to_vec() }));
            };
            let value = json(value.get_ref());
            check(key, &value).map_err(|why| wrong(WrongFault::Value { key, why }))?;
            if fields.insert(key.to_owned(), value).is_some() {
                return Err(wrong(WrongFault::Twice(key)));
            }
        }
        // Nothing outlives a process: who does not say so means that.
        if fields.get("how").is_some_and(|how| how == HOW[1]) {
            fields.entry("state").or_insert_with(|| STATE[1].into());
        }
        serde_json::from_value(Value::Object(fields)).map_err(|error| {
            let said = error.to_string();
            let missing = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
            self.wrong(
                self.name,
                match missing {
                    Some(key) => WrongFault::Missing { kind, key: key.to_owned() },
                    None => WrongFault::Whole(said),
                },
            )
        })
    }

    /// What the fault does, and the keys that it may have.
    fn kind(&self) -> Result<(&'static str, Vec<&'static str>), FileError> {
        let kinds = || Kind::KEYS.map(|(kind, _)| kind).to_vec();
        let Some((key, value)) = self.keys.iter().find(|(key, _)| key.get_ref() == "kind") else {
            return Err(self.wrong(self.name, WrongFault::NoKind(kinds())));
        };
        let word = scalar(value.get_ref()).unwrap_or_default();
        match Kind::KEYS.iter().find(|(kind, _)| *kind == word) {
            Some((kind, keys)) => Ok((kind, [&SHARED, *keys].concat())),
            None => {
                let near = nearest(&word, kinds());
                Err(self.wrong(key, WrongFault::Kind { word, near, known: kinds() }))
            }
        }
    }

    fn wrong(&self, at: &Spanned<DeString<'i>>, wrong: WrongFault) -> FileError {
        let name = self.name.get_ref().to_string();
        self.source.wrong(&at.span(), Wrong::Fault { name, wrong })
    }
}

/// A value as JSON has it. Numbers become texts: what has a unit says itself what is missing.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Boolean(is_so) => Value::from(*is_so),
        DeValue::Array(values) => values.iter().map(|value| json(value.get_ref())).collect(),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) => Value::from(scalar(value)),
        DeValue::Datetime(_) | DeValue::Table(_) => Value::Null,
    }
}

/// Whether a key takes a value; why not. Each key is one kind of value, in whichever fault it stands.
fn check(key: &str, value: &Value) -> Result<(), String> {
    match key {
        // It was read before the others.
        "kind" => Ok(()),
        "at" | "for" | "period" | "on" => time(value),
        "who" => who(value),
        "sides" => {
            let sides = value.as_array().ok_or("a list of who is on each side, as [\"50%\", \"50%\"]")?;
            sides.iter().try_for_each(who)
        }
        "one_way" if value.is_boolean() => Ok(()),
        "one_way" => Err("it is true or false".to_owned()),
        "how" => word(value, &HOW),
        "state" => word(value, &STATE),
        "back_after" | "session" | "down" => parsed::<SpanLaw>(value),
        "loss" => parsed::<Share>(value),
        "delay" => parsed::<WorkSpec>(value),
        "rate" => parsed::<Rate>(value),
        other => unreachable!("{other} is a key of a kind, and a test reads every one"),
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| "a text, as \"10s\"".to_owned())
}

fn parsed<T: FromStr<Err: Display>>(value: &Value) -> Result<(), String> {
    text(value)?.parse::<T>().map(drop).map_err(|error| error.to_string())
}

fn time(value: &Value) -> Result<(), String> {
    match text(value)? {
        before if before.starts_with('-') => {
            Err(format!("{before:?} is before 0s: times count from the instant at which the round begins"))
        }
        _ => parsed::<Interval>(value),
    }
}

fn who(value: &Value) -> Result<(), String> {
    if value.as_array().is_some_and(Vec::is_empty) {
        return Err("an empty list names no node".to_owned());
    }
    Who::deserialize(value).map(drop).map_err(|error| error.to_string())
}

fn word(value: &Value, known: &[&'static str]) -> Result<(), String> {
    let word = text(value)?;
    if known.contains(&word) {
        return Ok(());
    }
    let otherwise = format!("use {}", known.join(" or "));
    Err(format!("there is no {word:?}{}", did_you_mean(nearest(word, known.iter().copied()), &otherwise)))
}

#[cfg(test)]
mod tests {
    use cnsim::scenario::{How, State};

    use super::*;

    #[test]
    fn every_key_of_every_kind_is_known_here() {
        for (kind, keys) in Kind::KEYS {
            for key in SHARED.iter().chain(keys) {
                let refused = check(key, &Value::Null).is_err();
                assert!(refused || *key == "kind", "{kind}: {key}");
            }
        }
    }

    #[test]
    fn words_are_those_of_the_core() {
        for how in HOW {
            assert!(serde_json::from_value::<How>(how.into()).is_ok(), "{how}");
        }
        for state in STATE {
            assert!(serde_json::from_value::<State>(state.into()).is_ok(), "{state}");
        }
        let all = |error: serde_json::Error| error.to_string().matches('`').count() / 2 - 1;
        assert_eq!(all(serde_json::from_value::<How>("x".into()).unwrap_err()), HOW.len());
        assert_eq!(all(serde_json::from_value::<State>("x".into()).unwrap_err()), STATE.len());
    }
}
