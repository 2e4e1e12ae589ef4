//! Counters in the host's stats.

use crate::host;
use bartizan_engine::blob::Policy;
use bartizan_engine::metrics::{Metric, Tally};
use std::collections::HashMap;

/// The ids of counters that were used so far. Their number follows from the policy, see [`Metric`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    ids: HashMap<Metric, u32>,
}

impl Counters {
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
