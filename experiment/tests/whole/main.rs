//! The built program, as a user runs it.

mod common;
mod halt;
mod help;
mod input;
mod run;
