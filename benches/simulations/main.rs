//! What the audit's checks can find, and how often tests and intervals hold what they say, by simulation: `simulations [RUNS]` prints
//! it. docs/metrics.md has what it printed; `analyze/src/audit/power.rs` has its table of what checks find.

mod coverage;
mod made;
mod power;
mod studies;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Simulated runs for each number of the last part; the others, which are quicker and come first, have three and five times as many.
const RUNS: u64 = 200;

fn main() {
    let runs = match std::env::args().nth(1).map(|text| text.parse()) {
        None => RUNS,
        Some(Ok(runs)) if runs > 0 => runs,
        Some(_) => {
            eprintln!("error: give a number of runs above 0, as: simulations 200");
            std::process::exit(2);
        }
    };
    studies::print(3 * runs);
    coverage::print(5 * runs);
    power::print(runs);
}
