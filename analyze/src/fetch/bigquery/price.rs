//! What reading bytes costs, at the rate that is stated with it.

/// US dollars for 2^40 bytes that a query reads, on demand, in most regions (cloud.google.com/bigquery/pricing, 2025).
const DOLLARS_PER_TIB: f64 = 6.25;
const TIB: f64 = (1_u64 << 40) as f64;

/// Bytes and their price in words.
pub fn in_words(bytes: u64) -> String {
    let dollars = bytes as f64 / TIB * DOLLARS_PER_TIB;
    let price = if dollars < 0.01 { "under $0.01".to_owned() } else { format!("about ${dollars:.2}") };
    format!("{}, {price} at ${DOLLARS_PER_TIB:.2} per TiB", size(bytes))
}

/// Bytes in the largest decimal unit that leaves at least one.
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    match UNITS.into_iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / size as f64),
        None => format!("{bytes} B"),
    }
}

/// Bytes as a user types them: `10GB`, `500 MB`, `1.5TiB`, `1000000`.
pub fn parse_size(typed: &str) -> Result<u64, String> {
    let units: [(&str, f64); 9] = [
        ("TIB", 2_f64.powi(40)),
        ("GIB", 2_f64.powi(30)),
        ("MIB", 2_f64.powi(20)),
        ("TB", 1e12),
        ("GB", 1e9),
        ("MB", 1e6),
        ("KB", 1e3),
        ("B", 1.0),
        ("", 1.0),
    ];
    let upper = typed.trim().to_uppercase();
    let (number, factor) = units
        .into_iter()
        .find_map(|(unit, factor)| Some((upper.strip_suffix(unit)?, factor)))
        .expect("every text ends with the empty one");
    match number.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number * factor >= 1.0 && number * factor < 9e18 => {
            Ok((number * factor) as u64)
        }
        Ok(_) | Err(_) => Err("write a size such as 10GB or 500MB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_priced_at_the_stated_rate() {
        assert_eq!(in_words(1 << 40), "1.1 TB, about $6.25 at $6.25 per TiB");
        assert_eq!(in_words(10_485_760), "10.5 MB, under $0.01 at $6.25 per TiB");
    }

    #[test]
    fn sizes_are_read_as_they_are_written() {
        assert_eq!(parse_size("10GB"), Ok(10_000_000_000));
        assert_eq!(parse_size("1.5 tib"), Ok(1_649_267_441_664));
        assert_eq!(parse_size("1000000"), Ok(1_000_000));
        for typed in ["", "GB", "-1GB", "0", "1e30", "many"] {
            assert!(parse_size(typed).is_err(), "{typed:?}");
        }
    }
}
