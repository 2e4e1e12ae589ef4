//! `cargo xtask bench scan` and `cargo xtask bench false-alarms`: how fast replies are scanned, and what is found in
//! replies in which there is nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::bench::{Format, harness, name};
use crate::cargo::{build_scan_native, fast_binary, root, target};
use crate::demo::exit_code;
use crate::failure::Failure;
use crate::progress::Step;

/// The policy that looks for everything.
const POLICY: &str = "integration/policies/scanning.policy.yaml";

/// Expressions that stand for the engine's built-in scanners.
const BUILTINS: &str = "integration/hyperscan/builtins.txt";

/// The command that measures Hyperscan.
const HYPERSCAN: &str = "integration/hyperscan/scan.c";

/// Debian's package of Hyperscan. It exists for x86 only.
const PACKAGE: &str = "libhyperscan-dev";

/// What is scanned, and how the result is written.
#[derive(clap::Args)]
pub(crate) struct Scan {
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// How often each variant is measured in Envoy, in alternating order.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds for each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Files to measure with beside the generated bodies. Of lines of JSON (`.jsonl`, `.jsonl.gz`) the members `body` are
    /// the bodies.
    files: Vec<PathBuf>,
}

/// How much is scanned, and how the result is written.
#[derive(clap::Args)]
pub(crate) struct FalseAlarms {
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// How much is scanned, in units of 10^6 bytes.
    #[arg(long, default_value_t = 200)]
    megabytes: u64,
    /// What the bodies are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Measures the scanner natively, beside `RegexSet` and Hyperscan, and in a real Envoy.
pub(crate) fn scan(args: &Scan) -> Result<ExitCode, Failure> {
    let mut command = harness("scan-bench")?;
    build_scan_native()?;
    let directory = target().join("scan-bench");
    fs::create_dir_all(&directory)?;
    command
        .arg("--native")
        .arg(fast_binary("scan-native"))
        .args(["--policy", POLICY, "--builtins", BUILTINS])
        .arg("--directory")
        .arg(&directory)
        .args(["--rounds", &args.rounds.to_string(), "--seconds", &args.seconds.to_string()])
        .args(["--format", &name(args.format)]);
    match build_hyperscan(&directory) {
        Ok(built) => command.arg("--hyperscan").arg(built),
        Err(reason) => command.arg("--without-hyperscan").arg(reason.to_string()),
    };
    command.arg("--");
    for file in &args.files {
        // The harness is started in another directory than this task was.
        command.arg(std::path::absolute(file)?);
    }
    exit_code(&mut command)
}

/// Scans generated bodies without anything sensitive in them. The exit code says whether what is promised was kept.
pub(crate) fn false_alarms(args: &FalseAlarms) -> Result<ExitCode, Failure> {
    build_scan_native()?;
    let mut command = Command::new(fast_binary("scan-native"));
    command.current_dir(root()).args(["false-alarms", "--policy", POLICY, "--format", &name(args.format)]);
    command.args(["--megabytes", &args.megabytes.to_string(), "--seed", &args.seed.to_string()]);
    exit_code(&mut command)
}

/// Builds the command that measures Hyperscan; the library is installed first where it is missing and that is allowed.
fn build_hyperscan(directory: &Path) -> Result<PathBuf, Failure> {
    let built = directory.join("hyperscan");
    let compile = || {
        let source = root().join(HYPERSCAN);
        quietly(Command::new("cc").args(["-O2", "-o"]).arg(&built).arg(source).arg("-lhs"))
    };
    let step = Step::begin("building the comparison with Hyperscan");
    if let Err(reason) = compile() {
        let user = Command::new("id").arg("--user").output()?;
        if user.stdout.trim_ascii() != b"0" {
            return Err(Failure::new(format!("{reason}; is {PACKAGE} installed?")));
        }
        quietly(Command::new("apt-get").arg("update"))?;
        quietly(
            Command::new("apt-get")
                .args(["install", "--yes", "--no-install-recommends", PACKAGE])
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )?;
        compile()?;
    }
    step.done();
    Ok(built)
}

/// Runs a command; what it says is shown only where it fails, and only its last line.
fn quietly(command: &mut Command) -> Result<(), Failure> {
    let shown = crate::cargo::shown(command);
    let output = command.output().map_err(|error| Failure::new(format!("cannot run `{shown}`: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().find(|line| line.contains("rror")).or_else(|| said.lines().last());
    Err(Failure::new(format!("`{shown}` failed: {}", reason.unwrap_or_default())))
}
