//! What reached the shop.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// The shop remembers this many requests and only counts those beyond.
const REMEMBERED: usize = 50_000;

/// One request that reached the shop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The query, empty for none.
    pub query: String,
    /// Header names and values in the order of arrival; bytes that are not UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body that arrived.
    pub body_bytes: usize,
    /// Whether the body arrived to its end.
    pub complete: bool,
}

impl Seen {
    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The requests since the last reset.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    seen: Mutex<Vec<Seen>>,
}

impl Ledger {
    /// Notes a request and returns its place, for [`Ledger::body`].
    pub(super) fn note(&self, seen: Seen) -> usize {
        let mut all = self.lock();
        if all.len() < REMEMBERED {
            all.push(seen);
        }
        all.len().saturating_sub(1)
    }

    /// Notes how a request's body went on.
    pub(super) fn body(&self, place: usize, bytes: usize, complete: bool) {
        if let Some(seen) = self.lock().get_mut(place) {
            seen.body_bytes = bytes;
            seen.complete = complete;
        }
    }

    pub(super) fn all(&self) -> Vec<Seen> {
        self.lock().clone()
    }

    pub(super) fn reset(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
