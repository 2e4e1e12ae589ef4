//! Looks after heads that are held.
//!
//! Whether the host calls body callbacks while a head is held cannot be asked. If it does not, a held exchange would hang.
//! So: until one body callback was seen for a held head, any that waits longer than five seconds is let go, and after
//! three of them nothing is held for a minute. Once one was seen the host is known to do it, and slow clients are just slow.

use crate::host;
use bartizan_engine::clock::Millis;
use std::collections::BTreeMap;

const PATIENCE_MS: u64 = 5_000;
const PAUSE_MS: u64 = 60_000;
const STRIKES: u32 = 3;

/// Which head of which stream is held.
pub(crate) type Held = (u32, Direction);

/// Of a request or of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// What is held in this VM. Bounded by the streams that the host has open.
#[derive(Debug, Default)]
pub(crate) struct Watchdog {
    held: BTreeMap<Held, Millis>,
    is_proven: bool,
    strikes: u32,
    paused_until: Millis,
}

impl Watchdog {
    /// Whether heads may be held now.
    pub(crate) fn may_hold(&self, now: Millis) -> bool {
        self.is_proven || now >= self.paused_until
    }

    pub(crate) fn hold(&mut self, held: Held, now: Millis) {
        self.held.insert(held, now);
    }

    /// The first body callback came for a head that was held. `false` where the watchdog let it go before: then the head is
    /// no longer ours.
    pub(crate) fn body_came(&mut self, held: Held) -> bool {
        let still_held = self.held.remove(&held).is_some();
        self.is_proven |= still_held;
        still_held
    }

    pub(crate) fn forget(&mut self, context: u32) {
        self.held.remove(&(context, Direction::Request));
        self.held.remove(&(context, Direction::Response));
    }

    /// Lets go what waited too long.
    pub(crate) fn tick(&mut self, now: Millis) {
        if self.is_proven {
            return;
        }
        let late: Vec<Held> = self
            .held
            .iter()
            .filter(|(_, since)| now.0.saturating_sub(since.0) > PATIENCE_MS)
            .map(|(held, _)| *held)
            .collect();
        for (context, direction) in &late {
            self.held.remove(&(*context, *direction));
            host::resume(*context, *direction == Direction::Response);
            self.strikes += 1;
        }
        if self.strikes >= STRIKES {
            self.strikes = 0;
            self.paused_until = now.plus(PAUSE_MS);
            log::warn!(
                "heads that were held got no body: is `allow_on_headers_stop_iteration: true` set beside `hold_headers`? \
                 Nothing is held for a minute"
            );
        }
    }
}
