//! Why a text gives no moving network: one line that names the line and what is wrong in it.

use std::io;

use super::super::contacts::ContactsError;
use super::super::movement::MovementError;
use super::super::spell::InSeconds;
use crate::id::{IdError, NodeId};
use crate::time::Interval;

/// Why there is no moving network.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no line with anything in it.
    #[error("there is nothing in it")]
    Empty,
    /// The first line with anything in it is of no known form.
    #[error(
        "line {line}: {text:?} begins no moving network: use t,u,v,up|down; connection events of the ONE; a b start end; t i j of \
         SocioPatterns; ns-2 setdest; or SUMO FCD"
    )]
    Unknown {
        /// The number of the line.
        line: u64,
        /// What stands in it.
        text: String,
    },
    /// A line is wrong.
    #[error("line {line}: {problem}")]
    Line {
        /// The number of the line.
        line: u64,
        /// What is wrong.
        problem: Problem,
    },
    /// There is a presence file for something that is no list of contacts.
    #[error("a presence file goes with a list of contacts \"a b start end\" alone")]
    Presence,
    /// A line of the presence file is wrong.
    #[error("line {line} of the presence file: {problem}")]
    PresenceLine {
        /// The number of the line.
        line: u64,
        /// What is wrong.
        problem: Problem,
    },
    /// The whole is no network of contacts.
    #[error(transparent)]
    Contacts(#[from] ContactsError),
    /// The whole is no movement.
    #[error(transparent)]
    Movement(#[from] MovementError),
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What is wrong in a line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It has another form than the lines before it.
    #[error("{text:?} is not {form}")]
    Form {
        /// What stands in it.
        text: String,
        /// What such a line looks like.
        form: &'static str,
    },
    /// A time is none.
    #[error("{0:?} is no time in seconds from 0 on")]
    Time(String),
    /// A number is none.
    #[error("{0:?} is no number")]
    Number(String),
    /// A name cannot be one.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A host of the ONE is no address.
    #[error("{0:?} is no host: use a number, with letters before it or without")]
    Host(String),
    /// Time goes back.
    #[error("time goes back from {} s to {} s", InSeconds(*.before), InSeconds(*.time))]
    Backwards {
        /// The latest time before.
        before: Interval,
        /// The time of this line.
        time: Interval,
    },
    /// A node meets itself.
    #[error("the node {0} meets itself")]
    Itself(NodeId),
    /// A node is not listed.
    #[error("there is no node {0} in the list of nodes")]
    UnknownNode(String),
    /// A node is listed again.
    #[error("the node {0} is listed twice")]
    Twice(NodeId),
    /// A link that is up comes up.
    #[error("the link between {0} and {1} is up already")]
    AlreadyUp(NodeId, NodeId),
    /// A link that is not up goes down.
    #[error("the link between {0} and {1} is not up")]
    NotUp(NodeId, NodeId),
    /// A node that is there joins.
    #[error("the node {0} is there already")]
    AlreadyThere(NodeId),
    /// A node that is not there leaves.
    #[error("the node {0} is not there")]
    NotThere(NodeId),
    /// A contact is not inside of what the presence file says.
    #[error("the node {node} is not there from {} s to {} s by the presence file", InSeconds(*.from), InSeconds(*.until))]
    Absent {
        /// The node.
        node: NodeId,
        /// When the contact begins.
        from: Interval,
        /// When it ends.
        until: Interval,
    },
    /// A node is at two places.
    #[error("the node {node} is at two places at once at {} s", InSeconds(*.time))]
    TwoPlaces {
        /// The node.
        node: NodeId,
        /// When.
        time: Interval,
    },
    /// A node moves and has no place.
    #[error("the node {0} moves before it has a place: set X_ and Y_ of it")]
    NoPlace(String),
    /// A script has a variable.
    #[error("{0} is a variable: write its value")]
    Variable(String),
    /// The text is no XML.
    #[error("not XML: {0}")]
    Xml(String),
    /// An element lacks an attribute.
    #[error("<{element}> has no {attribute}")]
    NoAttribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// A vehicle stands outside of any timestep.
    #[error("<{0}> is in no <timestep>")]
    NoTimestep(String),
    /// Places are longitudes and latitudes.
    #[error("x and y are longitude and latitude: write the file without --fcd-output.geo, in metres")]
    Geo,
}

/// Puts the number of its line to a problem.
pub(super) fn at(line: u64) -> impl FnOnce(Problem) -> ReadError {
    move |problem| ReadError::Line { line, problem }
}
