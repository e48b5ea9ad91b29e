//! `--fail-if METRIC.FIELD OP NUMBER`: what makes a comparison fail.

use std::fmt;
use std::str::FromStr;

use super::comparison::Comparison;
use crate::measure::catalogue::{Metric, UnknownMetric};

/// A condition on one field of every comparison of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    metric: Metric,
    field: Field,
    relation: Relation,
    number: f64,
}

/// Why a text is no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// It has another form.
    #[error("{0:?} is not METRIC.FIELD OP NUMBER, as in t100_first_send.shift_low > 0")]
    Form(String),
    /// No such metric.
    #[error("{0}")]
    Metric(String),
    /// No such field.
    #[error("no field is called {name:?}: there are {known}")]
    Field {
        /// As typed.
        name: String,
        /// Those that there are.
        known: String,
    },
}

/// What gates say of all comparisons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// None holds.
    Passed,
    /// Some hold: a line each.
    Failed(Vec<String>),
    /// None holds, but some have nothing to look at: a line each.
    Unknown(Vec<String>),
}

macro_rules! fields {
    ($($value:ident = $word:literal: $get:expr),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Field { $($value),+ }

        impl Field {
            const ALL: &[Self] = &[$(Self::$value),+];

            const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            fn of(self, comparison: &Comparison) -> Option<f64> {
                match self { $(Self::$value => ($get as fn(&Comparison) -> Option<f64>)(comparison)),+ }
            }
        }
    };
}

fields!(
    RoundsA = "rounds_a": |c| Some(c.rounds_a as f64),
    RoundsB = "rounds_b": |c| Some(c.rounds_b as f64),
    Shift = "shift": |c| c.shift.shift,
    ShiftLow = "shift_low": |c| c.shift.low,
    ShiftHigh = "shift_high": |c| c.shift.high,
    MedianRatio = "median_ratio": |c| c.ratio.map(|ratio| ratio.ratio),
    P = "p": |c| c.test.map(|test| test.p),
    PHolm = "p_holm": |c| c.p_holm,
    CliffsDelta = "cliffs_delta": |c| Some(c.dominance.delta),
    CliffsDeltaLow = "cliffs_delta_low": |c| c.dominance.interval.map(|interval| interval.low),
    CliffsDeltaHigh = "cliffs_delta_high": |c| c.dominance.interval.map(|interval| interval.high),
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Relation {
    /// The longer before what they begin with.
    const ALL: [Self; 4] = [Self::AtLeast, Self::AtMost, Self::Above, Self::Below];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }

    fn holds(self, value: f64, number: f64) -> bool {
        match self {
            Self::Above => value > number,
            Self::AtLeast => value >= number,
            Self::Below => value < number,
            Self::AtMost => value <= number,
        }
    }
}

impl Gate {
    /// The metric that it looks at.
    pub fn metric(&self) -> Metric {
        self.metric
    }
}

impl FromStr for Gate {
    type Err = GateError;

    fn from_str(text: &str) -> Result<Self, GateError> {
        let form = || GateError::Form(text.to_owned());
        let split = |relation: Relation| Some((text.split_once(relation.as_str())?, relation));
        let ((left, right), relation) = Relation::ALL.into_iter().find_map(split).ok_or_else(form)?;
        let (metric, field) = left.trim().rsplit_once('.').ok_or_else(form)?;
        let number: f64 = right.trim().parse().map_err(|_| form())?;
        let metric = metric.parse().map_err(|error: UnknownMetric| GateError::Metric(error.to_string()))?;
        let found = Field::ALL.iter().find(|candidate| candidate.as_str() == field);
        let known = || Field::ALL.iter().map(|field| field.as_str()).collect::<Vec<_>>().join(", ");
        let field = *found.ok_or_else(|| GateError::Field { name: field.to_owned(), known: known() })?;
        if number.is_finite() { Ok(Self { metric, field, relation, number }) } else { Err(form()) }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metric, field, relation, number } = self;
        write!(f, "{}.{} {} {number}", metric.name(), field.as_str(), relation.as_str())
    }
}

/// Applies every gate to every comparison of its metric.
pub(super) fn judge(gates: &[Gate], comparisons: &[Comparison]) -> Judgement {
    let (mut failed, mut unknown) = (Vec::new(), Vec::new());
    for gate in gates {
        for comparison in comparisons.iter().filter(|comparison| comparison.metric == gate.metric) {
            let place = format!("{} against {} with {} nodes", comparison.b, comparison.a, comparison.nodes);
            match gate.field.of(comparison) {
                Some(value) if gate.relation.holds(value, gate.number) => {
                    failed.push(format!("--fail-if {gate} holds of {place}: it is {value}"));
                }
                Some(_) => {}
                None => unknown.push(format!("--fail-if {gate} cannot be told of {place}: there is no such value")),
            }
        }
    }
    match (failed.is_empty(), unknown.is_empty()) {
        (true, true) => Judgement::Passed,
        (false, _) => Judgement::Failed(failed),
        (true, false) => Judgement::Unknown(unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_a_field_a_relation_and_a_number() {
        for text in ["t100_first_send_ms.shift_low > 0", "rmr.p_holm <= 0.05", "t100_ms.cliffs_delta_high >= -0.5"] {
            assert_eq!(text.parse::<Gate>().unwrap().to_string(), text);
        }
        assert_eq!("t100.shift<3".parse::<Gate>().unwrap().to_string(), "t100_ms.shift < 3");
        assert_eq!("share_by:1.5s.shift_low < 0".parse::<Gate>().unwrap().to_string(), "share_by:1500ms.shift_low < 0");
    }

    #[test]
    fn what_is_no_gate_says_what_would_be() {
        for text in ["", "t100.shift", "shift > 0", "t100.shift > soon", "t100.shift > inf", "t100.shift = 0"] {
            assert_eq!(text.parse::<Gate>(), Err(GateError::Form(text.to_owned())), "{text}");
        }
        let error = |text: &str| text.parse::<Gate>().unwrap_err().to_string();
        assert!(error("speed.shift > 0").contains("there are delivered"), "{}", error("speed.shift > 0"));
        assert!(error("t100.size > 0").contains("there are rounds_a"), "{}", error("t100.size > 0"));
    }
}
