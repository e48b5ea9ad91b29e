//! Every combination of what varies, each as a scenario of its own.

use cnsim::manifest::FactorLevel;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{StudyError, WrongStudy};
use super::file::{Chosen, Place, StudyFile};
use super::label;
use crate::scenario::file::ScenarioFile;
use crate::scenario::keys::{self, FAULT};

/// More combinations than this are not even looked at.
const COMBINATIONS_MAX: u64 = 1_000_000;

/// Keys that say the same, so that one that varies takes the place of the other.
const SAME: [[&str; 2]; 1] = [["payload", "payload_bytes"]];

/// One combination of levels.
#[derive(Debug, Clone)]
pub struct Cell {
    /// From 1 on, in the order of the file.
    pub number: u32,
    /// The level of each factor.
    pub levels: Vec<FactorLevel>,
    /// What its runs are compared by.
    pub condition: String,
    /// Everything about its runs, with the lines of the study's file.
    pub scenario: ScenarioFile,
}

impl StudyFile<'_> {
    /// The cells of the study, the first factor turning slowest; at most so many.
    ///
    /// # Errors
    /// Where there are more, none or two of one name, or one of them is no scenario.
    pub fn cells(&self, limit: u64) -> Result<Vec<Cell>, StudyError> {
        let combinations =
            self.factors.iter().fold(1, |all: u64, factor| all.saturating_mul(factor.levels.len() as u64));
        let too_many = |cells| StudyError::TooManyCells { path: self.path.to_owned(), cells, limit };
        if combinations > COMBINATIONS_MAX {
            return Err(too_many(combinations));
        }
        let kept: Vec<Vec<usize>> = (0..combinations)
            .map(|number| self.combination(number))
            .filter(|places| !self.is_excluded(places))
            .collect();
        if kept.len() as u64 > limit {
            return Err(too_many(kept.len() as u64));
        }
        if kept.is_empty() {
            return Err(self.wrong(&(0..0), WrongStudy::NothingLeft));
        }
        let cells: Vec<Cell> =
            (1..).zip(&kept).map(|(number, places)| self.cell(number, places)).collect::<Result<_, _>>()?;
        self.check_names(&cells)?;
        Ok(cells)
    }

    /// The places of the levels in the combination of this number.
    fn combination(&self, number: u64) -> Vec<usize> {
        let mut rest = number as usize;
        let mut places: Vec<usize> = Vec::with_capacity(self.factors.len());
        for factor in self.factors.iter().rev() {
            places.push(rest % factor.levels.len());
            rest /= factor.levels.len();
        }
        places.reverse();
        places
    }

    fn is_excluded(&self, places: &[usize]) -> bool {
        self.exclusions.iter().any(|exclusion| does_match(exclusion, places))
    }

    fn cell(&self, number: u32, places: &[usize]) -> Result<Cell, StudyError> {
        let mut table = self.common.clone();
        let mut levels = Vec::with_capacity(places.len());
        for (factor, place) in self.factors.iter().zip(places) {
            let level = &factor.levels[*place];
            put(&mut table, &factor.place, &level.value);
            levels.push(FactorLevel { factor: factor.key.clone(), level: level.text.clone() });
        }
        let name = self.names.iter().find(|(_, chosen)| does_match(chosen, places));
        let condition = match name {
            Some((name, _)) => name.clone(),
            None => label::condition(&levels),
        };
        Ok(Cell { number, levels, condition, scenario: ScenarioFile::of_table(&table, self.source())? })
    }

    /// One name stands for one condition, at whatever number of nodes.
    fn check_names(&self, cells: &[Cell]) -> Result<(), StudyError> {
        for (place, cell) in cells.iter().enumerate() {
            let of_it = |cell: &Cell| label::condition(&cell.levels);
            let is_other = |other: &&Cell| other.condition == cell.condition && of_it(other) != of_it(cell);
            if let Some(other) = cells[..place].iter().find(is_other) {
                let (name, one, other) = (cell.condition.clone(), of_it(other), of_it(cell));
                return Err(self.wrong(&(0..0), WrongStudy::SameName { name, one, other }));
            }
        }
        Ok(())
    }
}

fn does_match(chosen: &[Chosen], places: &[usize]) -> bool {
    chosen.iter().all(|chosen| chosen.levels.contains(&places[chosen.factor]))
}

/// Puts a value into a cell's table. It stands where it stands in the list of what varies, so that an error names that line.
fn put<'t>(table: &mut DeTable<'t>, place: &Place, value: &Spanned<DeValue<'t>>) {
    match place {
        Place::Run(name) => {
            let same = SAME.iter().filter(|same| same.contains(name)).flatten();
            for other in same.copied().chain([*name]) {
                remove(table, |typed| keys::find(typed).is_some_and(|key| key.name == other));
            }
            insert(table, name, value);
        }
        Place::Fault(fault) => {
            if value.get_ref().as_bool() == Some(false) {
                edit_faults(table, |faults| _ = faults.remove(fault.as_str()));
            }
        }
        Place::InFault { fault, key } => edit_faults(table, |faults| {
            edit(faults, fault, |fault| {
                remove(fault, |typed| typed.replace('-', "_") == *key);
                insert(fault, key, value);
            });
        }),
    }
}

fn edit_faults<'t>(table: &mut DeTable<'t>, change: impl FnOnce(&mut DeTable<'t>)) {
    edit(table, FAULT, change);
}

/// Changes a table in a table.
fn edit<'t>(table: &mut DeTable<'t>, name: &str, change: impl FnOnce(&mut DeTable<'t>)) {
    if let Some(inner) = table.get_mut(name)
        && let DeValue::Table(inner) = inner.get_mut()
    {
        change(inner);
    }
}

/// Takes a key away under whichever of its names it stands there.
fn remove(table: &mut DeTable<'_>, is_meant: impl Fn(&str) -> bool) {
    let typed = table.keys().map(|key| key.get_ref().to_string()).filter(|typed| is_meant(typed));
    for typed in typed.collect::<Vec<_>>() {
        table.remove(typed.as_str());
    }
}

fn insert<'t>(table: &mut DeTable<'t>, name: &str, value: &Spanned<DeValue<'t>>) {
    let key: Spanned<DeString<'t>> = Spanned::new(value.span(), name.to_owned().into());
    table.insert(key, value.clone());
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const COMMON: &str = "nodes = 20\ntopology = \"ring\"\nprotocol = \"pull\"\npayload = \"1kB\"\n\
                          [fault.split]\nkind = \"partition\"\nat = \"1s\"\nfor = \"1s\"\nsides = [\"50%\", \"50%\"]\n";

    fn cells(more: &str) -> Result<Vec<Cell>, String> {
        let text = format!("{COMMON}{more}");
        let file = StudyFile::parse(&text, Path::new("s.toml")).map_err(|error| error.to_string())?;
        file.cells(500).map_err(|error| error.to_string())
    }

    fn arguments(cell: &Cell) -> Vec<&str> {
        cell.scenario.entries.iter().flat_map(|entry| &entry.arguments).map(String::as_str).collect()
    }

    #[test]
    fn cells_are_every_combination_with_the_first_factor_turning_slowest() {
        let made = cells("[vary]\nprotocol = [\"flood\", \"push:4\"]\nloss = [\"0%\", \"5%\", \"20%\"]").unwrap();
        let names: Vec<&str> = made.iter().map(|cell| cell.condition.as_str()).collect();
        assert_eq!(
            names,
            [
                "flood, loss 0%",
                "flood, loss 5%",
                "flood, loss 20%",
                "push:4, loss 0%",
                "push:4, loss 5%",
                "push:4, loss 20%"
            ]
        );
        assert_eq!(
            arguments(&made[4]),
            ["--nodes=20", "--topology=ring", "--payload=1kB", "--protocol=push:4", "--loss=5%"]
        );
        assert_eq!(made[4].levels[1], FactorLevel { factor: "loss".to_owned(), level: "5%".to_owned() });
    }

    #[test]
    fn keys_of_faults_vary_and_a_fault_is_there_or_not() {
        for dotted in ["[vary]\nfault.split.for = [\"2s\", \"10s\"]", "[vary]\n\"fault.split.for\" = [\"2s\", \"10s\"]"]
        {
            let made = cells(dotted).unwrap();
            let lasts: Vec<String> =
                made.iter().map(|cell| cell.scenario.faults[0].fault.lasts.unwrap().to_string()).collect();
            assert_eq!(lasts, ["2s", "10s"]);
            assert_eq!(made[0].condition, "split for 2s");
        }
        let made = cells("[vary]\nfault.split = [true, false]\nnodes = [10, 20]").unwrap();
        let faults: Vec<usize> = made.iter().map(|cell| cell.scenario.faults.len()).collect();
        assert_eq!(faults, [1, 1, 0, 0]);
        assert_eq!([made[0].condition.as_str(), made[3].condition.as_str()], ["split", "no split"]);
    }

    #[test]
    fn what_varies_takes_the_place_of_what_says_the_same() {
        let made = cells("[vary]\npayload_bytes = [10, 20]").unwrap();
        assert_eq!(arguments(&made[1]), ["--nodes=20", "--topology=ring", "--protocol=pull", "--payload-bytes=20"]);
    }

    #[test]
    fn exclusions_take_cells_away_and_names_stand_for_conditions() {
        let more = "[vary]\nprotocol = [\"flood\", \"pull\"]\nloss = [\"0%\", \"5%\"]\n\
                    [[exclude]]\nprotocol = \"pull\"\nloss = [\"5%\"]\n\
                    [names]\nbaseline = { protocol = \"flood\", loss = \"0%\" }";
        let made = cells(more).unwrap();
        let names: Vec<(u32, &str)> = made.iter().map(|cell| (cell.number, cell.condition.as_str())).collect();
        assert_eq!(names, [(1, "baseline"), (2, "flood, loss 5%"), (3, "pull, loss 0%")]);
    }

    #[test]
    fn what_cannot_be_is_one_line_that_names_file_and_line() {
        let vary = "[vary]\nprotocol = [\"flood\", \"push:4\"]\nloss = [\"0%\", \"5%\"]\n";
        for (more, said) in [
            (
                "",
                "s.toml:10: a study varies something: [vary] needs a key with a list of values, as protocol = [\"flood\", \"push:4\"]",
            ),
            (
                "[vary]\n",
                "s.toml:10: a study varies something: [vary] needs a key with a list of values, as protocol = [\"flood\", \"push:4\"]",
            ),
            ("[vary]\nprotocl = [\"flood\"]", "s.toml:11: there is no key protocl: did you mean protocol?"),
            (
                "[vary]\nprotocol = \"flood\"",
                "s.toml:11: protocol takes a list of the values that it has in turn, as [\"0%\", \"5%\"]",
            ),
            ("[vary]\nprotocol = []", "s.toml:11: protocol has an empty list, so the study has no cell"),
            ("[vary]\nloss = [\"5%\",\n\"5%\"]", "s.toml:12: loss has 5% twice"),
            (
                "[vary]\nloss = [\"5%\",\n\"500%\"]",
                "s.toml:12: invalid value '500%' for '--loss <SHARE>': \"500%\" is out of range: use 0% to 100% with at most 7 decimals",
            ),
            (
                "[vary]\nseed = [1, 2]",
                "s.toml:11: seed stands in no study: the study has one; [study] seeds gives each block its own",
            ),
            (
                "[vary]\nfault.splt.for = [\"1s\"]",
                "s.toml:11: fault.splt.for: the file has no fault splt: write its table, as [fault.splt]",
            ),
            (
                "[vary]\nfault.split.fro = [\"1s\"]",
                "s.toml:11: fault split: a partition has no key fro: its keys are at, for, sides, one_way",
            ),
            (
                "[vary]\nfault.split = [\"1s\"]",
                "s.toml:11: [study] fault.split: a fault as a whole is there or not: use true and false",
            ),
            (&format!("{vary}[[exclude]]\nlos = \"5%\""), "s.toml:14: exclude: los does not vary: did you mean loss?"),
            (
                &format!("{vary}[[exclude]]\nloss = \"6%\""),
                "s.toml:14: exclude: loss is never 6%: its values are 0%, 5%",
            ),
            (
                &format!("{vary}[[exclude]]\nloss = [\"0%\", \"5%\"]"),
                "s.toml:1: nothing is left: the exclusions take every cell",
            ),
            (
                &format!("{vary}[names]\na = {{ loss = \"0%\" }}"),
                "s.toml:1: the name \"a\" stands for two conditions: flood, loss 0%, and push:4, loss 0%",
            ),
            (
                &format!("{vary}[study]\nrepeat = 3"),
                "s.toml:14: [study] repeat: there is no such setting: did you mean repeats?",
            ),
            (&format!("{vary}[study]\nrepeats = 0"), "s.toml:14: [study] repeats: use a whole number from 1 on"),
            (
                &format!("{vary}[study]\nname = \"a b\""),
                "s.toml:14: [study] name: use at most 100 letters, digits, dots, dashes and underscores; it names a folder and runs",
            ),
        ] {
            assert_eq!(cells(more).unwrap_err(), said, "{more}");
        }
    }

    #[test]
    fn more_cells_than_the_limit_are_refused_by_their_number() {
        let text = format!("{COMMON}[vary]\nnodes = [{}]\nrounds = [{}]", list(30), list(20));
        let file = StudyFile::parse(&text, Path::new("s.toml")).unwrap();
        let said = file.cells(500).unwrap_err().to_string();
        assert_eq!(said, "s.toml: 600 cells are more than 500: --limit 600 runs them all the same");
        assert_eq!(file.cells(600).unwrap().len(), 600);
    }

    fn list(count: u32) -> String {
        (2..count + 2).map(|number| number.to_string()).collect::<Vec<_>>().join(", ")
    }
}
