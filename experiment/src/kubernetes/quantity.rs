//! Kubernetes quantities, as `5M` and `150Mi`.

/// The number that a quantity says; none where it is none, or below 0.
pub(super) fn parse(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let number: f64 = number.parse().ok()?;
    let value = number * factor(suffix)?;
    (value.is_finite() && value < 2f64.powi(63)).then_some(value.round() as u64)
}

fn factor(suffix: &str) -> Option<f64> {
    let power = |base: f64, exponent| Some(base.powi(exponent));
    match suffix {
        "m" => Some(0.001),
        "" => Some(1.0),
        "k" => power(1000.0, 1),
        "M" => power(1000.0, 2),
        "G" => power(1000.0, 3),
        "T" => power(1000.0, 4),
        "P" => power(1000.0, 5),
        "E" => power(1000.0, 6),
        "Ki" => power(1024.0, 1),
        "Mi" => power(1024.0, 2),
        "Gi" => power(1024.0, 3),
        "Ti" => power(1024.0, 4),
        "Pi" => power(1024.0, 5),
        "Ei" => power(1024.0, 6),
        exponent => power(10.0, exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_reads_them() {
        let known = [("5M", 5_000_000), ("150Mi", 157_286_400), ("1.5G", 1_500_000_000), ("128974848", 128_974_848)];
        for (text, value) in known.into_iter().chain([("129e6", 129_000_000), ("2000m", 2), ("512k", 512_000)]) {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        for text in ["", "M", "-5M", "5 M", "5MB", "nan", "1e300"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
