//! What the user sees of a run that goes on: a bar on a terminal, and one line for each thing to look at. All of it on
//! stderr.

use std::cell::RefCell;
use std::time::Duration;

use cnsim::manifest::RoundOutcome;
use cnsim_node::messages::tell;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use crate::driver::Watcher;
use crate::plan::Plan;

/// How often a line says what is waited for, where there is no terminal.
const MESSAGE_EVERY: Duration = Duration::from_secs(10);

/// The progress of one run.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    last: RefCell<LastMessage>,
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
        let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len}");
        let bar =
            ProgressBar::new(u64::from(plan.last_round()) + 1).with_style(style.expect("the template is a constant"));
        Self { bar, last: RefCell::default() }
    }
}

impl Watcher for Progress {
    fn run_begins(&self, plan: &Plan) {
        tell(format_args!("run {} with seed {}", plan.run_id, plan.options.seed));
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

    fn simulates(&self, events: u64, took: Duration) {
        let a_second = events as f64 / took.as_secs_f64().max(1e-9) / 1e6;
        self.bar.set_message(format!("simulating: {:.1} M events, {a_second:.1} M a second", events as f64 / 1e6));
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
