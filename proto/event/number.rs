//! Numbers from the texts that exports write them as: whole, decimal or scientific, without losing a nanosecond on the way.

/// A whole number and whether its text was that of a float64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole {
    /// The number.
    pub(super) value: i64,
    /// Whether it was written with a point or an exponent, so that a float64 held it.
    pub(super) float: bool,
}

/// A whole number from its text. What is written as a float64 gives what a float64 holds, as every other reader gives.
pub(super) fn whole(text: &str) -> Option<Whole> {
    let decimal = Decimal::parse(text)?;
    if !decimal.float {
        let value = i64::try_from(decimal.mantissa).ok()?;
        return Some(Whole { value: if decimal.negative { -value } else { value }, float: false });
    }
    whole_of_float(decimal.nearest(text)?).map(|value| Whole { value, float: true })
}

/// A float64 that is a whole number.
pub(super) fn whole_of_float(number: f64) -> Option<i64> {
    (number.abs() < 9.2e18 && number.fract() == 0.0).then_some(number as i64)
}

/// A finite float64 from its text, correctly rounded.
pub(super) fn float(text: &str) -> Option<f64> {
    Decimal::parse(text)?.nearest(text)
}

/// The parts of a number's text. A mantissa of more than 19 digits is left to the standard parser.
struct Decimal {
    negative: bool,
    mantissa: u64,
    exponent: i32,
    float: bool,
    exact: bool,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let negative = bytes.first() == Some(&b'-');
        let mut at = usize::from(negative);
        let mut decimal = Self { negative, mantissa: 0, exponent: 0, float: false, exact: true };
        let whole_digits = decimal.digits(bytes, &mut at);
        let mut fraction_digits = 0;
        if bytes.get(at) == Some(&b'.') {
            decimal.float = true;
            at += 1;
            fraction_digits = decimal.digits(bytes, &mut at);
        }
        if whole_digits + fraction_digits == 0 {
            return None;
        }
        decimal.exact = whole_digits + fraction_digits <= 19;
        decimal.exponent = -(fraction_digits as i32);
        if let Some(b'e' | b'E') = bytes.get(at) {
            decimal.float = true;
            decimal.exponent += text[at + 1..].parse::<i16>().ok().map(i32::from)?;
            at = bytes.len();
        }
        // A whole number beyond 19 digits is beyond int64 too.
        (at == bytes.len() && (decimal.exact || decimal.float)).then_some(decimal)
    }

    /// Takes the digits at `at` into the mantissa and gives their count.
    fn digits(&mut self, bytes: &[u8], at: &mut usize) -> usize {
        let start = *at;
        while let Some(eight) = bytes.get(*at..).and_then(<[u8]>::first_chunk).and_then(eight_digits) {
            self.mantissa = self.mantissa.wrapping_mul(100_000_000).wrapping_add(eight);
            *at += 8;
        }
        while let Some(digit) = bytes.get(*at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            self.mantissa = self.mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            *at += 1;
        }
        *at - start
    }

    /// The float64 nearest to the number. One operation on two exactly held numbers rounds correctly (Clinger 1990);
    /// the rest is the standard parser's.
    fn nearest(&self, text: &str) -> Option<f64> {
        const POWERS: [f64; 23] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
            1e19, 1e20, 1e21, 1e22,
        ];
        let power = self.exponent.unsigned_abs() as usize;
        let whole = || 10_u64.checked_pow(power as u32).and_then(|power| self.mantissa.checked_mul(power));
        let size = if !self.exact {
            None
        } else if self.exponent < 0 {
            (power < POWERS.len() && self.mantissa < 1 << 53).then(|| self.mantissa as f64 / POWERS[power])
        } else {
            whole().map(|whole| whole as f64)
        };
        match size {
            Some(size) => Some(if self.negative { -size } else { size }),
            None => text.parse().ok().filter(|number: &f64| number.is_finite()),
        }
    }
}

/// The number that eight digits stand for, added up in pairs, fours and eight at once; none where one of them is no digit.
fn eight_digits(text: &[u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let digits = u64::from_le_bytes(*text).wrapping_sub(ONES * 0x30);
    // A byte below '0' borrows and one above '9' carries: both set a high bit, here or in the sum.
    if (digits | digits.wrapping_add(ONES * 0x76)) & (ONES * 0x80) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_float_text_gives_what_a_float64_holds() {
        let seed = whole("1.7429522590987039e+18").unwrap();
        assert_eq!(seed, Whole { value: "1.7429522590987039e+18".parse::<f64>().unwrap() as i64, float: true });
        assert_eq!(seed.value % 256, 0);
        assert_eq!(whole("5.0"), Some(Whole { value: 5, float: true }));
    }

    #[test]
    fn a_whole_text_is_exact() {
        assert_eq!(whole("1742952259098703917"), Some(Whole { value: 1_742_952_259_098_703_917, float: false }));
        assert_eq!(whole("-1"), Some(Whole { value: -1, float: false }));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", "-", ".", "e5", "1e", "1.5x", "abc", "inf", "NaN", "0x10", "1 ", "99999999999999999999", "1e400"]
        {
            assert_eq!(whole(text), None, "{text:?}");
        }
        assert_eq!(whole("5.5"), None);
        assert_eq!(float("inf"), None);
    }

    #[test]
    fn eight_digits_are_a_number_and_eight_of_something_else_are_none() {
        assert_eq!(eight_digits(b"12345678"), Some(12_345_678));
        assert_eq!(eight_digits(b"99999999"), Some(99_999_999));
        for (place, byte) in (0..8).flat_map(|place| (0..=u8::MAX).map(move |byte| (place, byte))) {
            let mut text = *b"90909090";
            text[place] = byte;
            assert_eq!(eight_digits(&text).is_some(), byte.is_ascii_digit(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_float_text_is_read_as_the_standard_parser_reads_it(bits in any::<u64>(), ms in 0_u32..100_000_000) {
            let number = f64::from_bits(bits);
            if number.is_finite() {
                for text in [format!("{number}"), format!("{number:e}"), format!("{:.6}", f64::from(ms) / 1e6)] {
                    prop_assert_eq!(float(&text).or_else(|| text.parse().ok()), text.parse::<f64>().ok(), "{}", text);
                }
            }
        }
    }
}
