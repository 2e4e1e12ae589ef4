//! Settings of the host: what changes without compiling the policy again.

use crate::clock::Millis;
use crate::vocabulary::AddressRange;

/// What the host says beside the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether every app only reports, whatever the policy says.
    pub report_only: bool,
    /// Whether everything passes untouched.
    pub kill_switch: bool,
    /// Whether the host runs body callbacks while headers are held.
    pub hold_headers: bool,
    /// How many bytes of a body the host buffers.
    pub buffer_limit: u64,
    /// How many pages the state has, [`crate::state::pool::MIN_PAGES`] to [`crate::state::pool::MAX_PAGES`].
    pub state_pages: u32,
    /// How many phases of logins (requests and replies) a worker gathers for a route, network or fingerprint before it writes
    /// them: 1 writes each at once. A tick writes what waits. At most [`MOST_GATHERED_LOGINS`].
    pub gather_logins: u32,
    /// How many exchanges a minute a worker tells of for nothing but what was found in them; more are only counted.
    pub finding_records_per_minute: u32,
    /// What is forgotten, and for whom.
    pub forget: Vec<Forget>,
}

/// The most that [`Settings::gather_logins`] may say.
pub const MOST_GATHERED_LOGINS: u32 = 1000;

impl Default for Settings {
    fn default() -> Self {
        Self {
            report_only: false,
            kill_switch: false,
            hold_headers: false,
            buffer_limit: 32_768,
            state_pages: 2048,
            gather_logins: 16,
            finding_records_per_minute: 600,
            forget: Vec::new(),
        }
    }
}

/// Lifts bans and forgets counts from before a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forget {
    /// Everything before this.
    pub before: Millis,
    /// For these addresses; for all where absent.
    pub addresses: Option<AddressRange>,
}

impl Settings {
    /// The moment before which nothing counts for an address.
    #[must_use]
    pub fn not_before(&self, address: u128) -> Millis {
        let applies = |forget: &&Forget| {
            forget.addresses.is_none_or(|range| range.first <= address && address <= range.last)
        };
        self.forget.iter().filter(applies).map(|forget| forget.before).max().unwrap_or_default()
    }

    /// The longest body that may be held: half of what the host buffers, so that it never answers with 413.
    #[must_use]
    pub const fn longest_held(&self) -> u64 {
        self.buffer_limit / 2
    }
}
