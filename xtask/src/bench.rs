//! `cargo xtask bench`: what the filter costs in a real Envoy.

use std::process::{Command, ExitCode};

use clap::{Subcommand, ValueEnum};

use crate::cargo::{binary, build_commands, build_filter, build_modules, module, root, target, wasm_target};
use crate::demo::{POLICY, exit_code};
use crate::envoy;
use crate::failure::Failure;
use crate::scan_bench;

/// The six lines that use the rule pack against account takeover.
const LOGIN_POLICY: &str = "integration/policies/account-takeover.policy.yaml";

/// What is measured, and how.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// Something else than the cost of requests.
    #[command(subcommand)]
    other: Option<Other>,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// What is measured.
    #[arg(long, value_enum, default_value_t = Measure::All)]
    measure: Measure,
    /// Rounds; each measures every variant once, in alternating order.
    #[arg(long, default_value_t = 15)]
    rounds: u32,
    /// Seconds for each variant in each round. CPU time is counted in ticks of 10 ms, so less than one is too coarse.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
}

/// Measurements of their own.
#[derive(Subcommand)]
enum Other {
    /// How fast replies are scanned for sensitive data: natively, beside `RegexSet` and Hyperscan, and in a real Envoy.
    Scan(scan_bench::Scan),
    /// What is found in generated replies in which there is nothing sensitive.
    FalseAlarms(scan_bench::FalseAlarms),
}

/// What is measured.
#[derive(Clone, Copy, ValueEnum)]
enum Measure {
    /// Everything.
    All,
    /// Reading pages that Envoy answers by itself.
    Pages,
    /// Logging in at the sample shop, under the rule pack against account takeover.
    Login,
}

/// How the result is written.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

/// A choice as the harness's command line has it.
pub(crate) fn name(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Measures plain Envoy, a filter that does nothing, and Bartizan.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.other {
        None => {}
        Some(Other::Scan(args)) => return scan_bench::scan(args),
        Some(Other::FalseAlarms(args)) => return scan_bench::false_alarms(args),
    }
    let mut command = harness("bench")?;
    command.args(["--policy", POLICY, "--login-policy", LOGIN_POLICY]);
    command.arg("--directory").arg(target().join("bench"));
    command.args(["--rounds", &args.rounds.to_string(), "--seconds", &args.seconds.to_string()]);
    command.args(["--format", &name(args.format), "--measure", &name(args.measure)]);
    exit_code(&mut command)
}

/// The harness with a task that compares Bartizan with a filter that does nothing; what that needs is built.
pub(crate) fn harness(task: &str) -> Result<Command, Failure> {
    wasm_target()?;
    build_filter()?;
    build_modules(&["noop-filter"])?;
    build_commands()?;
    let envoy = envoy::resolve()?;
    // Envoy gets the first processor, everything else the second.
    let mut command = Command::new("taskset");
    command
        .current_dir(root())
        .env("BARTIZAN_ENVOY", envoy)
        .args(["--cpu-list", "1"])
        .arg(binary("bartizan-integration"))
        .arg(task)
        .arg("--filter")
        .arg(module("bartizan_filter"))
        .arg("--noop")
        .arg(module("noop_filter"))
        .arg("--compiler")
        .arg(binary("bartizan"));
    Ok(command)
}
