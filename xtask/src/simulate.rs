//! `cargo xtask simulate`: labelled traffic through the engine, with simulated time.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use clap::Subcommand;

use crate::cargo::{build_simulator, fast_binary};
use crate::demo::exit_code;
use crate::failure::Failure;

/// What is simulated.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Account takeover: customers and attackers at fifty login routes.
    #[command(disable_help_flag = true)]
    Ato {
        /// Options of the simulator; `--help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
    /// What the state takes when millions come, and who is still known after them.
    #[command(disable_help_flag = true)]
    Capacity {
        /// Options of the measurement; `--help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
}

/// Builds the simulator and runs it where the task was started, so that paths mean what they say.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    build_simulator()?;
    let mut command = Command::new(fast_binary("bartizan-simulator"));
    exit_code(match &args.what {
        What::Ato { options } => command.args(options),
        What::Capacity { options } => command.arg("capacity").args(options),
    })
}
