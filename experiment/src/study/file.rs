//! Reads a study's file: a scenario, and beside it what varies, what is left out, names of conditions, and the study's own settings.

use std::fs;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{StudyError, WrongStudy};
use super::settings::{self, Settings};
use crate::scenario::fault_table::{in_order, scalar};
use crate::scenario::keys::{self, FAULT};
use crate::scenario::nearest::nearest;
use crate::scenario::place::{FileError, Source};

/// The tables that a study's file has beside a scenario's.
pub const TABLES: [&str; 4] = ["vary", "exclude", "names", "study"];

/// Keys of a scenario that the study itself gives a value to.
const TAKEN: [(&str, &str); 4] = [
    ("run_id", "run ids follow from the study's name, block and cell"),
    ("out", "runs stand in the study's folder, which --out moves"),
    ("report", "cnsim study report makes it of all runs together"),
    ("condition", "conditions are called by what varies; [names] gives them others"),
];

/// What stands in a study's file.
#[derive(Debug, Clone)]
pub struct StudyFile<'t> {
    /// Where it stands.
    pub path: &'t Path,
    /// All of it.
    pub text: &'t str,
    /// What varies, in the order of the file.
    pub(super) factors: Vec<Factor<'t>>,
    /// Combinations that are left out.
    pub(super) exclusions: Vec<Vec<Chosen>>,
    /// Names for conditions.
    pub(super) names: Vec<(String, Vec<Chosen>)>,
    /// What `[study]` says.
    pub(super) settings: Settings,
    /// The seed that the file gives.
    pub(super) seed: Option<u64>,
    /// The keys and faults of every run.
    pub(super) common: DeTable<'t>,
}

/// What varies.
#[derive(Debug, Clone)]
pub(super) struct Factor<'t> {
    /// Its key, as `protocol` or `fault.split.for`.
    pub(super) key: String,
    /// Where it goes in a cell's table.
    pub(super) place: Place,
    /// Its values, in the order of the file.
    pub(super) levels: Vec<Level<'t>>,
}

/// A value of a factor.
#[derive(Debug, Clone)]
pub(super) struct Level<'t> {
    /// In words.
    pub(super) text: String,
    /// As it stands in the file.
    pub(super) value: Spanned<DeValue<'t>>,
}

/// Where a factor goes in a cell's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A key of the run.
    Run(&'static str),
    /// A fault, which is there or not.
    Fault(String),
    /// A key of a fault.
    InFault { fault: String, key: String },
}

/// Some levels of one factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The factor's place among the factors.
    pub(super) factor: usize,
    /// The levels' places in it.
    pub(super) levels: Vec<usize>,
}

/// A key with its value, both where they stand.
type Pair<'t> = (Spanned<String>, Spanned<DeValue<'t>>);

/// The text of the file at `path`.
///
/// # Errors
/// Where it cannot be read.
pub fn read(path: &Path) -> Result<String, StudyError> {
    Ok(fs::read_to_string(path).map_err(|reason| FileError::Read { path: path.to_owned(), reason })?)
}

impl<'t> StudyFile<'t> {
    /// Reads the text of the file `path`.
    ///
    /// # Errors
    /// Where it is no study.
    pub fn parse(text: &'t str, path: &'t Path) -> Result<Self, StudyError> {
        let reader = Reader { source: Source { path, text } };
        let mut common = reader.source.table()?;
        let [vary, exclude, names, study] = TABLES.map(|name| common.remove(name));
        let settings = study.map(|table| reader.settings(&table)).transpose()?.unwrap_or_default();
        let settings = Settings { blocks: reader.repeats(&mut common, settings.blocks)?, ..settings };
        let seed = reader.seed(&mut common)?;
        reader.check_taken(&common)?;
        let factors = reader.factors(vary, &common)?;
        let exclusions = reader.exclusions(exclude, &factors)?;
        let names = reader.names(names, &factors)?;
        Ok(Self { path, text, factors, exclusions, names, settings, seed, common })
    }

    /// The error of what is wrong at these bytes of the file.
    pub(super) fn wrong(&self, span: &Range<usize>, wrong: WrongStudy) -> StudyError {
        Reader { source: self.source() }.wrong(span, wrong)
    }

    /// The file with its text, for who reads what stands in it.
    pub(super) fn source(&self) -> Source<'t> {
        Source { path: self.path, text: self.text }
    }
}

/// Reads the tables of one file.
struct Reader<'t> {
    source: Source<'t>,
}

impl<'t> Reader<'t> {
    fn wrong(&self, span: &Range<usize>, wrong: WrongStudy) -> StudyError {
        let (path, line) = (self.source.path.to_owned(), self.source.line(span));
        StudyError::Wrong { path, line, wrong: Box::new(wrong) }
    }

    /// No key stands there that the study gives a value to.
    fn check_taken(&self, common: &DeTable<'t>) -> Result<(), StudyError> {
        for (typed, _) in common.iter() {
            let name = keys::find(typed.get_ref()).map(|key| key.name.as_str());
            if let Some((key, why)) = TAKEN.iter().find(|(key, _)| Some(*key) == name) {
                return Err(self.wrong(&typed.span(), WrongStudy::Taken { key, why }));
            }
        }
        Ok(())
    }

    fn settings(&self, table: &Spanned<DeValue<'t>>) -> Result<Settings, StudyError> {
        let DeValue::Table(keys) = table.get_ref() else {
            return Err(self.wrong(&table.span(), WrongStudy::Form("the study's own settings are a table, as [study]")));
        };
        settings::read(keys).map_err(|(span, wrong)| self.wrong(&span, wrong))
    }

    /// How often every cell runs: a scenario's `repeats` says it too.
    fn repeats(&self, common: &mut DeTable<'t>, blocks: Option<u32>) -> Result<Option<u32>, StudyError> {
        let Some(value) = common.remove("repeats") else { return Ok(blocks) };
        let wrong = |why: &str| {
            self.wrong(&value.span(), WrongStudy::Setting { key: "repeats".to_owned(), why: why.to_owned() })
        };
        if blocks.is_some() {
            return Err(wrong("it stands before [study] and in it"));
        }
        let count = scalar(value.get_ref()).and_then(|text| text.parse().ok()).filter(|count| *count > 0);
        count.map(Some).ok_or_else(|| wrong("use a whole number from 1 on"))
    }

    fn seed(&self, common: &mut DeTable<'t>) -> Result<Option<u64>, StudyError> {
        let Some(value) = common.remove("seed") else { return Ok(None) };
        let seed = scalar(value.get_ref()).and_then(|text| text.parse().ok());
        let wrong = || WrongStudy::Setting { key: "seed".to_owned(), why: "use a whole number from 0 on".to_owned() };
        seed.map(Some).ok_or_else(|| self.wrong(&value.span(), wrong()))
    }

    fn factors(&self, vary: Option<Spanned<DeValue<'t>>>, common: &DeTable<'t>) -> Result<Vec<Factor<'t>>, StudyError> {
        let end = self.source.text.len()..self.source.text.len();
        let span = vary.as_ref().map_or(end, Spanned::span);
        let pairs = match &vary {
            None => Vec::new(),
            Some(table) => self.pairs(table, "what varies is a table, as [vary]")?,
        };
        if pairs.is_empty() {
            return Err(self.wrong(&span, WrongStudy::NoFactor));
        }
        let mut factors: Vec<Factor<'t>> = Vec::new();
        for (key, values) in pairs {
            let factor = self.factor(&key, &values, common)?;
            if factors.iter().any(|other| other.place == factor.place) {
                let why = "it varies already".to_owned();
                return Err(self.wrong(&key.span(), WrongStudy::Setting { key: factor.key, why }));
            }
            factors.push(factor);
        }
        Ok(factors)
    }

    fn factor(
        &self,
        typed: &Spanned<String>,
        values: &Spanned<DeValue<'t>>,
        common: &DeTable<'t>,
    ) -> Result<Factor<'t>, StudyError> {
        let wrong = |wrong| self.wrong(&typed.span(), wrong);
        let place = self.place(typed, common)?;
        let key = match &place {
            Place::Run(name) => (*name).to_owned(),
            Place::Fault(_) | Place::InFault { .. } => typed.get_ref().replace('-', "_"),
        };
        let DeValue::Array(listed) = values.get_ref() else { return Err(wrong(WrongStudy::NoList(key))) };
        let mut levels: Vec<Level<'t>> = Vec::new();
        for value in listed {
            let text = words(value.get_ref());
            let text = text.ok_or_else(|| self.wrong(&value.span(), WrongStudy::Level(key.clone())))?;
            if levels.iter().any(|level| level.text == text) {
                return Err(self.wrong(&value.span(), WrongStudy::SameLevel { key, level: text }));
            }
            if matches!(place, Place::Fault(_)) && value.get_ref().as_bool().is_none() {
                let why = "a fault as a whole is there or not: use true and false".to_owned();
                return Err(self.wrong(&value.span(), WrongStudy::Setting { key, why }));
            }
            levels.push(Level { text, value: value.clone() });
        }
        if levels.is_empty() { Err(wrong(WrongStudy::NoLevel(key))) } else { Ok(Factor { key, place, levels }) }
    }

    /// Where a key goes in a cell's table.
    fn place(&self, typed: &Spanned<String>, common: &DeTable<'t>) -> Result<Place, StudyError> {
        let wrong = |wrong| self.wrong(&typed.span(), wrong);
        let text = typed.get_ref();
        let Some(rest) = text.strip_prefix("fault.") else {
            let Some(key) = keys::find(text) else {
                let near = keys::near(text).map(str::to_owned);
                return Err(wrong(WrongStudy::Key { key: text.clone(), near }));
            };
            let own = [
                ("seed", "the study has one; [study] seeds gives each block its own"),
                ("repeats", "every cell runs equally often: [study] repeats says how often"),
            ];
            return match TAKEN.iter().chain(&own).find(|(name, _)| *name == key.name) {
                Some((key, why)) => Err(wrong(WrongStudy::Taken { key, why })),
                None => Ok(Place::Run(&key.name)),
            };
        };
        let (fault, field) = match rest.rsplit_once('.') {
            Some((fault, field)) => (fault, Some(field)),
            None => (rest, None),
        };
        let faults = common.get(FAULT).and_then(|value| value.get_ref().as_table());
        if faults.is_none_or(|faults| faults.get(fault).is_none()) {
            return Err(wrong(WrongStudy::NoFault { key: text.clone(), fault: fault.to_owned() }));
        }
        let fault = fault.to_owned();
        Ok(field.map_or_else(
            || Place::Fault(fault.clone()),
            |field| Place::InFault { fault: fault.clone(), key: field.replace('-', "_") },
        ))
    }

    fn exclusions(
        &self,
        exclude: Option<Spanned<DeValue<'t>>>,
        factors: &[Factor<'t>],
    ) -> Result<Vec<Vec<Chosen>>, StudyError> {
        let Some(exclude) = exclude else { return Ok(Vec::new()) };
        let form = "what is left out are tables, each as [[exclude]] with levels of what varies";
        let DeValue::Array(tables) = exclude.get_ref() else {
            return Err(self.wrong(&exclude.span(), WrongStudy::Form(form)));
        };
        tables.iter().map(|table| self.chosen("exclude", self.pairs(table, form)?, factors)).collect()
    }

    fn names(
        &self,
        names: Option<Spanned<DeValue<'t>>>,
        factors: &[Factor<'t>],
    ) -> Result<Vec<(String, Vec<Chosen>)>, StudyError> {
        let Some(names) = names else { return Ok(Vec::new()) };
        let form = "names are a table, as [names] with baseline = { protocol = \"flood\" }";
        let DeValue::Table(table) = names.get_ref() else {
            return Err(self.wrong(&names.span(), WrongStudy::Form(form)));
        };
        let read = |(name, levels): (&Spanned<DeString<'t>>, &Spanned<DeValue<'t>>)| {
            Ok((name.get_ref().to_string(), self.chosen("names", self.pairs(levels, form)?, factors)?))
        };
        in_order(table).into_iter().map(read).collect()
    }

    /// Levels of factors, by their words.
    fn chosen(
        &self,
        table: &'static str,
        pairs: Vec<Pair<'t>>,
        factors: &[Factor<'t>],
    ) -> Result<Vec<Chosen>, StudyError> {
        let one = |(key, value): (Spanned<String>, Spanned<DeValue<'t>>)| {
            let name = canonical(key.get_ref());
            let Some(factor) = factors.iter().position(|factor| factor.key == name) else {
                let known: Vec<String> = factors.iter().map(|factor| factor.key.clone()).collect();
                let near = nearest(&name, known.iter().map(String::as_str)).map(str::to_owned);
                return Err(self.wrong(&key.span(), WrongStudy::NoSuchFactor { table, key: name, near, known }));
            };
            let known = &factors[factor].levels;
            let place = |text: &str| known.iter().position(|level| level.text == text);
            let whole = words(value.get_ref());
            let asked: Vec<String> = match (value.get_ref(), &whole) {
                (_, Some(text)) if place(text).is_some() => vec![text.clone()],
                (DeValue::Array(values), _) => values.iter().filter_map(|value| words(value.get_ref())).collect(),
                (_, text) => text.iter().cloned().collect(),
            };
            let levels = asked.iter().map(|text| {
                place(text).ok_or_else(|| {
                    let known = known.iter().map(|level| level.text.clone()).collect();
                    let (key, level) = (name.clone(), text.clone());
                    self.wrong(&value.span(), WrongStudy::NoSuchLevel { table, key, level, known })
                })
            });
            Ok(Chosen { factor, levels: levels.collect::<Result<_, _>>()? })
        };
        pairs.into_iter().map(one).collect()
    }

    /// The keys of a table with those of the faults in it, as `fault.split.for`, in the order of the file.
    fn pairs(&self, table: &Spanned<DeValue<'t>>, form: &'static str) -> Result<Vec<Pair<'t>>, StudyError> {
        let DeValue::Table(keys) = table.get_ref() else {
            return Err(self.wrong(&table.span(), WrongStudy::Form(form)));
        };
        let mut pairs = Vec::new();
        push_pairs(&mut pairs, "", keys);
        Ok(pairs)
    }
}

/// Adds the keys of a table and of the tables in it, with dots between their names.
fn push_pairs<'t>(pairs: &mut Vec<Pair<'t>>, before: &str, table: &DeTable<'t>) {
    for (key, value) in in_order(table) {
        let name = format!("{before}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => push_pairs(pairs, &format!("{name}."), inner),
            DeValue::Array(_)
            | DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => pairs.push((Spanned::new(key.span(), name), value.clone())),
        }
    }
}

/// A key with underscores, under its usual name.
fn canonical(key: &str) -> String {
    keys::find(key).map_or_else(|| key.replace('-', "_"), |key| key.name.clone())
}

/// A value in the words of a table's cell; none of what is no value of a scenario.
fn words(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Boolean(is_so) => Some(is_so.to_string()),
        DeValue::Array(values) => {
            let words: Option<Vec<String>> = values.iter().map(|value| words(value.get_ref())).collect();
            words.filter(|words| !words.is_empty()).map(|words| words.join(" | "))
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) => scalar(value),
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
