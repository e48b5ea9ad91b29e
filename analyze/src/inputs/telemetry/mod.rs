//! Telemetry: what pods used of processors, memory and network, as a monitoring system sampled it.
//!
//! A series belongs to one pod where the source says which, and to all pods that the source summed where it does not. A
//! sample is a mean or a reading over the sampling interval before its time, a minute on Google's clusters, which is
//! longer than most rounds.

mod explorer;
mod file;
mod plotted;
pub(crate) mod prometheus;
mod usage;

use std::path::PathBuf;

use cnsim::manifest::Manifest;
use serde::{Deserialize, Serialize};

use crate::inputs::{FileFacts, sha256};

pub use file::{FILE, read, write};
pub use plotted::plotted;
pub(crate) use usage::is_elsewhere;
pub use usage::{Usage, Window, usages};

/// What a series measures, each in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Processors in use, in cores: 1 is one processor for the whole interval. The published tables call it "%".
    Cpu,
    /// Memory in use, in bytes.
    Memory,
    /// What came in over the network, in bytes a second.
    Received,
    /// What went out, in bytes a second.
    Transmitted,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When, in ns since the Unix epoch; the end of the interval that it stands for.
    pub at_ns: i64,
    /// How much, in the quantity's unit.
    pub value: f64,
}

/// The samples of one quantity, in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What they measure.
    pub quantity: Quantity,
    /// Of which condition's runs; none: of all whose time it overlaps.
    pub condition: Option<String>,
    /// Whose; none where the source has summed over pods.
    pub pod: Option<String>,
    /// The samples.
    pub samples: Vec<Sample>,
    /// The file or query that they are from.
    pub source: String,
}

/// Why telemetry cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file of no known kind.
    #[error(
        "{}: neither telemetry.parquet, nor Prometheus JSON, nor a Metrics Explorer CSV (whose header begins with TimeSeries ID)",
        .0.display()
    )]
    Kind(PathBuf),
    /// A CSV file does not say what it holds.
    #[error(
        "{path}: its name does not say what it measures: give cpu={path}, memory={path}, received={path} or transmitted={path}",
        path = .0.display()
    )]
    Quantity(PathBuf),
    /// A line that is no sample.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// An answer or a file that is damaged.
    #[error("{from}: {reason}")]
    Damaged {
        /// The file or the query.
        from: String,
        /// What is wrong.
        reason: String,
    },
}

impl Quantity {
    /// Every quantity, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Memory, Self::Received, Self::Transmitted];

    /// The column of a table that holds it, with its unit.
    pub fn column(self) -> &'static str {
        match self {
            Self::Cpu => "cpu_cores",
            Self::Memory => "memory_bytes",
            Self::Received => "received_bytes_per_s",
            Self::Transmitted => "transmitted_bytes_per_s",
        }
    }

    /// As a user names it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Received => "received",
            Self::Transmitted => "transmitted",
        }
    }

    /// Its unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Cpu => "cores",
            Self::Memory => "bytes",
            Self::Received | Self::Transmitted => "bytes/s",
        }
    }

    /// The quantity that a word on the command line names.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.word() == word)
    }

    /// The quantity that a file's name speaks of, as the published `5MBandwidthCPUusage.csv` does.
    fn of_file_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let spoken = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let words: [(Self, &[&str]); 4] = [
            (Self::Cpu, &["cpu"]),
            (Self::Memory, &["memory"]),
            (Self::Received, &["received", "ingress"]),
            (Self::Transmitted, &["transmitted", "sent", "egress"]),
        ];
        let mut found = words.into_iter().filter(|(_, words)| spoken(words)).map(|(quantity, _)| quantity);
        found.next().filter(|_| found.next().is_none())
    }
}

/// A file as typed after `--telemetry`: `[CONDITION:][QUANTITY=]FILE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The only condition that it tells of, where that was typed.
    pub condition: Option<String>,
    /// What it measures, where that was typed.
    pub quantity: Option<Quantity>,
    /// The file.
    pub path: PathBuf,
}

impl std::str::FromStr for Source {
    type Err = std::convert::Infallible;

    /// A text that names an existing path is that path, whatever it holds.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = Self { condition: None, quantity: None, path: text.into() };
        if plain.path.exists() {
            return Ok(plain);
        }
        let (condition, text) = match text.split_once(':') {
            Some((condition, rest)) if !condition.is_empty() && !rest.is_empty() => (Some(condition.to_owned()), rest),
            Some(_) | None => (None, text),
        };
        let typed = text.split_once('=').and_then(|(word, path)| Some((Quantity::of_word(word)?, path)));
        Ok(match typed {
            Some((quantity, path)) => Self { condition, quantity: Some(quantity), path: path.into() },
            None => Self { condition, quantity: None, path: text.into() },
        })
    }
}

/// A file and what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The file; its rows are samples.
    pub file: FileFacts,
    /// Its series.
    pub series: Vec<Series>,
}

/// Reads a file of any known kind.
pub fn load(source: &Source) -> Result<Loaded, TelemetryError> {
    let path = &source.path;
    let bytes = std::fs::read(path).map_err(|source| TelemetryError::Read { path: path.clone(), source })?;
    let sha256 = sha256(&bytes);
    let mut series = parse(source, bytes)?;
    series.iter_mut().for_each(|one| one.condition.clone_from(&source.condition));
    let rows = series.iter().map(|one| one.samples.len() as u64).sum();
    Ok(Loaded { file: FileFacts { path: path.display().to_string(), sha256, rows }, series })
}

/// The pods that a driver noted in a run's manifest.
pub(crate) fn pods(manifest: &Manifest) -> Vec<String> {
    manifest.backend.kubernetes().into_iter().flat_map(|facts| facts.pods.keys()).cloned().collect()
}

fn parse(source: &Source, bytes: Vec<u8>) -> Result<Vec<Series>, TelemetryError> {
    let path = &source.path;
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(_) if bytes.starts_with(b"PAR1") => file::parse(path, bytes),
        Some(b'{') => prometheus::of_file(path, source.quantity, &bytes),
        Some(_) if explorer::is_one(&bytes) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let quantity = source.quantity.or_else(|| Quantity::of_file_name(&name));
            explorer::parse(path, quantity.ok_or_else(|| TelemetryError::Quantity(path.clone()))?, &bytes)
        }
        Some(_) | None => Err(TelemetryError::Kind(path.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_says_what_it_measures_if_it_speaks_of_one_thing() {
        assert_eq!(Quantity::of_file_name("5MBandwidthCPUusage.csv"), Some(Quantity::Cpu));
        assert_eq!(Quantity::of_file_name("5MBandwidthBytestransmitted.csv"), Some(Quantity::Transmitted));
        assert_eq!(Quantity::of_file_name("cpu-and-memory.csv"), None);
        assert_eq!(Quantity::of_file_name("export.csv"), None);
    }

    #[test]
    fn a_quantity_can_be_typed_before_the_file() {
        let typed: Source = "memory=a=b.csv".parse().unwrap();
        assert_eq!((typed.quantity, typed.path), (Some(Quantity::Memory), PathBuf::from("a=b.csv")));
        let plain: Source = "x=y.csv".parse().unwrap();
        assert_eq!((plain.quantity, plain.path), (None, PathBuf::from("x=y.csv")));
        let all: Source = "5M:cpu=a.csv".parse().unwrap();
        let expected = Source { condition: Some("5M".to_owned()), quantity: Some(Quantity::Cpu), path: "a.csv".into() };
        assert_eq!(all, expected);
        let of_condition: Source = "5M:a.csv".parse().unwrap();
        assert_eq!((of_condition.condition.as_deref(), of_condition.path), (Some("5M"), PathBuf::from("a.csv")));
    }
}
