//! Numbers of bytes and bits in the unit that a reader would choose.

/// A rate in words.
pub(super) fn rate(bits_per_s: f64) -> String {
    scaled(bits_per_s, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"])
}

/// A number of bytes in words.
pub(super) fn size(bytes: u64) -> String {
    scaled(bytes as f64, ["bytes", "kB", "MB", "GB"])
}

/// A number in the largest unit that it fills, to a tenth where that says more.
fn scaled(value: f64, units: [&str; 4]) -> String {
    let step = units.iter().enumerate().rev().find(|(power, _)| value >= 1000_f64.powi(*power as i32));
    let (power, unit) = step.map_or((0, units[0]), |(power, unit)| (power, *unit));
    let text = format!("{:.1}", value / 1000_f64.powi(power as i32));
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_unit_that_they_fill() {
        let texts = [999, 1000, 20_875_000, 4_300_000_000].map(size);
        assert_eq!(texts, ["999 bytes", "1 kB", "20.9 MB", "4.3 GB"]);
        assert_eq!(rate(0.0), "0 bit/s");
    }
}
