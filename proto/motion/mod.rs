//! Networks that move: whose links come and go, and whose nodes may too.

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
