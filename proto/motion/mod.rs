//! Networks that move: whose links come and go, and whose nodes may too.

mod contacts;
mod foremost;
mod spell;

pub use contacts::{Change, Contacts, ContactsError, Parts};
pub use foremost::foremost;
pub use spell::{Backwards, Contact, InSeconds, Link, Spell, Stay};
