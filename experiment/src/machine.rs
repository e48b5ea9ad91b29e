//! The machine that the driver runs on: its processors, its name, and what the local backend says of it.

use cnsim::manifest::{LocalFacts, ProcessFacts};

/// Processors that this process may use.
pub fn processors() -> u32 {
    let known = std::thread::available_parallelism().ok().and_then(|count| u32::try_from(count.get()).ok());
    known.unwrap_or(1)
}

/// The machine's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().split_whitespace().collect::<Vec<_>>().join("-")
}

/// Processor count, kernel and the load before the run, with what is known of its processes.
pub fn facts(processes: ProcessFacts) -> LocalFacts {
    let name = rustix::system::uname();
    let words = [name.sysname(), name.release(), name.machine()].map(|word| word.to_string_lossy());
    LocalFacts {
        kernel: Some(words.join(" ")),
        load_average_before: load_average(),
        processes,
        processors: Some(processors()),
    }
}

/// Over the last minute; none where the system does not say.
fn load_average() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
