//! The one place that knows how things are built and started.

mod bench;
mod cargo;
mod ci;
mod containers;
mod demo;
mod envoy;
mod failure;
mod progress;
mod scan_bench;
mod simulate;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, tests, demonstrates and measures Bartizan")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start a real Envoy with Bartizan before a sample shop and send it mixed traffic.
    Demo {
        /// Leave everything running until Ctrl-C, with lines for curl.
        #[arg(long)]
        keep: bool,
    },
    /// Formatting, lints, all tests, and the suite against a real Envoy, in containers too where possible.
    Test {
        /// Only the steps whose name contains this; what they need must have been built before.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Build the filter; the last line is the module's path.
    Wasm,
    /// Measure what the filter costs.
    Bench(bench::Args),
    /// Send labelled traffic through the engine, with simulated time.
    Simulate(simulate::Args),
    /// What continuous integration runs: installs what is missing, then `test` and `demo`.
    Ci,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Demo { keep } => demo::run(keep),
        Task::Test { only } => test::run(&only),
        Task::Wasm => wasm(),
        Task::Bench(args) => bench::run(&args),
        Task::Simulate(args) => simulate::run(&args),
        Task::Ci => ci::run(),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn wasm() -> Result<ExitCode, Failure> {
    cargo::wasm_target()?;
    cargo::build_filter()?;
    println!("{}", cargo::module("bartizan_filter").display());
    Ok(ExitCode::SUCCESS)
}
