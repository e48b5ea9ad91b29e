//! Numbers that SciPy and statsmodels computed, for tests; `tests/fixtures/stats/make.py` made them.

use serde_json::Value;

/// One section of the reference.
pub(super) fn reference(section: &str) -> Value {
    let text = include_str!("../../tests/fixtures/stats/reference.json");
    let mut reference: Value = serde_json::from_str(text).unwrap();
    reference[section].take()
}

/// A list of numbers; null is infinite.
pub(super) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::INFINITY)).collect()
}

/// Fails unless both agree to nine digits.
#[track_caller]
pub(super) fn close(found: f64, expected: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= 1e-9 * expected.abs().max(1e-6), "{what}: {found}, reference {expected}");
}

/// Fails unless both exist and agree to nine digits, or neither exists.
#[track_caller]
pub(super) fn same(found: Option<f64>, expected: &Value, what: &str) {
    match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => close(found, expected, what),
        (None, None) => {}
        (found, expected) => panic!("{what}: {found:?}, reference {expected:?}"),
    }
}
