//! Building with cargo: one target directory and the same flags everywhere, so that nothing is built twice.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::progress::Step;

/// The target of everything that a proxy loads.
pub(crate) const WASM: &str = "wasm32-wasip1";

/// The root of the repository: where this package's directory is.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The directory that cargo builds into.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => root().join(directory),
        None => root().join("target"),
    }
}

/// A module that was built.
pub(crate) fn module(name: &str) -> PathBuf {
    target().join(WASM).join("release").join(name).with_extension("wasm")
}

/// A command that was built for this machine.
pub(crate) fn binary(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// A command that was built for this machine to be fast.
pub(crate) fn fast_binary(name: &str) -> PathBuf {
    target().join("release").join(name)
}

/// Adds the wasm target to the toolchain where it is missing.
pub(crate) fn wasm_target() -> Result<(), Failure> {
    let toolchain = Command::new("rustc").current_dir(root()).args(["--print", "sysroot"]).output()?;
    let sysroot = String::from_utf8_lossy(&toolchain.stdout).trim().to_owned();
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    let step = Step::begin(format!("adding the target {WASM} to the toolchain"));
    match Command::new("rustup").current_dir(root()).args(["target", "add", WASM]).output() {
        Ok(output) if output.status.success() => {
            step.done();
            Ok(())
        }
        Ok(output) => Err(Failure::new(format!(
            "rustup cannot add the target {WASM}, without which the filter cannot be built: {}\nadd it by hand \
             (`rustup target add {WASM}`), or install the standard library for {WASM} of exactly this toolchain",
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
        Err(error) => Err(Failure::new(format!(
            "the target {WASM} is missing and rustup cannot be started ({error}); install the standard library for \
             {WASM} of the toolchain in {sysroot}"
        ))),
    }
}

/// Builds the filter.
pub(crate) fn build_filter() -> Result<(), Failure> {
    build("building the filter", &["--release", "--target", WASM, "-p", "bartizan-filter"])
}

/// Builds other modules for the proxy: the filter that does nothing, the filter that probes the host.
pub(crate) fn build_modules(packages: &[&str]) -> Result<(), Failure> {
    let mut arguments = vec!["--release", "--target", WASM];
    arguments.extend(packages.iter().flat_map(|package| ["-p", *package]));
    build(&format!("building {}", packages.join(", ")), &arguments)
}

/// Builds the `bartizan` command and the harness, with the flags of a plain `cargo build`.
pub(crate) fn build_commands() -> Result<(), Failure> {
    build("building the bartizan command and the harness", &["-p", "bartizan", "-p", "integration", "--bins"])
}

/// Builds the simulator. A world is millions of logins.
pub(crate) fn build_simulator() -> Result<(), Failure> {
    build("building the simulator", &["--release", "-p", "bartizan-simulator"])
}

/// Builds the command that measures the scanner without a proxy.
pub(crate) fn build_scan_native() -> Result<(), Failure> {
    build("building the scanner's measurements", &["--release", "-p", "scan-native"])
}

/// Runs `cargo build` and shows what it says only where it fails; on a terminal cargo's own progress is better.
fn build(what: &str, arguments: &[&str]) -> Result<(), Failure> {
    let step = Step::begin(what);
    step.aside();
    run(cargo().arg("build").args(arguments))
}

/// Cargo, in the root of the repository.
pub(crate) fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// Runs a command that prints for itself; fails unless it ends well.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    let status = command.status().map_err(|error| Failure::new(format!("cannot run `{shown}`: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` failed ({status})"))) }
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    std::iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
