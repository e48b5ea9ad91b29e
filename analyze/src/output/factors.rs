//! `factors`: what conditions were made to differ in, one line for each condition and factor.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::manifest::{Factors, Manifest};

use crate::inputs::About;
use crate::table::{Cell, Table, text};

/// Between the levels of a factor.
const OR: &str = " | ";

/// The level of each factor in one run, in the order of the factors.
type Levels = Vec<String>;

/// None where no manifest tells of two runs.
pub(super) fn table(inputs: &[About]) -> Option<Table> {
    let runs = || inputs.iter().flat_map(|input| input.runs.values().map(move |run| (input, &run.manifest)));
    let names = names(runs().map(|(_, manifest)| manifest));
    let all: BTreeSet<Levels> = runs().map(|(_, manifest)| levels(manifest, &names)).collect();
    if runs().count() < 2 {
        return None;
    }
    let mut conditions: BTreeMap<&str, BTreeSet<Levels>> = BTreeMap::new();
    for (input, manifest) in runs() {
        conditions.entry(&input.condition).or_default().insert(levels(manifest, &names));
    }
    let columns = [text("condition"), text("factor"), text("level"), text("role"), text("confounded_with")];
    let caption = "What runs were made to differ in: the level of each factor in each condition, whether it varies in this report, \
                   and the factors that cannot be told from it, because each of its levels goes with one of theirs";
    let roles: Vec<Role> = (0..names.len()).map(|factor| Role::of(factor, &all)).collect();
    let rows = conditions.iter().flat_map(|(condition, runs)| {
        (0..names.len()).map(|factor| row(condition, factor, runs, (&names, &roles))).collect::<Vec<_>>()
    });
    Some(Table::new("factors", caption, columns, rows.collect::<Vec<[Cell; 5]>>()))
}

/// What a factor is to the runs of a report.
struct Role {
    varies: bool,
    /// Places of the factors that always change with it.
    confounded_with: Vec<usize>,
}

impl Role {
    fn of(factor: usize, runs: &BTreeSet<Levels>) -> Self {
        let varies = distinct(factor, runs).len() > 1;
        let count = runs.first().map_or(0, Vec::len);
        let goes_along = |other: &usize| {
            varies && *other != factor && decides(factor, *other, runs) && decides(*other, factor, runs)
        };
        Self { varies, confounded_with: (0..count).filter(goes_along).collect() }
    }
}

/// The factors of a study as its file names them, then those that every manifest has and no key of the study stands for.
fn names<'a>(manifests: impl Iterator<Item = &'a Manifest>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let of_studies = manifests.filter_map(|manifest| manifest.study.as_ref()).flat_map(|place| &place.levels);
    for name in of_studies.map(|level| level.factor.as_str()).chain(Factors::NAMES) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The level of each factor in a run; of one that it does not have a dash.
fn levels(manifest: &Manifest, names: &[String]) -> Levels {
    let common = Factors::of(manifest).texts();
    let mut known: BTreeMap<&str, String> = Factors::NAMES.into_iter().zip(common).collect();
    for level in manifest.study.iter().flat_map(|place| &place.levels) {
        known.insert(&level.factor, level.level.clone());
    }
    names.iter().map(|name| known.get(name.as_str()).cloned().unwrap_or_else(|| "-".to_owned())).collect()
}

fn row(condition: &str, factor: usize, runs: &BTreeSet<Levels>, (names, roles): (&[String], &[Role])) -> [Cell; 5] {
    let role = &roles[factor];
    let aliases: Vec<&str> = role.confounded_with.iter().map(|other| names[*other].as_str()).collect();
    [
        condition.into(),
        names[factor].as_str().into(),
        distinct(factor, runs).join(OR).as_str().into(),
        if role.varies { "varies" } else { "held constant" }.into(),
        aliases.join(", ").as_str().into(),
    ]
}

/// The levels of a factor in these runs; numbers by what they are, so that 9 nodes come before 10.
fn distinct(factor: usize, runs: &BTreeSet<Levels>) -> Vec<&str> {
    let mut values: Vec<&str> = runs.iter().map(|run| run[factor].as_str()).collect();
    values.sort_by_key(|value| (value.parse::<u64>().ok(), *value));
    values.dedup();
    values
}

/// Whether each level of one factor goes with one level of the other.
fn decides(one: usize, other: usize, runs: &BTreeSet<Levels>) -> bool {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    runs.iter().all(|run| *seen.entry(&run[one]).or_insert(&run[other]) == run[other])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_that_always_change_together_are_confounded_and_constant_ones_are_not() {
        let run = |levels: [&str; 4]| levels.map(str::to_owned).to_vec();
        // The third follows from the first; the second is crossed with it; the fourth never changes.
        let runs = BTreeSet::from([
            run(["a", "10", "fast", "local"]),
            run(["a", "9", "fast", "local"]),
            run(["b", "10", "slow", "local"]),
            run(["b", "9", "slow", "local"]),
        ]);
        let roles: Vec<(bool, Vec<usize>)> =
            (0..4).map(|factor| Role::of(factor, &runs)).map(|role| (role.varies, role.confounded_with)).collect();
        assert_eq!(roles, [(true, vec![2]), (true, vec![]), (true, vec![0]), (false, vec![])]);
        assert_eq!(distinct(1, &runs), ["9", "10"]);
        // Where one level goes with two others, both can be told apart.
        let nested = BTreeSet::from([run(["a", "x", "", ""]), run(["a", "y", "", ""]), run(["b", "z", "", ""])]);
        assert!(Role::of(0, &nested).confounded_with.is_empty());
    }
}
