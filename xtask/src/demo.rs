//! `cargo xtask demo`: builds what the demo needs, and only that, and starts it.

use std::process::{Command, ExitCode};

use crate::cargo::{binary, build_commands, build_filter, module, root, shown, target, wasm_target};
use crate::envoy;
use crate::failure::Failure;

/// The policy that the demo and the bench run.
pub(crate) const POLICY: &str = "tests/examples/shop/shop.policy.yaml";

/// Runs the demo; its exit code says whether every kind of traffic met what was expected.
pub(crate) fn run(keep: bool) -> Result<ExitCode, Failure> {
    wasm_target()?;
    build_filter()?;
    build_commands()?;
    let envoy = envoy::resolve()?;
    let mut command = Command::new(binary("bartizan-integration"));
    command
        .current_dir(root())
        .env("BARTIZAN_ENVOY", envoy)
        .arg("demo")
        .arg("--filter")
        .arg(module("bartizan_filter"))
        .arg("--compiler")
        .arg(binary("bartizan"))
        .args(["--policy", POLICY])
        .arg("--directory")
        .arg(target().join("demo"));
    if keep {
        command.arg("--keep");
    }
    exit_code(&mut command)
}

/// Runs a command that prints for itself and hands on its exit code.
pub(crate) fn exit_code(command: &mut Command) -> Result<ExitCode, Failure> {
    let shown = shown(command);
    let status = command.status().map_err(|error| Failure::new(format!("cannot run `{shown}`: {error}")))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
