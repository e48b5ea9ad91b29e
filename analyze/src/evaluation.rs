//! One pass over the inputs: each is read, measured and examined, and its records leave memory before the next is read.

use crate::audit::Evidence;
use crate::inputs::{self, About, Input, InputError, Loaded};
use crate::measure::{self, Analysis, Measuring};
use crate::rounds::Rounds;

/// What is known of all inputs once their records are gone.
#[derive(Debug)]
pub struct Study {
    /// The inputs, in their order.
    pub inputs: Vec<About>,
    /// What was measured.
    pub analysis: Analysis,
    /// What the audit stands on.
    pub evidence: Evidence,
    /// Rounds below it are in no statistic.
    pub warm_up: u32,
}

impl Study {
    /// Reads the inputs one after the other.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn read(inputs: &[Input], warm_up: u32) -> Result<Self, InputError> {
        let mut course = Course::new(warm_up);
        inputs::each(inputs)?.try_for_each(|loaded| loaded.map(|loaded| course.add(loaded)))?;
        Ok(course.finish())
    }

    /// A study of inputs that are in memory.
    pub fn of(inputs: impl IntoIterator<Item = Loaded>, warm_up: u32) -> Self {
        let mut course = Course::new(warm_up);
        inputs.into_iter().for_each(|loaded| course.add(loaded));
        course.finish()
    }
}

/// A study while its inputs come.
struct Course {
    inputs: Vec<About>,
    measuring: Measuring,
    evidence: Evidence,
    warm_up: u32,
}

impl Course {
    fn new(warm_up: u32) -> Self {
        let measuring = Measuring::new(measure::Options { warm_up });
        Self { inputs: Vec::new(), measuring, evidence: Evidence::default(), warm_up }
    }

    fn add(&mut self, Loaded { about, events }: Loaded) {
        let rounds = Rounds::of(&events);
        let metrics = self.measuring.add(&about, &rounds);
        self.evidence.add(&about, &rounds, metrics);
        self.inputs.push(about);
    }

    fn finish(self) -> Study {
        let Self { inputs, measuring, evidence, warm_up } = self;
        let analysis = measuring.finish(&inputs.iter().collect::<Vec<_>>());
        Study { inputs, analysis, evidence, warm_up }
    }
}
