//! How fast replies are scanned: natively, beside what others make of the same patterns, and in a real Envoy.
//!
//! Everything here asks and adds up; the native measurements are made by commands that are built to be fast. In Envoy the
//! price of a filter is the processor time of a listener with it, less that of a plain one: what sending the body costs
//! anyway is in both.

mod corpora;
mod envoys;
mod load;
mod native;
mod report;
mod upstream;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// What the bench starts from.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Bartizan's module.
    pub filter: PathBuf,
    /// The module that does nothing.
    pub noop: PathBuf,
    /// The `bartizan` command.
    pub compiler: PathBuf,
    /// The command that measures natively, `scan-native`.
    pub native: PathBuf,
    /// The command that measures Hyperscan; or why there is none.
    pub hyperscan: Result<PathBuf, String>,
    /// The policy that looks for everything.
    pub policy: PathBuf,
    /// Expressions that stand for the engine's built-in scanners.
    pub builtins: PathBuf,
    /// The directory for bodies and for Envoy's files; what is in it is overwritten.
    pub directory: PathBuf,
    /// Files to measure with beside the generated bodies.
    pub files: Vec<PathBuf>,
    /// How often each variant is measured in Envoy.
    pub rounds: u32,
    /// How long each measurement takes.
    pub seconds: u64,
    /// Print JSON instead of a table.
    pub json: bool,
}

/// One measurement.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    /// `native` or `envoy`.
    r#where: String,
    corpus: String,
    /// `bartizan`, `regex-set` and `hyperscan`, natively; `plain`, `noop` and `bartizan` in Envoy.
    engine: String,
    /// Megabytes (10^6 bytes) a second on one core. For `bartizan` in Envoy: of the processor time that the filter adds to
    /// a plain Envoy's; for `plain` and `noop`: of all.
    mb_per_s: f64,
    /// In Envoy: of all processor time.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_mb_per_s: Option<f64>,
    /// The share of bytes that something could have begun with.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates_percent: Option<f64>,
}

/// Measures and prints.
///
/// # Errors
///
/// Something could not be started, or Envoy answered something else than was asked for. That Hyperscan is missing is only
/// said.
pub fn run(setting: &Setting) -> Result<(), Failure> {
    let corpora = native::write_corpora(setting)?;
    let mut rows = native::measure(setting)?;
    match &setting.hyperscan {
        Ok(command) => rows.extend(native::measure_hyperscan(setting, command, &corpora)?),
        Err(reason) => eprintln!("Hyperscan is left out: {reason}"),
    }
    let mut in_envoy = envoys::measure(setting, corpora)?;
    // The module is the same code: what could begin a value is no matter of where it runs.
    for row in in_envoy.iter_mut().filter(|row| row.engine == "bartizan") {
        let native = rows.iter().find(|native| native.corpus == row.corpus && native.engine == "bartizan");
        row.candidates_percent = native.and_then(|native| native.candidates_percent);
    }
    rows.extend(in_envoy);
    report::print(&rows, setting.json)
}

/// A value with one decimal place.
fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
