//! Finds sensitive values in a stream of bytes and overwrites them in place.
//!
//! What is found, counted and written does not depend on how the stream was cut into chunks: a value that may go on in
//! the next chunk stays open, at most [`OPEN_LIMIT`] bytes of it, until it is decided. Numbers and e-mail addresses are
//! looked for in two independent passes; both skip over what cannot begin a value many bytes at a time.
//!
//! The text is taken as raw bytes. Values written with escapes of their own (`\u0034...` in JSON, `%40` in URLs) are not
//! seen. An escape in front of a value (`\n`, `\u003c`) is.

mod blocks;
mod card;
mod email;
mod iban;
mod mask;
mod numbers;
mod scanner;
mod ssn;
#[cfg(test)]
mod tests;
mod text;

pub use scanner::{OPEN_LIMIT, Scanned, Scanner};

use crate::vocabulary::Detector;

/// How many detectors there are.
pub const DETECTORS: usize = Detector::ALL.len();

/// A set of detectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DetectorSet(u8);

impl DetectorSet {
    /// None of them.
    pub const EMPTY: Self = Self(0);

    /// All of them.
    pub const ALL: Self = Self((1 << DETECTORS) - 1);

    /// The set with this number as its [`bits`](Self::bits); bits of no detector are ignored.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// One bit per detector, by its number.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set and this detector.
    #[must_use]
    pub const fn with(self, detector: Detector) -> Self {
        Self(self.0 | 1 << detector as u8)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the detector is in the set.
    #[must_use]
    pub const fn contains(self, detector: Detector) -> bool {
        self.0 & (1 << detector as u8) != 0
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The detectors of the set.
    pub fn iter(self) -> impl Iterator<Item = Detector> {
        Detector::ALL.into_iter().filter(move |detector| self.contains(*detector))
    }
}

impl FromIterator<Detector> for DetectorSet {
    fn from_iter<I: IntoIterator<Item = Detector>>(detectors: I) -> Self {
        detectors.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// What a scan looks for, and what it does about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanSettings {
    /// What is looked for and counted.
    pub detectors: DetectorSet,
    /// What is overwritten as well; only what is in `detectors` counts.
    pub mask: DetectorSet,
    /// By detector number: how many letters and digits at the end of a value stay readable.
    pub keep_last: [u8; DETECTORS],
}

/// How many values were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    found: [u32; DETECTORS],
    masked: [u32; DETECTORS],
}

impl Findings {
    /// How many values this detector has found; stops at `u32::MAX`.
    #[must_use]
    pub fn found(&self, detector: Detector) -> u32 {
        self.found.get(detector as usize).copied().unwrap_or(0)
    }

    /// How many of them were overwritten.
    #[must_use]
    pub fn masked(&self, detector: Detector) -> u32 {
        self.masked.get(detector as usize).copied().unwrap_or(0)
    }

    /// All values together.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.found.iter().fold(0, |sum: u32, count| sum.saturating_add(*count))
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found == [0; DETECTORS]
    }

    fn count(&mut self, detector: Detector, masked: bool) {
        if let Some(found) = self.found.get_mut(detector as usize) {
            *found = found.saturating_add(1);
        }
        if let Some(count) = self.masked.get_mut(detector as usize).filter(|_| masked) {
            *count = count.saturating_add(1);
        }
    }
}
