//! How often `compare` finds a difference over several deployments where there is none, and where there is one.

use cnsim_analyze::compare::{CompareSpec, Grouping, Pairing, Unsound, compare_evaluated};
use cnsim_analyze::evaluation::evaluate_loaded;
use cnsim_analyze::inputs::TimeScale;
use cnsim_analyze::measure::catalogue::Metric;

use super::made::{Chance, run, shares};

/// Deployments a side, rounds of each, and by how many standard deviations between deployments the sides differ.
const STUDIES: [(usize, usize, f64); 9] = [
    (6, 10, 0.0),
    (6, 10, 2.0),
    (6, 20, 2.0),
    (4, 5, 0.0),
    (6, 5, 0.0),
    (8, 5, 0.0),
    (4, 5, 2.0),
    (6, 5, 2.0),
    (8, 5, 2.0),
];

pub(crate) fn print(studies: u64) {
    println!(
        "\nHow often `compare` finds p below 0.05, and says that b is slower or quicker, by {studies} studies; deployments \
         that differ as much as rounds do"
    );
    for (deployments, rounds, shift) in STUDIES {
        let [tested, said] = shares(studies, "study", |chance| is_found(deployments, rounds, shift, chance));
        println!(
            "  {deployments} deployments of {rounds} rounds a side, {shift} standard deviations apart: {tested:.3}, {said:.3}"
        );
    }
}

/// Whether its test rejects, and whether its sentence says "is", which asks the interval too.
fn is_found(deployments: usize, rounds: usize, shift: f64, chance: &mut Chance) -> [bool; 2] {
    let mut runs = Vec::new();
    for (condition, centre) in [("a", 20.0), ("b", 20.0 + shift)] {
        for (number, times_ms) in chance.deployments_of(deployments, rounds, centre).iter().enumerate() {
            runs.push(run(condition, &format!("{condition}{number}"), times_ms, None));
        }
    }
    let compared = compare_evaluated(&evaluate_loaded(runs, 0), &spec()).expect("two conditions with rounds");
    [compared.comparisons[0].is_significant(), compared.comparisons[0].sentence.contains(" b is ")]
}

fn spec() -> CompareSpec {
    CompareSpec {
        inputs: Vec::new(),
        times: TimeScale::default(),
        metrics: vec![Metric::default()],
        grouping: Grouping::OneNumberOfNodes,
        baseline: None,
        pairing: Pairing::Independent,
        level: 0.95,
        seed: 1,
        warm_up: 0,
        unsound: Unsound::Force,
        gates: Vec::new(),
    }
}
