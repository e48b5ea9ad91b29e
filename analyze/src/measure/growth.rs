//! Growth: convergence times by the number of nodes, where nothing else changes with it.

use std::collections::BTreeMap;

use super::settings::{PACKED, Settings};
use super::{Group, Origin, RoundMetrics};
use crate::stats::{self, censored_ms};

/// The times of scored rounds in ms at each number of nodes of one condition; infinite where a round never converged. Empty where
/// something else changes with the number of nodes.
pub(crate) fn times(groups: &[Group], origin: Origin) -> Vec<(f64, Vec<f64>)> {
    if !differing(groups).is_empty() {
        return Vec::new();
    }
    let at = |group: &Group| {
        let times = group.scored().map(|round| censored_ms(round.complete_ns(origin))).collect();
        (f64::from(group.nodes), times)
    };
    groups.iter().map(at).filter(|(_, times): &(f64, Vec<f64>)| !times.is_empty()).collect()
}

/// The same, with one time for each simulated run, the geometric mean of its rounds: what tells how sure a law is.
pub(crate) fn replicates(groups: &[Group], origin: Origin) -> Vec<(f64, Vec<f64>)> {
    let mut all = times(groups, origin);
    for group in groups.iter().filter(|group| !group.simulated.is_empty()) {
        let mean = |rounds: &Vec<&RoundMetrics>| {
            let logs = rounds.iter().map(|round| censored_ms(round.complete_ns(origin)).ln());
            stats::mean(logs).map(f64::exp)
        };
        let of_runs = group.deployments().iter().filter_map(mean).collect();
        if let Some((_, values)) = all.iter_mut().find(|(nodes, _)| *nodes == f64::from(group.nodes)) {
            *values = of_runs;
        }
    }
    all
}

/// The settings that have not one value over the groups of a condition, each with all of its values. Groups that no manifest tells
/// of differ in nothing that is known.
pub(crate) fn differing(groups: &[Group]) -> Settings {
    let mut all = Settings::new();
    for (setting, values) in groups.iter().flat_map(|group| &group.settings) {
        all.entry(setting).or_default().extend(values.iter().cloned());
    }
    // What differs at one number of nodes is no matter of growth.
    let is_one_each =
        |setting: &str| groups.iter().all(|group| group.settings.get(setting).is_none_or(|it| it.len() == 1));
    all.retain(|setting, values| values.len() > 1 && is_one_each(setting));
    if are_packed_alike(groups) {
        all.remove(PACKED);
    }
    all
}

/// Whether nodes are packed alike: each process has as many, or all are spread over as many processes as there may be.
fn are_packed_alike(groups: &[Group]) -> bool {
    const PROCESSES_MAX: u32 = 1024;
    let packed = |group: &Group| group.settings.get(PACKED)?.first()?.parse::<u32>().ok();
    let packed: Vec<(u32, u32)> = groups.iter().filter_map(|group| Some((group.nodes, packed(group)?))).collect();
    let is_of = |processes: u32| packed.iter().all(|(nodes, packed)| *packed == nodes.div_ceil(processes));
    packed.windows(2).all(|pair| pair[0].1 == pair[1].1) || (1..=PROCESSES_MAX).any(is_of)
}

/// The groups of one condition in parts that are alike but for the number of nodes, each with what sets it apart in words; empty
/// where there is one part.
pub(crate) fn parts(groups: &[Group]) -> Vec<(String, Vec<&Group>)> {
    let differing = differing(groups);
    let words = |group: &Group| {
        let settings = group.settings.iter().filter(|(setting, _)| differing.contains_key(*setting));
        let words: Vec<String> = settings
            .map(|(setting, values)| format!("{setting} {}", values.iter().cloned().collect::<Vec<_>>().join("/")))
            .collect();
        words.join(", ")
    };
    let mut parts: BTreeMap<String, Vec<&Group>> = BTreeMap::new();
    for group in groups {
        parts.entry(words(group)).or_default().push(group);
    }
    parts.into_iter().collect()
}
