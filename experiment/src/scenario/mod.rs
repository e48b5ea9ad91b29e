//! Scenario files: one TOML with everything about a run. Its keys are the flags of `cnsim run`, its values are what is typed behind
//! them, and its tables are faults.
//!
//! [`mod@file`] reads one, [`typed`] puts it before what is typed, [`save`] writes one of what is typed; [`locate`] says in which line
//! stands what a plan refuses. [`check`], [`schema`] and the template are what `cnsim scenario` does. No key is listed here: they
//! are what clap knows of the flags ([`keys`]), so that a new flag is a key from its first day.

pub mod args;
pub mod check;
pub mod command;
pub(crate) mod fault_table;
pub mod file;
pub mod keys;
pub mod locate;
pub(crate) mod nearest;
pub(crate) mod place;
pub mod save;
pub mod schema;
mod steps;
pub mod typed;
