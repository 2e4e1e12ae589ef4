//! What all virtual machines of one emulated Envoy process share.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::faults::Faults;
use super::metrics::Metrics;
use super::shared_data::SharedData;

/// A line that a module logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 critical.
    pub level: u32,
    /// Who logged it.
    pub thread: Thread,
    /// The text.
    pub text: String,
}

/// The thread on which a virtual machine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thread {
    /// The short-lived machine that tries a configuration first.
    Canary,
    /// The main thread's machine: ticks, but no traffic.
    Main,
    /// A worker, counted from 0.
    Worker(usize),
}

/// The shared part of a process.
#[derive(Debug)]
pub struct Process {
    /// Shared data of all namespaces.
    pub shared_data: SharedData,
    /// Metrics by name.
    pub metrics: Metrics,
    /// Planned faults.
    pub faults: Faults,
    /// Simulated wall clock in nanoseconds since 1970. It stands still unless a test moves it.
    pub now: u64,
    /// Everything that modules logged, oldest first.
    pub log: Vec<LogLine>,
    /// The environment that `host_env_keys` and `key_values` let through.
    pub environment: Vec<(String, String)>,
    /// Level below which modules are told not to log.
    pub log_level: u32,
    /// Hostcalls by name, of all machines, outside exchanges too.
    pub calls: BTreeMap<&'static str, u64>,
    random: u64,
}

/// How the machines hold their process.
pub type SharedProcess = Rc<RefCell<Process>>;

impl Process {
    /// A process whose random numbers follow from `seed`.
    pub fn new(now: u64, seed: u64, environment: Vec<(String, String)>) -> Self {
        Self {
            shared_data: SharedData::default(),
            metrics: Metrics::default(),
            faults: Faults::default(),
            now,
            log: Vec::new(),
            environment,
            log_level: 2,
            calls: BTreeMap::new(),
            random: seed,
        }
    }

    /// The next eight random bytes (SplitMix64: plenty for tests, and repeatable).
    pub fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Notes a hostcall.
    pub fn count_call(&mut self, name: &'static str) {
        let count = self.calls.entry(name).or_insert(0);
        *count = count.saturating_add(1);
    }
}
