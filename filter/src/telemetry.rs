//! Counters in the host's stats.

use crate::host;
use bartizan_engine::blob::Policy;
use bartizan_engine::metrics::{Metric, Tally};
use std::collections::HashMap;

/// The ids of counters that were used so far. Their number follows from the policy, see [`Metric`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    ids: HashMap<Metric, u32>,
    /// The id of the counter of replies that should have waited.
    at_once: Option<u32>,
}

/// Replies that should have waited, where too many waited already.
const AT_ONCE: &str = "bartizan.slow_replies.at_once";

impl Counters {
    /// Counts a reply that should have waited and could not.
    pub(crate) fn count_one_at_once(&mut self) {
        self.at_once = self.at_once.or_else(|| host::define_counter(AT_ONCE));
        if let Some(id) = self.at_once {
            host::count(id, 1);
        }
    }

    /// Gives everything in the tally to the host.
    pub(crate) fn publish(&mut self, tally: &mut Tally, policy: &Policy<'_>) {
        for (metric, events) in tally.take() {
            let known = self.ids.get(&metric).copied();
            let id = known.or_else(|| host::define_counter(&metric.name(policy)));
            if let Some(id) = id {
                self.ids.insert(metric, id);
                host::count(id, events);
            }
        }
    }
}
