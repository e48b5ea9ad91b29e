//! Samples compared: shift, ratio, test and effect size, and each sample on its own.

use super::comparison::{Comparison, Design, Side};
use super::refusal::Refusal;
use super::sample::{Round, Sample};
use super::sentence;
use crate::stats::{
    self, Interval, Resampling, cliffs_delta, hierarchical_mean, hierarchical_quantile, hierarchical_shift,
    mann_whitney, median_ratio, paired_shift, quantile_interval, wilcoxon,
};

/// One condition on its own.
pub(super) fn side(sample: &Sample, resampling: &Resampling) -> Side {
    let sorted = stats::sorted(sample.values());
    let deployments = sample.by_deployment();
    let ranks = quantile_interval(sorted.len(), 0.5, resampling.level);
    let by_ranks = ranks.map(|ranks| Interval { low: sorted[ranks.low - 1], high: sorted[ranks.high - 1] });
    let has_several = deployments.len() > 1;
    let median_over = || hierarchical_quantile(&deployments, 0.5, "median", resampling);
    let mean_over = || hierarchical_mean(&deployments, "mean", resampling);
    Side {
        metric: sample.metric,
        nodes: sample.nodes,
        condition: sample.condition.clone(),
        rounds: sorted.len(),
        censored: sample.censored(),
        median: stats::median(&sorted),
        median_interval: by_ranks.and_then(|ranks| if has_several { median_over() } else { Some(ranks) }),
        mean: stats::mean(sorted.iter().copied()).filter(|mean| mean.is_finite()),
        mean_interval: stats::mean_interval(&sorted, resampling)
            .and_then(|bca| if has_several { mean_over() } else { Some(bca) }),
    }
}

/// Compares `to` with `from`, neither of which is empty. The adjusted p is set when the family is complete.
pub(super) fn compare(
    from: &Sample,
    to: &Sample,
    design: Design,
    resampling: &Resampling,
) -> Result<Comparison, Refusal> {
    let level = resampling.level;
    let [deployments_a, deployments_b] = [from, to].map(Sample::by_deployment);
    let (a, b) = match design {
        Design::Independent => (from.values(), to.values()),
        Design::Paired => pairs(from, to)?,
    };
    let shift = match design {
        Design::Independent if deployments_a.len() + deployments_b.len() > 2 => {
            hierarchical_shift(&deployments_a, &deployments_b, resampling)
        }
        Design::Independent => stats::shift(&a, &b, level),
        Design::Paired => paired_shift(&a, &b, level),
    };
    let test = match design {
        Design::Independent => mann_whitney(&a, &b),
        Design::Paired => wilcoxon(&a, &b),
    };
    let test = test.expect("samples without a round are refused");
    let dominance = cliffs_delta(&a, &b, level).expect("samples without a round are refused");
    let comparison = Comparison {
        metric: from.metric,
        nodes: from.nodes,
        a: from.condition.clone(),
        b: to.condition.clone(),
        rounds_a: a.len(),
        rounds_b: b.len(),
        deployments_a: deployments_a.len(),
        deployments_b: deployments_b.len(),
        design,
        level,
        shift,
        ratio: median_ratio(&a, &b, level),
        test,
        p_holm: test.p,
        dominance,
        sentence: String::new(),
    };
    let censored = [&a, &b].map(|values| values.iter().filter(|value| value.is_infinite()).count());
    Ok(Comparison { sentence: sentence::of(&comparison, censored), ..comparison })
}

/// Values of rounds that belong together: the same number in runs in the same place, begun by the same node.
fn pairs(from: &Sample, to: &Sample) -> Result<(Vec<f64>, Vec<f64>), Refusal> {
    let not_paired =
        |why: String| Refusal::NotPaired { a: from.condition.clone(), b: to.condition.clone(), nodes: from.nodes, why };
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for round in &from.rounds {
        let is_same = |other: &&Round| (other.run, other.number) == (round.run, round.number);
        let Some(other) = to.rounds.iter().find(is_same) else { continue };
        if let (Some(one), Some(another)) = (&round.initiator, &other.initiator)
            && one != another
        {
            let number = round.number;
            return Err(not_paired(format!("round {number} was begun by {one} in one and by {another} in the other")));
        }
        a.push(round.value);
        b.push(other.value);
    }
    let longest = from.rounds.len().max(to.rounds.len());
    if a.len() < longest {
        return Err(not_paired(format!("only {} of {longest} rounds have the same number in both", a.len())));
    }
    Ok((a, b))
}
