//! What a monitoring system sampled: quantities in their units, and series of samples of one.

use serde::{Deserialize, Serialize};

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
    pub(crate) fn of_file_name(name: &str) -> Option<Self> {
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
}
