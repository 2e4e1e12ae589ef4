//! `cargo xtask test`: every check there is, one after the other, and what was skipped with its reason.

use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::cargo::{
    WASM, binary, build_commands, build_filter, build_modules, cargo, root, run as run_command, shown,
    wasm_target,
};
use crate::containers::{self, Engine};
use crate::envoy;
use crate::failure::Failure;

/// The filters, which only link for wasm.
const MODULES: [&str; 3] = ["bartizan-filter", "noop-filter", "probe-filter"];

/// How the steps went.
#[derive(Default)]
struct Report {
    only: String,
    passed: Vec<String>,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Report {
    /// Runs a step, says how it went, and goes on. A step that was not asked for counts as done before.
    fn step(&mut self, name: &str, work: impl FnOnce() -> Result<(), Failure>) -> bool {
        if !name.contains(&self.only) {
            return true;
        }
        eprintln!("\n==== {name}");
        let start = Instant::now();
        let outcome = work();
        let took = start.elapsed().as_secs();
        match outcome {
            Ok(()) => {
                eprintln!("==== {name}: ok ({took} s)");
                self.passed.push(name.to_owned());
                true
            }
            Err(failure) => {
                eprintln!("==== {name}: FAILED ({took} s): {failure}");
                self.failed.push(format!("{name}: {failure}"));
                false
            }
        }
    }

    fn skip(&mut self, name: &str, reason: &str) {
        if !name.contains(&self.only) {
            return;
        }
        eprintln!("\n==== {name}: skipped: {reason}");
        self.skipped.push(format!("{name}: {reason}"));
    }

    fn close(self) -> ExitCode {
        println!();
        for (word, steps) in [("passed", &self.passed), ("failed", &self.failed), ("skipped", &self.skipped)]
        {
            for step in steps {
                println!("{word:>8}  {step}");
            }
        }
        let (passed, failed, skipped) = (self.passed.len(), self.failed.len(), self.skipped.len());
        println!("\n{passed} passed, {failed} failed, {skipped} skipped");
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs every step whose name contains `only`.
pub(crate) fn run(only: &str) -> Result<ExitCode, Failure> {
    let mut report = Report { only: only.to_owned(), ..Report::default() };
    report.step("formatting", || ours(cargo().args(["fmt", "--all", "--check"])));
    report.step("lints", || ours(cargo().args(["clippy", "--all-targets", "--", "-D", "warnings"])));
    if report.step("wasm target", wasm_target) {
        report.step("lints of the filters", lint_modules);
        built(&mut report);
    } else {
        for name in ["filters", "tests", "suite against an Envoy process", "suite in containers"] {
            report.skip(name, "there is no wasm target");
        }
    }
    Ok(report.close())
}

/// What needs the filters.
fn built(report: &mut Report) {
    let modules = report.step("filters", || {
        build_filter()?;
        build_modules(&["noop-filter", "probe-filter"])
    });
    let envoy = envoy::resolve();
    // The scenarios compile their policies with the command itself.
    let commands = report.step("commands", build_commands);
    report.step("tests, native and under the emulated host", || {
        let mut command = cargo();
        command.args(["test", "--no-fail-fast"]);
        if let Ok(envoy) = &envoy {
            // The conformance probes run in the real Envoy too.
            command.env("BARTIZAN_ENVOY", envoy);
        }
        ours(&mut command)
    });
    let (process, containers) = ("suite against an Envoy process", "suite in containers");
    let envoy = match envoy {
        Ok(envoy) if modules && commands => envoy,
        Ok(_) => {
            report.skip(process, "what it needs was not built");
            report.skip(containers, "what it needs was not built");
            return;
        }
        Err(failure) => {
            report.step(process, || Err(failure));
            report.skip(containers, "there is no Envoy to put into a container");
            return;
        }
    };
    report.step(process, || {
        ours(
            Command::new(binary("bartizan-integration"))
                .arg("suite")
                .env("BARTIZAN_ENVOY", &envoy)
                .current_dir(root()),
        )
    });
    match containers::engine() {
        Engine::Ready(compose) => {
            report.step(containers, || containers::suite(compose, &envoy));
        }
        Engine::Missing(reason) => report.skip(containers, &reason),
    }
}

fn lint_modules() -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["clippy", "--release", "--target", WASM]);
    command.args(MODULES.iter().flat_map(|module| ["-p", *module]));
    ours(command.args(["--", "-D", "warnings"]))
}

fn ours(command: &mut Command) -> Result<(), Failure> {
    eprintln!("$ {}", shown(command));
    run_command(command)
}
