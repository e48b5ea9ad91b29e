//! Holds the simulator against exact values and prints a table of them: `verify SEED`.

use std::process::ExitCode;

#[path = "../verify/mod.rs"]
#[allow(dead_code, reason = "some exact values are for tests alone")]
mod verify;

use verify::check::Effort;

fn main() -> ExitCode {
    let Some(seed) = std::env::args().nth(1).and_then(|seed| seed.parse().ok()) else {
        eprintln!("error: give a seed, as: verify 7");
        return ExitCode::from(2);
    };
    println!("| experiment | number | exact | simulated | may be off by | |\n|---|---|---|---|---|---|");
    let mut is_sound = true;
    for check in verify::all(seed, Effort::Full) {
        let verdict = if check.holds() { "ok" } else { "**off**" };
        is_sound &= check.holds();
        let numbers = [check.exact, check.found, check.tolerance].map(|number| format!("{number:.6}"));
        println!("| {} | {} | {} | {verdict} |", check.experiment, check.quantity, numbers.join(" | "));
    }
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
