//! The table `[study]`: how often every cell runs, and what its runs share.

use std::num::NonZeroU32;

use cnsim::manifest::StudySeeds;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

use super::error::WrongStudy;
use crate::scenario::fault_table::{in_order, scalar};
use crate::scenario::nearest::nearest;

/// Which graphs runs of one cell have, where the seed makes them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Graphs {
    /// A new one in each block.
    #[default]
    New,
    /// The same in all blocks.
    Same,
}

/// What `[study]` says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Settings {
    pub(super) name: Option<String>,
    /// How often every cell runs.
    pub(super) blocks: Option<u32>,
    pub(super) graphs: Graphs,
    pub(super) seeds: StudySeeds,
    /// The seed of each block; none are drawn from the study's.
    pub(super) block_seeds: Vec<u64>,
    pub(super) attempts: Option<u32>,
}

/// The keys of the table.
const KEYS: [&str; 7] = ["name", "repeats", "deployments", "topologies", "independent", "seeds", "attempts"];

/// What is wrong with a setting, and the byte at which it stands.
pub(super) type WrongSetting = (std::ops::Range<usize>, WrongStudy);

/// Reads the table.
pub(super) fn read(table: &DeTable<'_>) -> Result<Settings, WrongSetting> {
    let mut settings = Settings::default();
    for (key, value) in in_order(table) {
        let wrong = |why: &str| {
            let (key, why) = (key.get_ref().to_string(), why.to_owned());
            (value.span(), WrongStudy::Setting { key, why })
        };
        let flag = || value.get_ref().as_bool().ok_or_else(|| wrong("it is true or false"));
        let count = || {
            let number = scalar(value.get_ref()).and_then(|text| text.parse::<NonZeroU32>().ok());
            number.map(NonZeroU32::get).ok_or_else(|| wrong("use a whole number from 1 on"))
        };
        match key.get_ref().replace('-', "_").as_str() {
            "name" => settings.name = Some(name(value.get_ref().as_str()).map_err(|why| wrong(&why))?),
            "repeats" | "deployments" if settings.blocks.is_some() => {
                return Err(wrong("repeats and deployments are the same: how often every cell runs"));
            }
            "repeats" | "deployments" => settings.blocks = Some(count()?),
            "topologies" => {
                settings.graphs = match value.get_ref().as_str() {
                    Some("new") => Graphs::New,
                    Some("same") => Graphs::Same,
                    Some(_) | None => return Err(wrong("use \"new\" or \"same\"")),
                }
            }
            "independent" => settings.seeds = if flag()? { StudySeeds::Independent } else { StudySeeds::Common },
            "seeds" => {
                let listed = value.get_ref().as_array().into_iter().flatten();
                let read = listed.map(|one| scalar(one.get_ref()).and_then(|text| text.parse().ok()));
                let seeds: Option<Vec<u64>> = read.collect();
                settings.block_seeds = seeds
                    .filter(|seeds| !seeds.is_empty())
                    .ok_or_else(|| wrong("use a list of whole numbers, one for each block"))?;
            }
            "attempts" => settings.attempts = Some(count()?),
            other => {
                let near = nearest(other, KEYS).map_or_else(
                    || format!("there is no such setting: they are {}", KEYS.join(", ")),
                    |near| format!("there is no such setting: did you mean {near}?"),
                );
                return Err((key.span(), WrongStudy::Setting { key: other.to_owned(), why: near }));
            }
        }
    }
    Ok(settings)
}

/// A name that can be a folder's, and the beginning of run ids.
pub(super) fn name(text: Option<&str>) -> Result<String, String> {
    let text = text.ok_or("it is a text")?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let fits = !text.is_empty() && text.len() <= 100 && text.chars().all(is_plain) && !text.starts_with(['.', '-']);
    match fits {
        true => Ok(text.to_owned()),
        false => {
            Err("use at most 100 letters, digits, dots, dashes and underscores; it names a folder and runs".to_owned())
        }
    }
}
