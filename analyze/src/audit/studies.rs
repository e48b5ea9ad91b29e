//! Studies of which runs are missing: their conditions stand on unequal numbers of runs, and blocks have gaps.

use std::collections::{BTreeMap, BTreeSet};

use cnsim::manifest::StudyPlace;

use super::finding::{Check, Finding, Severity};
use super::scope::Scope;

/// How many missing runs a sentence names.
const NAMED_MAX: usize = 3;

/// One finding for each study that is not whole.
pub(super) fn findings(scope: &Scope<'_>) -> Vec<Finding> {
    let mut studies: BTreeMap<&str, Vec<&StudyPlace>> = BTreeMap::new();
    for run in scope.runs.values() {
        if let Some(place) = run.manifest().and_then(|manifest| manifest.study.as_ref()) {
            studies.entry(&place.study).or_default().push(place);
        }
    }
    studies.into_iter().filter_map(|(study, places)| finding(study, &places)).collect()
}

fn finding(study: &str, places: &[&StudyPlace]) -> Option<Finding> {
    // A study may have been given more blocks after its first runs.
    let most = |of: fn(&StudyPlace) -> u32| places.iter().map(|place| of(place)).max().unwrap_or_default();
    let (cells, blocks) = (most(|place| place.cells), most(|place| place.blocks));
    let here: BTreeSet<(u32, u32)> = places.iter().map(|place| (place.block, place.cell)).collect();
    let planned = (1..=blocks).flat_map(|block| (1..=cells).map(move |cell| (block, cell)));
    let missing: Vec<(u32, u32)> = planned.filter(|run| !here.contains(run)).collect();
    if missing.is_empty() {
        return None;
    }
    let named: Vec<String> =
        missing.iter().take(NAMED_MAX).map(|(block, cell)| format!("cell {cell} of block {block}")).collect();
    let more = if missing.len() > NAMED_MAX { ", …" } else { "" };
    let detail = format!(
        "{} of the {} runs of study {study} are here; missing are {}{more}, so that conditions stand on unequal numbers of runs and \
         not every block has each: cnsim study status says why, cnsim study run goes on with it",
        here.len(),
        u64::from(cells) * u64::from(blocks),
        named.join(", ")
    );
    Some(Finding::everywhere(Check::StudyIncomplete, Severity::Caution, missing.len() as u64, detail))
}

#[cfg(test)]
mod tests {
    use cnsim::manifest::StudySeeds;

    use super::super::fixture::{Fixture, audit_all, only};
    use super::*;

    /// A run in this cell of a study of two cells and two blocks.
    fn in_study(block: u32, cell: u32) -> Fixture {
        let mut fixture = Fixture::flood();
        fixture.manifest().study = Some(StudyPlace {
            study: "relay".to_owned(),
            cells: 2,
            blocks: 2,
            cell,
            block,
            position: cell,
            seeds: StudySeeds::Common,
            levels: Vec::new(),
        });
        fixture.named(&format!("relay-b{block:02}-c{cell:02}"))
    }

    #[test]
    fn a_study_is_whole_or_the_verdict_says_what_is_missing() {
        let runs = |places: &[(u32, u32)]| {
            let quality = audit_all(places.iter().map(|(block, cell)| in_study(*block, *cell)).collect());
            only(&quality, Check::StudyIncomplete)
                .into_iter()
                .map(|finding| (finding.count, finding.detail.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(runs(&[(1, 1), (1, 2), (2, 1), (2, 2)]), []);
        let found = runs(&[(1, 1), (1, 2), (2, 2)]);
        assert_eq!(found[0].0, 1);
        assert!(
            found[0].1.starts_with("3 of the 4 runs of study relay are here; missing are cell 1 of block 2"),
            "{}",
            found[0].1
        );
    }
}
