//! Quantities as they are typed, with their unit: spans of time, rates, shares, sizes, lengths, speeds and energies. A number alone is
//! refused, because it could be read two ways.

use std::fmt;
use std::str::FromStr;

use crate::time::Interval;

/// The longest span that is read, one hour: it outlives any round.
pub const DURATION_MAX: Interval = Interval(3_600_000_000_000);

/// A text that is no quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// It is a number alone.
    #[error("{text:?} has no unit: write {hint}")]
    NoUnit {
        /// The text as typed.
        text: String,
        /// How it may have been meant.
        hint: String,
    },
    /// It is no number with a unit of this kind.
    #[error("{text:?} is not {form}")]
    Form {
        /// The text as typed.
        text: String,
        /// How this kind is written.
        form: &'static str,
    },
    /// It is too small, too large or has too many digits.
    #[error("{text:?} is out of range: use {range}")]
    Range {
        /// The text as typed.
        text: String,
        /// What there is.
        range: &'static str,
    },
}

/// Bits a second, above 0; `1Gbit`, `50Mbit`, `20kbit` or `9600bit`, in powers of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

impl Rate {
    /// None where `bits_per_second` is 0 or above 10^12.
    pub fn new(bits_per_second: u64) -> Option<Self> {
        (1..=RATES.most).contains(&bits_per_second).then_some(Self(bits_per_second))
    }

    /// The highest.
    pub const MAX: Self = Self(RATES.most);

    /// Bits a second.
    pub fn bits_per_second(self) -> u64 {
        self.0
    }
}

/// A part of the whole from 0 to 100 %, exact to 10^-9; `5%` or `0.1%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Share(u32);

impl Share {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The whole, in the parts that [`Self::parts`] counts.
    pub const WHOLE: u32 = 1_000_000_000;

    /// The share in parts of 10^-9.
    pub fn parts(self) -> u32 {
        self.0
    }

    /// The share as a number from 0 to 1.
    pub fn get(self) -> f64 {
        f64::from(self.0) / f64::from(Self::WHOLE)
    }
}

/// A length above 0 in whole millimetres; `1.5km`, `100m` or `20mm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(u64);

impl Length {
    /// The length in metres.
    pub fn metres(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

/// A speed above 0 in whole millimetres a second; `1.5m/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(u64);

impl Speed {
    /// The speed in metres a second.
    pub fn metres_per_second(self) -> f64 {
        self.0 as f64 / 1e3
    }
}

/// Bytes; `1kB`, `1.5MB` or `200B`, in powers of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct DataSize(u64);

impl DataSize {
    /// So many bytes.
    pub fn of_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// How many bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

/// What a byte costs, in whole picojoules; `1uJ/B` or `0.5nJ/B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct EnergyPerByte(u64);

impl EnergyPerByte {
    /// In joules a byte.
    pub fn joules(self) -> f64 {
        self.0 as f64 / 1e12
    }
}

/// A power in whole nanowatts; `50mW`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Power(u64);

impl Power {
    /// In watts.
    pub fn watts(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

/// How a kind of quantity is written; a value is a whole number of its smallest step.
struct Kind {
    /// Unit and its size in steps, the largest unit first.
    units: &'static [(&'static str, u64)],
    /// The units that a number alone may have been meant in.
    likely: [&'static str; 2],
    least: u64,
    most: u64,
    form: &'static str,
    range: &'static str,
}

const DURATIONS: Kind = Kind {
    units: &[("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)],
    likely: ["ms", "s"],
    least: 0,
    most: DURATION_MAX.0,
    form: "a number with ns, us, ms or s, as 20ms",
    range: "whole nanoseconds up to 3600s",
};

const RATES: Kind = Kind {
    units: &[("Gbit", 1_000_000_000), ("Mbit", 1_000_000), ("kbit", 1_000), ("bit", 1)],
    likely: ["Mbit", "kbit"],
    least: 1,
    most: 1_000_000_000_000,
    form: "a number with bit, kbit, Mbit or Gbit (a second), as 50Mbit",
    range: "whole bits a second from 1bit to 1000Gbit, or leave the rate out for no limit",
};

const SHARES: Kind = Kind {
    units: &[("%", SHARE_PERCENT)],
    likely: ["%", "%"],
    least: 0,
    most: Share::WHOLE as u64,
    form: "a number with %, as 5%",
    range: "0% to 100% with at most 7 decimals",
};

const LENGTHS: Kind = Kind {
    units: &[("km", 1_000_000), ("m", 1_000), ("mm", 1)],
    likely: ["m", "km"],
    least: 1,
    most: 1_000_000_000,
    form: "a number with mm, m or km, as 100m",
    range: "whole millimetres from 1mm to 1000km",
};

const SPEEDS: Kind = Kind {
    units: &[("m/s", 1_000), ("mm/s", 1)],
    likely: ["m/s", "mm/s"],
    least: 1,
    most: 1_000_000_000,
    form: "a number with mm/s or m/s, as 1.5m/s",
    range: "whole millimetres a second from 1mm/s to 1000000m/s",
};

const SIZES: Kind = Kind {
    units: &[("MB", 1_000_000), ("kB", 1_000), ("B", 1)],
    likely: ["B", "kB"],
    least: 0,
    most: u64::MAX,
    form: "a number with B, kB or MB, as 1kB",
    range: "whole bytes",
};

const ENERGIES_PER_BYTE: Kind = Kind {
    units: &[("J/B", 1_000_000_000_000), ("mJ/B", 1_000_000_000), ("uJ/B", 1_000_000), ("nJ/B", 1_000), ("pJ/B", 1)],
    likely: ["uJ/B", "nJ/B"],
    least: 0,
    most: 1_000_000_000_000_000,
    form: "a number with pJ/B, nJ/B, uJ/B, mJ/B or J/B, as 1uJ/B",
    range: "whole picojoules a byte up to 1000J/B",
};

const POWERS: Kind = Kind {
    units: &[("W", 1_000_000_000), ("mW", 1_000_000), ("uW", 1_000), ("nW", 1)],
    likely: ["mW", "W"],
    least: 0,
    most: 1_000_000_000_000,
    form: "a number with nW, uW, mW or W, as 50mW",
    range: "whole nanowatts up to 1000W",
};

const SHARE_PERCENT: u64 = Share::WHOLE as u64 / 100;

/// What is read and written as its kind is.
macro_rules! typed {
    ($($name:ident: $kind:ident),+ $(,)?) => { $(
        impl FromStr for $name {
            type Err = QuantityError;

            fn from_str(text: &str) -> Result<Self, QuantityError> {
                $kind.read(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $kind.write(self.0, f)
            }
        }
    )+ };
}

typed!(
    Interval: DURATIONS,
    Rate: RATES,
    Length: LENGTHS,
    Speed: SPEEDS,
    EnergyPerByte: ENERGIES_PER_BYTE,
    Power: POWERS,
);

impl FromStr for DataSize {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        SIZES.read(text).map(Self)
    }
}

impl fmt::Display for DataSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 0 is a whole number of every unit.
        if self.0 == 0 { f.write_str("0B") } else { SIZES.write(self.0, f) }
    }
}

impl FromStr for Share {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        match SHARES.read(text) {
            Ok(parts) => Ok(Self(parts as u32)),
            Err(QuantityError::NoUnit { text, hint: _ }) => Err(share_without_unit(text)),
            Err(error @ (QuantityError::Form { .. } | QuantityError::Range { .. })) => Err(error),
        }
    }
}

/// A number up to 1 may be a part of 1 or a percentage; a larger one is a percentage.
fn share_without_unit(text: String) -> QuantityError {
    let hint = match scaled(&text, u64::from(Share::WHOLE)) {
        Some(parts) if (1..=SHARES.most).contains(&parts) => format!("{} or {text}%", Share(parts as u32)),
        Some(_) | None => format!("{text}%"),
    };
    QuantityError::NoUnit { text, hint }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (u64::from(self.0) / SHARE_PERCENT, u64::from(self.0) % SHARE_PERCENT);
        let decimals = format!("{rest:07}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}%"),
            decimals => write!(f, "{whole}.{decimals}%"),
        }
    }
}

impl Kind {
    fn read(&self, text: &str) -> Result<u64, QuantityError> {
        let is_unit = |c: char| !c.is_ascii_digit() && c != '.';
        let (number, unit) = text.split_at(text.find(is_unit).unwrap_or(text.len()));
        let form = || QuantityError::Form { text: text.to_owned(), form: self.form };
        let range = || QuantityError::Range { text: text.to_owned(), range: self.range };
        if !is_decimal(number) {
            return Err(form());
        }
        if self.least > 0 && number.bytes().all(|b| matches!(b, b'0' | b'.')) {
            return Err(range());
        }
        if unit.is_empty() {
            let [first, second] = self.likely;
            return Err(QuantityError::NoUnit {
                text: text.to_owned(),
                hint: format!("{text}{first} or {text}{second}"),
            });
        }
        let (_, steps) = self.units.iter().find(|(name, _)| *name == unit).ok_or_else(form)?;
        scaled(number, *steps).filter(|value| (self.least..=self.most).contains(value)).ok_or_else(range)
    }

    /// In the largest unit that needs no decimals.
    fn write(&self, value: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.units.iter().find(|(_, steps)| value.is_multiple_of(*steps));
        let (unit, steps) = whole.expect("the smallest unit is one step");
        write!(f, "{}{unit}", value / steps)
    }
}

/// Digits, or digits on both sides of a point.
fn is_decimal(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        None => is_digits(text),
        Some((whole, decimals)) => is_digits(whole) && is_digits(decimals),
    }
}

/// `decimal` times `factor` where that is a whole number: binary fractions would make 0.1 something else than it says.
fn scaled(decimal: &str, factor: u64) -> Option<u64> {
    let (whole, decimals) = decimal.split_once('.').unwrap_or((decimal, ""));
    let decimals = decimals.trim_end_matches('0');
    let ten_to = 10u128.checked_pow(u32::try_from(decimals.len()).ok()?)?;
    let digits: u128 = format!("{whole}{decimals}").parse().ok()?;
    let product = digits.checked_mul(u128::from(factor))?;
    (product % ten_to == 0).then(|| u64::try_from(product / ten_to).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_round_trips_in_its_largest_whole_unit() {
        for (typed, written, ns) in [
            ("20ms", "20ms", 20_000_000),
            ("1.5s", "1500ms", 1_500_000_000),
            ("100us", "100us", 100_000),
            ("250ns", "250ns", 250),
            ("0.1us", "100ns", 100),
            ("0ms", "0s", 0),
        ] {
            let span: Interval = typed.parse().unwrap();
            assert_eq!((span, span.to_string()), (Interval(ns), written.to_owned()), "{typed}");
            assert_eq!(written.parse(), Ok(span));
        }
        for (typed, bits) in [("1Gbit", 1_000_000_000), ("50Mbit", 50_000_000), ("20kbit", 20_000), ("9600bit", 9_600)]
        {
            let rate: Rate = typed.parse().unwrap();
            assert_eq!((rate.bits_per_second(), rate.to_string()), (bits, typed.to_owned()));
        }
        for (typed, written, metres) in [("1.5km", "1500m", 1500.0), ("100m", "100m", 100.0), ("0.25m", "250mm", 0.25)]
        {
            let length: Length = typed.parse().unwrap();
            assert_eq!((length.metres(), length.to_string()), (metres, written.to_owned()));
        }
        for (typed, written, joules) in [("1uJ/B", "1uJ/B", 1e-6), ("0.5uJ/B", "500nJ/B", 5e-7), ("0J/B", "0J/B", 0.0)]
        {
            let energy: EnergyPerByte = typed.parse().unwrap();
            assert_eq!((energy.joules(), energy.to_string()), (joules, written.to_owned()));
        }
        let power: Power = "1.5W".parse().unwrap();
        assert_eq!((power.watts(), power.to_string().as_str()), (1.5, "1500mW"));
        let speed: Speed = "1.5m/s".parse().unwrap();
        assert_eq!((speed.metres_per_second(), speed.to_string().as_str()), (1.5, "1500mm/s"));
        for (typed, parts) in [("5%", 50_000_000), ("0.1%", 1_000_000), ("100%", Share::WHOLE), ("0.0000001%", 1)] {
            let share: Share = typed.parse().unwrap();
            assert_eq!((share.parts(), share.to_string()), (parts, typed.to_owned()));
        }
    }

    #[test]
    fn a_size_counts_bytes_in_powers_of_ten() {
        for (typed, written, bytes) in
            [("1kB", "1kB", 1_000), ("1.5MB", "1500kB", 1_500_000), ("200B", "200B", 200), ("0kB", "0B", 0)]
        {
            let size: DataSize = typed.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string()), (bytes, written.to_owned()), "{typed}");
        }
        for bad in ["1000", "1KB", "1KiB", "0.5B", "-1B", "1GB"] {
            assert!(bad.parse::<DataSize>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_number_alone_is_answered_with_what_it_may_mean() {
        let error = |result: Result<(), QuantityError>| result.unwrap_err().to_string();
        assert_eq!(error("20".parse::<Interval>().map(drop)), "\"20\" has no unit: write 20ms or 20s");
        assert_eq!(error("50".parse::<Rate>().map(drop)), "\"50\" has no unit: write 50Mbit or 50kbit");
        assert_eq!(error("0.05".parse::<Share>().map(drop)), "\"0.05\" has no unit: write 5% or 0.05%");
        assert_eq!(error("5".parse::<Share>().map(drop)), "\"5\" has no unit: write 5%");
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for bad in ["", "ms", "-1ms", "1e3ms", "1.ms", ".5ms", "1..5ms", "20 ms", "20m", "3601s", "0.5ns", "NaNs"] {
            assert!(bad.parse::<Interval>().is_err(), "{bad}");
        }
        for bad in ["0", "0Mbit", "0.5bit", "1001Gbit", "50MB", "50mbit"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
        for bad in ["0m", "100", "0.1mm", "1001km", "5M"] {
            assert!(bad.parse::<Length>().is_err(), "{bad}");
        }
        for bad in ["0m/s", "5", "5km/h", "5m"] {
            assert!(bad.parse::<Speed>().is_err(), "{bad}");
        }
        for bad in ["-5%", "101%", "0.00000001%", "5 %", "%"] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
        let zero = "0".parse::<Rate>().unwrap_err().to_string();
        assert!(zero.contains("leave the rate out for no limit"), "{zero}");
    }
}
