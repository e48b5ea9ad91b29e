//! What differs between the files of a report as they were bundled and as they were made again.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

/// Relative precision of numbers that another build has computed.
const PRECISION: f64 = 1e-9;

/// How many files were compared byte for byte, and which differ.
pub(super) fn exactly(bundled: &BTreeMap<&str, &[u8]>, made: &BTreeMap<String, Bytes>) -> (usize, Vec<String>) {
    let names: BTreeSet<&str> = bundled.keys().copied().chain(made.keys().map(String::as_str)).collect();
    let is_different = |name: &&str| bundled.get(name).copied() != made.get(*name).map(|bytes| &**bytes);
    let differences = names.iter().copied().filter(is_different).map(str::to_owned).collect();
    (names.len(), differences)
}

/// How many tables were compared number by number, and which differ.
pub(super) fn closely(bundled: &BTreeMap<&str, &[u8]>, made: &BTreeMap<String, Bytes>) -> (usize, Vec<String>) {
    let tables: Vec<(&str, &[u8])> =
        bundled.iter().filter(|(name, _)| name.ends_with(".csv")).map(|(name, bytes)| (*name, *bytes)).collect();
    let differences = tables.iter().filter_map(|(name, bytes)| {
        let difference = match made.get(*name) {
            None => Some("it is not made any more".to_owned()),
            Some(made) => first_difference(bytes, made),
        };
        difference.map(|difference| format!("{name} ({difference})"))
    });
    (tables.len(), differences.collect())
}

/// The first cell of a table that differs by more than the precision. New columns at the end are none.
fn first_difference(bundled: &[u8], made: &[u8]) -> Option<String> {
    let rows = |bytes| -> Vec<csv::StringRecord> {
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes).records().flatten().collect()
    };
    let (bundled, made) = (rows(bundled), rows(made));
    if bundled.len() != made.len() {
        return Some(format!("{} lines, now {}", bundled.len(), made.len()));
    }
    for (line, (bundled, made)) in bundled.iter().zip(&made).enumerate() {
        for (column, cell) in bundled.iter().enumerate() {
            let now = made.get(column).unwrap_or_default();
            if !is_close(cell, now) {
                return Some(format!("line {}: {cell:?}, now {now:?}", line + 1));
            }
        }
    }
    None
}

fn is_close(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => (one - other).abs() <= PRECISION * one.abs().max(other.abs()),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_another_build_agree_to_the_precision_and_may_have_new_columns() {
        let old = b"name,t\na,1.00000000001\n";
        assert_eq!(first_difference(old, b"name,t,new\na,1.00000000002,x\n"), None);
        assert_eq!(first_difference(old, b"name,t\na,1.1\n").unwrap(), "line 2: \"1.00000000001\", now \"1.1\"");
        assert_eq!(first_difference(old, b"name,t\n").unwrap(), "2 lines, now 1");
        assert!(first_difference(old, b"name,t\nb,1.00000000001\n").is_some());
    }
}
