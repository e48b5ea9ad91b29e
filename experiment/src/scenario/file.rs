//! Reads a scenario file: its keys as arguments of `cnsim run`, its tables as faults, both with the line where they stand.

use std::fs;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::fault_table;
pub use super::fault_table::LocatedFault;
use super::keys::{self, FAULT, Key, TYPED, Takes};
use super::place::Source;
pub use super::place::{FileError, Wrong, WrongFault};

/// What stands in a scenario file.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// Where it stands.
    pub path: PathBuf,
    /// Its keys, in the order in which they stand there.
    pub entries: Vec<Entry>,
    /// Its faults, in the order in which they stand there.
    pub faults: Vec<LocatedFault>,
}

/// A key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: &'static Key,
    /// The arguments that say the same to `cnsim run`; none of a switch that is off.
    pub arguments: Vec<String>,
    /// Where it stands.
    pub line: usize,
}

impl ScenarioFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Where it cannot be read, or something in it is wrong.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = fs::read_to_string(path).map_err(|reason| FileError::Read { path: path.to_owned(), reason })?;
        Self::parse(&text, path)
    }

    /// Reads the text of the file `path`.
    ///
    /// # Errors
    /// Where something in it is wrong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, FileError> {
        let source = Source { path, text };
        Self::of_table(&source.table()?, source)
    }

    /// What stands in a table whose keys and values stand where they say in `source`.
    ///
    /// # Errors
    /// Where something in it is wrong.
    pub(crate) fn of_table(table: &DeTable<'_>, source: Source<'_>) -> Result<Self, FileError> {
        let mut file = Self { path: source.path.to_owned(), entries: Vec::new(), faults: Vec::new() };
        for (key, value) in fault_table::in_order(table) {
            if key.get_ref() == FAULT {
                file.faults = fault_table::read_all(value, source)?;
            } else {
                file.read_key(key, value, source)?;
            }
        }
        Ok(file)
    }

    fn read_key(
        &mut self,
        typed: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        source: Source<'_>,
    ) -> Result<(), FileError> {
        let wrong = |wrong| source.wrong(&typed.span(), wrong);
        let key = keys::find(typed.get_ref()).ok_or_else(|| wrong(unknown(typed.get_ref())))?;
        if self.entries.iter().any(|entry| entry.key.name == key.name) {
            return Err(wrong(Wrong::Twice(&key.name)));
        }
        let arguments = arguments(key, value.get_ref()).map_err(|form| wrong(Wrong::Form { key: &key.name, form }))?;
        for argument in &arguments {
            key.check(argument).map_err(|why| wrong(Wrong::Value(why)))?;
        }
        self.entries.push(Entry { key, arguments, line: source.line(&typed.span()) });
        Ok(())
    }
}

fn unknown(typed: &str) -> Wrong {
    let name = typed.replace('-', "_");
    match TYPED.iter().find(|typed| **typed == name) {
        Some(typed) => Wrong::OnlyTyped(typed),
        None => Wrong::Key { key: typed.to_owned(), near: keys::near(typed) },
    }
}

/// What would be typed for a key with this value; else what the value has to be.
fn arguments(key: &Key, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    match key.takes {
        Takes::Switch => {
            let DeValue::Boolean(is_on) = value else { return Err("is true or false") };
            Ok(if *is_on { vec![format!("--{}", key.flag)] } else { Vec::new() })
        }
        Takes::Text | Takes::Number => {
            let text = fault_table::scalar(value).ok_or("takes a text, or a number alone where it has no unit")?;
            Ok(vec![key.argument(&text)])
        }
        Takes::List => {
            let DeValue::Array(values) = value else { return Err("takes a list of texts, as [\"a=1\", \"b=2\"]") };
            let texts: Option<Vec<String>> = values.iter().map(|value| fault_table::scalar(value.get_ref())).collect();
            let texts = texts.ok_or("takes a list of texts, as [\"a=1\", \"b=2\"]")?;
            Ok(texts.iter().map(|text| key.argument(text)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUE: &str = r#"
nodes    = 1000
topology = "k-regular:8"
protocol = "push-pull"
delay    = "lognormal:40ms:0.4"
payload  = "1kB"
rounds   = 20
[fault.split]
kind  = "partition"
at    = "5s"
for   = "10s"
sides = ["50%", "50%"]
[fault.churn]
kind  = "crash"
at    = "20s"
for   = "20s"
who   = "10%"
back_after = "weibull:0.5:3s"
state = "lost"
"#;

    fn read(text: &str) -> Result<ScenarioFile, FileError> {
        ScenarioFile::parse(text, Path::new("f.toml"))
    }

    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn keys_are_arguments_and_tables_are_faults_in_the_order_of_the_file() {
        let file = read(ISSUE).unwrap();
        let arguments: Vec<&str> = file.entries.iter().flat_map(|entry| &entry.arguments).map(String::as_str).collect();
        assert_eq!(
            arguments,
            [
                "--nodes=1000",
                "--topology=k-regular:8",
                "--protocol=push-pull",
                "--delay=lognormal:40ms:0.4",
                "--payload=1kB",
                "--rounds=20"
            ]
        );
        let faults: Vec<(&str, usize)> = file.faults.iter().map(|at| (at.fault.name.as_str(), at.line)).collect();
        assert_eq!(faults, [("split", 8), ("churn", 13)]);
        let json = serde_json::to_string(&file.faults[1].fault).unwrap();
        assert!(json.contains(r#""back_after":"weibull:0.5:3s","state":"lost""#), "{json}");
    }

    #[test]
    fn dashes_and_underscores_are_alike_and_lists_and_switches_are_typed_again() {
        let file = read("in-flight = 0x10\nround_timeout = 1.5\nback_to_sender = true\nallow_partial = false\nset = [\"a=1\", \"b=2\"]").unwrap();
        let arguments: Vec<&str> = file.entries.iter().flat_map(|entry| &entry.arguments).map(String::as_str).collect();
        assert_eq!(arguments, ["--in-flight=16", "--round-timeout=1.5", "--back-to-sender", "--set=a=1", "--set=b=2"]);
    }

    #[test]
    fn what_is_wrong_with_a_key_is_one_line_that_names_file_and_line() {
        for (text, said) in [
            ("nodes = 4\nprotocl = \"flood\"", "f.toml:2: there is no key protocl: did you mean protocol?"),
            ("zzz = 1", "f.toml:1: there is no key zzz: `cnsim scenario new` shows them all"),
            ("[faults.a]\nkind = \"mute\"", "f.toml:1: there is no key faults: did you mean fault?"),
            ("resume = \"runs/a\"", "f.toml:1: resume is typed, it stands in no file"),
            ("in-flight = 1\nin_flight = 2", "f.toml:2: in_flight is there already"),
            ("\nnodes = 4\nnodes = 5", "f.toml:3: not TOML: duplicate key"),
            ("nodes = \"many\"", "f.toml:1: invalid value 'many' for '--nodes <N>': invalid digit found in string"),
            ("nodes = -4", "f.toml:1: invalid value '-4' for '--nodes <N>': -4 is not in 0..=4294967295"),
            (
                "payload = 1000",
                "f.toml:1: invalid value '1000' for '--payload <SIZE>': \"1000\" has no unit: write 1000B or 1000kB",
            ),
            ("nodes = true", "f.toml:1: nodes takes a text, or a number alone where it has no unit"),
            ("back_to_sender = \"yes\"", "f.toml:1: back_to_sender is true or false"),
            ("set = \"a=1\"", "f.toml:1: set takes a list of texts, as [\"a=1\", \"b=2\"]"),
            ("fault = 1", "f.toml:1: a fault is a table with a name, as [fault.split]"),
            ("[fault.\"\"]\nkind = \"mute\"", "f.toml:1: a fault is a table with a name, as [fault.split]"),
            ("[fault]\nsplit = 1", "f.toml:2: fault split is a table, as [fault.split] with its keys below"),
        ] {
            assert_eq!(error(text), said);
        }
    }

    #[test]
    fn what_is_wrong_with_a_fault_is_one_line_that_names_file_and_line() {
        let fault = |lines: &str| format!("nodes = 4\n[fault.x]\n{lines}");
        for (lines, said) in [
            (
                "at = \"1s\"",
                "2: fault x: kind is missing: use crash, churn, pause, sleep, partition, loss, delay, uplink, mute",
            ),
            ("kind = \"partitoin\"", "3: fault x: there is no kind \"partitoin\": did you mean partition?"),
            (
                "kind = 5",
                "3: fault x: there is no kind \"5\": use crash, churn, pause, sleep, partition, loss, delay, uplink, mute",
            ),
            ("kind = \"mute\"\nat = \"0s\"\nwhom = \"all\"", "5: fault x: a mute has no key whom: did you mean who?"),
            (
                "kind = \"mute\"\nat = \"0s\"\nsession = \"1s\"",
                "5: fault x: a mute has no key session: its keys are at, for, who",
            ),
            ("kind = \"mute\"\nat = \"0s\"", "2: fault x: a mute needs who"),
            ("kind = \"mute\"\nwho = \"all\"", "2: fault x: a mute needs at"),
            (
                "kind = \"mute\"\nat = \"0s\"\nwho = \"101%\"",
                "5: fault x: who: \"101%\" is out of range: use 0% to 100% with at most 7 decimals",
            ),
            (
                "kind = \"mute\"\nat = \"-1s\"\nwho = \"all\"",
                "4: fault x: at: \"-1s\" is before 0s: times count from the instant at which the round begins",
            ),
            ("kind = \"mute\"\nat = 5\nwho = \"all\"", "4: fault x: at: \"5\" has no unit: write 5ms or 5s"),
            ("kind = \"mute\"\nat = \"0s\"\nwho = []", "5: fault x: who: an empty list names no node"),
            (
                "kind = \"crash\"\nat = \"0s\"\nwho = \"all\"\nstate = \"lots\"",
                "6: fault x: state: there is no \"lots\": did you mean lost?",
            ),
            (
                "kind = \"partition\"\nat = \"0s\"\nsides = [\"50%\", \"50%\"]\none_way = \"yes\"",
                "6: fault x: one_way: it is true or false",
            ),
            (
                "kind = \"partition\"\nat = \"0s\"\nsides = \"50%\"",
                "5: fault x: sides: a list of who is on each side, as [\"50%\", \"50%\"]",
            ),
            (
                "kind = \"crash\"\nat = \"0s\"\nback-after = \"1s\"\nback_after = \"2s\"",
                "6: fault x: back_after is there already",
            ),
        ] {
            assert_eq!(error(&fault(lines)), format!("f.toml:{said}"));
        }
    }
}
