//! Playing scenarios in the emulated host.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::message::Ending;
use super::message::Kept;
use super::{Carried, Scenario, ScenarioFile, Step, duration, policy, read};
use crate::host::exchange::Exchange;
use crate::host::module::Module;
use crate::host::{EmulatedEnvoy, Setup, StreamId};

/// Settings by key.
type Settings = BTreeMap<String, Value>;

/// One way to play a test.
#[derive(Clone, Copy, Debug)]
struct Variant {
    workers: usize,
    ending: Ending,
    split: Option<usize>,
}

/// A process that plays the steps of one test.
pub struct Player {
    host: EmulatedEnvoy,
    blob: Vec<u8>,
    carried: Carried,
    next_worker: usize,
    kept: Kept,
}

/// Plays every test of a file in all its variants and gives what differs, one text per failed test.
///
/// # Errors
///
/// When the file or its policy cannot be used.
pub fn play_file(module: &Module, path: &Path) -> Result<Vec<String>, String> {
    let file = read(path)?;
    let policy = path.parent().unwrap_or(Path::new(".")).join(&file.policy);
    let blob = policy::compiled(&policy)?;
    let mut failures = Vec::new();
    for scenario in &file.tests {
        for variant in variants(scenario) {
            if let Err(differences) = play(module, &blob, &file, scenario, variant) {
                failures.push(format!(
                    "{} ({variant:?}):\n    {}",
                    scenario.name,
                    differences.replace('\n', "\n    ")
                ));
                break;
            }
        }
    }
    Ok(failures)
}

fn variants(scenario: &Scenario) -> Vec<Variant> {
    let mut variants = Vec::new();
    for &workers in &scenario.workers {
        for ending in [Ending::Empty, Ending::WithData] {
            variants.push(Variant { workers, ending, split: None });
        }
    }
    if scenario.every_split {
        let length = scenario.steps().last().map_or(0, |step| step.response.length());
        for split in 0..=length {
            variants.push(Variant { workers: 1, ending: Ending::Empty, split: Some(split) });
        }
    }
    variants
}

fn play(
    module: &Module,
    blob: &[u8],
    file: &ScenarioFile,
    scenario: &Scenario,
    variant: Variant,
) -> Result<(), String> {
    let mut settings: Settings = BTreeMap::from([("records".to_owned(), Value::from("all"))]);
    settings.extend(file.settings.clone());
    settings.extend(scenario.settings.clone());
    let mut environment = file.environment.clone();
    environment.extend(scenario.environment.clone());
    let mut player = Player::start(module, blob, variant.workers, &settings, &environment, scenario.carried)?;
    let steps = scenario.steps();
    let last = steps.len().saturating_sub(1);
    for (index, step) in steps.iter().enumerate() {
        let split = variant.split.filter(|_| index == last);
        player
            .step(step, &settings, variant.ending, split)
            .map_err(|differences| format!("step {}: {differences}", index.saturating_add(1)))?;
    }
    let traps = player.host.failures().join("; ");
    if traps.is_empty() {
        Ok(())
    } else {
        Err(format!("the filter trapped: {traps}\n{}", player.host.log_text()))
    }
}

impl Player {
    /// Starts a process with a policy.
    ///
    /// # Errors
    ///
    /// When the filter refuses the configuration.
    pub fn start(
        module: &Module,
        blob: &[u8],
        workers: usize,
        settings: &Settings,
        environment: &BTreeMap<String, String>,
        carried: Carried,
    ) -> Result<Self, String> {
        let hold = settings.get("hold_headers").and_then(Value::as_bool).unwrap_or(false);
        let limit = settings
            .get("buffer_limit")
            .and_then(Value::as_u64)
            .and_then(|limit| usize::try_from(limit).ok());
        let (plugin, vm) = configuration(blob, settings, carried);
        let setup = Setup {
            workers,
            // The host has no more than what the filter is told.
            buffer_limit: limit.unwrap_or(DEFAULT_BUFFER_LIMIT),
            plugin_configuration: plugin,
            vm_configuration: vm,
            environment: with_keys(environment),
            allow_on_headers_stop_iteration: hold,
            ..Setup::default()
        };
        let host = EmulatedEnvoy::start(module, setup).map_err(|error| error.to_string())?;
        Ok(Self { host, blob: blob.to_vec(), carried, next_worker: 0, kept: Kept::new() })
    }

    /// The process.
    pub fn host(&mut self) -> &mut EmulatedEnvoy {
        &mut self.host
    }

    /// Plays a step.
    ///
    /// # Errors
    ///
    /// What differs from the expectations.
    pub fn step(
        &mut self,
        step: &Step,
        settings: &Settings,
        ending: Ending,
        split: Option<usize>,
    ) -> Result<(), String> {
        if let Some(after) = &step.after {
            self.host.pass_time(duration(after)?);
        }
        if let Some(back) = &step.set_back {
            self.host.set_back(duration(back)?);
        }
        if let Some(changed) = &step.settings {
            let mut settings = settings.clone();
            settings.extend(self.dated(changed));
            let (plugin, vm) = configuration(&self.blob, &settings, self.carried);
            self.host.reconfigure(plugin, vm).map_err(|error| error.to_string())?;
        }
        let Some(request) = &step.request else { return Ok(()) };
        let every = step.every.as_deref().map(duration).transpose()?.unwrap_or_default();
        let mut seen = Vec::new();
        let mut under_way: Vec<StreamId> = Vec::new();
        for n in 1..=step.repeat {
            if n > 1 {
                self.host.pass_time(every);
            }
            let worker = self.next_worker;
            self.next_worker = self.next_worker.wrapping_add(1);
            let stream = self.host.send(worker, &request.wire(n, &self.kept, ending)?);
            under_way.push(stream);
            if !step.together {
                seen.push(self.end(stream, n, step, ending, split));
                under_way.clear();
            }
        }
        for (n, stream) in (1..).zip(under_way) {
            seen.push(self.end(stream, n, step, ending, split));
        }
        for (name, cookie) in &step.keep_cookies {
            let last = seen.last().and_then(|exchange| set_cookie(exchange, cookie));
            let value = last.ok_or_else(|| format!("the last reply sets no cookie {cookie}"))?;
            self.kept.insert(name.clone(), value);
        }
        judge(step, &seen, &self.kept)
    }

    /// Replies to a stream whose request reached the upstream as a whole, and ends it.
    fn end(
        &mut self,
        stream: StreamId,
        n: u32,
        step: &Step,
        ending: Ending,
        split: Option<usize>,
    ) -> Exchange {
        let mut seen = self.host.look(stream);
        // What the filter holds back moves with a tick, or never.
        let mut waited = Duration::ZERO;
        while !seen.finished && !seen.upstream.complete && waited < LONGEST_HOLD {
            self.host.pass_time(A_MOMENT);
            waited = waited.saturating_add(A_MOMENT);
            seen = self.host.look(stream);
        }
        if !seen.finished && seen.upstream.complete {
            self.host.answer(stream, &step.response.wire(n, &self.kept, ending, split));
        }
        self.host.take(stream)
    }

    /// Settings in which the text `now` stands for the simulated time in seconds.
    fn dated(&mut self, settings: &Settings) -> Settings {
        let now = (self.host.process().now / 1_000_000_000).to_string();
        let text = serde_json::to_string(settings).unwrap_or_default().replace("\"now\"", &now);
        serde_json::from_str(&text).unwrap_or_default()
    }
}

fn judge(step: &Step, seen: &[Exchange], kept: &Kept) -> Result<(), String> {
    let mut differences = Vec::new();
    for (n, exchange) in (1..).zip(seen) {
        if !exchange.finished {
            differences.push(format!("request {n} never ended"));
        }
        let found: Vec<String> =
            step.expect.differences(exchange, &step.response.body(n, kept), step.response.characters);
        if !found.is_empty() {
            differences.push(format!("request {n}: {}", found.join("\n  ")));
            break;
        }
    }
    let reached = u32::try_from(seen.iter().filter(|exchange| exchange.upstream.head.is_some()).count())
        .unwrap_or(u32::MAX);
    if let Some(bound) = step.reached_upstream
        && (bound.at_most.is_some_and(|most| reached > most)
            || bound.at_least.is_some_and(|least| reached < least))
    {
        differences.push(format!("{reached} of {} reached the upstream, not {bound:?}", seen.len()));
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// The plugin's and the machine's configuration.
fn configuration(blob: &[u8], settings: &Settings, carried: Carried) -> (Vec<u8>, Vec<u8>) {
    let mut settings = settings.clone();
    match carried {
        Carried::Raw => (blob.to_vec(), serde_json::to_vec(&settings).unwrap_or_default()),
        Carried::Json => {
            settings.insert("policy".to_owned(), Value::from(STANDARD.encode(blob)));
            (serde_json::to_vec(&settings).unwrap_or_default(), Vec::new())
        }
    }
}

/// The variables of a process: the keys that every test has, and what it says itself.
fn with_keys(own: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let keys = [
        ("BARTIZAN_HASH_KEY", "0123456789abcdef0123456789abcdef"),
        ("BARTIZAN_DEVICE_KEY", "the device key of the scenarios"),
    ];
    let mut environment: BTreeMap<String, String> =
        keys.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    environment.extend(own.clone());
    environment.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The value of a cookie that a reply sets.
fn set_cookie(exchange: &Exchange, cookie: &str) -> Option<String> {
    let head = exchange.client.head.as_ref()?;
    let mut set = head.pairs().filter(|(name, _)| *name == b"set-cookie");
    set.find_map(|(_, value)| {
        let value = String::from_utf8_lossy(value).into_owned();
        let (pair, _) = value.split_once(';').unwrap_or((&value, ""));
        pair.split_once('=').filter(|(name, _)| *name == cookie).map(|(_, value)| value.to_owned())
    })
}

/// Longer than any policy may let a reply wait.
const LONGEST_HOLD: Duration = Duration::from_secs(35);
const A_MOMENT: Duration = Duration::from_millis(10);

/// What the filter takes for the host's buffer limit if its settings do not say.
const DEFAULT_BUFFER_LIMIT: usize = 32_768;
