//! The commands of `cnsim-analyze`.

pub mod arguments;
pub mod runs;
