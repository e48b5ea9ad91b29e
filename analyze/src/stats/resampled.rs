//! Between which numbers resampled means and quantiles lie, computed and not drawn.

use super::saddlepoint::{ResampledSum, score_of_reaching};
use super::search::Search;
use super::values::{mean, sorted};

/// The means of resampled rounds below which replicates lie with the probabilities of two standard normal `scores`. Values
/// are finite and differ, and stand by deployment.
pub(super) fn means(deployments: &[&[f64]], scores: [f64; 2]) -> Option<[f64; 2]> {
    let all = || deployments.iter().copied().flatten().copied();
    let (low, high) =
        all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let middle = mean(all())?;
    // A mean is at most `limit` where what rounds are below it adds up to at least 0.
    let below = |limit: f64| {
        let mut sum = ResampledSum::default();
        deployments.iter().for_each(|rounds| sum.push(rounds.iter().map(|value| (limit - value, 1.0))));
        sum
    };
    let scale = below(middle).deviation() / all().count() as f64;
    let search = Search { low, high, middle, scale, resolution: scale * 1e-9, close: 1e-6 };
    Some(scores.map(|score| search.reaching(score, |limit| score_of_reaching(&[below(limit)], 0.0))))
}

/// The same of the quantile of type 7 below which a `share` of the rounds lies; infinite where it falls on such a value.
pub(super) fn quantiles(deployments: &[&[f64]], share: f64, scores: [f64; 2]) -> Option<[f64; 2]> {
    let of_deployments: Vec<Vec<f64>> = deployments.iter().map(|rounds| sorted(rounds.iter().copied())).collect();
    let all = sorted(of_deployments.iter().flatten().copied());
    // A quantile is at most `limit` where at least share (n - 1) + 1/2 of n rounds are: half a rank stands for the step from
    // one number of rounds to the next.
    let score_at = |limit: f64| {
        let mut sum = ResampledSum::default();
        for rounds in &of_deployments {
            let below = rounds.partition_point(|value| *value <= limit) as f64;
            sum.push([(1.0 - share, below), (-share, rounds.len() as f64 - below)]);
        }
        score_of_reaching(&[sum], 0.5 - share)
    };
    let last = *all.last()?;
    let end = |score: f64| all.get(all.partition_point(|limit| score_at(*limit) < score)).copied().unwrap_or(last);
    Some(scores.map(end))
}
