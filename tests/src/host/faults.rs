//! Faults that a test injects into hostcalls.

use super::status::Status;

/// What happens instead of, or before, the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The call does nothing and answers this.
    Answer(Status),
    /// The call answers `Ok` but hands over a null pointer and size 0, as some hosts' empty stubs do.
    NullPointers,
    /// The module's allocator refuses: the call has nowhere to put its answer (`InvalidMemoryAccess`).
    NoMemory,
    /// Before the call, another writer stores what is already there: the number that the module read is stale.
    /// Where nothing is stored, nothing happens.
    AnotherWriter,
    /// Before the call, a stranger stores these bytes under the same key of shared data.
    Stranger(Vec<u8>),
}

/// Which calls of a name are hit, counted from 1 since the fault was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one only.
    Nth(u64),
    /// This one and all later ones.
    From(u64),
    /// The first so many.
    First(u64),
    /// One in so many.
    Every(u64),
}

/// One planned fault.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Name of the import, `proxy_set_shared_data`.
    pub call: String,
    /// Which calls.
    pub which: Which,
    /// What happens.
    pub effect: Effect,
}

/// The faults of a process and how often each call was made since they were set.
#[derive(Debug, Default)]
pub struct Faults {
    planned: Vec<(Fault, u64)>,
    /// How many faults took effect.
    pub happened: u64,
}

impl Faults {
    /// Adds a fault.
    pub fn plan(&mut self, call: &str, which: Which, effect: Effect) {
        self.planned.push((Fault { call: call.to_owned(), which, effect }, 0));
    }

    /// Forgets all faults.
    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// What is to happen to this call, which is counted.
    pub fn next(&mut self, call: &str) -> Option<Effect> {
        let mut effect = None;
        for (fault, calls) in self.planned.iter_mut().filter(|(fault, _)| fault.call == call) {
            *calls = calls.saturating_add(1);
            let hit = match fault.which {
                Which::Nth(nth) => *calls == nth,
                Which::From(first) => *calls >= first,
                Which::First(last) => *calls <= last,
                Which::Every(step) => calls.checked_rem(step) == Some(0),
            };
            if hit {
                effect = Some(fault.effect.clone());
            }
        }
        if effect.is_some() {
            self.happened = self.happened.saturating_add(1);
        }
        effect
    }
}
