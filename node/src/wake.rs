//! Waking up when a time has passed, to within what the system gives: the runtime's own timers count whole milliseconds and round
//! up, which a link delay of a few milliseconds would carry as an error of half its length.
//!
//! One thread of the process sleeps until the earliest of all times that somebody waits for. Of a long time only the end waits there;
//! before it the runtime's timer does.

#![expect(clippy::disallowed_methods, reason = "a host waits here")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// What the runtime's timer may be late by, and a little.
const COARSE: Duration = Duration::from_millis(3);

/// Returns when `duration` has passed.
pub async fn after(duration: Duration) {
    let at = Instant::now() + duration;
    if let Some(coarse) = duration.checked_sub(COARSE) {
        tokio::time::sleep(coarse).await;
    }
    // Its thread lives as long as the process.
    let _ = Waiters::of_process().add(at).await;
}

/// Those who wait.
#[derive(Debug, Default)]
struct Waiters {
    earliest_first: Mutex<BinaryHeap<Reverse<Waiter>>>,
    added: Condvar,
}

/// Somebody who waits until a time. Two are equal where they wait for the same time.
#[derive(Debug)]
struct Waiter {
    at: Instant,
    wake: oneshot::Sender<()>,
}

impl Waiters {
    fn of_process() -> &'static Arc<Self> {
        static OF_PROCESS: OnceLock<Arc<Waiters>> = OnceLock::new();
        OF_PROCESS.get_or_init(|| {
            let waiters = Arc::new(Self::default());
            let of_thread = Arc::clone(&waiters);
            let thread = std::thread::Builder::new().name("wake".to_owned());
            thread.spawn(move || of_thread.wake_each()).expect("the system has room for one thread");
            waiters
        })
    }

    fn add(&self, at: Instant) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        let mut waiters = self.earliest_first.lock().expect("no holder of this lock panics");
        let is_earliest = waiters.peek().is_none_or(|Reverse(earliest)| at < earliest.at);
        waiters.push(Reverse(Waiter { at, wake }));
        if is_earliest {
            self.added.notify_one();
        }
        woken
    }

    fn wake_each(&self) {
        let mut waiters = self.earliest_first.lock().expect("no holder of this lock panics");
        loop {
            let now = Instant::now();
            match waiters.peek() {
                Some(Reverse(earliest)) if earliest.at <= now => {
                    let Some(Reverse(waiter)) = waiters.pop() else { continue };
                    // Whoever waited may be gone.
                    let _ = waiter.wake.send(());
                }
                Some(Reverse(earliest)) => {
                    let rest = earliest.at - now;
                    (waiters, _) = self.added.wait_timeout(waiters, rest).expect("no holder of this lock panics");
                }
                None => waiters = self.added.wait(waiters).expect("no holder of this lock panics"),
            }
        }
    }
}

impl PartialEq for Waiter {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Waiter {}

impl PartialOrd for Waiter {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiter {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_is_woken_early_and_each_in_its_turn() {
        let begun = Instant::now();
        let woken = |ms: u64| async move {
            after(Duration::from_millis(ms)).await;
            (ms, begun.elapsed())
        };
        let mut woken = [8, 2, 0, 5].map(woken).into_iter().map(tokio::spawn).collect::<Vec<_>>();
        for task in woken.drain(..) {
            let (ms, elapsed) = task.await.unwrap();
            assert!(elapsed >= Duration::from_millis(ms), "{ms} ms: {elapsed:?}");
        }
    }
}
