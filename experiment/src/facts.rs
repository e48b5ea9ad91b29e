//! What the local backend says of the machine that a run was made on.

use std::collections::BTreeMap;

use serde_json::Value;

/// Processors that this process may use.
pub fn processors() -> u32 {
    let known = std::thread::available_parallelism().ok().and_then(|count| u32::try_from(count.get()).ok());
    known.unwrap_or(1)
}

/// The machine's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().split_whitespace().collect::<Vec<_>>().join("-")
}

/// Processor count, kernel and the load before the run.
pub fn machine() -> BTreeMap<String, Value> {
    let name = rustix::system::uname();
    let kernel = format!(
        "{} {} {}",
        name.sysname().to_string_lossy(),
        name.release().to_string_lossy(),
        name.machine().to_string_lossy()
    );
    let mut facts = BTreeMap::from([
        ("processors".to_owned(), Value::from(processors())),
        ("kernel".to_owned(), Value::from(kernel)),
    ]);
    facts.extend(load_average().map(|load| ("load_average_before".to_owned(), Value::from(load))));
    facts
}

/// Over the last minute; none where the system does not say.
fn load_average() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
