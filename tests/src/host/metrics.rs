//! Counters, gauges and histograms of the process: the same name in all workers is one metric.

use std::collections::BTreeMap;

use super::status::Status;

/// The kinds that a module can define.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Grows and shrinks.
    Gauge,
    /// Collects values.
    Histogram,
}

impl MetricKind {
    /// The kind with this number in the ABI.
    pub fn of(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Counter),
            1 => Some(Self::Gauge),
            2 => Some(Self::Histogram),
            _ => None,
        }
    }
}

/// A metric's identity in the process.
pub type MetricKey = (MetricKind, String);

/// All metrics of the process.
#[derive(Debug, Default)]
pub struct Metrics {
    values: BTreeMap<MetricKey, u64>,
}

impl Metrics {
    /// Makes the metric known with the value 0, or keeps it as it is.
    pub fn define(&mut self, key: &MetricKey) {
        self.values.entry(key.clone()).or_insert(0);
    }

    /// Adds to a counter or gauge. A counter refuses 0 and negative steps, a histogram every step.
    pub fn increment(&mut self, key: &MetricKey, step: i64) -> Status {
        let value = self.values.entry(key.clone()).or_insert(0);
        match key.0 {
            MetricKind::Counter if step <= 0 => Status::BadArgument,
            MetricKind::Histogram => Status::BadArgument,
            MetricKind::Counter | MetricKind::Gauge => {
                *value = value.saturating_add_signed(step);
                Status::Ok
            }
        }
    }

    /// Adds to a counter, sets a gauge, counts a value of a histogram.
    pub fn record(&mut self, key: &MetricKey, value: u64) -> Status {
        let have = self.values.entry(key.clone()).or_insert(0);
        *have = match key.0 {
            MetricKind::Counter => have.saturating_add(value),
            MetricKind::Gauge => value,
            MetricKind::Histogram => have.saturating_add(1),
        };
        Status::Ok
    }

    /// The value of a counter or gauge.
    pub fn value(&self, key: &MetricKey) -> Option<u64> {
        if key.0 == MetricKind::Histogram { None } else { self.values.get(key).copied() }
    }

    /// The value of the counter of this name; 0 if it was never defined.
    pub fn counter(&self, name: &str) -> u64 {
        self.values.get(&(MetricKind::Counter, name.to_owned())).copied().unwrap_or(0)
    }

    /// Names of all metrics, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(|(_, name)| name.as_str())
    }
}
