//! One virtual machine: a module's instance with its own memory, and how the host calls into it.

use std::collections::BTreeMap;

use wasmtime::{Instance, InstancePre, Memory, Store, TypedFunc, Val};

use super::exchange::{Direction, Exchange, LocalReply};
use super::metrics::MetricKey;
use super::process::{SharedProcess, Thread};
use super::properties::PluginNames;

/// What hostcalls of one machine see and change.
pub(super) struct VmState {
    /// The process.
    pub process: SharedProcess,
    /// Where the machine lives.
    pub thread: Thread,
    /// Names that properties show.
    pub names: PluginNames,
    /// The module's memory; known once instantiated.
    pub memory: Option<Memory>,
    /// The module's allocator; known once instantiated.
    pub allocate: Option<TypedFunc<u32, u32>>,
    /// Whether `_initialize` runs: most calls trap.
    pub restricted: bool,
    /// Context of the running callback.
    pub current: u32,
    /// Context that `set_effective_context` chose for the rest of the callback.
    pub effective: Option<u32>,
    /// Contexts that `set_effective_context` accepts beside exchanges.
    pub roots: Vec<u32>,
    /// Exchanges by context.
    pub exchanges: BTreeMap<u32, Exchange>,
    /// Bytes of the plugin's configuration while `on_configure` runs.
    pub plugin_configuration: Option<Vec<u8>>,
    /// Bytes of the machine's configuration while `on_vm_start` or `on_configure` runs.
    pub vm_configuration: Option<Vec<u8>>,
    /// Metrics by the number that this machine was given.
    pub metrics: Vec<MetricKey>,
    /// Ticks by root context.
    pub timers: BTreeMap<u32, Timer>,
    /// Set by a local reply: whatever the callback returns, the message stops.
    pub stop_iteration: bool,
    /// What happens once the running callback has returned.
    pub after_call: Vec<AfterCall>,
}

/// When a root context ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    /// Milliseconds between ticks; 0 for none.
    pub period: u32,
    /// Since when the period runs, nanoseconds since 1970.
    pub since: u64,
}

impl Timer {
    /// When it ticks next.
    pub(super) fn next(self) -> Option<u64> {
        let period = u64::from(self.period).saturating_mul(1_000_000);
        (period > 0).then(|| self.since.saturating_add(period))
    }
}

/// What a callback asked for and the host does when it has returned.
#[derive(Clone, Debug)]
pub(super) enum AfterCall {
    /// Send this reply.
    Reply(u32, LocalReply),
    /// Move a held message on.
    Resume(u32, Direction),
    /// Cut the exchange off.
    Close(u32),
}

impl VmState {
    /// The context that a hostcall acts on.
    pub(super) fn context(&self) -> u32 {
        self.effective.unwrap_or(self.current)
    }

    /// The exchange that a hostcall acts on; none in root callbacks.
    pub(super) fn exchange(&mut self) -> Option<&mut Exchange> {
        let context = self.context();
        self.exchanges.get_mut(&context)
    }
}

/// A virtual machine.
pub(super) struct Vm {
    store: Store<VmState>,
    instance: Instance,
    failure: Option<String>,
}

impl Vm {
    /// Instantiates the module and runs its start function.
    ///
    /// # Errors
    ///
    /// When the module cannot be instantiated, or traps while it starts.
    pub(super) fn start(module: &InstancePre<VmState>, state: VmState) -> Result<Self, String> {
        let mut store = Store::new(module.module().engine(), state);
        let instance =
            module.instantiate(&mut store).map_err(|error| format!("cannot instantiate: {error:#}"))?;
        let memory = instance.get_memory(&mut store, "memory");
        let allocate = ["malloc", "proxy_on_memory_allocate"]
            .iter()
            .find_map(|name| instance.get_typed_func::<u32, u32>(&mut store, name).ok());
        if memory.is_none() || allocate.is_none() {
            return Err("the module exports no memory or no allocator".to_owned());
        }
        store.data_mut().memory = memory;
        store.data_mut().allocate = allocate;
        let mut vm = Self { store, instance, failure: None };
        vm.store.data_mut().restricted = true;
        for name in ["_initialize", "_start"] {
            if vm.instance.get_func(&mut vm.store, name).is_some() {
                vm.enter(0, name, &[]);
                break;
            }
        }
        vm.store.data_mut().restricted = false;
        match vm.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(vm),
        }
    }

    /// Makes a root context and configures it. False when the module refuses.
    pub(super) fn configure(
        &mut self,
        root: u32,
        vm_configuration: &[u8],
        plugin_configuration: &[u8],
    ) -> bool {
        self.store.data_mut().roots.push(root);
        self.store.data_mut().vm_configuration = Some(vm_configuration.to_vec());
        self.enter(root, "proxy_on_context_create", &[root, 0]);
        let started = self.enter(root, "proxy_on_vm_start", &[root, size(vm_configuration)]);
        let mut accepted = started == Some(1);
        if accepted {
            self.store.data_mut().plugin_configuration = Some(plugin_configuration.to_vec());
            accepted = self.enter(root, "proxy_on_configure", &[root, size(plugin_configuration)]) == Some(1);
        }
        self.store.data_mut().plugin_configuration = None;
        self.store.data_mut().vm_configuration = None;
        accepted
    }

    /// Ends a root context whose last exchange is gone.
    pub(super) fn retire(&mut self, root: u32) {
        self.state().timers.remove(&root);
        self.enter(root, "proxy_on_done", &[root]);
        self.enter(root, "proxy_on_delete", &[root]);
        self.state().roots.retain(|have| *have != root);
    }

    /// Calls an exported function in a context. `None` when the machine has failed, now or before.
    ///
    /// A function that the module does not export does nothing and gives 0.
    pub(super) fn enter(&mut self, context: u32, name: &str, arguments: &[u32]) -> Option<u32> {
        if self.failure.is_some() {
            return None;
        }
        let Some(function) = self.instance.get_func(&mut self.store, name) else {
            return Some(0);
        };
        let state = self.store.data_mut();
        state.current = context;
        state.effective = None;
        state.stop_iteration = false;
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(argument.cast_signed())).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        if let Err(trap) = function.call(&mut self.store, &arguments, &mut results) {
            self.failure = Some(format!("{name}: {trap:#}"));
            self.store.data_mut().after_call.clear();
            return None;
        }
        Some(results.first().and_then(Val::i32).unwrap_or(0).cast_unsigned())
    }

    /// What hostcalls see.
    pub(super) fn state(&mut self) -> &mut VmState {
        self.store.data_mut()
    }

    /// What hostcalls see, to look at.
    pub(super) fn view(&self) -> &VmState {
        self.store.data()
    }

    /// An exchange; an empty one if the context has none.
    pub(super) fn exchange(&mut self, context: u32) -> &mut Exchange {
        self.store.data_mut().exchanges.entry(context).or_default()
    }

    /// Why the machine failed, if it did.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Linear memory in bytes. It never shrinks.
    pub(super) fn memory_size(&self) -> usize {
        self.store.data().memory.map_or(0, |memory| memory.data_size(&self.store))
    }
}

fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
