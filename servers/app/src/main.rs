//! The command line.

mod cli;
mod mcp;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
