//! What a run used while its rounds went on: the samples of telemetry that lie in its time, and how much they say of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Analysis, Group};
use crate::inputs::telemetry::{Quantity, Sample, Series};

/// The share of a window that samples must stand for before a mean over it is bounded.
const COVERED: f64 = 0.99;

/// Which part of a run's time samples are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// From the first scored round's start to the last one's end.
    #[default]
    Block,
    /// The same in whole seconds, as the published study took it: the largest sample in it counts.
    Seed,
}

impl Window {
    /// As typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Seed => "seed",
        }
    }
}

/// What a run used of one quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Usage {
    /// The run's condition.
    pub condition: String,
    /// Its id.
    pub run_id: String,
    /// Nodes in its network.
    pub nodes: u32,
    /// What was used.
    pub quantity: Quantity,
    /// Pods with samples; none where the source has summed over pods.
    pub pods: Option<usize>,
    /// The length of the window in s.
    pub window_s: f64,
    /// The time between samples in s; none where there is only one.
    pub sampling_s: Option<f64>,
    /// Samples in the window, of all pods.
    pub samples: usize,
    /// The mean over the window, summed over pods; none where the samples do not say.
    pub mean: Option<f64>,
    /// The least that it can have been: samples at the window's edges stand partly for what lies outside.
    pub low: Option<f64>,
    /// The most that it can have been.
    pub high: Option<f64>,
    /// The largest sample of any series.
    pub sample_max: Option<f64>,
    /// Why a number is missing.
    pub note: Option<String>,
}

/// The time of a run's scored rounds, in ns since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// What each run of the analysis used, by group, run and quantity. `pods` says which pods a run had, where that is known.
pub fn usages(
    analysis: &Analysis,
    series: &[Series],
    pods: &BTreeMap<String, Vec<String>>,
    window: Window,
) -> Vec<Usage> {
    let mut all = Vec::new();
    for group in &analysis.groups {
        for (run_id, span) in spans(group, window) {
            for quantity in Quantity::ALL {
                let is_its = |one: &&Series| {
                    one.quantity == quantity && is_about(one, &group.condition) && is_of(one, pods.get(run_id))
                };
                let its: Vec<&Series> = series.iter().filter(is_its).filter(|one| span.is_near(one)).collect();
                if !its.is_empty() {
                    let run = RunQuantity { group, run_id, quantity, span, window };
                    all.push(run.usage(&its));
                }
            }
        }
    }
    all
}

/// Whether a series lies, as a whole, outside of every run.
pub(crate) fn is_elsewhere(analysis: &Analysis, one: &Series) -> bool {
    let groups = analysis.groups.iter().filter(|group| is_about(one, &group.condition));
    let spans = groups.flat_map(|group| spans(group, Window::Seed));
    spans.into_iter().all(|(_, span)| !span.is_near(one))
}

/// Whether two series tell of the same pod, or one that was summed over pods stands beside another.
fn is_counted_twice(series: &[&Series]) -> bool {
    let pods: BTreeSet<Option<&String>> = series.iter().map(|one| one.pod.as_ref()).collect();
    pods.len() < series.len() || (pods.contains(&None) && pods.len() > 1)
}

pub(crate) fn is_about(one: &Series, condition: &str) -> bool {
    one.condition.as_ref().is_none_or(|its| its == condition)
}

pub(crate) fn is_of(one: &Series, pods: Option<&Vec<String>>) -> bool {
    one.pod.as_ref().is_none_or(|pod| pods.is_none_or(|pods| pods.contains(pod)))
}

/// The time of each run's scored rounds.
pub(crate) fn spans(group: &Group, window: Window) -> BTreeMap<&str, Span> {
    let mut spans: BTreeMap<&str, Span> = BTreeMap::new();
    for round in group.rounds.iter().filter(|round| round.scored) {
        let first = round.initiate_ns.or(round.reached_ns.first().copied());
        let Some(first) = first else { continue };
        let last = round.reached_ns.last().copied().unwrap_or(first).max(first);
        let span = spans.entry(&round.run_id).or_insert(Span { first, last });
        *span = Span { first: span.first.min(first), last: span.last.max(last) };
    }
    if window == Window::Seed {
        let second = |ns: i64| ns.div_euclid(NS_PER_S) * NS_PER_S;
        spans.values_mut().for_each(|span| *span = Span { first: second(span.first), last: second(span.last) });
    }
    spans
}

const NS_PER_S: i64 = 1_000_000_000;

impl Span {
    fn length(self) -> i64 {
        self.last - self.first
    }

    /// Whether a sample of the series stands for any of this time.
    pub(crate) fn is_near(self, one: &Series) -> bool {
        let step = step(&one.samples).unwrap_or(0);
        one.samples.iter().any(|sample| sample.at_ns >= self.first && sample.at_ns - step <= self.last)
    }

    /// How much of this time a sample stands for, given the time between samples.
    fn overlap(self, sample: &Sample, step: i64) -> i64 {
        (sample.at_ns.min(self.last) - (sample.at_ns - step).max(self.first)).max(0)
    }

    fn holds(self, sample: &Sample, step: i64) -> bool {
        sample.at_ns - step >= self.first && sample.at_ns <= self.last
    }
}

/// The usual time between two samples; none where there is one only.
pub(crate) fn step(samples: &[Sample]) -> Option<i64> {
    let mut steps: Vec<i64> = samples.windows(2).map(|pair| pair[1].at_ns - pair[0].at_ns).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().filter(|step| *step > 0)
}

/// A run and a quantity.
struct RunQuantity<'a> {
    group: &'a Group,
    run_id: &'a str,
    quantity: Quantity,
    span: Span,
    window: Window,
}

/// What one series says of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
struct SeriesUsage {
    samples: usize,
    mean: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    max: Option<f64>,
}

impl RunQuantity<'_> {
    fn usage(&self, series: &[&Series]) -> Usage {
        let steps: Vec<i64> = series.iter().filter_map(|one| step(&one.samples)).collect();
        let sampling = steps.iter().copied().max();
        let is_short = self.window == Window::Block && sampling.is_none_or(|step| self.span.length() < step);
        // The sum of two series of the same pods would count these twice.
        let is_counted_twice = is_counted_twice(series);
        let parts: Vec<SeriesUsage> = match is_counted_twice {
            true => Vec::new(),
            false => series.iter().map(|one| self.usage_by(one)).collect(),
        };
        let samples = parts.iter().map(|part| part.samples).sum();
        let sum = |of: fn(&SeriesUsage) -> Option<f64>| match is_short || is_counted_twice {
            true => None,
            false => parts.iter().map(of).sum::<Option<f64>>(),
        };
        let maxima = parts.iter().filter_map(|part| part.max);
        Usage {
            condition: self.group.condition.clone(),
            run_id: self.run_id.to_owned(),
            nodes: self.group.nodes,
            quantity: self.quantity,
            pods: (!is_counted_twice && series.iter().all(|one| one.pod.is_some())).then_some(series.len()),
            window_s: self.span.length() as f64 / NS_PER_S as f64,
            sampling_s: sampling.map(|step| step as f64 / NS_PER_S as f64),
            samples,
            mean: sum(|part| part.mean),
            low: sum(|part| part.low),
            high: sum(|part| part.high),
            sample_max: maxima.fold(None, |max: Option<f64>, value| Some(max.map_or(value, |max| max.max(value)))),
            note: match is_counted_twice {
                true => Some("several files tell of it: say which with CONDITION:FILE".to_owned()),
                false => self.note(is_short, &parts),
            },
        }
    }

    fn note(&self, is_short: bool, parts: &[SeriesUsage]) -> Option<String> {
        if self.span.length() == 0 {
            return Some("the window has no length".to_owned());
        }
        if is_short {
            return Some("the window is shorter than the sampling".to_owned());
        }
        if parts.iter().any(|part| part.mean.is_none()) {
            return Some("no sample lies in the window".to_owned());
        }
        let is_bounded = self.window == Window::Seed || parts.iter().all(|part| part.high.is_some());
        (!is_bounded).then(|| "samples are missing in the window".to_owned())
    }

    fn usage_by(&self, one: &Series) -> SeriesUsage {
        match self.window {
            Window::Seed => self.published(one),
            Window::Block => self.bounded(one),
        }
    }

    /// The samples whose time lies in the window, both ends included.
    fn published(&self, one: &Series) -> SeriesUsage {
        let inside = |sample: &&Sample| (self.span.first..=self.span.last).contains(&sample.at_ns);
        let values: Vec<f64> = one.samples.iter().filter(inside).map(|sample| sample.value).collect();
        let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        SeriesUsage { samples: values.len(), mean, low: None, high: None, max: values.iter().copied().reduce(f64::max) }
    }

    /// The mean over the window with its bounds.
    ///
    /// A sample stands for the time since the one before it. Where that reaches out of the window, a rate may have been
    /// used wholly within it or wholly outside; a reading is taken as it is.
    fn bounded(&self, one: &Series) -> SeriesUsage {
        let step = step(&one.samples).unwrap_or(0);
        let touched: Vec<(&Sample, i64)> = one
            .samples
            .iter()
            .map(|sample| (sample, self.span.overlap(sample, step)))
            .filter(|(_, overlap)| *overlap > 0)
            .collect();
        let covered: i64 = touched.iter().map(|(_, overlap)| overlap).sum();
        let length = self.span.length() as f64;
        let is_whole = covered as f64 >= COVERED * length;
        let within = || touched.iter().filter(|(sample, _)| self.span.holds(sample, step));
        let total: f64 = touched.iter().map(|(sample, overlap)| sample.value * *overlap as f64).sum();
        let sum =
            |samples: &[(&Sample, i64)]| samples.iter().map(|(sample, _)| sample.value * step as f64).sum::<f64>();
        let whole: Vec<(&Sample, i64)> = within().copied().collect();
        let values = || touched.iter().map(|(sample, _)| sample.value);
        let (low, high) = match self.quantity {
            Quantity::Memory => (values().reduce(f64::min), values().reduce(f64::max)),
            Quantity::Cpu | Quantity::Received | Quantity::Transmitted => {
                (Some(sum(&whole) / length), Some(sum(&touched) / length))
            }
        };
        SeriesUsage {
            samples: touched.len(),
            mean: (covered > 0).then(|| total / covered as f64),
            low: low.filter(|_| is_whole),
            high: high.filter(|_| is_whole),
            max: values().reduce(f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::fixture::{Row, loaded};
    use crate::measure::{Options, analyse};

    const MINUTE: i64 = 60 * NS_PER_S;

    fn analysis(first: i64, last: i64) -> Analysis {
        let round = |number, at: i64, end: i64| {
            let rows = [Row::initiate("a", at), Row::received("a", "b", at, end)];
            rows.map(|row| row.of_run("r").of_round(number).with_nodes(2))
        };
        let rows = [round(0, 0, 1), round(1, first, first + 5), round(2, last - 5, last)].concat();
        analyse(&[loaded("c", &rows)], &Options { warm_up: 1 })
    }

    fn series(quantity: Quantity, pod: Option<&str>, values: &[f64]) -> Series {
        let sample = |(minute, value): (usize, &f64)| Sample { at_ns: minute as i64 * MINUTE, value: *value };
        let samples = values.iter().enumerate().map(sample).collect();
        Series { quantity, condition: None, pod: pod.map(str::to_owned), samples, source: "x".to_owned() }
    }

    fn one(analysis: &Analysis, series: &[Series], window: Window) -> Usage {
        let mut all = usages(analysis, series, &BTreeMap::new(), window);
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn the_mean_of_a_rate_is_bounded_by_what_its_edges_may_hold() {
        let usage = one(
            &analysis(30 * NS_PER_S, 150 * NS_PER_S),
            &[series(Quantity::Cpu, None, &[9.0, 1.0, 2.0, 4.0])],
            Window::Block,
        );
        // The samples at 60 s, 120 s and 180 s stand for 30 s, 60 s and 30 s of the 120 s.
        assert_eq!(usage.mean, Some((30.0 * 1.0 + 60.0 * 2.0 + 30.0 * 4.0) / 120.0));
        assert_eq!((usage.low, usage.high), (Some(60.0 * 2.0 / 120.0), Some(60.0 * 7.0 / 120.0)));
        assert_eq!((usage.samples, usage.window_s, usage.sampling_s, usage.note), (3, 120.0, Some(60.0), None));
    }

    #[test]
    fn a_reading_is_bounded_by_the_readings_around() {
        let usage = one(
            &analysis(30 * NS_PER_S, 150 * NS_PER_S),
            &[series(Quantity::Memory, None, &[9.0, 1.0, 2.0, 4.0])],
            Window::Block,
        );
        assert_eq!((usage.low, usage.high, usage.sample_max), (Some(1.0), Some(4.0), Some(4.0)));
    }

    #[test]
    fn pods_are_added_and_the_largest_sample_is_of_one() {
        let two = [series(Quantity::Cpu, Some("a"), &[1.0; 4]), series(Quantity::Cpu, Some("b"), &[2.0; 4])];
        let usage = one(&analysis(MINUTE, 3 * MINUTE), &two, Window::Block);
        assert_eq!((usage.pods, usage.mean, usage.sample_max), (Some(2), Some(3.0), Some(2.0)));
        let only_a = BTreeMap::from([("r".to_owned(), vec!["a".to_owned()])]);
        let usage = usages(&analysis(MINUTE, 3 * MINUTE), &two, &only_a, Window::Block).remove(0);
        assert_eq!((usage.pods, usage.mean), (Some(1), Some(1.0)));
    }

    #[test]
    fn a_window_shorter_than_the_sampling_gives_no_mean_and_says_so() {
        let usage =
            one(&analysis(70 * NS_PER_S, 100 * NS_PER_S), &[series(Quantity::Cpu, None, &[1.0; 4])], Window::Block);
        assert_eq!((usage.mean, usage.low, usage.high), (None, None, None));
        assert_eq!(usage.note.as_deref(), Some("the window is shorter than the sampling"));
        let empty = one(
            &analysis(70 * NS_PER_S + 10, 70 * NS_PER_S + 10),
            &[series(Quantity::Cpu, None, &[1.0; 4])],
            Window::Seed,
        );
        assert_eq!(empty.note.as_deref(), Some("the window has no length"));
    }

    #[test]
    fn a_gap_in_the_samples_leaves_the_mean_unbounded() {
        let mut gapped = series(Quantity::Cpu, None, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        gapped.samples.remove(3);
        let usage = one(&analysis(MINUTE, 5 * MINUTE), &[gapped], Window::Block);
        assert_eq!((usage.low, usage.high), (None, None));
        assert_eq!(usage.note.as_deref(), Some("samples are missing in the window"));
    }

    #[test]
    fn the_published_window_takes_the_largest_sample_of_its_whole_seconds() {
        // The first row comes 0.4 s behind a sample: in whole seconds it does not.
        let analysis = analysis(MINUTE + 400_000_000, 2 * MINUTE + 900_000_000);
        let usage = one(&analysis, &[series(Quantity::Cpu, None, &[9.0, 3.0, 2.0, 8.0])], Window::Seed);
        assert_eq!((usage.samples, usage.sample_max, usage.mean), (2, Some(3.0), Some(2.5)));
        assert_eq!((usage.low, usage.note), (None, None));
    }

    #[test]
    fn what_two_files_tell_of_is_not_added_up() {
        let summed = series(Quantity::Cpu, None, &[1.0; 4]);
        let other = Series { source: "y".to_owned(), ..series(Quantity::Cpu, None, &[2.0; 4]) };
        let of_pod = series(Quantity::Cpu, Some("a"), &[2.0; 4]);
        for both in [[summed.clone(), other], [summed, of_pod.clone()], [of_pod.clone(), of_pod]] {
            let usage = one(&analysis(MINUTE, 3 * MINUTE), &both, Window::Block);
            assert_eq!((usage.mean, usage.sample_max, usage.samples), (None, None, 0));
            assert_eq!(usage.note.as_deref(), Some("several files tell of it: say which with CONDITION:FILE"));
        }
    }

    #[test]
    fn telemetry_of_another_condition_does_not_count() {
        let of = |condition: &str| Series {
            condition: Some(condition.to_owned()),
            ..series(Quantity::Cpu, None, &[1.0; 4])
        };
        let analysis = analysis(MINUTE, 2 * MINUTE);
        assert_eq!(usages(&analysis, &[of("c")], &BTreeMap::new(), Window::Block).len(), 1);
        assert_eq!(usages(&analysis, &[of("d")], &BTreeMap::new(), Window::Block), []);
        assert!(is_elsewhere(&analysis, &of("d")));
    }

    #[test]
    fn telemetry_of_another_day_is_elsewhere() {
        let far = analysis(1_000 * MINUTE, 1_001 * MINUTE);
        assert!(is_elsewhere(&far, &series(Quantity::Cpu, None, &[1.0; 4])));
        assert!(!is_elsewhere(&analysis(MINUTE, 2 * MINUTE), &series(Quantity::Cpu, None, &[1.0; 4])));
    }
}
