//! Studies: many runs from one file, in an order that confounds nothing, stopped and gone on with as one likes.
//!
//! A study's file is a scenario with a table `[vary]`. [`mod@file`] reads it, [`cells`] makes of it every combination of what varies,
//! each a scenario of its own, and [`plan`] puts them into randomised complete blocks: a block holds every cell once. Names, seeds
//! and order of the runs follow from the file alone, so that the same command goes on with a study that was stopped. [`folder`]
//! is where it stands, [`carry`] runs what is not there yet, and [`status`] and `report` say what came of it.

pub mod args;
pub mod carry;
pub mod cells;
pub mod command;
pub mod error;
mod estimate;
pub mod file;
pub mod folder;
pub mod label;
pub mod plan;
pub mod record;
#[cfg(feature = "report")]
pub mod report;
mod settings;
pub mod status;
mod template;
