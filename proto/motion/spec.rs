//! A moving network in a word: what is typed, and the seeded network that a model stands for.

use std::fmt;
use std::str::FromStr;

use super::area::AreaError;
use super::bounds::BoundsError;
use super::contacts::{Contacts, ContactsError, Parts};
use super::movement::{Leg, Movement, MovementError};
use super::reach::Reach;
use super::rewire::Rewire;
use super::walk::Walk;
use super::waypoint::Waypoint;
use crate::id::NodeId;
use crate::quantity::QuantityError;
use crate::time::Interval;
use crate::topology::{GenerateError, NODES_MAX, Probability, SpecError};

/// The most legs, or link changes, that a model makes: what fits into memory beside a run.
pub const STEPS_MAX: u64 = 50_000_000;

/// Where a moving network comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum MotionSpec {
    /// `contacts:FILE` or `contacts:FILE:PRESENCE`: who meets whom when stands in a file, and in another one when nodes are there.
    Contacts {
        /// The file.
        file: String,
        /// The other one.
        presence: Option<String>,
    },
    /// `positions:FILE:REACH`: where nodes are stands in a file.
    Positions {
        /// The file.
        file: String,
        /// How far links reach.
        reach: Reach,
    },
    /// A model, drawn from a seed.
    Model(Model),
}

/// A random moving network with its parameters, as in `waypoint:1500mx300m:1m/s..20m/s:0s..60s:250m`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Model {
    /// `waypoint:AREA:SPEED:PAUSE:REACH`.
    Waypoint {
        /// How nodes go about.
        motion: Waypoint,
        /// How far links reach.
        reach: Reach,
    },
    /// `walk:AREA:SPEED:TURN:REACH`.
    Walk {
        /// How nodes go about.
        motion: Walk,
        /// How far links reach.
        reach: Reach,
    },
    /// `rewire:P:PERIOD:GRAPH`.
    Rewire(Rewire),
}

/// A text that names no moving network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MotionSpecError {
    /// No kind has this name.
    #[error("unknown motion {0:?}: use {forms}", forms = MotionSpec::FORMS)]
    Unknown(String),
    /// Parameters are missing, or there are too many.
    #[error("{text:?} is not {form}")]
    Form {
        /// The text as typed.
        text: String,
        /// How this kind is written.
        form: &'static str,
    },
    /// A parameter is wrong.
    #[error("{text:?}: {reason}")]
    Parameter {
        /// The text as typed.
        text: String,
        /// Why.
        reason: ParameterError,
    },
}

/// A wrong parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The area.
    #[error(transparent)]
    Area(#[from] AreaError),
    /// A quantity, or two of them.
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    /// A time.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A time that must not be 0.
    #[error("{0} is above 0s")]
    Zero(&'static str),
    /// The probability.
    #[error("{0:?} is no probability P: use a number from 0 to 1")]
    Probability(String),
    /// The graph.
    #[error(transparent)]
    Graph(#[from] SpecError),
    /// The graph is one whose edges cannot be drawn again.
    #[error("{graph}: {reason}")]
    Obstacle {
        /// The graph.
        graph: String,
        /// Why not.
        reason: &'static str,
    },
}

/// A model that gives no network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// There are too few nodes, too many, or too much would happen.
    #[error("{model} with {nodes} nodes: {reason}")]
    Impossible {
        /// What was asked for.
        model: Model,
        /// The number of nodes.
        nodes: usize,
        /// Why not.
        reason: String,
    },
    /// The graph cannot be made.
    #[error(transparent)]
    Graph(#[from] GenerateError),
    /// What was drawn is no network.
    #[error("{model}: {reason}")]
    Contacts {
        /// What was asked for.
        model: Model,
        /// Why not.
        reason: ContactsError,
    },
    /// Legs that were drawn are nobody's way: never so, for each begins where and when the last one ended.
    #[error(transparent)]
    Movement(#[from] MovementError),
}

impl MotionSpec {
    /// Every kind as it is typed.
    pub const FORMS: &'static str = "contacts:FILE, contacts:FILE:PRESENCE, positions:FILE:REACH, waypoint:AREA:SPEED:PAUSE:REACH, \
                                     walk:AREA:SPEED:TURN:REACH or rewire:P:PERIOD:GRAPH";

    /// Whether a text begins like one of them, so that it is meant as one.
    pub fn is_meant(text: &str) -> bool {
        text.split_once(':').is_some_and(|(name, _)| form(name).is_some())
    }
}

impl Model {
    /// The network of these nodes from time 0 on to `span`. The same model, number of nodes, seed and span give the same network on
    /// every machine.
    ///
    /// # Errors
    /// Where there is no such network, or no two nodes of it are ever linked.
    pub fn generate(&self, nodes: Vec<NodeId>, seed: u64, span: Interval) -> Result<Contacts, ModelError> {
        self.check(nodes.len(), span)?;
        let count = u32::try_from(nodes.len()).expect("checked to be at most a million");
        let moving = |way: &dyn Fn(u32) -> Vec<Leg>, nodes, reach| -> Result<_, ModelError> {
            let movement = Movement::of(nodes, (0..count).map(way), span)?;
            Ok(movement.contacts(reach, seed))
        };
        let contacts = match self {
            Self::Waypoint { motion, reach } => moving(&|node| motion.way(seed, node, span), nodes, *reach)?,
            Self::Walk { motion, reach } => moving(&|node| motion.way(seed, node, span), nodes, *reach)?,
            Self::Rewire(rewire) => {
                let contacts = rewire.contacts(count, seed, span)?;
                Contacts::of(Parts { nodes, contacts, span, ..Parts::default() })
            }
        };
        contacts.map_err(|reason| ModelError::Contacts { model: *self, reason })
    }

    /// Whether there is such a network of so many nodes and so long.
    pub fn check(&self, nodes: usize, span: Interval) -> Result<(), ModelError> {
        let impossible = |reason| Err(ModelError::Impossible { model: *self, nodes, reason });
        if nodes < 2 {
            return impossible("a network has at least 2 nodes".to_owned());
        }
        if nodes > NODES_MAX as usize {
            return impossible(format!("{NODES_MAX} nodes are the most that can be generated"));
        }
        if span == Interval::ZERO {
            return impossible("a record is longer than 0s".to_owned());
        }
        if let Self::Rewire(rewire) = self {
            rewire.graph.check(u32::try_from(nodes).unwrap_or(u32::MAX))?;
        }
        let steps = self.steps(nodes, span);
        if steps > STEPS_MAX as f64 {
            return impossible(format!(
                "about {steps:.0} steps in {span} are more than {STEPS_MAX}, the most that are made"
            ));
        }
        Ok(())
    }

    /// About how many legs or link changes there are.
    fn steps(&self, nodes: usize, span: Interval) -> f64 {
        let (nodes, span) = (nodes as f64, span.0 as f64);
        match self {
            Self::Waypoint { motion, reach: _ } => {
                let (leg, rest) = motion.mean_times();
                nodes * (1.0 + span / (leg + rest)) * if rest > 0.0 { 2.0 } else { 1.0 }
            }
            Self::Walk { motion, reach: _ } => {
                let side = motion.area.width.min(motion.area.height).metres();
                let reflections = motion.speed.most.metres_per_second() * span / 1e9 / side;
                nodes * (1.0 + span / motion.turn.0 as f64 + reflections)
            }
            Self::Rewire(rewire) => {
                let edges = rewire.graph.edges_expected(nodes as u32) as f64;
                edges * (1.0 + 2.0 * rewire.probability.get() * span / rewire.period.0 as f64)
            }
        }
    }
}

impl fmt::Display for MotionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contacts { file, presence: None } => write!(f, "contacts:{file}"),
            Self::Contacts { file, presence: Some(presence) } => write!(f, "contacts:{file}:{presence}"),
            Self::Positions { file, reach } => write!(f, "positions:{file}:{reach}"),
            Self::Model(model) => model.fmt(f),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waypoint { motion: Waypoint { area, speed, pause }, reach } => {
                write!(f, "waypoint:{area}:{speed}:{pause}:{reach}")
            }
            Self::Walk { motion: Walk { area, speed, turn }, reach } => {
                write!(f, "walk:{area}:{speed}:{turn}:{reach}")
            }
            Self::Rewire(Rewire { probability, period, graph }) => write!(f, "rewire:{probability}:{period}:{graph}"),
        }
    }
}

impl FromStr for MotionSpec {
    type Err = MotionSpecError;

    fn from_str(text: &str) -> Result<Self, MotionSpecError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let form = form(name).ok_or_else(|| MotionSpecError::Unknown(text.to_owned()))?;
        let parameters: Vec<&str> = rest.split(':').collect();
        let parameters = if parameters.contains(&"") { Vec::new() } else { parameters };
        match parsed(name, &parameters) {
            Some(Ok(spec)) => Ok(spec),
            Some(Err(reason)) => Err(MotionSpecError::Parameter { text: text.to_owned(), reason }),
            None => Err(MotionSpecError::Form { text: text.to_owned(), form }),
        }
    }
}

/// How a kind is written.
fn form(name: &str) -> Option<&'static str> {
    Some(match name {
        "contacts" => "contacts:FILE or contacts:FILE:PRESENCE, of files without a colon in their names",
        "positions" => "positions:FILE:REACH, as positions:city.xml:100m, of a file without a colon in its name",
        "waypoint" => "waypoint:AREA:SPEED:PAUSE:REACH, as waypoint:1500mx300m:1m/s..20m/s:0s..60s:250m",
        "walk" => "walk:AREA:SPEED:TURN:REACH, as walk:500mx500m:1m/s..2m/s:60s:100m",
        "rewire" => "rewire:P:PERIOD:GRAPH, as rewire:0.1:1s:er:0.05",
        _ => return None,
    })
}

fn parsed(name: &str, parameters: &[&str]) -> Option<Result<MotionSpec, ParameterError>> {
    let owned = |file: &str| file.to_owned();
    Some(match (name, parameters) {
        ("contacts", [file]) => Ok(MotionSpec::Contacts { file: owned(file), presence: None }),
        ("contacts", [file, presence]) => {
            Ok(MotionSpec::Contacts { file: owned(file), presence: Some(owned(presence)) })
        }
        ("positions", [file, reach]) => positions(file, reach),
        ("waypoint", [area, speed, pause, reach]) => waypoint([area, speed, pause, reach]).map(MotionSpec::Model),
        ("walk", [area, speed, turn, reach]) => walk([area, speed, turn, reach]).map(MotionSpec::Model),
        ("rewire", [probability, period, graph @ ..]) if !graph.is_empty() => {
            rewire(probability, period, &graph.join(":")).map(MotionSpec::Model)
        }
        _ => return None,
    })
}

fn positions(file: &str, reach: &str) -> Result<MotionSpec, ParameterError> {
    Ok(MotionSpec::Positions { file: file.to_owned(), reach: reach.parse()? })
}

fn waypoint([area, speed, pause, reach]: [&str; 4]) -> Result<Model, ParameterError> {
    let motion = Waypoint { area: area.parse()?, speed: speed.parse()?, pause: pause.parse()? };
    Ok(Model::Waypoint { motion, reach: reach.parse()? })
}

fn walk([area, speed, turn, reach]: [&str; 4]) -> Result<Model, ParameterError> {
    let motion = Walk { area: area.parse()?, speed: speed.parse()?, turn: above_zero("TURN", turn)? };
    Ok(Model::Walk { motion, reach: reach.parse()? })
}

fn rewire(probability: &str, period: &str, graph: &str) -> Result<Model, ParameterError> {
    let number = probability.parse().ok().and_then(Probability::new);
    let number = number.ok_or_else(|| ParameterError::Probability(probability.to_owned()))?;
    let rewire = Rewire { probability: number, period: above_zero("PERIOD", period)?, graph: graph.parse()? };
    match rewire.obstacle() {
        None => Ok(Model::Rewire(rewire)),
        Some(reason) => Err(ParameterError::Obstacle { graph: graph.to_owned(), reason }),
    }
}

fn above_zero(name: &'static str, text: &str) -> Result<Interval, ParameterError> {
    let time: Interval = text.parse()?;
    if time == Interval::ZERO { Err(ParameterError::Zero(name)) } else { Ok(time) }
}

#[cfg(test)]
#[path = "spec_tests.rs"]
mod tests;
