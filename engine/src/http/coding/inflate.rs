//! Reads deflated data (RFC 1951), bare or in the frame of zlib (RFC 1950), with a window of 32 KiB.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER};
use miniz_oxide::inflate::core::{DecompressorOxide, TINFL_LZ_DICT_SIZE, decompress};

use super::CodingError;

/// How deflated data is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Not at all.
    Bare,
    /// A header of two bytes, and a checksum at the end, which is compared.
    Zlib,
}

/// Reads one stream of deflated data.
pub(super) struct Inflater {
    state: Box<DecompressorOxide>,
    /// What was read last; new bytes overwrite the oldest ones.
    window: Box<[u8]>,
    /// Where the next byte goes.
    position: usize,
    flags: u32,
}

/// How far an [`Inflater`] came.
pub(super) struct Inflated {
    /// How many bytes of the input it took; all of them unless the data is over.
    pub(super) consumed: usize,
    /// The data is over.
    pub(super) over: bool,
}

impl Inflater {
    pub(super) fn new(frame: Frame) -> Self {
        let framed = if frame == Frame::Zlib { TINFL_FLAG_PARSE_ZLIB_HEADER } else { 0 };
        Self {
            state: Box::default(),
            window: vec![0; TINFL_LZ_DICT_SIZE].into_boxed_slice(),
            position: 0,
            flags: framed | TINFL_FLAG_HAS_MORE_INPUT,
        }
    }

    /// Reads until the input is used up or the data is over.
    pub(super) fn push(
        &mut self,
        input: &[u8],
        mut write: impl FnMut(&[u8]) -> Result<(), CodingError>,
    ) -> Result<Inflated, CodingError> {
        let mut consumed = 0_usize;
        loop {
            let rest = input.get(consumed..).unwrap_or_default();
            let (status, read, written) =
                decompress(&mut self.state, rest, &mut self.window, self.position, self.flags);
            consumed = consumed.saturating_add(read);
            let end = self.position.saturating_add(written);
            write(self.window.get(self.position..end).unwrap_or_default())?;
            self.position = if end >= self.window.len() { 0 } else { end };
            match status {
                TINFLStatus::Done => return Ok(Inflated { consumed, over: true }),
                TINFLStatus::NeedsMoreInput => return Ok(Inflated { consumed, over: false }),
                TINFLStatus::HasMoreOutput if written > 0 => {}
                _ => return Err(CodingError::Malformed),
            }
        }
    }

    /// How many bytes of memory are held elsewhere.
    pub(super) fn memory(&self) -> usize {
        self.window.len().saturating_add(size_of::<DecompressorOxide>())
    }
}
