//! What a plan knows of a network that moves: its contacts, and the graph of all links that are ever up.

use std::collections::BTreeSet;
use std::path::Path;

use cnsim::motion::{Change, Contacts, MotionSpec, MotionSpecError};
use cnsim::time::Interval;
use cnsim::topology::{Edge, Topology};

use crate::motion_source::{self, Drawn, MotionSourceError};

/// The file of a run folder that holds the contacts.
pub const CONTACTS: &str = "contacts.csv";

/// A network that no run can have.
#[derive(Debug, thiserror::Error)]
pub enum MotionError {
    /// The spec is none.
    #[error(transparent)]
    Spec(#[from] MotionSpecError),
    /// It cannot be read or made.
    #[error(transparent)]
    Source(#[from] MotionSourceError),
    /// A round would end before the network does.
    #[error("--topology moves for {} s, --round-timeout gives a round up after {} s: use a longer one", seconds(*.span), seconds(*.limit))]
    TooLong {
        /// How long the network is known for.
        span: Interval,
        /// The longest round.
        limit: Interval,
    },
    /// Time 0 of a network is one instant, rounds of an open loop have many.
    #[error("--every goes without a --topology that moves")]
    OpenLoop,
    /// A wait that nothing asks for.
    #[error("--discovery goes with a --topology that moves, as waypoint:1kmx1km:1m/s..20m/s:0s:100m")]
    NothingMoves,
    /// Weights of edges that come and go.
    #[error("--delay weights goes without a --topology that moves: a contact has no weight")]
    Weights,
}

impl MotionError {
    /// Whether something else must be typed; else a file is missing or wrong.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Source(source) => source.is_usage(),
            Self::Spec(_) | Self::TooLong { .. } | Self::OpenLoop | Self::NothingMoves | Self::Weights => true,
        }
    }
}

/// The network that `text` names, where it is one that moves. A model goes on for as long as a round may last.
pub(crate) fn choose(
    text: &str,
    nodes: Option<u32>,
    seed: u64,
    limit: Interval,
) -> Result<Option<(MotionSpec, Contacts)>, MotionError> {
    if !MotionSpec::is_meant(text) {
        return Ok(None);
    }
    let spec: MotionSpec = text.parse()?;
    let span = matches!(spec, MotionSpec::Model(_)).then_some(limit);
    let contacts = motion_source::contacts_of(&spec, Drawn { nodes, span, seed })?;
    if contacts.span() > limit {
        return Err(MotionError::TooLong { span: contacts.span(), limit });
    }
    Ok(Some((spec, contacts)))
}

/// The contacts that a run folder holds.
pub(crate) fn read(folder: &Path) -> Result<Contacts, MotionError> {
    let file = folder.join(CONTACTS).display().to_string();
    let spec = MotionSpec::Contacts { file, presence: None };
    Ok(motion_source::contacts_of(&spec, Drawn { nodes: None, span: None, seed: 0 })?)
}

/// The graph of all links that are ever up: whom a node can ever send to.
pub(crate) fn union(contacts: &Contacts) -> Topology {
    let links: BTreeSet<_> = contacts
        .changes()
        .filter_map(|(_, change)| match change {
            Change::Up(link) => Some(link.ends().map(|node| node.0)),
            Change::Down(_) | Change::Joins(_) | Change::Leaves(_) => None,
        })
        .collect();
    let edges = links.into_iter().map(|[source, target]| Edge { source, target, weight: None });
    Topology {
        nodes: contacts.nodes().to_vec(),
        edges: edges.collect(),
        directed: false,
        model: Some("Moving".to_owned()),
        node_weights: None,
    }
}

fn seconds(span: Interval) -> f64 {
    span.as_ms() / 1e3
}
