//! One stage of a report and all before it, as a process of its own: `stages FILE [--until read|measure|audit|report]`.
//! `benches/peers/compare_stages.py` measures it beside other programs.

use std::error::Error;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use cnsim_analyze::audit;
use cnsim_analyze::evaluation::evaluate;
use cnsim_analyze::inputs::{self, Input, TimeScale};
use mimalloc::MiMalloc;

/// As in `cnsim-analyze`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const USAGE: &str = "usage: stages FILE [--until read|measure|audit|report] [--output FOLDER]";

/// Rounds below it are in no statistic, as in a report.
const WARM_UP: u32 = 1;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (path, until, output) = match arguments[..] {
        [path] => (path, "report", "report"),
        [path, "--until", until] => (path, until, "report"),
        [path, "--until", until, "--output", output] => (path, until, output),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(path, until, output) {
        Ok(words) => {
            println!("{words}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Goes as far as `until` and says how far that was.
fn run(path: &str, until: &str, output: &str) -> Result<String, Box<dyn Error>> {
    let input: Input = path.parse()?;
    match until {
        "read" => {
            let rows: usize = inputs::load(&[input])?.iter().map(|input| input.events.len()).sum();
            Ok(format!("{rows} rows"))
        }
        "measure" => {
            let evaluation = evaluate(&[input], TimeScale::default(), WARM_UP)?;
            let rounds: usize = evaluation.analysis.groups.iter().map(|group| group.rounds.len()).sum();
            Ok(format!("{rounds} rounds"))
        }
        "audit" => {
            let quality = audit::audit(&evaluate(&[input], TimeScale::default(), WARM_UP)?);
            Ok(format!("{} findings", quality.findings.len()))
        }
        "report" => report(path, output),
        _ => Err(USAGE.into()),
    }
}

/// The whole report is what the program makes that lies in the folder above this one's: it takes this process's place.
fn report(path: &str, output: &str) -> Result<String, Box<dyn Error>> {
    let this = std::env::current_exe()?;
    let programs = this.parent().and_then(Path::parent).ok_or("this program lies in no folder of examples")?;
    let mut program = Command::new(programs.join("cnsim-analyze"));
    Err(program.args(["report", path, "--output", output]).stdout(Stdio::null()).exec().into())
}
