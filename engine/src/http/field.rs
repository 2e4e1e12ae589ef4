//! What a reader says about a field that it was asked for.

/// How many bytes of a field's value are kept by default. A user name, a password or an error code is shorter; what is
/// longer is reported as [`Field::TooLong`].
pub const LONGEST_VALUE: usize = 1024;

/// What stands in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// The body or query has no such field, or it is not a single value (a JSON object or array).
    #[default]
    Absent,
    /// The decoded value, possibly empty.
    Value(Vec<u8>),
    /// The field is there and longer than the reader keeps.
    TooLong,
    /// The body broke off or broke the rules of its format before this could be known.
    Malformed,
}

impl Field {
    /// The value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::TooLong | Self::Malformed => None,
        }
    }
}

/// A field, and whether it stood there more than once.
///
/// The last copy is the one read. Servers disagree about repeated fields, so a repeated one may be an attempt to show the
/// filter one name and the application another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The last copy.
    pub field: Field,
    /// There were several: in a form several that differ, in JSON several at all.
    pub repeated: bool,
}

/// Collects a value up to a limit.
#[derive(Debug)]
pub(super) struct Collector {
    bytes: Vec<u8>,
    limit: usize,
    overflowed: bool,
}

impl Collector {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, overflowed: false }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.overflowed = false;
    }

    pub(super) fn push(&mut self, byte: u8) {
        if self.bytes.len() < self.limit {
            self.bytes.push(byte);
        } else {
            self.overflowed = true;
        }
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.overflowed |= bytes.len() > room;
    }

    /// Whether exactly these bytes were collected.
    pub(super) fn equals(&self, bytes: &[u8]) -> bool {
        !self.overflowed && self.bytes == bytes
    }

    /// What was collected, leaving the collector as it is.
    pub(super) fn field(&self) -> Field {
        if self.overflowed { Field::TooLong } else { Field::Value(self.bytes.clone()) }
    }
}
