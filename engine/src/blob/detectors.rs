//! What sensitive values look like: detectors, the words that make them likely, and what routes are meant to return.

use super::error::BlobError;
use super::field::{Field, Fields, record, word_field};
#[cfg(feature = "write")]
use super::writer::RecordWriter;

/// More detectors than this do not fit into a [`DetectorBits`].
pub const MAX_DETECTORS: usize = 256;
/// More words and literal beginnings than this make the scan slow.
pub const MAX_LITERALS: usize = 4096;
/// How many different lists of context words there may be.
pub const MAX_CONTEXTS: usize = 64;
/// The context of a detector that has none.
pub const NO_CONTEXT: u8 = u8::MAX;
/// The pattern of a detector that has none.
pub const NO_PATTERN: u16 = u16::MAX;
/// The longest match of a pattern, in bytes: what is kept of an unfinished value is bounded by it.
pub const LONGEST_MATCH: u16 = 400;

/// A tail of any length.
pub const ENDLESS: u16 = u16::MAX;

/// Where a pattern is tried: at one of its literal beginnings.
pub const AT_LITERALS: u8 = 1;
/// Where a pattern is tried: at runs of digits.
pub const AT_DIGITS: u8 = 2;
/// Where a pattern is tried: at words that begin with capitals.
pub const AT_CAPITALS: u8 = 4;

/// Where a finding may stand: the body.
pub const IN_BODY: u8 = 1;
/// Where a finding may stand: header fields and trailers.
pub const IN_HEADERS: u8 = 2;
/// Where a finding may stand: the path and the query of the request.
pub const IN_URL: u8 = 4;

/// How a detector finds its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Finder {
    /// A pattern of its own.
    Pattern = 1,
    /// Whole words.
    Words = 2,
    /// Members of JSON objects by their names; their whole values are findings.
    Fields = 3,
    /// Payment card numbers.
    PaymentCard = 4,
    /// International bank account numbers.
    Iban = 5,
    /// US social security numbers.
    UsSsn = 6,
    /// E-mail addresses.
    Email = 7,
    /// International phone numbers.
    Phone = 8,
    /// IPv4 and IPv6 addresses.
    IpAddress = 9,
    /// Passwords in URLs.
    UrlCredentials = 10,
    /// JSON web tokens.
    Jwt = 11,
    /// Private keys in PEM.
    PrivateKey = 12,
    /// Values that look drawn at random.
    HighEntropy = 13,
}
word_field!(
    Finder,
    "a known finder",
    Finder::Pattern,
    Finder::Words,
    Finder::Fields,
    Finder::PaymentCard,
    Finder::Iban,
    Finder::UsSsn,
    Finder::Email,
    Finder::Phone,
    Finder::IpAddress,
    Finder::UrlCredentials,
    Finder::Jwt,
    Finder::PrivateKey,
    Finder::HighEntropy
);

impl Finder {
    /// The finders that are written in code, by the names that policies use.
    pub const BUILT_IN: [(&'static str, Self); 10] = [
        ("payment_card", Self::PaymentCard),
        ("iban", Self::Iban),
        ("us_ssn", Self::UsSsn),
        ("email", Self::Email),
        ("phone", Self::Phone),
        ("ip_address", Self::IpAddress),
        ("url_credentials", Self::UrlCredentials),
        ("jwt", Self::Jwt),
        ("private_key", Self::PrivateKey),
        ("high_entropy", Self::HighEntropy),
    ];

    /// The finder that is written in code and has this name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        Self::BUILT_IN.into_iter().find(|(known, _)| *known == name).map(|(_, finder)| finder)
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Confidence {
    /// Not a finding.
    #[default]
    Never = 0,
    /// Reported apart, and acted on only where the author wants it.
    Likely = 1,
    /// A finding.
    High = 2,
}
word_field!(Confidence, "a known confidence", Confidence::Never, Confidence::Likely, Confidence::High);

impl Confidence {
    /// The name in policies and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Likely => "likely",
            Self::High => "high",
        }
    }
}

record! {
    /// A detector.
    DetectorRecord in "detectors" as 32 {
        /// Its name.
        name: &'p str,
        /// What it belongs to: the name of its rule pack; empty for the author's own.
        class: &'p str,
        /// How it finds.
        finder: Finder,
        /// Which validator decides on what was found; 0 for none.
        validator: u8,
        /// How sure a finding is without a context word.
        alone: Confidence,
        /// How sure it is behind a context word.
        near: Confidence,
        /// Which context words it has, 0 to 63; [`NO_CONTEXT`] for none.
        context: u8,
        /// The position of its pattern, or [`NO_PATTERN`].
        pattern: u16,
        /// Where it is tried: [`AT_LITERALS`], [`AT_DIGITS`], [`AT_CAPITALS`].
        triggers: u8,
    }
}

impl DetectorRecord<'_> {
    /// The detectors that every policy had before detectors were a table: [`crate::vocabulary::Detector`] in its order.
    pub(crate) fn of_old_formats() -> Vec<Self> {
        let old = |name, finder| Self {
            name,
            class: "",
            finder,
            validator: 0,
            alone: Confidence::High,
            near: Confidence::High,
            context: NO_CONTEXT,
            pattern: NO_PATTERN,
            triggers: 0,
            blob: std::marker::PhantomData,
        };
        vec![
            old("payment_card", Finder::PaymentCard),
            old("iban", Finder::Iban),
            old("us_ssn", Finder::UsSsn),
            old("email", Finder::Email),
        ]
    }
}

record! {
    /// A pattern: a sparse automaton of the `regex-automata` crate, anchored, that reports every match end.
    PatternRecord in "patterns" as 33 {
        /// Where it starts in the automata.
        offset: u32,
        /// How many bytes it has.
        len: u32,
        /// The longest match, in bytes, 1 to [`LONGEST_MATCH`].
        longest: u16,
        /// Of patterns that are tried at digits: what may follow the digits that they begin with. A bit for each ASCII
        /// character, `c % 16` of word `c / 16`.
        follows: [u16; 8],
        /// What may follow a match and belongs to it, in the same form.
        tail: [u16; 8],
        /// How much of it at most; [`ENDLESS`] for any amount.
        tail_most: u16,
    }
}

record! {
    /// A byte of the automata; read in place, see [`super::Policy::automata`].
    AutomataByte in "automata" as 34 {
        /// The byte.
        byte: u8,
    }
}

/// What a literal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LiteralKind {
    /// The beginning of a detector's pattern.
    Pattern = 1,
    /// One of a detector's words.
    Words = 2,
    /// A context word.
    Context = 3,
    /// The name of a JSON member whose value is a detector's finding.
    Field = 4,
}
word_field!(
    LiteralKind,
    "a known kind of literal",
    LiteralKind::Pattern,
    LiteralKind::Words,
    LiteralKind::Context,
    LiteralKind::Field
);

impl LiteralKind {
    /// Whether a space in it stands for a space, `_`, `-` or nothing.
    pub(crate) const fn has_gaps(self) -> bool {
        matches!(self, Self::Context | Self::Words)
    }
}

/// Whether words stand in a phrase with single spaces between them, of which there are few at its beginning: each can be
/// spelt in four ways, which are all looked up.
#[must_use]
pub fn is_phrase(text: &str) -> bool {
    let mut letters = 0_usize;
    let mut gaps = 0_usize;
    for word in text.split(' ') {
        if word.is_empty() {
            return false;
        }
        letters = letters.saturating_add(word.len());
        gaps = gaps.saturating_add(usize::from(letters < LOOKED_UP_LETTERS));
    }
    gaps <= MOST_GAPS
}

/// How many letters of a literal are looked up.
const LOOKED_UP_LETTERS: usize = 8;
/// The most spaces among them: 64 spellings.
const MOST_GAPS: usize = 3;

record! {
    /// A literal that the scan looks for. Sorted by text.
    LiteralRecord in "literals" as 35 {
        /// The text with ASCII letters in lower case. In words and context words a space stands for a space, `_`, `-` or
        /// nothing.
        text: &'p str,
        /// What it stands for.
        kind: LiteralKind,
        /// The detector, or the context.
        target: u16,
        /// Whether a word must end behind it.
        ends_word: bool,
    }
}

/// A set of detectors: bit `d % 16` of word `d / 16`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DetectorBits(pub [u16; 16]);

impl DetectorBits {
    /// None.
    pub const EMPTY: Self = Self([0; 16]);

    const fn place(detector: usize) -> (usize, u16) {
        (detector / 16, 1 << (detector % 16))
    }

    /// Whether the detector at this position is in the set.
    #[must_use]
    pub fn contains(&self, detector: usize) -> bool {
        let (word, bit) = Self::place(detector);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Adds a detector. Positions from [`MAX_DETECTORS`] on are no detectors.
    pub fn insert(&mut self, detector: usize) {
        let (word, bit) = Self::place(detector);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    /// What is in either set.
    #[must_use]
    pub fn union(mut self, other: Self) -> Self {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
        self
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 16]
    }

    /// The detectors of the set, rising.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_DETECTORS).filter(move |detector| self.contains(*detector))
    }
}

impl FromIterator<usize> for DetectorBits {
    fn from_iter<I: IntoIterator<Item = usize>>(detectors: I) -> Self {
        let mut set = Self::EMPTY;
        for detector in detectors {
            set.insert(detector);
        }
        set
    }
}

impl<'p> Field<'p> for DetectorBits {
    const LEN: usize = 32;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError> {
        <[u16; 16]>::read(fields).map(Self)
    }
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>) {
        self.0.write(out);
    }
}

record! {
    /// What the replies of some paths are meant to contain: not a finding there.
    Expectation in "expectations" as 36 {
        /// Its app.
        app: u16,
        /// What is expected.
        detectors: DetectorBits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_the_first_and_the_last_detector_and_nothing_beyond() {
        let set: DetectorBits = [0, 255, 256].into_iter().collect();
        assert!(set.contains(0) && set.contains(255) && !set.contains(1) && !set.contains(256));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 255]);
        assert!(DetectorBits::EMPTY.is_empty() && !set.is_empty());
        assert_eq!(DetectorBits::EMPTY.union(set), set);
    }
}
