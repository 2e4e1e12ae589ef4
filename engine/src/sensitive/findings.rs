//! What was found, in numbers and shapes; never the values.

use crate::blob::detectors::Confidence;

/// Keyed hashes that wait to be counted, at most; more values in one chunk are counted as found and not told apart.
pub const MOST_VALUES: usize = 512;

/// The longest shape, in bytes.
const LONGEST_SHAPE: usize = 24;

/// What one detector found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The detector's position in the policy.
    pub detector: u16,
    /// How many values, with high confidence.
    pub high: u32,
    /// How many more that are likely.
    pub likely: u32,
    /// How many that are meant to be there, of any confidence. They are not among the others.
    pub expected: u32,
    /// How many were overwritten or taken out.
    pub masked: u32,
    /// The shape of the first one: digits are `9`, letters `a` and `A`; at most 24 characters.
    pub shape: String,
}

impl Found {
    /// All values that are not meant to be there.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.high.saturating_add(self.likely)
    }
}

/// What a scan found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    found: Vec<Found>,
    /// Keyed hashes of values, with their detector, that nobody has taken yet.
    values: Vec<(u16, u64)>,
}

impl Findings {
    /// What was found, by detector, in the order of the first finding.
    #[must_use]
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// What a detector found.
    #[must_use]
    pub fn of(&self, detector: u16) -> Option<&Found> {
        self.found.iter().find(|found| found.detector == detector)
    }

    /// Whether nothing was found, nothing expected either.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All values that are not meant to be there, whatever the confidence.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.found.iter().fold(0, |sum: u32, found| sum.saturating_add(found.total()))
    }

    /// All values, expected ones too.
    #[must_use]
    pub fn all_values(&self) -> u32 {
        self.found.iter().fold(self.total(), |sum, found| sum.saturating_add(found.expected))
    }

    /// The keyed hashes of the values since the last time, each with its detector.
    pub fn take_values(&mut self) -> Vec<(u16, u64)> {
        std::mem::take(&mut self.values)
    }

    /// Adds what another scan of the same exchange found.
    pub fn merge(&mut self, other: Self) {
        for found in other.found {
            match self.found.iter_mut().find(|known| known.detector == found.detector) {
                Some(known) => {
                    known.high = known.high.saturating_add(found.high);
                    known.likely = known.likely.saturating_add(found.likely);
                    known.expected = known.expected.saturating_add(found.expected);
                    known.masked = known.masked.saturating_add(found.masked);
                }
                None => self.found.push(found),
            }
        }
        let room = MOST_VALUES.saturating_sub(self.values.len());
        self.values.extend(other.values.into_iter().take(room));
    }

    pub(super) fn count(
        &mut self,
        detector: u16,
        confidence: Confidence,
        is_expected: bool,
        is_masked: bool,
        value: Shown<'_>,
    ) {
        let position = match self.found.iter().position(|found| found.detector == detector) {
            Some(position) => position,
            None => {
                let shape = value.shape();
                self.found.push(Found { detector, high: 0, likely: 0, expected: 0, masked: 0, shape });
                self.found.len().saturating_sub(1)
            }
        };
        let Some(found) = self.found.get_mut(position) else { return };
        let count = match (is_expected, confidence) {
            (true, _) => &mut found.expected,
            (false, Confidence::High) => &mut found.high,
            (false, _) => &mut found.likely,
        };
        *count = count.saturating_add(1);
        found.masked = found.masked.saturating_add(u32::from(is_masked));
    }

    pub(super) fn note_value(&mut self, detector: u16, hash: u64) {
        if self.values.len() < MOST_VALUES {
            self.values.push((detector, hash));
        }
    }
}

/// A value of which the shape is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown<'a> {
    /// It has the form of its kind, as card numbers have.
    Formed(&'a [u8]),
    /// It was found by its name, so that it may be anything: a word of a few, a password.
    Named(&'a [u8]),
}

impl Shown<'_> {
    /// What a value looks like, without the value. Of what has no form, signs are not shown, and nothing where it is short.
    fn shape(self) -> String {
        let (value, is_named) = match self {
            Self::Formed(value) => (value, false),
            Self::Named(value) if value.len() < SHORTEST_NAMED => return "?".to_owned(),
            Self::Named(value) => (value, true),
        };
        let seen = value.iter().take(LONGEST_SHAPE).map(|byte| match byte {
            b'0'..=b'9' => '9',
            b'a'..=b'z' => 'a',
            b'A'..=b'Z' => 'A',
            b' ' | b'-' | b'.' | b'/' | b':' => char::from(*byte),
            b' '..=b'~' if !is_named && !matches!(byte, b'"' | b'\\') => char::from(*byte),
            _ => '?',
        });
        seen.collect()
    }
}

/// Shorter values of members may be one of a few: `true`, `AB-`.
const SHORTEST_NAMED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_shows_nothing_of_a_value() {
        assert_eq!(Shown::Formed(b"536-90-4399").shape(), "999-99-9999");
        assert_eq!(
            Shown::Formed(b"Jane.Doe1@example.com and more of it").shape(),
            "Aaaa.Aaa9@aaaaaaa.aaa aa"
        );
        assert_eq!(Shown::Formed("\"é".as_bytes()).shape(), "???");
        assert_eq!(Shown::Named(b"536-90-4399").shape(), "999-99-9999");
        assert_eq!(Shown::Named(b"p@ss!word").shape(), "a?aa?aaaa");
        assert_eq!(Shown::Named(b"AB-").shape(), "?");
        assert_eq!(Shown::Named(b"true").shape(), Shown::Named(b"false").shape());
    }
}
