//! The `bartizan` command.

use std::process::ExitCode;

use bartizan_policy_compiler::commands::Arguments;
use clap::Parser as _;

fn main() -> ExitCode {
    Arguments::parse().run().into()
}
