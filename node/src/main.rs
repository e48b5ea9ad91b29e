//! The node as a program of its own; everything is in the library, which `cnsim` runs too.

use std::process::ExitCode;

fn main() -> ExitCode {
    cnsim_node::main_from(std::env::args_os())
}
