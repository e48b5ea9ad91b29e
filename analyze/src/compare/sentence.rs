//! A comparison in one plain sentence.

use super::comparison::{Comparison, Standing, values_needed_to_differ};
use crate::measure::catalogue::Metric;

/// The sentence; `censored` rounds of either side never got there, or nobody knows from when.
pub(super) fn of(comparison: &Comparison, censored: [usize; 2]) -> String {
    let nodes = comparison.nodes;
    let words = Words::of(comparison);
    let Some(size) = comparison.shift.shift else {
        let text = bounded(comparison, &words).map(|text| text + &unreached(comparison, censored));
        let text = text.unwrap_or_else(|| unknown(comparison, censored));
        return format!("With {nodes} nodes, {text}{}", standing(comparison));
    };
    let is_shown = is_shown(comparison);
    let level = words.level;
    let claim = |certainty| claim(comparison, &words, size, certainty);
    let text = match (comparison.shift.low, comparison.shift.high) {
        (Some(low), Some(high)) if low <= 0.0 && high >= 0.0 && size == 0.0 && comparison.is_significant() => {
            more_often(comparison)
        }
        (Some(0.0), Some(0.0)) => {
            let Comparison { metric, a, b, .. } = comparison;
            format!("{} is the same in {b} as in {a}: {level} % interval 0 to 0 {}", metric.name(), words.unit)
        }
        (Some(low), Some(high)) if low > 0.0 || high < 0.0 => {
            let interval = words.amounts(low, high);
            let certainty = if is_shown { Certainty::Is } else { Certainty::MayBe };
            let half = half_width(comparison, &words);
            format!("{}, {level} % interval {interval}{half}{}", claim(certainty), halving(comparison))
        }
        (Some(low), Some(high)) => {
            let (claim, low, high) = (claim(Certainty::MayBe), words.side(low), words.side(high));
            let half = half_width(comparison, &words);
            format!("{claim}: the {level} % interval, {low} to {high}{half}, holds 0 as well{}", halving(comparison))
        }
        (Some(low), None) => {
            let certainty = if low > 0.0 && is_shown { Certainty::Is } else { Certainty::MayBe };
            format!("{}, {level} % interval from {} up", claim(certainty), words.side(low))
        }
        (None, Some(high)) => {
            let certainty = if high < 0.0 && is_shown { Certainty::Is } else { Certainty::MayBe };
            format!("{}, {level} % interval up to {}", claim(certainty), words.side(high))
        }
        (None, None) => format!("{}, {}", claim(Certainty::MayBe), without_interval(comparison, level)),
    };
    let (unreached, clocks) = (unreached(comparison, censored), clocks(comparison, size));
    format!("With {nodes} nodes, {text}{unreached}{clocks}{}", standing(comparison))
}

/// What clocks leave open, where that is a relevant part of the shift.
fn clocks(comparison: &Comparison, size: f64) -> String {
    const SHARE_MIN: f64 = 0.1;
    let open_ms = comparison.clock_open_ms.filter(|open_ms| *open_ms > SHARE_MIN * size.abs());
    open_ms.map_or_else(String::new, |open_ms| format!("; clocks leave {open_ms:.3} ms of a time open"))
}

/// Whether a difference that the interval tells is one of conditions, as far as deployments go.
fn is_shown(comparison: &Comparison) -> bool {
    match comparison.standing() {
        Standing::OneDeployment => true,
        Standing::TooFewDeployments { .. } | Standing::OneSimulation => false,
        Standing::Deployments => comparison.is_significant(),
        // Its interval says it, unless the measured side is one deployment.
        Standing::Simulations => comparison.deployments_a.min(comparison.deployments_b) > 1,
    }
}

/// For what it holds.
fn standing(comparison: &Comparison) -> String {
    let Comparison { deployments_a, deployments_b, .. } = comparison;
    match comparison.standing() {
        Standing::OneDeployment => "; this holds for these two deployments".to_owned(),
        Standing::TooFewDeployments { needed } => format!(
            "; with {deployments_a} and {deployments_b} deployments no difference between the conditions can be shown, {needed} a \
             side can show one"
        ),
        Standing::Deployments => {
            let p = comparison.test.map_or_else(String::new, |test| format!(", p {}", probability(test.p)));
            format!("; {deployments_a} and {deployments_b} deployments{p}")
        }
        Standing::OneSimulation | Standing::Simulations => simulated(comparison),
    }
}

/// Which sides were simulated, and on how many runs each stands.
fn simulated(comparison: &Comparison) -> String {
    let Comparison { a, b, deployments_a, deployments_b, .. } = comparison;
    match (comparison.simulated_a, comparison.simulated_b) {
        (true, true) => format!("; SIMULATED, over {deployments_a} and {deployments_b} runs"),
        (true, false) => format!("; {a} is SIMULATED, {b} measured, over {deployments_a} and {deployments_b} runs"),
        (false, true) => format!("; {b} is SIMULATED, {a} measured, over {deployments_b} and {deployments_a} runs"),
        (false, false) => String::new(),
    }
}

/// Half of the width of a simulation's interval: what more runs make smaller.
fn half_width(comparison: &Comparison, words: &Words) -> String {
    let ends = comparison.shift.low.zip(comparison.shift.high).filter(|_| comparison.is_simulated());
    ends.map_or_else(String::new, |(low, high)| format!(" (half-width {})", words.amount((high - low) / 2.0)))
}

/// Rounds that are the longest in ranks, whose times nobody knows.
fn unreached(comparison: &Comparison, [in_a, in_b]: [usize; 2]) -> String {
    let Comparison { a, b, rounds_a, rounds_b, .. } = comparison;
    let of_side = |(count, rounds, name): (usize, &usize, &String)| {
        (count > 0).then(|| format!("; {count} of {rounds} rounds of {name} never got there"))
    };
    [(in_a, rounds_a, a), (in_b, rounds_b, b)].into_iter().filter_map(of_side).collect()
}

/// A difference that the middle of all differences does not show, because most of these are 0.
fn more_often(comparison: &Comparison) -> String {
    let Comparison { metric, a, b, .. } = comparison;
    let direction = Words::of(comparison).direction(comparison.dominance.delta);
    let subject = match metric.percent() {
        Some(_) => format!("{b} is more often {direction} than {a}"),
        None => format!("{} is more often {direction} in {b} than in {a}", metric.name()),
    };
    let p = comparison.test.map_or_else(String::new, |test| format!(", p {}", probability(test.p)));
    let delta = comparison.dominance.delta;
    format!("{subject} (Cliff's delta {delta:.2}{p}), though the middle of all differences is 0")
}

/// A probability with as many digits as tell it.
fn probability(p: f64) -> String {
    match p {
        0.0 => "below 1e-300".to_owned(),
        p if p < 0.01 => format!("{p:.0e}"),
        p => format!("{p:.2}"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Is,
    MayBe,
}

/// How numbers of one comparison are written.
struct Words {
    decimals: usize,
    /// What numbers are multiplied with: shares are written in per cent.
    scale: f64,
    unit: &'static str,
    /// More and less of the metric.
    directions: [&'static str; 2],
    /// In per cent.
    level: f64,
}

impl Words {
    fn of(comparison: &Comparison) -> Self {
        let directions = if comparison.metric.percent().is_some() { ["slower", "faster"] } else { ["higher", "lower"] };
        // 99.5 is not 99.49999999999999.
        let level = (comparison.level * 1e6).round() / 1e4;
        let (unit, scale) = match comparison.metric.unit() {
            "share" => ("percentage points", 100.0),
            unit => (unit, 1.0),
        };
        Self { decimals: decimals(comparison, scale), scale, unit, directions, level }
    }

    /// A shift without its sign.
    fn amount(&self, shift: f64) -> String {
        format!("{:.*} {}", self.decimals, self.scale * shift.abs(), self.unit)
    }

    fn direction(&self, shift: f64) -> &'static str {
        if shift < 0.0 { self.directions[1] } else { self.directions[0] }
    }

    /// A shift with its sign as a word.
    fn side(&self, shift: f64) -> String {
        format!("{} {}", self.amount(shift), self.direction(shift))
    }

    /// Both ends of one sign, the smaller amount first.
    fn amounts(&self, low: f64, high: f64) -> String {
        let (least, most) = if high < 0.0 { (high, low) } else { (low, high) };
        format!("{:.*} to {}", self.decimals, self.scale * least.abs(), self.amount(most))
    }
}

fn claim(comparison: &Comparison, words: &Words, size: f64, certainty: Certainty) -> String {
    let Comparison { metric, a, b, .. } = comparison;
    let verb = match certainty {
        Certainty::Is => "is",
        Certainty::MayBe => "may be",
    };
    let side = words.side(size);
    match metric.percent() {
        Some(percent) if size == 0.0 => format!("{b} {verb} as fast as {a}{}", goal(percent, *metric)),
        None if size == 0.0 => format!("{} {verb} the same in {b} as in {a}", metric.name()),
        Some(percent) => format!("{b} {verb} {side} than {a}{}", goal(percent, *metric)),
        None => format!("{} {verb} {side} in {b} than in {a}", metric.name()),
    }
}

/// What a time is until and from, unless it is the usual.
fn goal(percent: u32, metric: Metric) -> String {
    let from = if metric == Metric::default() { None } else { metric.origin() };
    let to = if percent == 100 { String::new() } else { format!(" to {percent} % of {}", metric.whole()) };
    to + &from.map_or_else(String::new, |from| format!(" from {}", from.as_str()))
}

/// What the one end of an interval says of a shift that is infinite; none where it does not tell the sides apart.
fn bounded(comparison: &Comparison, words: &Words) -> Option<String> {
    let end = match (comparison.shift.low, comparison.shift.high) {
        (Some(low), None) if low > 0.0 => low,
        (None, Some(high)) if high < 0.0 => high,
        (Some(_) | None, Some(_) | None) => return None,
    };
    let certainty = if is_shown(comparison) { Certainty::Is } else { Certainty::MayBe };
    Some(format!("{} or more, by the end of the {} % interval", claim(comparison, words, end, certainty), words.level))
}

fn unknown(comparison: &Comparison, censored: [usize; 2]) -> String {
    let Comparison { a, b, rounds_a, rounds_b, .. } = comparison;
    let [in_a, in_b] = censored;
    let ranks = match comparison.test.filter(|_| comparison.is_significant()) {
        Some(test) => {
            let longer = if comparison.dominance.delta > 0.0 { b } else { a };
            let (p, delta) = (test.p, comparison.dominance.delta);
            format!("; what is known puts {longer} behind (p {p:.1e}, Cliff's delta {delta:.2})")
        }
        None => String::new(),
    };
    format!(
        "no shift can be told: {in_a} of {rounds_a} rounds of {a} and {in_b} of {rounds_b} of {b} have no such \
         time{ranks}; compare --metric coverage, or the time to fewer nodes (t50, t90)"
    )
}

fn without_interval(comparison: &Comparison, level: f64) -> String {
    let Comparison { rounds_a, rounds_b, .. } = comparison;
    if comparison.standing() == Standing::OneSimulation {
        return "and no interval is known: rounds on one graph are repeats of nothing but initiator and draw, so give each simulated \
                condition several runs (--repeats)"
            .to_owned();
    }
    let needed = values_needed_to_differ(comparison.design, comparison.level);
    if *rounds_a.min(rounds_b) < needed {
        format!("but {rounds_a} and {rounds_b} rounds are too few for a {level} % interval; {needed} a side have one")
    } else {
        format!("without a {level} % interval")
    }
}

/// What it takes to halve the interval, where it has a width: that falls with the root of the number of rounds, or of
/// deployments where there are several.
fn halving(comparison: &Comparison) -> String {
    let is_of_rounds = comparison.deployments_a + comparison.deployments_b == 2;
    let of_deployments = if comparison.is_simulated() { "runs" } else { "deployments" };
    let (unit, a, b) = match is_of_rounds {
        true => ("rounds", comparison.rounds_a, comparison.rounds_b),
        false => (of_deployments, comparison.deployments_a, comparison.deployments_b),
    };
    let variance = |more: usize| 1.0 / (a + more) as f64 + 1.0 / (b + more) as f64;
    let goal = variance(0) / 4.0 * (1.0 + 1e-12);
    let most = 3 * a.max(b);
    let more = (0..=most).find(|more| variance(*more) <= goal).unwrap_or(most);
    let has_width = comparison.shift.low != comparison.shift.high;
    if has_width { format!("; {more} more {unit} a side would halve it") } else { String::new() }
}

/// As many decimals as give the interval's half-width two digits, or the shift where that has none.
fn decimals(comparison: &Comparison, scale: f64) -> usize {
    let shift = comparison.shift;
    let numbers = [shift.low, shift.shift, shift.high];
    if numbers.iter().flatten().all(|number| number.fract() == 0.0) {
        return 0;
    }
    let width = shift.low.zip(shift.high).map(|(low, high)| (high - low) / 2.0).filter(|width| *width > 0.0);
    let size = scale * width.or(shift.shift).unwrap_or_default().abs();
    if size > 0.0 { (1.0 - size.log10().floor()).clamp(0.0, 6.0) as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::comparison::Design;
    use super::*;
    use crate::stats::{Dominance, Method, Shift, Test};

    fn comparison(metric: &str, shift: [Option<f64>; 3], rounds: [usize; 2]) -> Comparison {
        let [low, shift, high] = shift;
        Comparison {
            metric: metric.parse().unwrap(),
            nodes: 50,
            a: "default".to_owned(),
            b: "5M".to_owned(),
            rounds_a: rounds[0],
            rounds_b: rounds[1],
            deployments_a: 1,
            deployments_b: 1,
            simulated_a: false,
            simulated_b: false,
            design: Design::Independent,
            level: 0.95,
            shift: Shift { shift, low, high },
            ratio: None,
            test: Some(Test { statistic: 0.0, p: 1.0, method: Method::Exact }),
            p_holm: Some(1.0),
            dominance: Dominance { delta: 0.0, interval: None },
            clock_open_ms: None,
            sentence: String::new(),
        }
    }

    /// The sentence but for its end, which is the same for all comparisons of one deployment a side.
    fn words(metric: &str, shift: [Option<f64>; 3], censored: [usize; 2]) -> String {
        let sentence = of(&comparison(metric, shift, [10, 10]), censored);
        sentence.strip_suffix("; this holds for these two deployments").unwrap().to_owned()
    }

    #[test]
    fn a_sure_difference_is_told_with_its_interval_and_what_halves_it() {
        let slower = words("t100_first_send", [Some(41.2), Some(87.3), Some(130.4)], [0, 0]);
        assert_eq!(
            slower,
            "With 50 nodes, 5M is 87 ms slower than default, 95 % interval 41 to 130 ms; 30 more rounds a side would halve it"
        );
        let faster = words("t90", [Some(-130.4), Some(-87.3), Some(-41.2)], [0, 0]);
        assert!(faster.contains(
            "5M is 87 ms faster than default to 90 % of the nodes from initiate, 95 % interval 41 to 130 ms;"
        ));
        let more = words("rmr", [Some(0.0123), Some(0.02), Some(0.0301)], [0, 0]);
        assert!(
            more.contains("rmr is 0.0200 copies per node higher in 5M than in default, 95 % interval 0.0123 to 0.0301"),
            "{more}"
        );
    }

    #[test]
    fn shares_are_told_in_per_cent() {
        let text = words("coverage", [Some(-0.05), Some(-0.03), Some(-0.01)], [0, 0]);
        assert!(
            text.contains("3.0 percentage points lower in 5M than in default, 95 % interval 1.0 to 5.0 percentage"),
            "{text}"
        );
    }

    #[test]
    fn a_difference_that_is_not_sure_says_so() {
        let text = words("t100_first_send", [Some(-20.0), Some(12.5), Some(41.0)], [0, 0]);
        assert!(
            text.contains(
                "5M may be 12 ms slower than default: the 95 % interval, 20 ms faster to 41 ms slower, holds 0"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_shift_of_nothing_has_no_direction() {
        let text = words("rmr", [Some(-0.5), Some(0.0), Some(0.5)], [0, 0]);
        assert!(
            text.contains("rmr may be the same in 5M as in default: the 95 % interval, 0.50 copies per node lower to"),
            "{text}"
        );
        let text = words("t100_first_send", [None, Some(0.0), None], [0, 0]);
        assert!(text.contains("5M may be as fast as default, without a 95 % interval"), "{text}");
    }

    #[test]
    fn an_open_end_names_the_rounds_that_leave_it_open() {
        let text = words("t100_first_send", [Some(41.5), Some(87.2), None], [0, 3]);
        assert!(text.ends_with("5M is 87 ms slower than default, 95 % interval from 42 ms slower up; 3 of 10 rounds of 5M never got there"), "{text}");
        let text = words("t100_first_send", [None, Some(-87.2), Some(3.5)], [1, 0]);
        assert!(text.ends_with("may be 87 ms faster than default, 95 % interval up to 4 ms slower; 1 of 10 rounds of default never got there"), "{text}");
        let text = words("t100_first_send", [None, Some(5.5), None], [2, 3]);
        assert!(text.ends_with("without a 95 % interval; 2 of 10 rounds of default never got there; 3 of 10 rounds of 5M never got there"), "{text}");
    }

    #[test]
    fn an_interval_without_a_width_is_not_halved() {
        let text = words("duplicates", [Some(9.0); 3], [0, 0]);
        assert_eq!(
            text,
            "With 50 nodes, duplicates is 9 copies higher in 5M than in default, 95 % interval 9 to 9 copies"
        );
    }

    #[test]
    fn unequal_sides_need_rounds_until_the_width_is_half() {
        let text = of(&comparison("t100", [Some(1.5), Some(2.5), Some(3.5)], [10, 40]), [0, 0]);
        let more: usize = text.split("; ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let variance = |more: usize| 1.0 / (10 + more) as f64 + 1.0 / (40 + more) as f64;
        assert!(variance(more) <= variance(0) / 4.0 && variance(more - 1) > variance(0) / 4.0, "{more}");
    }

    #[test]
    fn several_deployments_are_halved_by_more_deployments() {
        let mut comparison = comparison("t100", [Some(1.5), Some(2.5), Some(3.5)], [50, 50]);
        (comparison.deployments_a, comparison.deployments_b) = (5, 5);
        let text = of(&comparison, [0, 0]);
        assert!(text.ends_with("; 15 more deployments a side would halve it; 5 and 5 deployments, p 1.00"), "{text}");
    }

    #[test]
    fn a_difference_of_conditions_is_claimed_where_deployments_show_it() {
        let text = |deployments: [usize; 2], p: f64| {
            let mut comparison = comparison("t100", [Some(1.5), Some(2.5), Some(3.5)], [50, 50]);
            [comparison.deployments_a, comparison.deployments_b] = deployments;
            comparison.test.as_mut().unwrap().p = p;
            of(&comparison, [0, 0])
        };
        assert!(text([4, 4], 0.03).contains("5M is 2.5 ms slower"), "{}", text([4, 4], 0.03));
        assert!(text([4, 4], 0.06).contains("5M may be 2.5 ms slower"), "{}", text([4, 4], 0.06));
        let few = text([3, 9], 0.01);
        let ending =
            "with 3 and 9 deployments no difference between the conditions can be shown, 4 a side can show one";
        assert!(few.contains("5M may be 2.5 ms slower") && few.ends_with(ending), "{few}");
    }

    #[test]
    fn a_simulated_difference_has_a_size_and_a_half_width_and_no_test() {
        let text = |deployments: [usize; 2], ends: [Option<f64>; 3]| {
            let mut comparison = comparison("t100", ends, [50, 50]);
            [comparison.deployments_a, comparison.deployments_b] = deployments;
            (comparison.test, comparison.p_holm, comparison.simulated_b) = (None, None, true);
            of(&comparison, [0, 0])
        };
        assert_eq!(
            text([3, 3], [Some(1.5), Some(2.5), Some(3.5)]),
            "With 50 nodes, 5M is 2.5 ms slower than default from initiate, 95 % interval 1.5 to 3.5 ms (half-width 1.0 ms); 9 more runs \
             a side would halve it; 5M is SIMULATED, default measured, over 3 and 3 runs"
        );
        let lone = text([3, 1], [None, Some(2.5), None]);
        assert!(
            lone.contains("5M may be 2.5 ms slower than default from initiate, and no interval is known"),
            "{lone}"
        );
    }

    #[test]
    fn what_clocks_leave_open_is_told_where_it_matters() {
        let text = |open_ms: f64| {
            let mut comparison = comparison("t100", [Some(1.5), Some(2.5), Some(3.5)], [50, 50]);
            comparison.clock_open_ms = Some(open_ms);
            of(&comparison, [0, 0])
        };
        assert!(text(0.3).contains("; clocks leave 0.300 ms of a time open"), "{}", text(0.3));
        assert!(!text(0.2).contains("clocks"), "{}", text(0.2));
    }

    #[test]
    fn what_the_test_tells_apart_is_never_called_the_same() {
        let mut comparison = comparison("coverage", [Some(0.0), Some(0.0), Some(0.0)], [50, 50]);
        comparison.dominance.delta = -0.3;
        assert!(of(&comparison, [0, 0]).contains("coverage is the same"));
        comparison.test.as_mut().unwrap().p = 0.001;
        let text = of(&comparison, [0, 0]);
        assert!(
            text.contains("coverage is more often lower in 5M than in default (Cliff's delta -0.30, p 1e-3)"),
            "{text}"
        );
    }

    #[test]
    fn the_rounds_that_an_interval_needs_are_those_of_the_tests() {
        let needed = |design| [0.9, 0.95, 0.99].map(|level| values_needed_to_differ(design, level));
        assert_eq!(needed(Design::Independent), [4, 4, 5]);
        assert_eq!(needed(Design::Paired), [5, 6, 8]);
    }
}
