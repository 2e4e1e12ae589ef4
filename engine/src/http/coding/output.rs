//! Where a decoder writes to: in pieces, and no more than is allowed.

use super::{CodingError, LONGEST_PIECE};

/// Hands out what was read.
pub(super) struct Output<'a> {
    write: &'a mut dyn FnMut(&[u8]),
    left: u64,
    written: u64,
}

impl<'a> Output<'a> {
    /// Hands out at most `allowed` bytes.
    pub(super) fn new(write: &'a mut dyn FnMut(&[u8]), allowed: u64) -> Self {
        Self { write, left: allowed, written: 0 }
    }

    /// Hands out these bytes; where they are more than is allowed, as many as are, so that a body gives the same output for
    /// every way of cutting it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CodingError> {
        let allowed = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        for piece in bytes.get(..allowed).unwrap_or_default().chunks(LONGEST_PIECE) {
            (self.write)(piece);
        }
        self.left = self.left.saturating_sub(allowed as u64);
        self.written = self.written.saturating_add(allowed as u64);
        if allowed < bytes.len() { Err(CodingError::Bomb) } else { Ok(()) }
    }

    /// How many bytes were handed out.
    pub(super) fn written(&self) -> u64 {
        self.written
    }
}
