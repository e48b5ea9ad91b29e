//! The simulator against exact values, in short; `just verify-simulator` is the long form.

#[path = "../verify/mod.rs"]
#[allow(dead_code, reason = "the exact values have a test of their own")]
mod verify;

use verify::check::Effort;

#[test]
fn the_simulator_gives_the_exact_values() {
    let broken: Vec<_> = verify::all(20_300_101, Effort::Short).into_iter().filter(|check| !check.holds()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
