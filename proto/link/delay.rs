//! A link delay as it is typed and as a manifest holds it.

use std::fmt;
use std::str::FromStr;

use super::normal::Sigma;
use crate::quantity::{DURATION_MAX, QuantityError};
use crate::time::Interval;

/// How long a copy is on its way.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum DelaySpec {
    /// `none`: no time at all.
    #[default]
    None,
    /// `weights`: the weight of the edge, in milliseconds.
    Weights,
    /// `constant:20ms`: the same for every copy. A number alone is read as milliseconds, as earlier versions wrote it.
    Constant(Interval),
    /// `uniform:A:B`: each span from A to B is equally likely.
    Uniform {
        /// A.
        least: Interval,
        /// B, not below A.
        most: Interval,
    },
    /// `exponential:MEAN`.
    Exponential {
        /// MEAN, above 0.
        mean: Interval,
    },
    /// `lognormal:MEDIAN:SIGMA`: MEDIAN * exp(SIGMA * z) with a standard normal z.
    Lognormal {
        /// MEDIAN, above 0.
        median: Interval,
        /// SIGMA.
        sigma: Sigma,
    },
    /// `empirical:FILE`: one of the measured delays in a file.
    Empirical {
        /// FILE.
        file: String,
    },
    /// `regions:FILE`, or `regions:world`: by the regions of both ends.
    Regions {
        /// FILE, or `world`.
        file: String,
    },
}

/// A text that names no delay.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DelaySpecError {
    /// No kind of delay has this name.
    #[error("unknown delay {0:?}: use {forms}", forms = DelaySpec::FORMS)]
    Unknown(String),
    /// A number alone that cannot be milliseconds.
    #[error("{0} is no delay: use milliseconds from 0 to 3600000, or a unit, as constant:20ms")]
    Milliseconds(String),
    /// The parameters are missing or too many.
    #[error("{text:?} is not {form}")]
    Form {
        /// The text as typed.
        text: String,
        /// How this kind is written.
        form: &'static str,
    },
    /// A span of time is none.
    #[error("{text}: {reason}")]
    Span {
        /// The text as typed.
        text: String,
        /// Why not.
        reason: QuantityError,
    },
    /// The bounds are the wrong way round.
    #[error("{text}: A is longer than B: write uniform:{least}:{most}")]
    Order {
        /// The text as typed.
        text: String,
        /// The shorter bound.
        least: Interval,
        /// The longer bound.
        most: Interval,
    },
    /// The span that all others follow from is 0.
    #[error("{text}: {what} is above 0: use none for no delay")]
    Zero {
        /// The text as typed.
        text: String,
        /// MEAN or MEDIAN.
        what: &'static str,
    },
    /// The spread is none.
    #[error("{text}: SIGMA is a number from 0 to 5")]
    Sigma {
        /// The text as typed.
        text: String,
    },
}

/// The regions that come with cnsim.
const WORLD: &str = "world";

impl DelaySpec {
    /// Every kind as it is typed.
    pub const FORMS: &'static str = "none, weights, constant:20ms, uniform:A:B, exponential:MEAN, lognormal:MEDIAN:SIGMA, \
                                     empirical:FILE, regions:FILE or regions:world";

    /// How long a copy over an edge of this weight takes at least; the weight in milliseconds, where the edge has one.
    pub fn least(&self, weight: Option<f64>) -> Interval {
        match self {
            Self::Weights => weight.and_then(Interval::from_fractional_ms).unwrap_or_default(),
            Self::Constant(delay) => *delay,
            Self::Uniform { least, .. } => *least,
            Self::None
            | Self::Exponential { .. }
            | Self::Lognormal { .. }
            | Self::Empirical { .. }
            | Self::Regions { .. } => Interval::ZERO,
        }
    }

    /// The same, with its file in another place; what needs no file stays as it is.
    pub fn with_file(&self, file: &str) -> Self {
        match self {
            Self::Empirical { .. } => Self::Empirical { file: file.to_owned() },
            Self::Regions { .. } if self.file().is_some() => Self::Regions { file: file.to_owned() },
            Self::Regions { .. }
            | Self::None
            | Self::Weights
            | Self::Constant(_)
            | Self::Uniform { .. }
            | Self::Exponential { .. }
            | Self::Lognormal { .. } => self.clone(),
        }
    }

    /// The file whose text a [`super::DelayModel`] needs; none where it needs no file.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Empirical { file } => Some(file),
            Self::Regions { file } => (file != WORLD).then_some(file),
            Self::None
            | Self::Weights
            | Self::Constant(_)
            | Self::Uniform { .. }
            | Self::Exponential { .. }
            | Self::Lognormal { .. } => None,
        }
    }
}

impl fmt::Display for DelaySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Weights => f.write_str("weights"),
            Self::Constant(delay) => write!(f, "constant:{delay}"),
            Self::Uniform { least, most } => write!(f, "uniform:{least}:{most}"),
            Self::Exponential { mean } => write!(f, "exponential:{mean}"),
            Self::Lognormal { median, sigma } => write!(f, "lognormal:{median}:{sigma}"),
            Self::Empirical { file } => write!(f, "empirical:{file}"),
            Self::Regions { file } => write!(f, "regions:{file}"),
        }
    }
}

impl FromStr for DelaySpec {
    type Err = DelaySpecError;

    fn from_str(text: &str) -> Result<Self, DelaySpecError> {
        let (name, parameters) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        match name {
            "none" | "weights" => without_parameter(text, name),
            "constant" => Ok(Self::Constant(span(text, parameters, "constant:20ms")?)),
            "uniform" => uniform(text, parameters),
            "exponential" => {
                let mean = span(text, parameters, "exponential:MEAN, as exponential:20ms")?;
                Ok(Self::Exponential { mean: above_zero(text, mean, "MEAN")? })
            }
            "lognormal" => lognormal(text, parameters),
            "empirical" => Ok(Self::Empirical { file: file(text, parameters, "empirical:FILE")? }),
            "regions" => Ok(Self::Regions { file: file(text, parameters, "regions:FILE or regions:world")? }),
            _ => milliseconds(text),
        }
    }
}

fn without_parameter(text: &str, name: &str) -> Result<DelaySpec, DelaySpecError> {
    match text {
        "none" => Ok(DelaySpec::None),
        "weights" => Ok(DelaySpec::Weights),
        _ if name == "none" => Err(form(text, "none, which has no parameter")),
        _ => Err(form(text, "weights, which has no parameter")),
    }
}

fn uniform(text: &str, parameters: Option<&str>) -> Result<DelaySpec, DelaySpecError> {
    let (least, most) = two(text, parameters, "uniform:A:B, as uniform:10ms:20ms")?;
    let (least, most) = (parsed(text, least)?, parsed(text, most)?);
    if least > most {
        return Err(DelaySpecError::Order { text: text.to_owned(), least: most, most: least });
    }
    Ok(DelaySpec::Uniform { least, most })
}

fn lognormal(text: &str, parameters: Option<&str>) -> Result<DelaySpec, DelaySpecError> {
    let (median, sigma) = two(text, parameters, "lognormal:MEDIAN:SIGMA, as lognormal:40ms:0.5")?;
    let median = above_zero(text, parsed(text, median)?, "MEDIAN")?;
    let sigma = sigma.parse().ok().and_then(Sigma::new);
    let sigma = sigma.ok_or_else(|| DelaySpecError::Sigma { text: text.to_owned() })?;
    Ok(DelaySpec::Lognormal { median, sigma })
}

fn milliseconds(text: &str) -> Result<DelaySpec, DelaySpecError> {
    let ms: f64 = text.parse().map_err(|_| DelaySpecError::Unknown(text.to_owned()))?;
    if !(0.0..=DURATION_MAX.as_ms()).contains(&ms) {
        return Err(DelaySpecError::Milliseconds(text.to_owned()));
    }
    Ok(DelaySpec::Constant(Interval((ms * 1e6).round() as u64)))
}

fn two<'a>(text: &str, parameters: Option<&'a str>, how: &'static str) -> Result<(&'a str, &'a str), DelaySpecError> {
    parameters.and_then(|rest| rest.split_once(':')).ok_or_else(|| form(text, how))
}

fn span(text: &str, parameter: Option<&str>, how: &'static str) -> Result<Interval, DelaySpecError> {
    parsed(text, parameter.ok_or_else(|| form(text, how))?)
}

fn parsed(text: &str, span: &str) -> Result<Interval, DelaySpecError> {
    span.parse().map_err(|reason| DelaySpecError::Span { text: text.to_owned(), reason })
}

fn above_zero(text: &str, span: Interval, what: &'static str) -> Result<Interval, DelaySpecError> {
    if span == Interval::ZERO { Err(DelaySpecError::Zero { text: text.to_owned(), what }) } else { Ok(span) }
}

fn file(text: &str, parameter: Option<&str>, how: &'static str) -> Result<String, DelaySpecError> {
    parameter.filter(|file| !file.is_empty()).map(str::to_owned).ok_or_else(|| form(text, how))
}

fn form(text: &str, form: &'static str) -> DelaySpecError {
    DelaySpecError::Form { text: text.to_owned(), form }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_written_as_it_is_typed() {
        for text in [
            "none",
            "weights",
            "constant:20ms",
            "uniform:10ms:20ms",
            "uniform:20ms:20ms",
            "exponential:1500us",
            "lognormal:40ms:0.5",
            "lognormal:40ms:0",
            "empirical:pings/home: Monday.csv",
            "regions:world",
        ] {
            assert_eq!(text.parse::<DelaySpec>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_number_alone_is_milliseconds_as_earlier_manifests_have_it() {
        for (text, delay) in [("20", "constant:20ms"), ("2.5", "constant:2500us"), ("0", "constant:0s")] {
            assert_eq!(text.parse::<DelaySpec>().unwrap().to_string(), delay);
        }
    }

    #[test]
    fn what_is_no_delay_is_told_how_to_write_one() {
        for (text, error) in [
            ("uniform:20ms:10ms", "uniform:20ms:10ms: A is longer than B: write uniform:10ms:20ms"),
            ("constant:20", "constant:20: \"20\" has no unit: write 20ms or 20s"),
            ("constant:-1ms", "constant:-1ms: \"-1ms\" is not a number with ns, us, ms or s, as 20ms"),
            ("constant", "\"constant\" is not constant:20ms"),
            ("exponential:0ms", "exponential:0ms: MEAN is above 0: use none for no delay"),
            ("lognormal:0s:1", "lognormal:0s:1: MEDIAN is above 0: use none for no delay"),
            ("lognormal:40ms:-1", "lognormal:40ms:-1: SIGMA is a number from 0 to 5"),
            ("lognormal:40ms:NaN", "lognormal:40ms:NaN: SIGMA is a number from 0 to 5"),
            ("lognormal:40ms", "\"lognormal:40ms\" is not lognormal:MEDIAN:SIGMA, as lognormal:40ms:0.5"),
            ("uniform:1ms:2ms:3ms", "uniform:1ms:2ms:3ms: \"2ms:3ms\" is not a number with ns, us, ms or s, as 20ms"),
            ("empirical:", "\"empirical:\" is not empirical:FILE"),
            ("none:1", "\"none:1\" is not none, which has no parameter"),
            ("-1", "-1 is no delay: use milliseconds from 0 to 3600000, or a unit, as constant:20ms"),
        ] {
            assert_eq!(text.parse::<DelaySpec>().unwrap_err().to_string(), error);
        }
        let unknown = "20ms".parse::<DelaySpec>().unwrap_err().to_string();
        assert!(unknown.starts_with("unknown delay \"20ms\": use none, weights, constant:20ms, "), "{unknown}");
    }
}
