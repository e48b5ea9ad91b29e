//! A comparison in one plain sentence.

use super::{Comparison, Design, Metric};

/// The sentence; `censored` rounds of either side never got there.
pub(super) fn of(comparison: &Comparison, censored: [usize; 2]) -> String {
    let shift = comparison.shift;
    let Some(size) = shift.shift else { return unknown(comparison, censored) };
    let decimals = decimals(comparison);
    let unit = comparison.metric.unit();
    let number = |value: f64| plain(value, decimals);
    let level = plain(100.0 * comparison.level, 2).trim_end_matches('0').trim_end_matches('.').to_owned();
    let nodes = format!("With {} nodes, ", comparison.nodes);
    let (open, tail) = match (shift.low, shift.high) {
        (Some(0.0), Some(0.0)) => {
            let Comparison { metric, a, b, .. } = comparison;
            return format!("{nodes}{} is the same in {b} as in {a}: {level} % interval 0 to 0 {unit}", metric.name());
        }
        (Some(low), Some(high)) if low <= 0.0 && high >= 0.0 => {
            let claim = claim(comparison, size, decimals, Certainty::MayBe);
            let interval =
                format!("the {level} % interval, {} to {} {unit}, holds 0 as well", number(low), number(high));
            return format!("{nodes}{claim}: {interval}; {}", halving(comparison));
        }
        (Some(low), Some(high)) => {
            (false, format!("{level} % interval {} to {} {unit}; {}", number(low), number(high), halving(comparison)))
        }
        (Some(low), None) => (true, format!("{level} % interval from {} {unit} up", number(low))),
        (None, Some(high)) => (true, format!("{level} % interval up to {} {unit}", number(high))),
        (None, None) => (true, String::new()),
    };
    let certainty = match (shift.low, shift.high) {
        (Some(low), _) if low > 0.0 => Certainty::Is,
        (_, Some(high)) if high < 0.0 => Certainty::Is,
        (_, _) => Certainty::MayBe,
    };
    let claim = claim(comparison, size, decimals, certainty);
    let needed = rounds_needed(comparison.design, comparison.level);
    let fewest = comparison.rounds_a.min(comparison.rounds_b);
    match open {
        false => format!("{nodes}{claim}, {tail}"),
        true if fewest < needed && tail.is_empty() => format!(
            "{nodes}{claim}, but {} and {} rounds are too few for a {level} % interval; {needed} a side have one",
            comparison.rounds_a, comparison.rounds_b
        ),
        true if tail.is_empty() => format!("{nodes}{claim}, without a {level} % interval{}", open_end(censored)),
        true => format!("{nodes}{claim}, {tail}{}", open_end(censored)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Is,
    MayBe,
}

fn claim(comparison: &Comparison, size: f64, decimals: usize, certainty: Certainty) -> String {
    let Comparison { metric, a, b, .. } = comparison;
    let verb = match certainty {
        Certainty::Is => "is",
        Certainty::MayBe => "may be",
    };
    let amount = format!("{} {}", plain(size.abs(), decimals), metric.unit());
    match metric.percent() {
        Some(percent) => {
            let word = if size < 0.0 { "faster" } else { "slower" };
            format!("{b} {verb} {amount} {word} than {a}{}", goal(percent, *metric))
        }
        None => {
            let word = if size < 0.0 { "lower" } else { "higher" };
            format!("{} {verb} {amount} {word} in {b} than in {a}", metric.name())
        }
    }
}

fn goal(percent: u32, metric: Metric) -> String {
    let from = if metric == Metric::default() { "" } else { metric.origin().map_or("", |origin| origin.as_str()) };
    match (percent, from) {
        (100, "") => String::new(),
        (100, from) => format!(" from {from}"),
        (percent, from) => format!(" to {percent} % of the nodes from {from}"),
    }
}

fn unknown(comparison: &Comparison, censored: [usize; 2]) -> String {
    let Comparison { nodes, a, b, rounds_a, rounds_b, .. } = comparison;
    let [in_a, in_b] = censored;
    format!(
        "With {nodes} nodes, no shift can be told: {in_a} of {rounds_a} rounds of {a} and {in_b} of {rounds_b} of {b} never \
         got there"
    )
}

fn open_end(censored: [usize; 2]) -> String {
    format!(": {} rounds that never got there leave it open", censored[0] + censored[1])
}

/// What it takes to halve the interval: its width falls with the root of the number of rounds.
fn halving(comparison: &Comparison) -> String {
    let variance = |more: usize| 1.0 / (comparison.rounds_a + more) as f64 + 1.0 / (comparison.rounds_b + more) as f64;
    let goal = variance(0) / 4.0 * (1.0 + 1e-12);
    let most = 3 * comparison.rounds_a.max(comparison.rounds_b);
    let more = (0..=most).collect::<Vec<_>>().partition_point(|more| variance(*more) > goal);
    format!("{more} more rounds a side would halve it")
}

/// The fewest rounds a side for which the test can reject at all, so that an interval exists.
fn rounds_needed(design: Design, level: f64) -> usize {
    let error = 1.0 - level;
    let extreme = |rounds: usize| match design {
        Design::Independent => 2.0 * (1..=rounds).map(|i| i as f64 / (rounds + i) as f64).product::<f64>(),
        Design::Paired => 2.0 * 0.5_f64.powi(rounds as i32),
    };
    (1..).find(|rounds| extreme(*rounds) <= error).expect("extremes get rarer with every round")
}

/// As many decimals as give the interval's half-width two digits.
fn decimals(comparison: &Comparison) -> usize {
    let shift = comparison.shift;
    let width = match (shift.low, shift.high) {
        (Some(low), Some(high)) => (high - low) / 2.0,
        (Some(_), None) | (None, Some(_)) | (None, None) => shift.shift.unwrap_or_default().abs(),
    };
    if width > 0.0 { (1.0 - width.log10().floor()).clamp(0.0, 6.0) as usize } else { 0 }
}

fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    if is_zero { text.trim_start_matches('-').to_owned() } else { text }
}
