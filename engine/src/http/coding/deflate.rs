//! The coding `deflate`.
//!
//! It stands for zlib's format (RFC 9110, 8.4.1.2), but some senders leave out the frame, and browsers read both. Which one
//! it is shows in the first two bytes (RFC 1950, 2.2): method 8, a window of at most 32 KiB, no preset dictionary, and a
//! number that is a multiple of 31. Deflated data of no frame never begins so: with method 8 it would begin with a stored
//! block whose padding is not zero.

use super::inflate::{Frame, Inflater};
use super::output::Output;
use super::{CodingError, Progress};

/// Reads one body of this coding.
pub(super) struct Deflate {
    first: Option<u8>,
    inflater: Option<Inflater>,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self { first: None, inflater: None }
    }

    pub(super) fn push(&mut self, input: &[u8], output: &mut Output<'_>) -> Result<Progress, CodingError> {
        let mut rest = input;
        while self.inflater.is_none() {
            let Some((byte, after)) = rest.split_first() else { return Ok(Progress::GoesOn) };
            rest = after;
            match self.first {
                None => self.first = Some(*byte),
                Some(first) => {
                    let frame = if is_zlib(first, *byte) { Frame::Zlib } else { Frame::Bare };
                    let inflater = self.inflater.insert(Inflater::new(frame));
                    let inflated = inflater.push(&[first, *byte], |bytes| output.write(bytes))?;
                    if inflated.over {
                        return Ok(Progress::Finished);
                    }
                }
            }
        }
        let Some(inflater) = &mut self.inflater else { return Ok(Progress::GoesOn) };
        let inflated = inflater.push(rest, |bytes| output.write(bytes))?;
        Ok(if inflated.over { Progress::Finished } else { Progress::GoesOn })
    }

    pub(super) fn memory(&self) -> usize {
        self.inflater.as_ref().map_or(0, Inflater::memory)
    }
}

fn is_zlib(first: u8, second: u8) -> bool {
    let number = u16::from_be_bytes([first, second]);
    first & 0x0f == 8 && first >> 4 <= 7 && second & 0x20 == 0 && number.is_multiple_of(31)
}
