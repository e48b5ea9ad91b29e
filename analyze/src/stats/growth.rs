//! How a time grows with the number of nodes: three laws, fitted to the same logarithms.
//!
//! Times spread in proportion to their size, so all three are fitted by least squares of ln T, and AICc compares them on
//! that one scale.

use cnsim::random::Random;

use super::distribution::student_quantile;
use super::interval::Interval;
use super::resample::{MANY_ROUNDS, Resampling, normal, resampled_mean};

/// A law of growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// T = a N^b.
    PowerLaw,
    /// T = a + b N.
    Linear,
    /// T = a + b ln N.
    Logarithmic,
}

/// A law with the numbers that fit best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The law.
    pub model: Model,
    /// Its a, in the unit of the times.
    pub a: f64,
    /// Its b.
    pub b: f64,
    /// Sum of squares of what is left of ln T.
    pub rss: f64,
    /// Standard deviation of what is left of ln T, n - 2 degrees of freedom: nearly the relative error.
    pub residual: f64,
    /// Share of the variance of ln T that the law explains.
    pub r2: f64,
    /// Akaike's criterion corrected for few values (Hurvich and Tsai 1989), three parameters: smaller is better.
    pub aicc: f64,
}

/// What a law leaves of the times at one number of nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Residual {
    /// The number of nodes.
    pub nodes: f64,
    /// Mean of ln T above that of the law.
    pub mean: f64,
    /// Its interval by Student's t; none of one time, or of equal ones.
    pub interval: Option<Interval>,
}

impl Model {
    /// All, in the order of tables.
    pub const ALL: [Self; 3] = [Self::PowerLaw, Self::Linear, Self::Logarithmic];

    /// Its formula, T left out.
    pub const fn formula(self) -> &'static str {
        match self {
            Self::PowerLaw => "a N^b",
            Self::Linear => "a + b N",
            Self::Logarithmic => "a + b ln N",
        }
    }

    /// As written in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PowerLaw => "power-law",
            Self::Linear => "linear",
            Self::Logarithmic => "logarithmic",
        }
    }
}

impl Fit {
    /// What it leaves of the times that it was fitted to, in the order of nodes.
    pub fn residuals(&self, times: &[(f64, Vec<f64>)], level: f64) -> Vec<Residual> {
        let law = Law { model: self.model, a: self.a, b: self.b };
        let residual = |of_level: &Level| {
            let mean = of_level.mean - law.log_at(of_level.nodes);
            let freedom = of_level.count - 1.0;
            let interval = (of_level.squares > 0.0).then(|| {
                let error = (of_level.squares / freedom / of_level.count).sqrt();
                let half = student_quantile((1.0 + level) / 2.0, freedom) * error;
                Interval { low: mean - half, high: mean + half }
            });
            Residual { nodes: of_level.nodes, mean, interval }
        };
        levels(times).unwrap_or_default().iter().map(residual).collect()
    }
}

/// Times at numbers of nodes: each law as it fits best. Empty where fewer than three numbers of nodes or five times are
/// there, or a time is not finite and above 0.
pub fn growth_fits(times: &[(f64, Vec<f64>)]) -> Vec<Fit> {
    let Some(levels) = levels(times) else { return Vec::new() };
    let count: f64 = levels.iter().map(|level| level.count).sum();
    let mean = levels.iter().map(|level| level.count * level.mean).sum::<f64>() / count;
    let inside: f64 = levels.iter().map(|level| level.squares).sum();
    let total = inside + levels.iter().map(|level| level.count * (level.mean - mean).powi(2)).sum::<f64>();
    let fit = |model: Model| {
        let law = Law::fitted(model, &levels)?;
        let rss = inside + law.misfit(&levels);
        Some(Fit {
            model,
            a: law.a,
            b: law.b,
            rss,
            residual: (rss / (count - 2.0)).sqrt(),
            r2: 1.0 - rss / total,
            aicc: count * (rss / count).ln() + 6.0 + 24.0 / (count - 4.0),
        })
    };
    if total > 0.0 && inside > 0.0 { Model::ALL.into_iter().filter_map(fit).collect() } else { Vec::new() }
}

/// The interval of a law's b by the bootstrap: rounds are drawn inside each number of nodes, so that it does not rest on
/// equal spread. None where [`growth_fits`] has no fit.
pub fn slope_interval(times: &[(f64, Vec<f64>)], model: Model, resampling: &Resampling) -> Option<Interval> {
    let levels = levels(times)?;
    let means: Vec<LevelMean> = times.iter().map(|(_, times)| LevelMean::of(times)).collect();
    let slopes = resampling.values(model.as_str(), |random| {
        let drawn: Vec<Level> =
            levels.iter().zip(&means).map(|(level, mean)| Level { mean: mean.resampled(random), ..*level }).collect();
        Law::fitted(model, &drawn).map_or(f64::NAN, |law| law.b)
    });
    if slopes.iter().any(|slope| slope.is_nan()) { None } else { resampling.middle(&slopes) }
}

/// The mean of ln T at one number of nodes, to be resampled.
enum LevelMean {
    /// Of few rounds: of these logarithms.
    Few(Vec<f64>),
    /// Of many: as a replicate spreads.
    Many {
        mean: f64,
        /// Standard deviation of the mean of as many as there are, drawn at random.
        error: f64,
        /// A sixth of the skewness of that mean.
        skew: f64,
    },
}

impl LevelMean {
    fn of(times: &[f64]) -> Self {
        let logs: Vec<f64> = times.iter().map(|time| time.ln()).collect();
        let count = logs.len() as f64;
        if logs.len() < MANY_ROUNDS {
            return Self::Few(logs);
        }
        let mean = logs.iter().sum::<f64>() / count;
        let power_sum = |power| logs.iter().map(|log| (log - mean).powi(power)).sum::<f64>();
        let error = power_sum(2).sqrt() / count;
        // Equal times have no skewness.
        let skew = if error > 0.0 { power_sum(3) / (6.0 * power_sum(2).powf(1.5)) } else { 0.0 };
        Self::Many { mean, error, skew }
    }

    /// The mean of as many as there are, drawn at random; of many the first two terms of Cornish and Fisher (1938) stand for
    /// the drawing.
    fn resampled(&self, random: &mut Random) -> f64 {
        match self {
            Self::Few(logs) => resampled_mean(logs, random),
            Self::Many { mean, error, skew } => {
                let z = normal(random);
                mean + error * (z + skew * (z * z - 1.0))
            }
        }
    }
}

/// What is known of the times at one number of nodes.
#[derive(Debug, Clone, Copy)]
struct Level {
    nodes: f64,
    count: f64,
    /// Mean of ln T.
    mean: f64,
    /// Sum of squares around it.
    squares: f64,
}

fn levels(times: &[(f64, Vec<f64>)]) -> Option<Vec<Level>> {
    let level = |(nodes, times): &(f64, Vec<f64>)| {
        let count = times.len() as f64;
        let mean = times.iter().map(|time| time.ln()).sum::<f64>() / count;
        let squares = times.iter().map(|time| (time.ln() - mean).powi(2)).sum();
        Level { nodes: *nodes, count, mean, squares }
    };
    let is_usable = times.iter().flat_map(|(_, times)| times).all(|time| time.is_finite() && *time > 0.0)
        && times.iter().all(|(nodes, times)| *nodes >= 1.0 && !times.is_empty())
        && times.iter().map(|(_, times)| times.len()).sum::<usize>() >= 5;
    let mut levels: Vec<Level> = times.iter().map(level).collect();
    levels.sort_by(|a, b| a.nodes.total_cmp(&b.nodes));
    let distinct = levels.chunk_by(|a, b| a.nodes == b.nodes).count();
    (is_usable && distinct >= 3).then_some(levels)
}

/// A law with numbers.
#[derive(Debug, Clone, Copy)]
struct Law {
    model: Model,
    a: f64,
    b: f64,
}

impl Law {
    fn fitted(model: Model, levels: &[Level]) -> Option<Self> {
        match model {
            Model::PowerLaw => Some(Self::power(levels)),
            Model::Linear => Self::line(model, levels, |nodes| nodes),
            Model::Logarithmic => Self::line(model, levels, f64::ln),
        }
    }

    /// A straight line through the logarithms of both.
    fn power(levels: &[Level]) -> Self {
        let count: f64 = levels.iter().map(|level| level.count).sum();
        let mean = |of: fn(&Level) -> f64| levels.iter().map(|level| level.count * of(level)).sum::<f64>() / count;
        let (x, y) = (mean(|level| level.nodes.ln()), mean(|level| level.mean));
        let from_mean = |level: &Level| level.nodes.ln() - x;
        let square: f64 = levels.iter().map(|level| level.count * from_mean(level).powi(2)).sum();
        let b = levels.iter().map(|level| level.count * from_mean(level) * (level.mean - y)).sum::<f64>() / square;
        Self { model: Model::PowerLaw, a: (y - b * x).exp(), b }
    }

    /// A straight line in x by the method of Gauss and Newton. Its numbers are the logarithms of its two ends, between
    /// which it is above 0 whatever they are.
    fn line(model: Model, levels: &[Level], x: fn(f64) -> f64) -> Option<Self> {
        const STEPS_MAX: usize = 500;
        let (first, last) = (levels.first()?, levels.last()?);
        let (from, to) = (x(first.nodes), x(last.nodes));
        let place = |level: &Level| (x(level.nodes) - from) / (to - from);
        let misfit = |ends: [f64; 2]| -> f64 {
            let left = |level: &Level| level.mean - log_between(ends, place(level));
            levels.iter().map(|level| level.count * left(level).powi(2)).sum()
        };
        let mut ends = [first.mean, last.mean];
        let mut best = misfit(ends);
        for _ in 0..STEPS_MAX {
            let step = gauss_newton_step(levels, ends, place);
            let tried = (0..30).map(|halvings| step.map(|part| part * 0.5_f64.powi(halvings)));
            // Near the best, rounding hides what a step gains.
            let taken = tried
                .map(|step| ([ends[0] + step[0], ends[1] + step[1]], step))
                .find(|(next, _)| misfit(*next) <= best * (1.0 + 1e-12));
            let Some((next, step)) = taken else { break };
            ends = next;
            best = misfit(ends);
            if step.iter().all(|part| part.abs() <= 1e-14) {
                break;
            }
        }
        let [low, high] = ends.map(f64::exp);
        let b = (high - low) / (to - from);
        let law = Self { model, a: low - b * from, b };
        (law.a.is_finite() && law.b.is_finite()).then_some(law)
    }

    fn log_at(&self, nodes: f64) -> f64 {
        match self.model {
            Model::PowerLaw => self.a.ln() + self.b * nodes.ln(),
            Model::Linear => (self.a + self.b * nodes).ln(),
            Model::Logarithmic => (self.a + self.b * nodes.ln()).ln(),
        }
    }

    fn misfit(&self, levels: &[Level]) -> f64 {
        levels.iter().map(|level| level.count * (level.mean - self.log_at(level.nodes)).powi(2)).sum()
    }
}

/// The logarithm of the straight line between e^ends at `place`, 0 to 1.
fn log_between(ends: [f64; 2], place: f64) -> f64 {
    ((1.0 - place) * ends[0].exp() + place * ends[1].exp()).ln()
}

fn gauss_newton_step(levels: &[Level], ends: [f64; 2], place: impl Fn(&Level) -> f64) -> [f64; 2] {
    let (mut aa, mut ab, mut bb, mut ar, mut br) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for level in levels {
        let place = place(level);
        let log = log_between(ends, place);
        let (a, b) = ((1.0 - place) * (ends[0] - log).exp(), place * (ends[1] - log).exp());
        let left = level.mean - log;
        aa += level.count * a * a;
        ab += level.count * a * b;
        bb += level.count * b * b;
        ar += level.count * a * left;
        br += level.count * b * left;
    }
    let determinant = aa * bb - ab * ab;
    [(bb * ar - ab * br) / determinant, (aa * br - ab * ar) / determinant]
}

#[cfg(test)]
mod tests {
    use super::super::coverage;
    use super::super::fixture::{close, numbers, reference};
    use super::*;

    fn by_nodes(nodes: &[f64], values: &[f64]) -> Vec<(f64, Vec<f64>)> {
        let mut times: Vec<(f64, Vec<f64>)> = Vec::new();
        for (nodes, value) in nodes.iter().zip(values) {
            match times.last_mut() {
                Some((last, values)) if last == nodes => values.push(*value),
                Some(_) | None => times.push((*nodes, vec![*value])),
            }
        }
        times
    }

    #[test]
    fn the_fits_are_those_of_scipy() {
        for case in reference("growth").as_array().unwrap() {
            let fits = growth_fits(&by_nodes(&numbers(&case["nodes"]), &numbers(&case["values"])));
            assert_eq!(fits.len(), 3);
            for fit in fits {
                let name = format!("{} as {}", case["name"], fit.model.as_str());
                let expected = |field: &str| case["models"][fit.model.as_str()][field].as_f64().unwrap();
                close(fit.rss, expected("rss"), &name);
                close(fit.aicc, expected("aicc"), &name);
                close(fit.r2, expected("r2"), &name);
                // SciPy stops where the sum of squares does not change any more, half the digits earlier.
                for (found, expected) in [(fit.a, expected("a")), (fit.b, expected("b"))] {
                    assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{name}: {found}, SciPy {expected}");
                }
            }
        }
    }

    #[test]
    fn exact_laws_are_found_exactly_but_for_their_noise() {
        let nodes = [10.0, 40.0, 160.0, 640.0];
        let noise = [0.999, 1.001];
        let times = |law: fn(f64) -> f64| -> Vec<(f64, Vec<f64>)> {
            nodes.map(|nodes| (nodes, noise.map(|noise| law(nodes) * noise).to_vec())).to_vec()
        };
        let best = |law: fn(f64) -> f64| {
            growth_fits(&times(law)).into_iter().min_by(|a, b| a.aicc.total_cmp(&b.aicc)).unwrap().model
        };
        assert_eq!(best(|nodes| 5.0 + 6.0 * nodes), Model::Linear);
        assert_eq!(best(|nodes| 5.0 + 60.0 * nodes.ln()), Model::Logarithmic);
        assert_eq!(best(|nodes| 5.0 * nodes.powf(0.5)), Model::PowerLaw);
    }

    #[test]
    fn residuals_are_what_is_left_of_the_logarithms_with_student_s_interval() {
        let times = vec![(10.0, vec![9.0, 11.0, 10.0]), (100.0, vec![140.0]), (1000.0, vec![1000.0, 1100.0])];
        let fits = growth_fits(&times);
        for fit in &fits {
            let left = fit.residuals(&times, 0.95);
            let weighted: f64 = left.iter().zip(&times).map(|(left, (_, times))| left.mean * times.len() as f64).sum();
            assert!(weighted.abs() < 1e-6 || fit.model != Model::PowerLaw, "least squares with a constant: {weighted}");
            assert_eq!(left.iter().map(|left| left.nodes).collect::<Vec<_>>(), [10.0, 100.0, 1000.0]);
            assert_eq!(left[1].interval, None, "one round has no interval");
            // scipy.stats.t.interval(0.95, 2, mean, sem) of ln 9, ln 11, ln 10 has this half-width.
            let interval = left[0].interval.unwrap();
            assert!(((interval.high - interval.low) / 2.0 - 0.249_351_0).abs() < 1e-6, "{interval:?}");
            assert!((interval.low.midpoint(interval.high) - left[0].mean).abs() < 1e-12);
        }
        let power = fits.iter().find(|fit| fit.model == Model::PowerLaw).unwrap();
        let expected = (140.0_f64).ln() - (power.a * 100.0_f64.powf(power.b)).ln();
        assert!((power.residuals(&times, 0.95)[1].mean - expected).abs() < 1e-12);
    }

    #[test]
    fn too_little_to_tell_laws_apart_is_not_fitted() {
        let resampling = Resampling { seed: 1, replicates: 99, level: 0.95 };
        let two = vec![(10.0, vec![1.0, 2.0, 3.0]), (20.0, vec![4.0, 5.0, 6.0])];
        let mut censored = two.clone();
        censored.push((30.0, vec![8.0, f64::INFINITY]));
        let mut constant = two.clone();
        constant.iter_mut().for_each(|(_, times)| times.fill(3.0));
        constant.push((30.0, vec![3.0; 2]));
        for times in [vec![], two, censored] {
            assert_eq!(growth_fits(&times), vec![]);
            assert_eq!(slope_interval(&times, Model::Linear, &resampling), None);
        }
        assert_eq!(growth_fits(&constant), vec![]);
    }

    #[test]
    fn the_interval_covers_the_true_exponent_as_often_as_it_says() {
        let covered = coverage::share(200, |random| {
            let mut times = Vec::new();
            for nodes in [10.0_f64, 30.0, 100.0] {
                let noise: Vec<f64> = (0..12).map(|_| nodes.ln() * 0.1 * coverage::normal(random)).collect();
                times.push((nodes, noise.into_iter().map(|noise| nodes.powf(1.2) * noise.exp()).collect()));
            }
            let resampling = Resampling { seed: random.below(u64::MAX), replicates: 199, level: 0.9 };
            slope_interval(&times, Model::PowerLaw, &resampling).unwrap().holds(1.2)
        });
        assert!((0.83..0.96).contains(&covered), "{covered}");
    }
}
