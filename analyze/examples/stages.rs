//! How long each stage of a report takes on one input: `stages FILE`. For docs/performance.md.
#![allow(clippy::disallowed_methods, reason = "it measures")]

use std::process::ExitCode;
use std::time::Instant;

use cnsim_analyze::evaluation::evaluate_loaded;
use cnsim_analyze::inputs::{self, Input};
use cnsim_analyze::{audit, output};

fn main() -> ExitCode {
    let Some(input) = std::env::args().nth(1).and_then(|path| path.parse::<Input>().ok()) else {
        eprintln!("usage: stages FILE");
        return ExitCode::from(2);
    };
    let begun = Instant::now();
    let loaded = match inputs::load(&[input]) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let read = begun.elapsed();
    let rows: usize = loaded.iter().map(|input| input.events.len()).sum();
    let evaluation = evaluate_loaded(loaded, 1);
    let measured = begun.elapsed();
    let bytes: usize = output::all(&evaluation.analysis).iter().map(|table| table.to_csv().len()).sum();
    let tabled = begun.elapsed();
    let quality = audit::audit(&evaluation);
    let audited = begun.elapsed();
    println!("{rows} rows, {bytes} bytes of tables, {} findings", quality.findings.len());
    println!("read {:.3} s", read.as_secs_f64());
    println!("measure and examine {:.3} s", (measured - read).as_secs_f64());
    println!("tables {:.3} s", (tabled - measured).as_secs_f64());
    println!("audit {:.3} s", (audited - tabled).as_secs_f64());
    println!("metrics and tables, from the file: {:.3} s", tabled.as_secs_f64());
    ExitCode::SUCCESS
}
