//! The catalogue: every number that is measured of a round, once, in the order of `rounds.csv`. What writes that table, what
//! compares conditions and what judges a comparison reads rounds by it. Definitions: docs/metrics.md.

use std::borrow::Cow;
use std::str::FromStr;

use cnsim::time::Interval;

use super::{Origin, RoundMetrics, Shape};

/// One number that is measured of every round.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name, but for a time that is typed behind it.
    name: &'static str,
    unit: &'static str,
    kind: Kind,
    read: Read,
}

/// What a metric tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The time from an origin until a share of the expected deliveries was made.
    TimeTo { percent: u32, origin: Origin },
    /// The same of a share of the weight of nodes, from `initiate`.
    WeightedTimeTo { percent: u32 },
    /// Anything else.
    Other,
}

/// How a metric is read from a round.
#[derive(Debug, Clone, Copy)]
enum Read {
    Count(fn(&RoundMetrics) -> Option<u64>),
    Number {
        decimals: usize,
        of: fn(&RoundMetrics) -> Option<f64>,
    },
    /// The share that was reached by a time since `initiate`.
    ShareBy(Interval),
}

/// What a metric's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Whole numbers.
    Counts,
    /// Numbers, of which readers see so many decimals.
    Numbers {
        /// Digits after the point.
        decimals: usize,
    },
}

/// A metric's value in one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// A number, in the metric's unit.
    Number(f64),
}

/// What it means that a round has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It never came: infinitely long.
    Censored,
    /// Nobody knows: the round is left out.
    LeftOut,
}

/// Why a name is no metric.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no metric is called {name:?}: there are {}, {SHARE_BY}:TIME, as {SHARE_BY}:4s", known.join(", "))]
pub struct UnknownMetric {
    name: String,
    known: Vec<&'static str>,
}

/// The metric that has a time in its name, and so is no column of `rounds.csv`.
const SHARE_BY: &str = "share_by";

/// Every metric, in the order of the columns of `rounds.csv`.
pub const METRICS: [Metric; 47] = [
    count("delivered", "nodes", |round| Some(round.delivered.into())),
    number("coverage", "share", 4, |round| Some(round.coverage())),
    ms("setup_ms", |round| whole_ms(round.setup_ns)),
    time_to("t50_ms", 50, Origin::Initiate, |round| whole_ms(round.from_initiate[0])),
    time_to("t90_ms", 90, Origin::Initiate, |round| whole_ms(round.from_initiate[1])),
    time_to("t95_ms", 95, Origin::Initiate, |round| whole_ms(round.from_initiate[2])),
    time_to("t99_ms", 99, Origin::Initiate, |round| whole_ms(round.from_initiate[3])),
    time_to("t100_ms", 100, Origin::Initiate, |round| whole_ms(round.from_initiate[4])),
    time_to("t50_first_send_ms", 50, Origin::FirstSend, |round| whole_ms(round.from_first_send[0])),
    time_to("t90_first_send_ms", 90, Origin::FirstSend, |round| whole_ms(round.from_first_send[1])),
    time_to("t95_first_send_ms", 95, Origin::FirstSend, |round| whole_ms(round.from_first_send[2])),
    time_to("t99_first_send_ms", 99, Origin::FirstSend, |round| whole_ms(round.from_first_send[3])),
    time_to("t100_first_send_ms", 100, Origin::FirstSend, |round| whole_ms(round.from_first_send[4])),
    count("duplicates", "copies", |round| round.duplicates),
    count("failed", "sends", |round| Some(round.failed)),
    count("sends", "sends", |round| round.sends),
    number("rmr", "copies per node", 3, |round| round.rmr),
    count("hops_max", "hops", |round| round.hops_max.map(u64::from)),
    number("hops_mean", "hops", 3, |round| round.hops_mean),
    ms("latency_median_ms", |round| round.latency_median_ns.map(|time_ns| time_ns / 1e6)),
    count("tree_depth", "hops", |round| round.shape.as_ref().map(Shape::depth).map(u64::from)),
    count("tree_width", "nodes", |round| round.shape.as_ref().map(Shape::width).map(u64::from)),
    number("branching_mean", "nodes", 3, |round| Some(round.shape.as_ref()?.branching_mean)),
    count("branching_max", "nodes", |round| Some(round.shape.as_ref()?.branching_max.into())),
    number("load_gini", "Gini coefficient", 3, |round| round.load.gini),
    ms("cpu_ms", |round| round.resources.as_ref()?.used.cpu_ms),
    ms("cpu_process_max_ms", |round| round.resources.as_ref()?.used.cpu_process_max_ms),
    count("resident_bytes", "bytes", |round| round.resources.as_ref()?.used.resident_bytes),
    count("sent_bytes", "bytes", |round| round.resources.as_ref()?.used.sent_bytes),
    count("received_bytes", "bytes", |round| round.resources.as_ref()?.used.received_bytes),
    number("sent_per_payload_byte", "bytes per byte", 3, |round| {
        round.resources.as_ref()?.sent_per_payload_byte(round.expected)
    }),
    ms("clock_open_ms", |round| round.clock_open_ns.map(|open_ns| open_ns / 1e6)),
    count("control_messages", "messages", |round| Some(round.control.as_ref()?.sent.all.messages)),
    count("control_bytes", "bytes", |round| Some(round.control.as_ref()?.sent.all.bytes)),
    number("control_per_payload_byte", "bytes per byte", 4, |round| {
        let control = round.control.as_ref()?;
        control.per_payload_byte(control.sent.all.bytes)
    }),
    count("expected_up", "nodes", |round| Some(round.under_faults.as_ref()?.expected_up.into())),
    number("coverage_up", "share", 4, |round| {
        let faults = round.under_faults.as_ref()?;
        share(faults.delivered_up, faults.expected_up)
    }),
    count("expected_reachable", "nodes", |round| Some(round.reachable.as_ref()?.expected.into())),
    number("coverage_reachable", "share", 4, |round| {
        let reachable = round.reachable.as_ref()?;
        share(reachable.delivered, reachable.expected)
    }),
    count("delivered_before_faults", "nodes", |round| Some(round.under_faults.as_ref()?.delivered_by_phase[0])),
    count("delivered_under_faults", "nodes", |round| Some(round.under_faults.as_ref()?.delivered_by_phase[1])),
    count("delivered_after_faults", "nodes", |round| Some(round.under_faults.as_ref()?.delivered_by_phase[2])),
    ms("heal_to_agreement_ms", |round| whole_ms(round.under_faults.as_ref()?.heal_to_agreement_ns)),
    count("failed_to_down", "sends", |round| Some(round.under_faults.as_ref()?.failed_to_down)),
    number("available", "share", 4, |round| Some(round.under_faults.as_ref()?.available)),
    count("transmissions", "transmissions", |round| round.transmissions),
    Metric {
        kind: Kind::WeightedTimeTo { percent: 90 },
        ..ms("t90_weighted_ms", |round| whole_ms(round.weighted.as_ref()?.t90_ns))
    },
];

/// The share of the weight of nodes that was reached by a time since `initiate`; of nodes, where these have no weights.
fn share_by(round: &RoundMetrics, time: Interval) -> Option<f64> {
    let latest_ns = round.initiate_ns?.saturating_add(i64::try_from(time.0).unwrap_or(i64::MAX));
    let reached = round.reached_ns.partition_point(|at_ns| *at_ns <= latest_ns);
    match &round.weighted {
        Some(weighted) => Some(reached.checked_sub(1).map_or(0.0, |last| weighted.shares[last])),
        None => share(u32::try_from(reached).ok()?, round.expected),
    }
}

/// So many of so many; none of none.
fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

const fn count(name: &'static str, unit: &'static str, read: fn(&RoundMetrics) -> Option<u64>) -> Metric {
    Metric { name, unit, kind: Kind::Other, read: Read::Count(read) }
}

const fn number(
    name: &'static str,
    unit: &'static str,
    decimals: usize,
    of: fn(&RoundMetrics) -> Option<f64>,
) -> Metric {
    Metric { name, unit, kind: Kind::Other, read: Read::Number { decimals, of } }
}

/// A time in ms, which readers see to the microsecond.
const fn ms(name: &'static str, of: fn(&RoundMetrics) -> Option<f64>) -> Metric {
    number(name, "ms", 3, of)
}

const fn time_to(name: &'static str, percent: u32, origin: Origin, of: fn(&RoundMetrics) -> Option<f64>) -> Metric {
    Metric { kind: Kind::TimeTo { percent, origin }, ..ms(name, of) }
}

fn whole_ms(time_ns: Option<i64>) -> Option<f64> {
    time_ns.map(|time_ns| time_ns as f64 / 1e6)
}

impl Metric {
    /// Its name: that of a column of `rounds.csv`, but for one with a time in it.
    pub fn name(self) -> Cow<'static, str> {
        match self.read {
            Read::ShareBy(time) => format!("{}:{time}", self.name).into(),
            Read::Count(_) | Read::Number { .. } => self.name.into(),
        }
    }

    /// The name of its column in `rounds.csv`.
    pub(crate) fn column(self) -> &'static str {
        self.name
    }

    /// Its name without the unit that it may end in: as it may be typed, and as figures call it.
    pub fn short_name(self) -> Cow<'static, str> {
        match self.name.strip_suffix("_ms") {
            Some(short) => short.into(),
            None => self.name(),
        }
    }

    /// The share of what was reached by a time since `initiate`.
    fn share_by(time: Interval) -> Self {
        Self { name: SHARE_BY, unit: "share", kind: Kind::Other, read: Read::ShareBy(time) }
    }

    /// The unit of its values.
    pub fn unit(self) -> &'static str {
        self.unit
    }

    /// What its values are.
    pub fn values(self) -> Values {
        match self.read {
            Read::Count(_) => Values::Counts,
            Read::Number { decimals, .. } => Values::Numbers { decimals },
            Read::ShareBy(_) => Values::Numbers { decimals: 4 },
        }
    }

    /// What its times count from, where they are times until a share was reached.
    pub fn origin(self) -> Option<Origin> {
        match self.kind {
            Kind::TimeTo { origin, .. } => Some(origin),
            Kind::WeightedTimeTo { .. } => Some(Origin::Initiate),
            Kind::Other => None,
        }
    }

    /// The share of deliveries, or of weight, that it is the time of, in per cent.
    pub fn percent(self) -> Option<u32> {
        match self.kind {
            Kind::TimeTo { percent, .. } | Kind::WeightedTimeTo { percent } => Some(percent),
            Kind::Other => None,
        }
    }

    /// What that is a share of, where it is one.
    pub fn whole(self) -> &'static str {
        match self.kind {
            Kind::WeightedTimeTo { .. } => "the weight",
            Kind::TimeTo { .. } | Kind::Other => "the nodes",
        }
    }

    /// What it means that this round has no value. Without weights nobody asks when they were reached.
    pub fn missing(self, round: &RoundMetrics) -> Missing {
        match self.kind {
            Kind::TimeTo { .. } => Missing::Censored,
            Kind::WeightedTimeTo { .. } if round.weighted.is_some() => Missing::Censored,
            Kind::WeightedTimeTo { .. } | Kind::Other => Missing::LeftOut,
        }
    }

    /// Its value in a round; none where the round has none.
    pub fn value(self, round: &RoundMetrics) -> Option<Value> {
        match self.read {
            Read::Count(read) => read(round).map(Value::Count),
            Read::Number { of, .. } => of(round).map(Value::Number),
            Read::ShareBy(time) => share_by(round, time).map(Value::Number),
        }
    }
}

impl Value {
    /// As a number to compute with.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Count(count) => count as f64,
            Self::Number(number) => number,
        }
    }
}

/// Metrics of one name are one metric: no name is in the catalogue twice, and a time is part of it.
impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Metric {}

impl Default for Metric {
    /// Time until the last delivery, from the first send.
    fn default() -> Self {
        let is_meant = |metric: &Self| metric.kind == Kind::TimeTo { percent: 100, origin: Origin::FirstSend };
        METRICS.into_iter().find(is_meant).expect("the catalogue has the time until the last delivery")
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    /// A name, with or without the unit `_ms` at its end; `share_by:4s` with a time.
    fn from_str(text: &str) -> Result<Self, UnknownMetric> {
        let is_meant = |metric: &Self| metric.name == text || metric.short_name() == text;
        let with_time = || Some(Self::share_by(text.strip_prefix(SHARE_BY)?.strip_prefix(':')?.parse().ok()?));
        let found = METRICS.into_iter().find(is_meant).or_else(with_time);
        found.ok_or_else(|| UnknownMetric { name: text.to_owned(), known: METRICS.map(Self::column).to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::control::RoundControl;
    use super::super::fixture::{resources, silent_round};
    use super::super::resources::RoundResources;
    use super::super::{PERCENTS, Weighted};
    use super::*;
    use crate::inputs::{ControlSent, Sent};

    #[test]
    fn a_metric_is_named_with_or_without_its_unit() {
        let name = |text: &str| text.parse::<Metric>().unwrap().name().into_owned();
        assert_eq!(name("t100"), "t100_ms");
        assert_eq!(name("t100_first_send"), "t100_first_send_ms");
        assert_eq!(name("t100_first_send_ms"), Metric::default().name());
        assert_eq!(name("rmr"), "rmr");
    }

    #[test]
    fn an_unknown_metric_lists_those_that_there_are() {
        let error = "speed".parse::<Metric>().unwrap_err().to_string();
        assert!(error.starts_with("no metric is called \"speed\": there are delivered, coverage, setup_ms"), "{error}");
        for identity in ["round", "nodes", "scored", "initiator", "condition"] {
            assert!(identity.parse::<Metric>().is_err(), "{identity}");
        }
    }

    #[test]
    fn every_metric_has_its_unit_and_its_origin() {
        for metric in METRICS {
            let name = metric.name();
            assert_eq!(metric.unit() == "ms", name.ends_with("_ms"), "{name}");
            let is_time_to = name.strip_prefix('t').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            assert_eq!(metric.origin().is_some(), is_time_to, "{name}");
            let (plain, weighted) = (silent_round("run", 1), Some(Weighted::default()));
            let weighted = RoundMetrics { weighted, ..silent_round("run", 1) };
            assert_eq!(metric.missing(&weighted) == Missing::Censored, is_time_to, "{name}");
            let is_of_nodes = is_time_to && metric.whole() == "the nodes";
            assert_eq!(metric.missing(&plain) == Missing::Censored, is_of_nodes, "{name}");
        }
        assert_eq!("t50_first_send".parse::<Metric>().unwrap().origin(), Some(Origin::FirstSend));
        assert_eq!(METRICS.map(Metric::column).into_iter().collect::<BTreeSet<_>>().len(), METRICS.len());
    }

    #[test]
    fn a_time_to_a_share_is_read_from_the_origin_and_share_of_its_name() {
        let times = |from: i64| std::array::from_fn(|place| Some((from + place as i64) * 1_000_000));
        let round = RoundMetrics { from_initiate: times(10), from_first_send: times(20), ..silent_round("run", 1) };
        for (origin, first, suffix) in [(Origin::Initiate, 10.0, ""), (Origin::FirstSend, 20.0, "_first_send")] {
            for (place, percent) in PERCENTS.into_iter().enumerate() {
                let metric: Metric = format!("t{percent}{suffix}").parse().unwrap();
                assert_eq!((metric.percent(), metric.origin()), (Some(percent), Some(origin)));
                assert_eq!(metric.value(&round), Some(Value::Number(first + place as f64)), "{}", metric.name());
            }
        }
    }

    #[test]
    fn every_metric_is_defined_for_readers() {
        let definitions = include_str!("../../../docs/metrics.md");
        // The times to a share stand there as `t50_ms` … `t100_ms`.
        let is_named =
            |metric: &Metric| metric.percent().is_none_or(|percent| percent == 50) || metric.whole() == "the weight";
        let named = METRICS.into_iter().filter(is_named);
        for metric in named {
            assert!(definitions.contains(&format!("`{}`", metric.name())), "{}", metric.name());
        }
        assert!(definitions.contains("`share_by:4s`"));
    }

    #[test]
    fn the_share_by_a_time_is_of_weight_where_there_is_any_and_else_of_nodes() {
        let by = |text: &str, round: &RoundMetrics| text.parse::<Metric>().unwrap().value(round).map(Value::as_f64);
        let at = |ms: [i64; 3]| ms.map(|ms| ms * 1_000_000).to_vec();
        let mut round = RoundMetrics { reached_ns: at([1_000, 2_000, 4_000]), expected: 4, ..silent_round("run", 1) };
        assert_eq!(by("share_by:4s", &round), Some(0.75), "at the time is by it");
        assert_eq!(by("share_by:3999ms", &round), Some(0.5));
        assert_eq!(by("share_by:1ms", &round), Some(0.0));
        round.weighted = Some(Weighted { t90_ns: Some(1), shares: vec![0.1, 0.2, 0.9] });
        assert_eq!((by("share_by:4s", &round), by("share_by:1.5s", &round)), (Some(0.9), Some(0.1)));
        assert_eq!((by("share_by:1ms", &round), by("t90_weighted", &round)), (Some(0.0), Some(1e-6)));
        let metric: Metric = "share_by:1.5s".parse().unwrap();
        assert_eq!((metric.name().as_ref(), metric.unit()), ("share_by:1500ms", "share"));
        assert!(metric != "share_by:2s".parse().unwrap() && metric == "share_by:1500ms".parse().unwrap());
        for bad in ["share_by", "share_by:", "share_by:4", "share_by:4m"] {
            let error = bad.parse::<Metric>().unwrap_err().to_string();
            assert!(error.ends_with("share_by:TIME, as share_by:4s"), "{error}");
        }
    }

    #[test]
    fn what_a_round_lacks_has_no_value_and_what_it_has_is_read() {
        let value = |name: &str, round: &RoundMetrics| name.parse::<Metric>().unwrap().value(round);
        let mut round = silent_round("run", 1);
        assert_eq!(value("t100", &round), None);
        assert_eq!(value("cpu_ms", &round), None);
        round.sends = Some(12);
        round.shape = Some(Shape { widths: vec![2, 3], branching_mean: 2.5, branching_max: 3 });
        round.resources = Some(RoundResources { used: resources(1.5, Some(3_000)), payload_bytes: 100 });
        assert_eq!(value("sends", &round), Some(Value::Count(12)));
        assert_eq!(value("tree_depth", &round), Some(Value::Count(2)));
        assert_eq!(value("branching_mean", &round), Some(Value::Number(2.5)));
        assert_eq!(value("cpu_ms", &round), Some(Value::Number(1.5)));
        assert_eq!(value("sent_bytes", &round).map(Value::as_f64), Some(3_000.0));
        assert_eq!(value("control_messages", &round), None);
        let all = Sent { messages: 7, bytes: 90, senders: 2, node_max: 4 };
        round.control = Some(RoundControl { sent: ControlSent { all, ..ControlSent::default() }, payload_bytes: 900 });
        assert_eq!(value("control_messages", &round), Some(Value::Count(7)));
        assert_eq!(value("control_bytes", &round), Some(Value::Count(90)));
        assert_eq!(value("control_per_payload_byte", &round), Some(Value::Number(0.1)));
    }
}
