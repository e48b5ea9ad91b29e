//! Blocks of a study: runs that share a seed, so that two cells differ in them by their levels alone.

use std::collections::BTreeMap;

use super::sample::Sample;
use crate::inputs::About;
use cnsim::manifest::StudySeeds;

/// Blocks below which pairs have no interval at 95 %, so that runs are compared as they are.
const BLOCKS_MIN: usize = 6;

/// The study and the block of every run of a study whose blocks share their seeds.
#[derive(Debug, Default)]
pub(super) struct Blocks<'a> {
    of_run: BTreeMap<&'a str, (&'a str, u32)>,
}

impl<'a> Blocks<'a> {
    /// As manifests say.
    pub(super) fn of(inputs: &'a [About]) -> Self {
        let runs = inputs.iter().flat_map(|input| &input.runs);
        let of_run = runs.filter_map(|(run_id, facts)| {
            let place = facts.manifest.study.as_ref().filter(|place| place.seeds == StudySeeds::Common)?;
            Some((run_id.as_str(), (place.study.as_str(), place.block)))
        });
        Self { of_run: of_run.collect() }
    }

    /// Both samples with their runs numbered by blocks, and without runs whose block the other lacks; none unless all runs are of
    /// one study, and it has blocks enough.
    pub(super) fn pair(&self, a: &Sample, b: &Sample) -> Option<(Sample, Sample)> {
        let [blocks_a, blocks_b] = [self.by_run(a)?, self.by_run(b)?];
        let study = |blocks: &BTreeMap<usize, (&'a str, u32)>| blocks.values().next().map(|(study, _)| *study);
        let is_one = blocks_a.values().chain(blocks_b.values()).all(|(name, _)| Some(*name) == study(&blocks_a));
        let has =
            |blocks: &BTreeMap<usize, (&'a str, u32)>, block: u32| blocks.values().any(|(_, other)| *other == block);
        let shared = blocks_a.values().filter(|(_, block)| has(&blocks_b, *block)).count();
        let numbered = |sample: &Sample, blocks: &BTreeMap<usize, (&'a str, u32)>, others| {
            let rounds = sample.rounds.iter().filter_map(|round| {
                let (_, block) = blocks[&round.run];
                has(others, block).then(|| super::sample::Round { run: block as usize, ..round.clone() })
            });
            Sample { rounds: rounds.collect(), ..sample.clone() }
        };
        let paired = || (numbered(a, &blocks_a, &blocks_b), numbered(b, &blocks_b, &blocks_a));
        (is_one && shared >= BLOCKS_MIN).then(paired)
    }

    /// The block of each run of a sample; none where one has none.
    fn by_run(&self, sample: &Sample) -> Option<BTreeMap<usize, (&'a str, u32)>> {
        let of_round = |round: &super::sample::Round| Some((round.run, *self.of_run.get(round.run_id.as_str())?));
        sample.rounds.iter().map(of_round).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Design;
    use super::super::pairwise;
    use super::super::sample::Round;
    use super::*;
    use crate::measure::catalogue::Metric;
    use crate::stats::Resampling;

    /// Runs of one round each: blocks differ by far more than the cells of one, of which `b` is 1 ms slower.
    fn sample(condition: &str, later_ms: f64, blocks: &[u32]) -> Sample {
        let round = |(run, block): (usize, &u32)| Round {
            run,
            run_id: format!("{condition}-{block}"),
            number: 1,
            initiator: None,
            value: 100.0 * f64::from(*block) + later_ms + 0.01 * f64::from(block * 7 % 5),
            clock_open_ms: None,
        };
        let rounds = (1..).zip(blocks).map(round).collect();
        Sample { condition: condition.to_owned(), nodes: 4, metric: Metric::default(), is_simulated: true, rounds }
    }

    fn shift(a: &Sample, b: &Sample, design: Design) -> (f64, f64) {
        let resampling = Resampling { seed: 1, replicates: 199, level: 0.95 };
        let shift = pairwise::compare(a, b, design, &resampling).unwrap().shift;
        (shift.low.unwrap(), shift.high.unwrap())
    }

    #[test]
    fn cells_are_compared_within_the_blocks_that_both_have() {
        // The fourth block of one and the eighth of the other are missing.
        let (a, b) = (sample("a", 0.0, &[1, 2, 3, 5, 6, 7, 8]), sample("b", 1.0, &[1, 2, 3, 4, 5, 6, 7]));
        let ids: Vec<(String, u32)> =
            ["a", "b"].iter().flat_map(|cell| (1..=8).map(move |block| (format!("{cell}-{block}"), block))).collect();
        let blocks = Blocks { of_run: ids.iter().map(|(id, block)| (id.as_str(), ("relay", *block))).collect() };

        let (a_paired, b_paired) = blocks.pair(&a, &b).unwrap();
        let numbers = |sample: &Sample| sample.rounds.iter().map(|round| round.run).collect::<Vec<_>>();
        assert_eq!([numbers(&a_paired), numbers(&b_paired)], [[1, 2, 3, 5, 6, 7], [1, 2, 3, 5, 6, 7]]);
        let (low, high) = shift(&a_paired, &b_paired, Design::Paired);
        assert!(low > 0.9 && high < 1.1, "{low} to {high}");
        // Without blocks their spread hides it.
        let (low, high) = shift(&a, &b, Design::Independent);
        assert!(low < 0.0 && high > 0.0, "{low} to {high}");
    }

    #[test]
    fn runs_of_few_blocks_of_two_studies_or_of_none_are_no_pairs() {
        let (a, b) = (sample("a", 0.0, &[1, 2, 3, 4, 5]), sample("b", 1.0, &[1, 2, 3, 4, 5]));
        let ids: Vec<(String, u32)> =
            ["a", "b"].iter().flat_map(|cell| (1..=8).map(move |block| (format!("{cell}-{block}"), block))).collect();
        let of_study = |study: fn(&str) -> &'static str| Blocks {
            of_run: ids.iter().map(|(id, block)| (id.as_str(), (study(id), *block))).collect(),
        };
        assert!(of_study(|_| "relay").pair(&a, &b).is_none());
        let many = |condition| sample(condition, 0.0, &[1, 2, 3, 4, 5, 6, 7]);
        assert!(
            of_study(|id| if id.starts_with('a') { "one" } else { "other" }).pair(&many("a"), &many("b")).is_none()
        );
        assert!(Blocks::default().pair(&many("a"), &many("b")).is_none());
    }
}
