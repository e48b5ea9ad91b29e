//! Networks that move: whose links come and go, and whose nodes may too.
//!
//! Whatever a network was, it becomes [`Contacts`]: a list of changes in the order of time. A [`Model`] is drawn from a seed, [`read::read`]
//! makes them of a text, and a [`Movement`] (where nodes are) becomes contacts by how far links reach. All of it is plain data: there are
//! deliberately no files here, callers open them; and no radio, links are up or down.

mod area;
mod bounds;
mod contacts;
mod crossing;
mod foremost;
mod meetings;
mod movement;
mod nearby;
mod present;
mod reach;
pub mod read;
mod rewire;
mod spec;
mod spell;
mod stats;
mod walk;
mod way;
mod waypoint;
mod write;

pub use area::{Area, AreaError};
pub use bounds::{Bounds, BoundsError};
pub use contacts::{Change, Contacts, ContactsError, Parts};
pub use foremost::foremost;
pub use movement::{Leg, Movement, MovementError, Point};
pub use present::Present;
pub use reach::Reach;
pub use rewire::Rewire;
pub use spec::{Model, ModelError, MotionSpec, MotionSpecError, ParameterError, STEPS_MAX};
pub use spell::{Backwards, Contact, InSeconds, Link, Spell, Stay};
pub use stats::{Moment, MotionStats, Quantiles, REACH_STEPS_MAX, Reached};
pub use walk::Walk;
pub use waypoint::Waypoint;
pub use write::WriteError;
