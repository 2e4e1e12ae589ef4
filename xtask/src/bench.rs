//! `cargo xtask bench`: what the filter costs in a real Envoy.

use std::process::{Command, ExitCode};

use clap::ValueEnum;

use crate::cargo::{binary, build_commands, build_filter, build_modules, module, root, target, wasm_target};
use crate::demo::{POLICY, exit_code};
use crate::envoy;
use crate::failure::Failure;

/// What is measured, and how.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Rounds; each measures every variant once, in alternating order.
    #[arg(long, default_value_t = 15)]
    rounds: u32,
    /// Seconds for each variant in each round. CPU time is counted in ticks of 10 ms, so less than one is too coarse.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
}

/// How the result is written.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// Measures plain Envoy, a filter that does nothing, and Bartizan.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    wasm_target()?;
    build_filter()?;
    build_modules(&["noop-filter"])?;
    build_commands()?;
    let envoy = envoy::resolve()?;
    // Envoy gets the first processor, the load the second.
    let mut command = Command::new("taskset");
    command
        .current_dir(root())
        .env("BARTIZAN_ENVOY", envoy)
        .args(["--cpu-list", "1"])
        .arg(binary("bartizan-integration"))
        .arg("bench")
        .arg("--filter")
        .arg(module("bartizan_filter"))
        .arg("--noop")
        .arg(module("noop_filter"))
        .arg("--compiler")
        .arg(binary("bartizan"))
        .args(["--policy", POLICY])
        .arg("--directory")
        .arg(target().join("bench"))
        .args(["--rounds", &args.rounds.to_string(), "--seconds", &args.seconds.to_string()]);
    command.args([
        "--format",
        match args.format {
            Format::Table => "table",
            Format::Json => "json",
        },
    ]);
    exit_code(&mut command)
}
