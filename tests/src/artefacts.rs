//! Where built things are, and what to say when they are not there.

use std::path::{Path, PathBuf};

use crate::host::module::Module;

/// The filter under test: `$BARTIZAN_FILTER_WASM`, or where cargo puts it.
///
/// # Errors
///
/// When it is not there; the text says how to build it.
pub fn filter() -> Result<PathBuf, String> {
    built("BARTIZAN_FILTER_WASM", "wasm32-wasip1/release/bartizan_filter.wasm", BUILD_FILTER)
}

/// The filter that follows a probe's script: `$BARTIZAN_PROBE_WASM`, or where cargo puts it.
///
/// # Errors
///
/// When it is not there; the text says how to build it.
pub fn probe_filter() -> Result<PathBuf, String> {
    built("BARTIZAN_PROBE_WASM", "wasm32-wasip1/release/probe_filter.wasm", BUILD_PROBE)
}

/// The `bartizan` command: `$BARTIZAN_BIN`, or where cargo puts it.
///
/// # Errors
///
/// When it is not there; the text says how to build it.
pub fn command() -> Result<PathBuf, String> {
    built("BARTIZAN_BIN", "debug/bartizan", "cargo build -p bartizan")
}

/// A real Envoy, if `$BARTIZAN_ENVOY` names one.
pub fn envoy() -> Option<PathBuf> {
    std::env::var_os("BARTIZAN_ENVOY").map(PathBuf::from)
}

/// Compiles a module with the cache in the target directory.
///
/// # Errors
///
/// When it is no module.
pub fn load(path: &Path) -> Result<Module, String> {
    Module::load(path, Some(&target().join("wasmtime-cache")))
}

/// The directory of this package: scenarios and probes are below it.
pub fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => PathBuf::from(directory),
        None => package().parent().unwrap_or(package()).join("target"),
    }
}

fn built(variable: &str, path: &str, how: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os(variable).map_or_else(|| target().join(path), PathBuf::from);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} is not there; build it with `{how}`, or name another with ${variable}", path.display()))
}

const BUILD_FILTER: &str = "cargo build --release --target wasm32-wasip1 -p bartizan-filter";
const BUILD_PROBE: &str = "cargo build --release --target wasm32-wasip1 -p probe-filter";
