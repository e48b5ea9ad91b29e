//! What the system says about this process: how long its threads had a processor and waited for one, and its resident
//! memory.
//!
//! Linux only; elsewhere every answer is none.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Mutex;

/// More than any of the files has.
const FILE_MAX: usize = 4096;

/// Scheduler statistics, summed over every thread that the process has had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Waiting {
    /// Time that threads were running; none where the system counts none.
    pub(crate) run_ns: Option<u64>,
    /// Time that threads were runnable and not running.
    pub(crate) run_delay_ns: u64,
    /// How often a thread was given a processor.
    pub(crate) timeslices: u64,
}

/// Remembers threads that have ended, so that the sums never fall.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    threads: Mutex<BTreeMap<String, Waiting>>,
}

impl Lag {
    /// The sums so far; none where the system does not say.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        let mut threads = self.threads.lock().expect("no holder of this lock panics");
        for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
            if let Some(waiting) = of_thread(&task.path()) {
                threads.insert(task.file_name().to_string_lossy().into_owned(), waiting);
            }
        }
        let sum = threads.values().fold(Waiting::default(), |sum, one| Waiting {
            run_ns: [sum.run_ns, one.run_ns].into_iter().flatten().reduce(|sum, one| sum + one),
            run_delay_ns: sum.run_delay_ns + one.run_delay_ns,
            timeslices: sum.timeslices + one.timeslices,
        });
        (!threads.is_empty()).then_some(sum)
    }
}

/// Resident memory of this process in bytes.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = read(Path::new("/proc/self/status"))?;
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?;
    kib.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

fn of_thread(task: &Path) -> Option<Waiting> {
    parse_schedstat(&read(&task.join("schedstat"))?)
}

/// In one system call: a driver asks often, while it measures.
fn read(file: &Path) -> Option<String> {
    let mut text = vec![0; FILE_MAX];
    let length = File::open(file).ok()?.read(&mut text).ok()?;
    text.truncate(length);
    String::from_utf8(text).ok()
}

/// The three numbers of Linux's `schedstat`: time run, time waited (ns), timeslices.
fn parse_schedstat(text: &str) -> Option<Waiting> {
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse().ok());
    let run_ns = numbers.next()?.filter(|run_ns| *run_ns > 0);
    Some(Waiting { run_ns, run_delay_ns: numbers.next()??, timeslices: numbers.next()?? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat_gives_the_time_run_the_wait_and_the_timeslices() {
        let waiting = Waiting { run_ns: Some(123), run_delay_ns: 456, timeslices: 7 };
        assert_eq!(parse_schedstat("123 456 7\n"), Some(waiting));
        let uncounted = Waiting { run_ns: None, run_delay_ns: 0, timeslices: 0 };
        assert_eq!(parse_schedstat("0 0 0\n"), Some(uncounted), "a kernel that keeps no statistics says nothing but 0");
        assert_eq!(parse_schedstat("123 456\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_sums_do_not_fall_when_a_thread_ends() {
        let lag = Lag::default();
        let (ended, while_running) = std::thread::scope(|scope| {
            let thread = scope.spawn(|| lag.waiting());
            (thread.join().expect("the thread reads files only"), lag.waiting())
        });
        let after = lag.waiting();
        assert!(ended.map(|w| w.timeslices) <= while_running.map(|w| w.timeslices));
        assert!(while_running.map(|w| w.timeslices) <= after.map(|w| w.timeslices));
        assert!(while_running.map(|w| w.run_ns) <= after.map(|w| w.run_ns));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn resident_memory_is_told() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 100_000));
    }
}
