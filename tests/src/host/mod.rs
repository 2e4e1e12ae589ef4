//! An Envoy process reduced to what one wasm filter can tell from the outside.
//!
//! One process has a main thread and N workers, each with its own machine and memory, over one shared store. Everything
//! runs on the caller's thread, in the order in which the caller asks: a test that interleaves streams says exactly how.
//! What each rule is, and the probe that compares it with a real Envoy, stands in [`rules`].

mod body;
pub mod exchange;
pub mod faults;
mod imports;
mod local_reply;
pub mod maps;
pub mod metrics;
pub mod module;
mod passing;
pub mod process;
mod properties;
pub mod rules;
pub mod shared_data;
pub mod status;
mod stream;
mod traffic;
mod vm;

use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use exchange::Exchange;
use module::Module;
use process::{Process, SharedProcess, Thread};
use properties::PluginNames;
use stream::StreamRules;
pub use traffic::{Reply, Request, StreamId};
use vm::{Vm, VmState};

/// What becomes of streams on a worker whose machine trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// 503 from then on.
    Closed,
    /// The filter is left out.
    Open,
    /// 503 for the streams at hand, a fresh machine for the next one (without the back-off of a real Envoy).
    Reload,
}

/// How an emulated process is set up; the fields are those of Envoy's configuration.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Worker threads.
    pub workers: usize,
    /// The plugin's configuration as the module receives it.
    pub plugin_configuration: Vec<u8>,
    /// The machine's configuration.
    pub vm_configuration: Vec<u8>,
    /// `vm_id`: the namespace of shared data.
    pub vm_id: String,
    /// The plugin's name.
    pub plugin_name: String,
    /// `root_id`.
    pub root_id: String,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// `allow_on_headers_stop_iteration`.
    pub allow_on_headers_stop_iteration: bool,
    /// `per_connection_buffer_limit_bytes`.
    pub buffer_limit: usize,
    /// `failure_policy`.
    pub failure_policy: FailurePolicy,
    /// Simulated time at the start, nanoseconds since 1970.
    pub now: u64,
    /// What random numbers follow from.
    pub seed: u64,
    /// Level from which on logs are kept: 0 trace .. 5 critical.
    pub log_level: u32,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            workers: 1,
            plugin_configuration: Vec::new(),
            vm_configuration: Vec::new(),
            vm_id: "bartizan".to_owned(),
            plugin_name: "bartizan".to_owned(),
            root_id: String::new(),
            environment: Vec::new(),
            allow_on_headers_stop_iteration: false,
            buffer_limit: 1024 * 1024,
            failure_policy: FailurePolicy::Closed,
            // 2026-01-01T00:00:00Z.
            now: 1_767_225_600_000_000_000,
            seed: 7,
            log_level: 2,
        }
    }
}

/// Why a configuration does not start or is not taken over.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The module misses an import or is broken.
    #[error("the module does not start: {0}")]
    Module(String),
    /// `on_vm_start` or `on_configure` said no. What the module logged is here.
    #[error("the module refuses its configuration; it logged: {0}")]
    Refused(String),
    /// A trap while the configuration was tried.
    #[error("the module trapped while it was configured: {0}")]
    Trapped(String),
}

/// A running emulated process.
pub struct EmulatedEnvoy {
    setup: Setup,
    process: SharedProcess,
    module: wasmtime::InstancePre<VmState>,
    main: Vm,
    workers: Vec<Vm>,
    root: u32,
    contexts: u32,
}

impl EmulatedEnvoy {
    /// Starts a process: the canary first, then the main thread and the workers.
    ///
    /// # Errors
    ///
    /// When the module cannot be loaded, traps, or refuses the configuration.
    pub fn start(module: &Module, setup: Setup) -> Result<Self, StartError> {
        let mut process = Process::new(setup.now, setup.seed, setup.environment.clone());
        process.log_level = setup.log_level;
        let process = Rc::new(RefCell::new(process));
        let module = module.link().map_err(StartError::Module)?;
        let root = 1;
        let start = |thread| start_vm(&module, &process, &setup, thread);
        try_configuration(start(Thread::Canary)?, &process, &setup, root)?;
        let mut main = start(Thread::Main)?;
        main.configure(root, &setup.vm_configuration, &setup.plugin_configuration);
        let mut workers = Vec::new();
        for worker in 0..setup.workers {
            let mut vm = start(Thread::Worker(worker))?;
            vm.configure(root, &setup.vm_configuration, &setup.plugin_configuration);
            workers.push(vm);
        }
        Ok(Self { setup, process, module, main, workers, root, contexts: root })
    }

    /// An update in place: same module, new configuration. Streams that are open keep the old one.
    ///
    /// With another configuration of the machine, every machine is replaced; the shared store stays.
    ///
    /// # Errors
    ///
    /// When the canary refuses or traps; the old configuration stays.
    pub fn reconfigure(
        &mut self,
        plugin_configuration: Vec<u8>,
        vm_configuration: Vec<u8>,
    ) -> Result<(), StartError> {
        let same_machines = vm_configuration == self.setup.vm_configuration;
        let setup = Setup { plugin_configuration, vm_configuration, ..self.setup.clone() };
        let canary = start_vm(&self.module, &self.process, &setup, Thread::Canary)?;
        try_configuration(canary, &self.process, &setup, 1)?;
        let (root, rules) = (self.next_context(), self.rules());
        for vm in self.workers.iter_mut().chain([&mut self.main]) {
            if !same_machines {
                // A real Envoy lets open streams end on the old machine; here they end now.
                vm.abandon(&rules);
                vm.retire(self.root);
                let mut fresh = start_vm(&self.module, &self.process, &setup, vm.view().thread)?;
                fresh.state().exchanges = std::mem::take(&mut vm.state().exchanges);
                *vm = fresh;
            }
            vm.configure(root, &setup.vm_configuration, &setup.plugin_configuration);
            if same_machines && vm.view().exchanges.values().all(|exchange| exchange.finished) {
                vm.retire(self.root);
            }
        }
        self.root = root;
        self.setup = setup;
        Ok(())
    }

    /// The shared part of the process: store, metrics, log, clock, faults.
    pub fn process(&self) -> RefMut<'_, Process> {
        self.process.borrow_mut()
    }

    /// Moves the clock on without ticks.
    pub fn sleep(&self, duration: Duration) {
        let mut process = self.process();
        process.now = process.now.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Sets the wall clock back. Timers run by another one, so ticks come as if nothing had happened.
    pub fn set_back(&mut self, duration: Duration) {
        let back = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let now = self.process().now.saturating_sub(back);
        self.process().now = now;
        for vm in self.workers.iter_mut().chain([&mut self.main]) {
            for timer in vm.state().timers.values_mut() {
                timer.since = timer.since.saturating_sub(back);
            }
        }
    }

    /// Moves the clock on, and ticks every root whose period has passed since its last tick, or since the period was set
    /// (once).
    pub fn advance(&mut self, duration: Duration) {
        self.sleep(duration);
        let now = self.process().now;
        let rules = self.rules();
        for vm in self.workers.iter_mut().chain([&mut self.main]) {
            for (root, timer) in vm.view().timers.clone() {
                if timer.next().is_some_and(|next| now >= next) {
                    vm.root_callback(&rules, root, "proxy_on_tick");
                    // The period starts again when the callback has returned, whether it set another one or not.
                    if let Some(timer) = vm.state().timers.get_mut(&root) {
                        timer.since = now;
                    }
                }
            }
        }
    }

    /// When the next tick is due, nanoseconds since 1970.
    fn next_tick(&self) -> Option<u64> {
        let machines = self.workers.iter().chain([&self.main]);
        machines.flat_map(|vm| vm.view().timers.values()).filter_map(|timer| timer.next()).min()
    }

    /// Ticks one worker now, whatever its period.
    pub fn tick(&mut self, worker: usize) {
        let (rules, root) = (self.rules(), self.root);
        if let Some(vm) = self.workers.get_mut(worker) {
            vm.root_callback(&rules, root, "proxy_on_tick");
        }
    }

    /// How often a worker ticks, in milliseconds; 0 for never.
    pub fn tick_period(&self, worker: usize) -> u32 {
        let timers = self.workers.get(worker).map(|vm| vm.view().timers.values());
        timers.into_iter().flatten().map(|timer| timer.period).filter(|period| *period > 0).min().unwrap_or(0)
    }

    /// How many workers there are.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Linear memory of a worker's machine in bytes.
    pub fn memory_size(&self, worker: usize) -> usize {
        self.workers.get(worker).map_or(0, Vm::memory_size)
    }

    /// Why a worker's machine failed, if it did.
    pub fn failure(&self, worker: usize) -> Option<&str> {
        self.workers.get(worker)?.failure()
    }

    /// Traps of all workers: what must stay empty.
    pub fn failures(&self) -> Vec<&str> {
        self.workers.iter().chain([&self.main]).filter_map(Vm::failure).collect()
    }

    /// Everything logged so far as text, one line each.
    pub fn log_text(&self) -> String {
        self.process().log.iter().map(|line| line.text.clone()).collect::<Vec<_>>().join("\n")
    }

    fn rules(&self) -> StreamRules {
        StreamRules {
            stop_iteration_in_headers: self.setup.allow_on_headers_stop_iteration,
            buffer_limit: self.setup.buffer_limit,
            fail_open: self.setup.failure_policy == FailurePolicy::Open,
        }
    }

    fn next_context(&mut self) -> u32 {
        self.contexts = self.contexts.wrapping_add(1);
        self.contexts
    }

    /// Replaces a failed machine where the policy says so.
    fn reload(&mut self, worker: usize) {
        let failed = self.workers.get(worker).is_some_and(|vm| vm.failure().is_some());
        if !failed || self.setup.failure_policy != FailurePolicy::Reload {
            return;
        }
        let fresh = start_vm(&self.module, &self.process, &self.setup, Thread::Worker(worker));
        if let (Ok(mut fresh), Some(vm)) = (fresh, self.workers.get_mut(worker)) {
            fresh.configure(self.root, &self.setup.vm_configuration, &self.setup.plugin_configuration);
            // What the old machine still knows of its exchanges stays readable.
            fresh.state().exchanges = std::mem::take(&mut vm.state().exchanges);
            *vm = fresh;
        }
    }

    fn exchange_of(&mut self, stream: StreamId) -> Option<&mut Exchange> {
        self.workers.get_mut(stream.worker)?.state().exchanges.get_mut(&stream.context)
    }
}

fn start_vm(
    module: &wasmtime::InstancePre<VmState>,
    process: &SharedProcess,
    setup: &Setup,
    thread: Thread,
) -> Result<Vm, StartError> {
    let names = PluginNames {
        plugin: setup.plugin_name.clone(),
        root_id: setup.root_id.clone(),
        vm_id: setup.vm_id.clone(),
    };
    let state = VmState {
        process: Rc::clone(process),
        thread,
        names,
        memory: None,
        allocate: None,
        restricted: false,
        current: 0,
        effective: None,
        roots: Vec::new(),
        exchanges: BTreeMap::new(),
        plugin_configuration: None,
        vm_configuration: None,
        metrics: Vec::new(),
        timers: BTreeMap::new(),
        stop_iteration: false,
        after_call: Vec::new(),
    };
    Vm::start(module, state).map_err(StartError::Module)
}

fn try_configuration(
    mut canary: Vm,
    process: &SharedProcess,
    setup: &Setup,
    root: u32,
) -> Result<(), StartError> {
    let already = process.borrow().log.len();
    let accepted = canary.configure(root, &setup.vm_configuration, &setup.plugin_configuration);
    if let Some(failure) = canary.failure() {
        return Err(StartError::Trapped(failure.to_owned()));
    }
    if accepted {
        return Ok(());
    }
    let lines: Vec<String> =
        process.borrow().log.iter().skip(already).map(|line| line.text.clone()).collect();
    Err(StartError::Refused(lines.join("; ")))
}
