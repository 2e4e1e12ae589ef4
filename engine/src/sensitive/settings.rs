//! What a scan looks for, and what it does about what it finds.

use crate::blob::Policy;
use crate::blob::detectors::{Confidence, DetectorBits};

/// How a value is overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwriting {
    /// Letters and digits become stars, or digits in a bare number of JSON.
    Stars {
        /// How many letters and digits at the beginning stay readable.
        keep_first: u8,
        /// How many at the end.
        keep_last: u8,
    },
    /// Letters and digits become a token that the same value always gets, and no other.
    Token,
    /// The member of the JSON document is taken out.
    Removal,
}

/// Detectors whose values are overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub detectors: DetectorBits,
    /// The least confidence on which it acts.
    pub confidence: Confidence,
    /// How.
    pub overwriting: Overwriting,
}

/// What a scan looks for, and what it does about what it finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanSettings {
    /// What is looked for.
    pub detectors: DetectorBits,
    /// What is meant to be there: counted apart, never overwritten.
    pub expected: DetectorBits,
    /// What is overwritten; the first that applies to a finding counts.
    pub changes: Vec<Change>,
    /// Whether the values themselves are told apart, as keyed hashes.
    pub hashes_values: bool,
}

impl ScanSettings {
    /// Looks for everything that a policy knows, and overwrites what is found with high confidence.
    #[must_use]
    pub fn everything(policy: &Policy<'_>) -> Self {
        let detectors: DetectorBits = (0..policy.detectors.len()).collect();
        let overwriting = Overwriting::Stars { keep_first: 0, keep_last: 0 };
        let change = Change { detectors, confidence: Confidence::High, overwriting };
        Self { detectors, changes: vec![change], ..Self::default() }
    }

    /// Whether anything may be overwritten.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.changes.iter().any(|change| !change.detectors.is_empty())
    }

    /// Whether anything may be taken out, so that lengths change.
    #[must_use]
    pub fn removes_something(&self) -> bool {
        let removes =
            |change: &Change| change.overwriting == Overwriting::Removal && !change.detectors.is_empty();
        self.changes.iter().any(removes)
    }

    /// What is done to a value.
    pub(super) fn change_of(&self, detector: u16, confidence: Confidence) -> Option<Overwriting> {
        let detector = usize::from(detector);
        if self.expected.contains(detector) {
            return None;
        }
        let applies =
            |change: &&Change| change.detectors.contains(detector) && confidence >= change.confidence;
        self.changes.iter().find(applies).map(|change| change.overwriting)
    }
}
