//! What the user sees of a run that goes on: a bar on a terminal, and one line for each thing to look at. All of it on
//! stderr.

use std::cell::RefCell;
use std::time::Duration;

use cnsim::manifest::RoundOutcome;
use cnsim_node::messages::tell;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use crate::plan::Plan;
use crate::watcher::{Headway, Watcher};

/// How often a line says what is waited for, where there is no terminal.
const MESSAGE_EVERY: Duration = Duration::from_secs(10);

/// The progress of one run, or of several simulations.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// Whether somebody else says which run begins.
    is_of_study: bool,
    last: RefCell<LastMessage>,
    simulated: RefCell<Simulated>,
}

/// What has been simulated.
#[derive(Debug, Default)]
struct Simulated {
    begun: Option<Instant>,
    /// Things that happened in runs that have ended.
    before: u64,
    /// And in the one that goes on.
    now: u64,
}

impl Simulated {
    /// The run before has ended.
    fn run_begins(&mut self) {
        self.begun.get_or_insert_with(Instant::now);
        self.before += std::mem::take(&mut self.now);
    }

    /// How far all runs are, of which so many rounds have ended.
    fn at(&mut self, headway: Headway, rounds_ended: u64) -> Done {
        self.now = headway.events;
        let ended = self.before + headway.ended;
        let a_round = (rounds_ended > 0).then(|| ended / rounds_ended).or(headway.a_round);
        Done {
            took: self.begun.map_or(headway.took, |begun| begun.elapsed()),
            events: self.before + headway.events,
            a_round,
        }
    }
}

/// How much of all is done.
#[derive(Debug)]
struct Done {
    took: Duration,
    events: u64,
    a_round: Option<u64>,
}

impl Done {
    /// How long the rest of so many rounds takes at this headway, graphs and files included; none where nobody knows how much a
    /// round is.
    fn left(&self, rounds: u64) -> Option<Duration> {
        let all = self.a_round? as f64 * rounds as f64;
        let rest = (all / self.events.max(1) as f64 - 1.0).max(0.0);
        Duration::try_from_secs_f64(self.took.as_secs_f64() * rest).ok()
    }
}

/// A time that is left, as it is read at a glance.
pub(crate) fn shown(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..=99 => format!("{seconds} s left"),
        seconds @ 100..=5_999 => format!("{} min left", seconds.div_ceil(60)),
        seconds => format!("{} h left", seconds.div_ceil(3_600)),
    }
}

/// What was last said to be waited for.
#[derive(Debug, Default)]
struct LastMessage {
    text: String,
    at: Option<Instant>,
}

impl LastMessage {
    /// Whether it is news, and time for it.
    fn is_due(&mut self, text: &str) -> bool {
        let is_due = self.text != text && self.at.is_none_or(|at| at.elapsed() >= MESSAGE_EVERY);
        if is_due {
            *self = Self { text: text.to_owned(), at: Some(Instant::now()) };
        }
        is_due
    }
}

impl Progress {
    /// The bar of a run that has not begun; it shows itself on a terminal only.
    pub fn new(plan: &Plan) -> Self {
        Self::of_runs(plan, 1)
    }

    /// The same of several runs that are like this one.
    pub fn of_runs(plan: &Plan, runs: u32) -> Self {
        let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len}");
        let rounds = u64::from(runs) * (u64::from(plan.last_round()) + 1);
        let bar = ProgressBar::new(rounds).with_style(style.expect("the template is a constant"));
        Self { bar, is_of_study: false, last: RefCell::default(), simulated: RefCell::default() }
    }

    /// The bar of one run of a study, which says itself which run begins.
    pub fn in_study(plan: &Plan) -> Self {
        let mut progress = Self::new(plan);
        progress.is_of_study = true;
        progress
    }
}

impl Watcher for Progress {
    fn run_begins(&self, plan: &Plan) {
        self.simulated.borrow_mut().run_begins();
        if !self.is_of_study {
            self.bar.suspend(|| tell(format_args!("run {} with seed {}", plan.run_id, plan.options.seed)));
        }
        self.bar.set_message(format!("waiting for {} processes to listen", plan.processes()));
    }

    fn waits_for(&self, what: &str) {
        let message = format!("waiting for {what}");
        if self.bar.is_hidden() && self.last.borrow_mut().is_due(&message) {
            tell(&message);
        }
        self.bar.set_message(message);
    }

    fn round_begins(&self, round: u32) {
        self.bar.set_message(format!("waiting for round {round} to fall quiet"));
    }

    fn round_ended(&self, round: u32, outcome: RoundOutcome) {
        self.bar.inc(1);
        match outcome {
            RoundOutcome::Quiescent | RoundOutcome::Horizon | RoundOutcome::Open | RoundOutcome::Interrupted => {}
            RoundOutcome::Disturbed => {
                self.warn(&format!("round {round} lost a process, or could not ask one how it did"))
            }
            RoundOutcome::TimedOut => self.warn(&format!("round {round} was given up after --round-timeout")),
        }
    }

    fn simulates(&self, headway: Headway) {
        let a_second = headway.events as f64 / headway.took.as_secs_f64().max(1e-9) / 1e6;
        let done = self.simulated.borrow_mut().at(headway, self.bar.position());
        let left = self.bar.length().and_then(|rounds| done.left(rounds));
        let left = left.map_or_else(String::new, |left| format!(", {}", shown(left)));
        let events = done.events as f64 / 1e6;
        self.bar.set_message(format!("simulating: {events:.1} M events, {a_second:.1} M a second{left}"));
    }

    fn warn(&self, text: &str) {
        self.bar.suspend(|| tell(format_args!("warning: {text}")));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headway(events: u64, ended: u64, a_round: Option<u64>) -> Headway {
        Headway { events, ended, a_round, took: Duration::from_secs(10) }
    }

    #[test]
    fn the_time_that_is_left_is_that_of_the_rounds_of_all_runs() {
        let mut simulated = Simulated::default();
        // 1000 of 4 times 500 things in 10 s.
        assert_eq!(simulated.at(headway(1_000, 1_000, None), 2).left(4), Some(Duration::from_secs(10)));
        // The second run: 1500 things are done, and 500 are to come.
        simulated.run_begins();
        simulated.begun = None;
        let done = simulated.at(headway(500, 500, None), 3);
        assert_eq!((done.events, done.a_round), (1_500, Some(500)));
        assert_eq!(done.left(4).map(|left| left.as_millis()), Some(3_333));
    }

    #[test]
    fn before_a_round_has_ended_the_protocol_says_how_much_it_is_or_nobody_does() {
        let mut simulated = Simulated::default();
        assert_eq!(simulated.at(headway(100, 0, None), 0).left(2), None);
        assert_eq!(simulated.at(headway(100, 0, Some(100)), 0).left(2), Some(Duration::from_secs(10)));
        assert_eq!(simulated.at(headway(300, 0, Some(100)), 0).left(2), Some(Duration::ZERO));
    }

    #[test]
    fn a_time_that_is_left_is_short() {
        let texts = [5, 99, 100, 5_999, 6_000].map(|seconds| shown(Duration::from_secs(seconds)));
        assert_eq!(texts, ["5 s left", "99 s left", "2 min left", "100 min left", "2 h left"]);
    }
}
