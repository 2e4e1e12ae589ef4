//! What can be wrong with a blob.

use std::fmt;

/// Why bytes are not a policy. Names the section and what was expected there; carries nothing from the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobError {
    pub(crate) section: &'static str,
    pub(crate) problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Shorter than the named part.
    TooShort,
    /// The first four bytes are not the magic.
    NotABlob,
    /// Written for a newer reader.
    TooNew { needs: u16, reader: u16 },
    /// The length in the header is not the length of the bytes.
    Length,
    /// The checksum does not match.
    Checksum,
    /// A value stands where only certain others may.
    Expected(&'static str),
}

impl BlobError {
    pub(crate) const fn expected(section: &'static str, what: &'static str) -> Self {
        Self { section, problem: Problem::Expected(what) }
    }

    /// The part of the blob that is wrong, as `bartizan inspect` names it.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        self.section
    }
}

impl fmt::Display for BlobError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::TooShort => write!(out, "the {} is cut off: the blob is incomplete", self.section),
            Problem::NotABlob => {
                write!(
                    out,
                    "these bytes are not a compiled policy: `bartizan compile` writes one that starts with BZP1"
                )
            }
            Problem::TooNew { needs, reader } => write!(
                out,
                "the blob needs a reader of format {needs} and this one reads up to {reader}: update the filter, or \
                 compile with an older `bartizan`"
            ),
            Problem::Length => {
                write!(
                    out,
                    "the length in the header is not the length of the blob: it was cut off or joined"
                )
            }
            Problem::Checksum => write!(out, "the checksum does not match: the blob was damaged on its way"),
            Problem::Expected(what) => write!(out, "section {}: expected {what}", self.section),
        }
    }
}

impl std::error::Error for BlobError {}
