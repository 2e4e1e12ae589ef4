//! What the host offers to a module, and how an import reads and writes the module's memory.

mod bodies;
mod headers;
mod process;
mod streams;
mod wasi;

use wasmtime::{Caller, Linker};

use super::faults::Effect;
use super::status::Status;
use super::vm::VmState;

/// Adds every import of the ABI 0.2.1 and of WASI that Envoy offers.
///
/// # Errors
///
/// When two imports have the same name.
pub(super) fn link(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    headers::link(linker)?;
    bodies::link(linker)?;
    streams::link(linker)?;
    process::link(linker)?;
    wasi::link(linker)
}

/// Why an import stops early.
pub(super) enum Stop {
    /// With this answer.
    Answer(Status),
    /// With a trap.
    Trap(wasmtime::Error),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Stop::Answer(status)
    }
}

/// What an import's body gives.
pub(super) type Outcome = Result<Status, Stop>;

/// A running import.
pub(super) struct Guest<'a> {
    caller: Caller<'a, VmState>,
    name: &'static str,
    effect: Option<Effect>,
}

impl<'a> Guest<'a> {
    /// Counts the call, refuses what `_initialize` may not do, and looks up planned faults.
    pub(super) fn enter(mut caller: Caller<'a, VmState>, name: &'static str) -> Result<Self, Stop> {
        let state = caller.data_mut();
        if state.restricted && !ALLOWED_AT_START.contains(&name) {
            return Err(Stop::Trap(wasmtime::Error::msg(format!("restricted_callback: {name}"))));
        }
        if let Some(exchange) = state.exchange() {
            let count = exchange.calls.calls.entry(name).or_insert(0);
            *count = count.saturating_add(1);
        }
        let effect = {
            let mut process = state.process.borrow_mut();
            process.count_call(name);
            process.faults.next(name)
        };
        if let Some(Effect::Answer(status)) = effect {
            return Err(Stop::Answer(status));
        }
        Ok(Self { caller, name, effect })
    }

    /// The machine's state.
    pub(super) fn state(&mut self) -> &mut VmState {
        self.caller.data_mut()
    }

    /// The fault planned for this call, if it is one of shared data.
    pub(super) fn effect(&self) -> Option<&Effect> {
        self.effect.as_ref()
    }

    /// Copies bytes out of the module.
    pub(super) fn read(&mut self, at: u32, length: u32) -> Result<Vec<u8>, Stop> {
        let memory = self.caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
        let start = at as usize;
        let end = start.saturating_add(length as usize);
        let bytes = memory.data(&self.caller).get(start..end).ok_or(Status::InvalidMemoryAccess)?.to_vec();
        self.moved(bytes.len());
        Ok(bytes)
    }

    /// Copies text out of the module.
    pub(super) fn read_text(&mut self, at: u32, length: u32) -> Result<String, Stop> {
        Ok(String::from_utf8_lossy(&self.read(at, length)?).into_owned())
    }

    /// Copies bytes into the module.
    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Stop> {
        let memory = self.caller.data().memory.ok_or(Status::InvalidMemoryAccess)?;
        memory.write(&mut self.caller, at as usize, bytes).map_err(|_| Status::InvalidMemoryAccess)?;
        self.moved(bytes.len());
        Ok(())
    }

    /// Writes one number.
    pub(super) fn write_number(&mut self, at: u32, number: u32) -> Result<(), Stop> {
        self.write(at, &number.to_le_bytes())
    }

    /// Hands bytes over: asks the module for memory, copies, and writes where they are and how many. Nothing to hand
    /// over is a null pointer.
    pub(super) fn give(&mut self, pointer_at: u32, size_at: u32, bytes: &[u8]) -> Outcome {
        if self.effect == Some(Effect::NoMemory) {
            return Ok(Status::InvalidMemoryAccess);
        }
        if bytes.is_empty() || self.effect == Some(Effect::NullPointers) {
            self.write_number(pointer_at, 0)?;
            self.write_number(size_at, 0)?;
            return Ok(Status::Ok);
        }
        let allocate = self.caller.data().allocate.clone().ok_or(Status::InvalidMemoryAccess)?;
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let pointer = allocate.call(&mut self.caller, size).map_err(Stop::Trap)?;
        if pointer == 0 {
            return Ok(Status::InvalidMemoryAccess);
        }
        self.write(pointer, bytes)?;
        self.write_number(pointer_at, pointer)?;
        self.write_number(size_at, size)?;
        Ok(Status::Ok)
    }

    /// A call that this host does not have: loud, so that no test relies on it by accident.
    pub(super) fn not_emulated(&self) -> Stop {
        Stop::Trap(wasmtime::Error::msg(format!("{} is not emulated", self.name)))
    }

    fn moved(&mut self, bytes: usize) {
        if let Some(exchange) = self.caller.data_mut().exchange() {
            exchange.calls.bytes = exchange.calls.bytes.saturating_add(bytes as u64);
        }
    }
}

/// What `_initialize` may call.
const ALLOWED_AT_START: &[&str] = &[
    "proxy_log",
    "fd_write",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "args_get",
    "args_sizes_get",
    "environ_get",
    "environ_sizes_get",
    "clock_time_get",
    "random_get",
    "proc_exit",
    "poll_oneoff",
    "sched_yield",
];

/// Declares imports of one module: `fn name(guest, argument: type, ..) { body }`, the body giving an [`Outcome`].
macro_rules! imports {
    ($linker:ident, $module:literal; $( fn $name:ident($guest:ident $(, $argument:ident : $kind:ty)* $(,)?) $body:block )*) => {
        $(
            $linker.func_wrap(
                $module,
                stringify!($name),
                |caller: wasmtime::Caller<'_, $crate::host::vm::VmState>, $($argument: $kind),*| -> wasmtime::Result<u32> {
                    let outcome = $crate::host::imports::Guest::enter(caller, stringify!($name))
                        .and_then(|mut $guest| -> $crate::host::imports::Outcome { $body });
                    match outcome {
                        Ok(status) | Err($crate::host::imports::Stop::Answer(status)) => Ok(status.number()),
                        Err($crate::host::imports::Stop::Trap(trap)) => Err(trap),
                    }
                },
            )?;
        )*
    };
}
pub(super) use imports;
