//! The distribution of a sum over resampled rounds, computed where drawing it would take long.
//!
//! Deployments are drawn with replacement, and of each drawn one as many rounds as it has. Of a sum over drawn rounds the
//! cumulant generating function is known exactly, K(x) = D ln(1/D sum_d (1/n_d sum_r e^(x w_dr))^n_d), and the saddlepoint
//! approximation makes its tail probabilities of it (Lugannani and Rice 1980, in the form of Barndorff-Nielsen 1986). That a
//! resampled number is at most t is that a sum is at least 0, so that its quantiles follow (Daniels 1983; Davison and
//! Hinkley 1997, ch. 9.5).

/// What the rounds of each deployment add to a sum.
#[derive(Debug, Clone, Default)]
pub(super) struct ResampledSum {
    /// What rounds add, with how many of them add it.
    values: Vec<(f64, f64)>,
    /// For each deployment, where its values end.
    ends: Vec<usize>,
}

/// A cumulant generating function at one place, with its first two derivatives.
#[derive(Debug, Clone, Copy)]
struct Cumulants {
    value: f64,
    slope: f64,
    curvature: f64,
}

/// Nearer to the middle than that, rounding is larger than what skewness adds.
const MIDDLE: f64 = 0.01;

impl ResampledSum {
    /// Adds a deployment of one round at least: what its rounds add, each with how many of them do.
    pub(super) fn push(&mut self, rounds: impl IntoIterator<Item = (f64, f64)>) {
        self.values.extend(rounds.into_iter().filter(|(_, count)| *count > 0.0));
        self.ends.push(self.values.len());
    }

    /// The standard deviation of the sum.
    pub(super) fn deviation(&self) -> f64 {
        self.cumulants(0.0).curvature.sqrt()
    }

    /// The values of each deployment.
    fn deployments(&self) -> impl Iterator<Item = &[(f64, f64)]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.values[start..*end])
    }

    /// The least and the largest that the sum can be.
    fn range(&self) -> (f64, f64) {
        let count = self.ends.len() as f64;
        self.deployments().fold((f64::INFINITY, f64::NEG_INFINITY), |(lowest, highest), rounds| {
            let size = count * rounds.iter().map(|(_, count)| count).sum::<f64>();
            let (low, high) = rounds.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| {
                (low.min(*value), high.max(*value))
            });
            (lowest.min(size * low), highest.max(size * high))
        })
    }

    fn cumulants(&self, at: f64) -> Cumulants {
        let of_deployments: Vec<Cumulants> = self.deployments().map(|rounds| of_rounds(rounds, at)).collect();
        let count = of_deployments.len() as f64;
        // Relative to the largest, so that nothing overflows.
        let highest = of_deployments.iter().map(|of| of.value).fold(f64::NEG_INFINITY, f64::max);
        let weight = |of: &Cumulants| (of.value - highest).exp();
        let total: f64 = of_deployments.iter().map(weight).sum();
        let slope = of_deployments.iter().map(|of| weight(of) * of.slope).sum::<f64>() / total;
        let spread = |of: &Cumulants| weight(of) * (of.curvature + (of.slope - slope).powi(2));
        let curvature = of_deployments.iter().map(spread).sum::<f64>() / total;
        Cumulants {
            value: count * (highest + (total / count).ln()),
            slope: count * slope,
            curvature: count * curvature,
        }
    }
}

/// The standard normal number below which lies the probability that independent sums come to at least `least` together. Within
/// 0.01 of 0 it leaves skewness out.
pub(super) fn score_of_reaching(sums: &[ResampledSum], least: f64) -> f64 {
    let ranges = sums.iter().map(ResampledSum::range);
    let (lowest, highest) = ranges.fold((0.0, 0.0), |(low, high), range| (low + range.0, high + range.1));
    if least <= lowest {
        return f64::INFINITY;
    }
    if least >= highest {
        return f64::NEG_INFINITY;
    }
    let tilt = tilt(sums, least);
    let Cumulants { value, curvature, .. } = cumulants(sums, tilt);
    let root = tilt.signum() * (2.0 * (tilt * least - value)).max(0.0).sqrt();
    let scaled = tilt * curvature.sqrt();
    if root.abs() < MIDDLE { -root } else { -(root + (scaled / root).ln() / root) }
}

/// Where the slope of the cumulant generating function is `sum`, which lies inside the range: by Newton's method, halving
/// where that leaves what is known.
fn tilt(sums: &[ResampledSum], sum: f64) -> f64 {
    const STEPS_MAX: usize = 100;
    const CLOSE: f64 = 1e-9;
    let Cumulants { slope, curvature, .. } = cumulants(sums, 0.0);
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    let first = (sum - slope) / curvature;
    let close = CLOSE * curvature.sqrt();
    let mut at = first;
    for _ in 0..STEPS_MAX {
        let Cumulants { slope, curvature, .. } = cumulants(sums, at);
        if (slope - sum).abs() <= close {
            break;
        }
        if slope < sum {
            low = at
        } else {
            high = at
        }
        let reach = 4.0 * at.abs() + first.abs();
        let next = (at + (sum - slope) / curvature).clamp(-reach, reach);
        at = if low < next && next < high { next } else { low.max(-reach).midpoint(high.min(reach)) };
    }
    at
}

/// Of independent sums together.
fn cumulants(sums: &[ResampledSum], at: f64) -> Cumulants {
    let all = sums.iter().map(|sum| sum.cumulants(at));
    all.fold(Cumulants { value: 0.0, slope: 0.0, curvature: 0.0 }, |sum, next| Cumulants {
        value: sum.value + next.value,
        slope: sum.slope + next.slope,
        curvature: sum.curvature + next.curvature,
    })
}

/// Of the sum over as many drawn rounds of one deployment as it has.
fn of_rounds(rounds: &[(f64, f64)], at: f64) -> Cumulants {
    let highest = rounds.iter().map(|(value, _)| at * value).fold(f64::NEG_INFINITY, f64::max);
    let (mut size, mut total, mut first, mut second) = (0.0, 0.0, 0.0, 0.0);
    for (value, count) in rounds {
        let weight = count * (at * value - highest).exp();
        size += count;
        total += weight;
        first += weight * value;
        second += weight * value * value;
    }
    let mean = first / total;
    let variance = (second / total - mean * mean).max(0.0);
    Cumulants { value: size * (highest + (total / size).ln()), slope: size * mean, curvature: size * variance }
}
