//! Scenarios: what a policy makes of a sequence of requests, written as data that a non-programmer can read.
//!
//! A file names a policy and lists tests; a test is one request or a sequence. Every test is played with 1, 2 and 7 workers
//! (requests are dealt in turn) and with both ways in which a body can end, because none of that may matter.

mod body;
mod judge;
mod message;
mod play;
pub mod policy;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use body::{Characters, Compressed, Part, Parts};
pub use judge::Expected;
pub use message::{Ending, Kept, ScenarioReply, ScenarioRequest};
pub use play::{Player, play_file};

/// A file of scenarios.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// The policy, relative to this file.
    pub policy: PathBuf,
    /// Settings of the host for all tests, as in the filter's configuration.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Environment variables for all tests, beside the keys that every test has.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The tests.
    pub tests: Vec<Scenario>,
}

/// One test.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// A sentence.
    pub name: String,
    /// How many workers to play it with, one after the other.
    #[serde(default = "usual_workers")]
    pub workers: Vec<usize>,
    /// Whether to play it once for every place at which the last reply's body can be cut in two.
    #[serde(default)]
    pub every_split: bool,
    /// Settings beside those of the file.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Environment variables beside those of the file; an empty one takes a variable away.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// How the policy travels to the filter.
    #[serde(default)]
    pub carried: Carried,
    /// The steps; or a single step beside the name.
    #[serde(default)]
    pub sequence: Vec<Step>,
    /// The request of a test of one step.
    #[serde(default)]
    pub request: Option<ScenarioRequest>,
    /// Its reply.
    #[serde(default)]
    pub response: ScenarioReply,
    /// What is expected of it.
    #[serde(default)]
    pub expect: Expected,
}

/// How a policy travels.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Carried {
    /// As raw bytes, with the settings beside them.
    #[default]
    Raw,
    /// As base64 in one JSON object with the settings: what Istio can do.
    Json,
}

/// One step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How often; `{n}` in texts counts from 1.
    #[serde(default = "once")]
    pub repeat: u32,
    /// Time between two of them, `2s`.
    #[serde(default)]
    pub every: Option<String>,
    /// Time that passes before the step.
    #[serde(default)]
    pub after: Option<String>,
    /// How far the clock is set back before the step.
    #[serde(default)]
    pub set_back: Option<String>,
    /// Whether all requests of the step are under way before the first reply comes.
    #[serde(default)]
    pub together: bool,
    /// New settings: the configuration is updated in place before the step.
    #[serde(default)]
    pub settings: Option<BTreeMap<String, serde_json::Value>>,
    /// What the client sends.
    #[serde(default)]
    pub request: Option<ScenarioRequest>,
    /// What the upstream answers.
    #[serde(default)]
    pub response: ScenarioReply,
    /// Cookies of the last reply that later requests name: `{device: sid}` puts the value of `sid` where `{device}` stands.
    #[serde(default)]
    pub keep_cookies: BTreeMap<String, String>,
    /// What is expected of each.
    #[serde(default)]
    pub expect: Expected,
    /// What is expected of all together: how many reached the upstream.
    #[serde(default)]
    pub reached_upstream: Option<AtMost>,
}

/// A bound.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AtMost {
    /// Not more.
    #[serde(default)]
    pub at_most: Option<u32>,
    /// Not fewer.
    #[serde(default)]
    pub at_least: Option<u32>,
}

impl Scenario {
    /// The steps, also of a test that is written as one.
    pub fn steps(&self) -> Vec<Step> {
        if self.request.is_none() {
            return self.sequence.clone();
        }
        vec![Step {
            repeat: 1,
            every: None,
            after: None,
            set_back: None,
            together: false,
            settings: None,
            request: self.request.clone(),
            response: self.response.clone(),
            keep_cookies: BTreeMap::new(),
            expect: self.expect.clone(),
            reached_upstream: None,
        }]
    }
}

/// Reads a file.
///
/// # Errors
///
/// When it cannot be read or is no file of scenarios; the text names it.
pub fn read(path: &Path) -> Result<ScenarioFile, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// What stands beside scenarios and is none.
const BESIDE: [&str; 2] = [".policy.yaml", ".openapi.yaml"];

/// All files of scenarios below a directory, in order.
///
/// # Errors
///
/// When a directory cannot be listed.
pub fn find(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let listing =
            std::fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        for path in listing.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".yaml") && !BESIDE.iter().any(|beside| name.ends_with(beside)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `250ms`, `90s`, `10m`, `2h`, `180d`.
///
/// # Errors
///
/// When it is no duration.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration such as 250ms, 2s, 10m, 1h or 180d");
    let digits = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_millis(number.saturating_mul(milliseconds)))
}

fn usual_workers() -> Vec<usize> {
    vec![1, 2, 7]
}

fn once() -> u32 {
    1
}
