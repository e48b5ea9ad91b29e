//! Telemetry that is not what it is said to be: a file under another one's name, a unit that cannot be.

use std::collections::BTreeMap;

use super::finding::{Check, Finding, Severity};
use crate::inputs::telemetry::{Quantity, Series};

/// Samples that two series must share before their equality is no chance.
const SHARED: usize = 5;
/// More processors than a host has; a share of 100 % written as 100 on a few hosts is beyond it.
const CORES_MAX: f64 = 1024.0;
/// Below it a container of any kind cannot run.
const MEMORY_MIN: f64 = 64.0 * 1024.0;
/// A rate is a difference divided by seconds: above this, one without a fraction is a chance of one in sixty.
const RATE_WHOLE_FROM: f64 = 1e6;

/// What is wrong with series.
pub(super) fn findings(series: &[Series]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = series.iter().filter_map(implausible).collect();
    for (number, one) in series.iter().enumerate() {
        let others = series[number + 1..].iter().filter(|other| is_other(one, other));
        findings.extend(others.filter_map(|other| identical(one, other)));
    }
    findings
}

/// Whether two series are told apart by what they measure or by the file: several pods of one file may well be equal.
fn is_other(one: &Series, other: &Series) -> bool {
    one.pod == other.pod && (one.quantity != other.quantity || one.source != other.source)
}

fn identical(one: &Series, other: &Series) -> Option<Finding> {
    // A file that was read twice is no wonder.
    if one.quantity == other.quantity && one.samples == other.samples && one.source == other.source {
        return None;
    }
    let theirs: BTreeMap<i64, f64> = other.samples.iter().map(|sample| (sample.at_ns, sample.value)).collect();
    let shared: Vec<(f64, f64)> =
        one.samples.iter().filter_map(|sample| Some((sample.value, *theirs.get(&sample.at_ns)?))).collect();
    let is_constant = shared.windows(2).all(|pair| pair[0].0 == pair[1].0);
    let is_equal = shared.len() >= SHARED && !is_constant && shared.iter().all(|(one, other)| one == other);
    let detail = || {
        format!(
            "{} ({}) and {} ({}) have the same value at each of {} times: one of them is the other under a wrong name, so \
             what stands for it is not known; export it anew",
            one.quantity.word(),
            one.source,
            other.quantity.word(),
            other.source,
            shared.len()
        )
    };
    is_equal.then(|| Finding::everywhere(Check::IdenticalTelemetry, Severity::Caution, shared.len() as u64, detail()))
}

/// Why values cannot be in the unit of what they measure.
enum Implausible {
    /// So many are below zero.
    Negative(usize),
    /// The largest number of cores.
    TooManyCores(f64),
    /// The largest number of bytes.
    TooFewBytes(f64),
    /// All, so many, are whole and large.
    WholeRates(usize),
}

fn implausible(one: &Series) -> Option<Finding> {
    let values: Vec<f64> = one.samples.iter().map(|sample| sample.value).collect();
    let why = Implausible::of(one.quantity, &values)?.describe();
    let detail = format!("{} ({}) cannot be in {}: {why}", one.quantity.word(), one.source, one.quantity.unit());
    Some(Finding::everywhere(Check::ImplausibleTelemetry, Severity::Caution, values.len() as u64, detail))
}

impl Implausible {
    fn of(quantity: Quantity, values: &[f64]) -> Option<Self> {
        let most = values.iter().copied().reduce(f64::max)?;
        let negative = values.iter().filter(|value| **value < 0.0).count();
        let is_whole =
            values.len() >= SHARED && values.iter().all(|value| value.fract() == 0.0 && *value >= RATE_WHOLE_FROM);
        match quantity {
            _ if negative > 0 => Some(Self::Negative(negative)),
            Quantity::Cpu if most > CORES_MAX => Some(Self::TooManyCores(most)),
            Quantity::Memory if most < MEMORY_MIN => Some(Self::TooFewBytes(most)),
            Quantity::Received | Quantity::Transmitted if is_whole => Some(Self::WholeRates(values.len())),
            Quantity::Cpu | Quantity::Memory | Quantity::Received | Quantity::Transmitted => None,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Negative(samples) => format!("{samples} samples are negative"),
            Self::TooManyCores(cores) => format!("{cores:.0} cores are more than hosts have: is it a percentage?"),
            Self::TooFewBytes(bytes) => format!("{bytes} bytes are too few to run in: is it in MB?"),
            Self::WholeRates(samples) => format!(
                "all {samples} samples are whole numbers of a million or more, and a rate has fractions: is it memory, or \
                 a count?"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::telemetry::Sample;

    fn series(quantity: Quantity, source: &str, values: &[f64]) -> Series {
        let sample = |(at, value): (usize, &f64)| Sample { at_ns: at as i64, value: *value };
        let samples = values.iter().enumerate().map(sample).collect();
        Series { quantity, condition: None, pod: None, samples, source: source.to_owned() }
    }

    fn checks(series: &[Series]) -> Vec<Check> {
        findings(series).iter().map(|finding| finding.check).collect()
    }

    const CPU: [f64; 6] = [9.5, 9.6, 17.2, 10.4, 9.9, 11.0];
    const MEMORY: [f64; 6] = [2.2e10, 2.3e10, 2.25e10, 2.31e10, 2.2e10, 2.4e10];

    #[test]
    fn telemetry_as_it_should_be_finds_nothing() {
        let sent = [4_017_954.35, 3_925_743.5, 4_208_669.05, 4_146_308.77, 4_000_000.1, 4_100_000.9];
        let all = [
            series(Quantity::Cpu, "cpu", &CPU),
            series(Quantity::Memory, "memory", &MEMORY),
            series(Quantity::Transmitted, "sent", &sent),
            series(Quantity::Received, "idle", &[0.0; 6]),
            series(Quantity::Transmitted, "idle too", &[0.0; 6]),
        ];
        assert_eq!(checks(&all), []);
    }

    #[test]
    fn one_file_under_two_names_is_found() {
        let all = [series(Quantity::Memory, "a.csv", &MEMORY), series(Quantity::Transmitted, "b.csv", &MEMORY)];
        assert_eq!(checks(&all), [Check::ImplausibleTelemetry, Check::IdenticalTelemetry]);
        assert!(
            findings(&all)[1]
                .detail
                .starts_with("memory (a.csv) and transmitted (b.csv) have the same value at each of 6")
        );
        let twice = [series(Quantity::Cpu, "a.csv", &CPU), series(Quantity::Cpu, "a.csv", &CPU)];
        assert_eq!(checks(&twice), []);
    }

    #[test]
    fn units_that_cannot_be_are_found() {
        assert_eq!(checks(&[series(Quantity::Cpu, "x", &[1500.0])]), [Check::ImplausibleTelemetry]);
        assert_eq!(checks(&[series(Quantity::Memory, "x", &[120.0])]), [Check::ImplausibleTelemetry]);
        assert_eq!(checks(&[series(Quantity::Received, "x", &[-1.0])]), [Check::ImplausibleTelemetry]);
    }
}
