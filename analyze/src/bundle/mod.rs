//! A bundle: one zip with everything that a reader needs to make a report again, and the report itself.
//!
//! `inputs/` holds the files that the report was made from, `report/` the report on them under these very names,
//! `METHODS.md` the settings in words, `REPRODUCE.md` what to type, and `bundle.json` the options and the digest of every
//! other file. The same inputs, options and build give the same bytes.

mod difference;
mod error;
mod index;
mod methods;
mod pack;
mod place;
mod reproduce;
mod staging;
mod verify;

pub use error::BundleError;
pub use pack::pack;
pub use place::check_place;
pub use staging::{Staged, stage};
pub use verify::{Verified, verify};
