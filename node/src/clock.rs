//! The only reader of event time: the wall clock, with its steps against the monotonic clock counted.
//!
//! Times are never corrected: two ends of a delivery are compared across processes, and the wall clock is all they
//! share. A step is made visible instead.
#![expect(clippy::disallowed_methods, reason = "event time is read here and nowhere else")]

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use cnsim::time::{Interval, Timestamp};

/// A difference between the two clocks' advances is a step from here on.
const STEP_MIN: Interval = Interval::from_ms(1);
/// How much faster or slower than the monotonic clock a disciplined wall clock may run; NTP slews by up to 500 ppm.
const SLEW_MAX_PPM: u64 = 1000;
/// Readings whose two halves lie farther apart than this say nothing about steps: the thread was interrupted.
const READING_MAX: Duration = Duration::from_micros(100);

/// Wall-clock steps seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Steps {
    /// How many.
    pub(crate) count: u64,
    /// The largest, in either direction.
    pub(crate) max: Interval,
}

/// The process's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    last: Option<Reading>,
    steps: Steps,
}

/// Both clocks at one instant.
#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: Timestamp,
    monotonic: Interval,
}

impl Clock {
    /// A clock that has seen no step.
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), seen: Mutex::default() }
    }

    /// Now, by the wall clock.
    pub(crate) fn now(&self) -> Timestamp {
        let before = Instant::now();
        let wall = wall();
        if before.elapsed() < READING_MAX
            && let Ok(mut seen) = self.seen.try_lock()
        {
            seen.observe(Reading { wall, monotonic: before.duration_since(self.origin).into() });
        }
        wall
    }

    /// How long it is until `at`; zero where it has passed.
    pub(crate) fn until(&self, at: Timestamp) -> Duration {
        at.since(self.now()).into()
    }

    /// The steps seen since the process started.
    pub(crate) fn steps(&self) -> Steps {
        let _ = self.now();
        self.seen.lock().expect("no holder of this lock panics").steps
    }
}

fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(Interval::from(since).0)
}

impl Seen {
    fn observe(&mut self, now: Reading) {
        let Some(last) = self.last.replace(now) else { return };
        let advance = i128::from(now.wall.0) - i128::from(last.wall.0);
        let elapsed = now.monotonic.0.saturating_sub(last.monotonic.0);
        let apart = (advance - i128::from(elapsed)).unsigned_abs();
        if apart > u128::from(STEP_MIN.0 + elapsed / (1_000_000 / SLEW_MAX_PPM)) {
            self.steps.count += 1;
            self.steps.max = self.steps.max.max(Interval(u64::try_from(apart).unwrap_or(u64::MAX)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps_of(readings: &[(u64, u64)]) -> Steps {
        let mut seen = Seen::default();
        for (wall_ms, monotonic_ms) in readings {
            let wall = Timestamp(wall_ms * 1_000_000);
            seen.observe(Reading { wall, monotonic: Interval::from_ms(*monotonic_ms) });
        }
        seen.steps
    }

    #[test]
    fn clocks_that_advance_together_make_no_step() {
        assert_eq!(steps_of(&[(1000, 0), (1010, 10), (61_010, 60_010)]), Steps::default());
    }

    #[test]
    fn a_jump_in_either_direction_is_a_step() {
        let steps = steps_of(&[(1000, 0), (1510, 10), (1320, 20)]);
        assert_eq!(steps, Steps { count: 2, max: Interval::from_ms(500) });
    }

    #[test]
    fn a_slew_over_a_long_pause_is_no_step() {
        assert_eq!(steps_of(&[(1000, 0), (61_030, 60_000)]).count, 0);
    }
}
