//! Axes: from values to positions, and which ticks and labels they bear.

use std::borrow::Cow;

use crate::font::Face;
use crate::style::SMALL_PT;

/// A range of more than this factor may be drawn on a log scale: two decades.
const LOG_SPAN: f64 = 100.0;
/// An axis with ticks at its values is on a log scale from this factor on, and ends by the margin beyond them.
const AT_LOG_SPAN: f64 = 30.0;
/// See [`AT_LOG_SPAN`].
const AT_LOG_MARGIN: f64 = 1.25;
/// From here on labels count in powers of ten, which the title names.
const PLAIN_MAX: f64 = 1e7;
/// See [`PLAIN_MAX`].
const PLAIN_MIN: f64 = 1e-3;
/// What lies at the end of the data must not lie on the end of the axis.
const HEADROOM: f64 = 0.01;
/// Room between two tick labels side by side.
const LABEL_GAP_PT: f64 = 6.0;

/// A labelled position.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Log,
}

#[derive(Debug, Clone, PartialEq)]
enum Marks {
    /// Multiples of 1, 2 or 5 times a power of ten.
    Nice,
    /// The same, and whole.
    Whole,
    /// These values, as far as they have room.
    At(Vec<f64>),
}

/// What an axis counts, in words and in a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quantity {
    pub(crate) words: Cow<'static, str>,
    pub(crate) unit: Option<Cow<'static, str>>,
}

impl Quantity {
    /// A number without unit.
    pub(crate) const fn count(words: &'static str) -> Self {
        Self { words: Cow::Borrowed(words), unit: None }
    }

    /// A time in ms.
    pub(crate) const fn ms(words: &'static str) -> Self {
        Self { words: Cow::Borrowed(words), unit: Some(Cow::Borrowed("ms")) }
    }

    /// What is known only when the figure is drawn.
    pub(crate) fn named(words: &str, unit: Option<&str>) -> Self {
        Self { words: Cow::Owned(words.to_owned()), unit: unit.map(|unit| Cow::Owned(unit.to_owned())) }
    }

    /// A share in per cent.
    pub(crate) const fn percent(words: &'static str) -> Self {
        Self { words: Cow::Borrowed(words), unit: Some(Cow::Borrowed("%")) }
    }
}

/// One axis: range, scale and ticks. Values beyond the range are the caller's mistake.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    quantity: Quantity,
    low: f64,
    high: f64,
    scale: Scale,
    marks: Marks,
    /// Labels count in 10 to this power.
    exponent: i32,
}

impl Axis {
    /// From zero, or from below it where values are, to a round number.
    pub(crate) fn from_zero(quantity: Quantity, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = bounds(values.into_iter().chain([0.0]));
        let high = if high - low > f64::MIN_POSITIVE { high } else { low + 1.0 };
        let step = nice_step((high - low) / 10.0);
        let headroom = |end: f64| end * (1.0 + HEADROOM);
        Self::linear(quantity, (headroom(low) / step).floor() * step, (headroom(high) / step).ceil() * step)
    }

    /// Counts, from zero to a round number.
    pub(crate) fn count_from_zero(words: &'static str, values: impl IntoIterator<Item = u64>) -> Self {
        let axis = Self::from_zero(Quantity::count(words), values.into_iter().map(|value| value as f64));
        if axis.exponent == 0 { Self { marks: Marks::Whole, ..axis } } else { axis }
    }

    /// From zero, or on a log scale where all values are positive and span more than two decades.
    pub(crate) fn from_zero_or_log(quantity: Quantity, values: &[f64]) -> Self {
        Self::from_zero_or_log_beyond(LOG_SPAN, quantity, values)
    }

    /// From zero, or on a log scale where all values are positive and span more than the factor `span`.
    pub(crate) fn from_zero_or_log_beyond(span: f64, quantity: Quantity, values: &[f64]) -> Self {
        match Self::log(span, quantity.clone(), values) {
            Some(axis) => axis,
            None => Self::from_zero(quantity, values.iter().copied()),
        }
    }

    /// On a log scale from the power of ten below the least value to the one above the greatest; all values are positive.
    pub(crate) fn decades_around(quantity: Quantity, values: &[f64]) -> Self {
        Self::log(0.0, quantity.clone(), values).unwrap_or_else(|| Self::from_zero(quantity, values.iter().copied()))
    }

    /// Around the values: from zero only where that costs less than half of the axis; on a log scale as above.
    pub(crate) fn around(quantity: Quantity, values: &[f64]) -> Self {
        let (low, high) = bounds(values.iter().copied());
        let margin = (high - low) * 0.06;
        if low <= 0.5 * high || margin <= f64::MIN_POSITIVE {
            return Self::from_zero_or_log(quantity, values);
        }
        let step = nice_step((high - low) / 10.0);
        Self::linear(quantity, ((low - margin) / step).floor() * step, ((high + margin) / step).ceil() * step)
    }

    /// From 0 to 100.
    pub(crate) fn percent(words: &'static str) -> Self {
        Self::linear(Quantity::percent(words), 0.0, 100.0)
    }

    /// Whole numbers, with half a step of room on both sides.
    pub(crate) fn whole(quantity: Quantity, values: impl IntoIterator<Item = u32>) -> Self {
        let (low, high) = bounds(values.into_iter().map(f64::from));
        Self { marks: Marks::Whole, ..Self::linear(quantity, low - 0.5, high + 0.5) }
    }

    /// The numbers from 1 to `last`, each with a tick.
    pub(crate) fn each(quantity: Quantity, last: u32) -> Self {
        let marks = Marks::At((1..=last).map(f64::from).collect());
        Self { marks, ..Self::whole(quantity, [1, last]) }
    }

    /// Ticks at the values themselves; on a log scale where a linear one would crowd the smaller ones at its end.
    pub(crate) fn at(quantity: Quantity, values: &[f64]) -> Self {
        let (low, high) = bounds(values.iter().copied());
        let axis = if low > 0.0 && high / low >= AT_LOG_SPAN {
            let (low, high) = (low / AT_LOG_MARGIN, high * AT_LOG_MARGIN);
            Self { scale: Scale::Log, ..Self::linear(quantity, low, high) }
        } else {
            let span = if high > low { high - low } else { high.abs().max(1.0) };
            let start = if low <= 0.3 * high { 0.0 } else { low - 0.1 * span };
            Self::linear(quantity, start, high + 0.06 * span)
        };
        Self { marks: Marks::At(values.to_vec()), exponent: 0, ..axis }
    }

    fn linear(quantity: Quantity, low: f64, high: f64) -> Self {
        let largest = low.abs().max(high.abs());
        let exponent = if (PLAIN_MIN..PLAIN_MAX).contains(&largest) {
            0
        } else {
            (largest.log10().floor() / 3.0).floor() as i32 * 3
        };
        Self { quantity, low, high, scale: Scale::Linear, marks: Marks::Nice, exponent }
    }

    fn log(span: f64, quantity: Quantity, values: &[f64]) -> Option<Self> {
        let (low, high) = bounds(values.iter().copied());
        if low <= 0.0 || high / low <= span {
            return None;
        }
        let low = 10f64.powf(low.log10().floor());
        let high = 10f64.powf(high.log10().ceil()).max(low * 10.0);
        Some(Self { quantity, low, high, scale: Scale::Log, marks: Marks::Nice, exponent: 0 })
    }

    /// Where `value` lies between the axis' ends, 0 to 1.
    pub(crate) fn share(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).log10() / (self.high / self.low).log10(),
        }
    }

    /// The value at the axis' far end.
    pub(crate) fn high(&self) -> f64 {
        self.high
    }

    /// The value at the axis' near end.
    pub(crate) fn low(&self) -> f64 {
        self.low
    }

    /// Words, then unit and scale in brackets.
    pub(crate) fn title(&self) -> String {
        let power = if self.exponent == 0 { None } else { Some(power_of_ten(self.exponent)) };
        let unit = match (power, self.quantity.unit.as_deref()) {
            (Some(power), Some(unit)) => Some(format!("{power} {unit}")),
            (power, unit) => power.or(unit.map(str::to_owned)),
        };
        let log = (self.scale == Scale::Log).then(|| "log scale".to_owned());
        let notes: Vec<String> = [unit, log].into_iter().flatten().collect();
        if notes.is_empty() {
            self.quantity.words.to_string()
        } else {
            format!("{} ({})", self.quantity.words, notes.join(", "))
        }
    }

    /// At most `count_max` ticks.
    pub(crate) fn ticks(&self, count_max: usize) -> Vec<Tick> {
        let count_max = count_max.max(1);
        match (&self.marks, self.scale) {
            (Marks::At(values), _) => values.iter().map(|value| self.tick(*value, 1.0)).collect(),
            (Marks::Nice | Marks::Whole, Scale::Log) => self.decades(count_max),
            (Marks::Nice, Scale::Linear) => self.multiples(nice_step((self.high - self.low) / count_max as f64)),
            (Marks::Whole, Scale::Linear) => {
                self.multiples(nice_step((self.high - self.low) / count_max as f64).max(1.0))
            }
        }
    }

    /// As many ticks as have room side by side on `width_pt`, where labels may stand over the ends by `overhang_pt`.
    pub(crate) fn ticks_across(&self, width_pt: f64, overhang_pt: f64) -> Vec<Tick> {
        let face = Face::regular(SMALL_PT);
        let extent = |tick: &Tick| {
            let (middle, half) = (self.share(tick.value) * width_pt, face.width_pt(&tick.label) / 2.0);
            (middle - half, middle + half)
        };
        let most = (width_pt / 40.0).ceil() as usize + 1;
        let mut fitting = Vec::new();
        for count in (1..=most).rev() {
            let (mut ticks, mut free_from) = (Vec::new(), -overhang_pt);
            let candidates = self.ticks(count);
            let offered = candidates.len();
            for tick in candidates {
                let (from, to) = extent(&tick);
                if from >= free_from && to <= width_pt + overhang_pt {
                    free_from = to + LABEL_GAP_PT;
                    ticks.push(tick);
                }
            }
            // One label may be missing at an end; a gap in the middle calls for a wider step.
            let complete = ticks.len() + 1 >= offered;
            if complete || matches!(self.marks, Marks::At(_)) {
                return ticks;
            }
            fitting = ticks;
        }
        fitting
    }

    /// The unlabelled ticks between decades.
    pub(crate) fn minor(&self) -> Vec<f64> {
        let decades = (self.high / self.low).log10().round();
        if self.scale == Scale::Linear || decades > 6.0 || matches!(self.marks, Marks::At(_)) {
            return Vec::new();
        }
        let starts = (0..decades as i32).map(|decade| self.low * 10f64.powi(decade));
        starts.flat_map(|start| (2..10).map(move |digit| start * f64::from(digit))).collect()
    }

    fn multiples(&self, step: f64) -> Vec<Tick> {
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|index| self.tick(index as f64 * step, step)).collect()
    }

    fn decades(&self, count_max: usize) -> Vec<Tick> {
        let first = self.low.log10().round() as i32;
        let last = self.high.log10().round() as i32;
        let stride = (last - first + 1).unsigned_abs() as usize;
        let stride = stride.div_ceil(count_max).max(1);
        let label = |decade: i32| {
            if (-3..7).contains(&decade) {
                grouped(10f64.powi(decade), -decade.min(0) as usize)
            } else {
                power_of_ten(decade)
            }
        };
        (first..=last).step_by(stride).map(|decade| Tick { value: 10f64.powi(decade), label: label(decade) }).collect()
    }

    fn tick(&self, value: f64, step: f64) -> Tick {
        let unit = 10f64.powi(self.exponent);
        let decimals = (-(step / unit).log10() - 1e-9).ceil().max(0.0) as usize;
        Tick { value, label: grouped(value / unit, decimals) }
    }
}

fn bounds(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    values
        .into_iter()
        .fold(None, |range, value| {
            Some(range.map_or((value, value), |(low, high): (f64, f64)| (low.min(value), high.max(value))))
        })
        .unwrap_or((0.0, 1.0))
}

/// The least 1, 2 or 5 times a power of ten that is not below `least`.
fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let fits = |factor: &f64| factor * power >= least * (1.0 - 1e-9);
    [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

/// `value` to three digits that count, as a label.
pub(crate) fn number(value: f64) -> String {
    let magnitude = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 };
    if !(-3..7).contains(&magnitude) {
        return format!("{value:.1e}").replace('-', "−");
    }
    grouped(value, (2 - magnitude).max(0) as usize)
}

/// `1,234.50`, with a true minus sign.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut digits = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            digits.push(',');
        }
        digits.push(digit);
    }
    let is_zero = text.chars().all(|c| c == '0' || c == '.');
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{digits}{point}{fraction}")
}

fn power_of_ten(exponent: i32) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_digit(digit.to_digit(10).unwrap_or(0), 10)
            .and_then(|d| char::from_u32('⁰' as u32 + d as u32 - '0' as u32))
            .unwrap_or(digit),
    };
    format!("10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, count_max: usize) -> Vec<String> {
        axis.ticks(count_max).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_with_groups_of_three_digits() {
        let axis = Axis::from_zero(Quantity::ms("Time"), [17.0, 1180.0]);
        assert_eq!(labels(&axis, 8), ["0", "200", "400", "600", "800", "1,000", "1,200"]);
        assert_eq!(axis.title(), "Time (ms)");

        let axis = Axis::from_zero(Quantity::ms("Time"), [0.012, -0.004]);
        assert_eq!(labels(&axis, 4), ["−0.005", "0.000", "0.005", "0.010"]);
    }

    #[test]
    fn numbers_too_long_to_read_are_counted_in_powers_of_ten_that_the_title_names() {
        let axis = Axis::from_zero(Quantity::count("Copies"), [4.2e10]);
        assert_eq!(
            (labels(&axis, 3), axis.title()),
            (vec!["0".into(), "20".into(), "40".into()], "Copies (10⁹)".into())
        );

        let axis = Axis::from_zero(Quantity::ms("Time"), [3e-8]);
        assert_eq!(axis.title(), "Time (10⁻⁹ ms)");
    }

    #[test]
    fn a_log_scale_needs_more_than_two_decades_of_positive_values_and_is_named() {
        let wide = Axis::from_zero_or_log(Quantity::ms("Latency"), &[0.02, 30.0]);
        assert_eq!(labels(&wide, 8), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(wide.title(), "Latency (ms, log scale)");
        assert_eq!((wide.share(0.01), wide.share(1.0), wide.share(100.0)), (0.0, 0.5, 1.0));

        for values in [&[1.0, 100.0][..], &[0.0, 1e6], &[-1.0, 1e6]] {
            let axis = Axis::from_zero_or_log(Quantity::ms("Latency"), values);
            assert!(!axis.title().contains("log"), "{values:?}");
        }
    }

    #[test]
    fn tick_labels_side_by_side_keep_their_distance() {
        crate::font::register().unwrap();
        let face = Face::regular(SMALL_PT);
        for width_pt in [40.0, 90.0, 140.0, 420.0] {
            for high in [0.07, 3.0, 1180.0, 987_654.0, 3.2e15] {
                let axis = Axis::from_zero(Quantity::ms("Time"), [high]);
                let ticks = axis.ticks_across(width_pt, 8.0);
                assert!(!ticks.is_empty(), "{high} on {width_pt}");
                let ends =
                    ticks.iter().map(|tick| (axis.share(tick.value) * width_pt, face.width_pt(&tick.label) / 2.0));
                let ends: Vec<_> = ends.collect();
                assert!(ends.windows(2).all(|pair| pair[0].0 + pair[0].1 + 5.0 < pair[1].0 - pair[1].1), "{ticks:?}");
            }
        }
    }

    #[test]
    fn whole_numbers_have_no_ticks_between_them() {
        let axis = Axis::whole(Quantity::count("Hop"), [1, 2, 3]);
        assert_eq!(labels(&axis, 20), ["1", "2", "3"]);
    }

    #[test]
    fn equal_values_at_zero_and_at_the_ends_of_the_range_have_an_axis() {
        for values in [&[0.0][..], &[5.0, 5.0], &[1e300], &[-1e300, 1e300], &[1e-320], &[]] {
            let axis = Axis::around(Quantity::ms("Time"), values);
            assert!(axis.low() < axis.high(), "{values:?}");
            assert!(!axis.ticks(6).is_empty(), "{values:?}");
            assert!(values.iter().all(|value| (0.0..=1.0).contains(&axis.share(*value))), "{values:?}");
        }
    }
}
