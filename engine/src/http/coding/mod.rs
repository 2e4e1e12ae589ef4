//! Reads content codings (RFC 9110, 8.4) while a body streams, so that it can be searched. What was read is never sent on.
//!
//! Memory is bounded: [`Decoder::memory`] says how much is held, [`MOST_MEMORY`] how much that can be. So is the work: what
//! comes out is at most [`MOST_EXPANSION`] times what went in, and a little more, and at most [`MOST_OUTPUT`] bytes in all.
//! What comes out, and whether it ends in an error, does not depend on how the body was cut into chunks; only of a broken
//! brotli body, what the 512 bytes in front of the place that cannot be read hold may come out or not.

mod brotli;
mod deflate;
mod gzip;
mod inflate;
mod output;
#[cfg(test)]
mod tests;

use std::fmt;

use output::Output;

/// The most bytes that come out for each byte that went in. Pages and JSON of one pattern repeated shrink to a hundredth
/// at best; what shrinks further (deflate reaches 1032, brotli far more) was made to cost its reader.
pub const MOST_EXPANSION: u64 = 100;

/// The bytes that come out before the expansion counts: small bodies may be all padding.
pub const FREE_OUTPUT: u64 = 64 * 1024;

/// The most bytes that come out of one body. Larger replies are downloads rather than answers of an API, and each costs the
/// worker as much as a reply of that size that is not compressed.
pub const MOST_OUTPUT: u64 = 16 * 1024 * 1024;

/// The most bytes that are handed out in one piece.
pub const LONGEST_PIECE: usize = 32 * 1024;

/// The most memory that one decoder holds, in bytes: brotli's window of 1 MiB, half of it again while it grows, and its
/// tables. The decoders of gzip and deflate hold less than 64 KiB.
pub const MOST_MEMORY: usize = brotli::MOST_MEMORY;

/// How much input is given to a decoder at once, counted from the beginning of the body. Whether there is too much output
/// is judged by what came in before the current step, so that the answer does not depend on the chunks: a decoder may have
/// read a few bytes ahead, but never beyond a step. Must be less than [`FREE_OUTPUT`] divided by [`MOST_EXPANSION`].
const STEP: usize = 512;

/// A content coding that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// `gzip` (RFC 1952).
    Gzip,
    /// `deflate`: with the header of zlib (RFC 1950), as it should be, or without (RFC 1951), as some send it.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
}

impl Coding {
    /// The most memory that its decoder holds, in bytes.
    #[must_use]
    pub const fn most_memory(self) -> usize {
        match self {
            Self::Gzip | Self::Deflate => 64 * 1024,
            Self::Brotli => MOST_MEMORY,
        }
    }

    /// The coding that a `content-encoding` header names. Nothing where it names several, none, or one that is not read.
    #[must_use]
    pub fn of(content_encoding: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Coding); 4] = [
            (b"gzip", Coding::Gzip),
            (b"x-gzip", Coding::Gzip),
            (b"deflate", Coding::Deflate),
            (b"br", Coding::Brotli),
        ];
        let named = content_encoding.trim_ascii();
        NAMES.iter().find(|(name, _)| named.eq_ignore_ascii_case(name)).map(|(_, coding)| *coding)
    }
}

/// Why a body cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodingError {
    /// It is not what its coding asks for, or a checksum does not fit.
    Malformed,
    /// Far more comes out than went in, or more than [`MOST_OUTPUT`].
    Bomb,
    /// Reading it takes a window of more than 1 MiB, or more tables than are allowed.
    WindowTooLarge,
}

impl fmt::Display for CodingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "the compressed body is broken",
            Self::Bomb => "the compressed body becomes too large when it is read",
            Self::WindowTooLarge => "reading the compressed body takes more memory than is allowed",
        })
    }
}

impl std::error::Error for CodingError {}

/// Reads one body.
pub struct Decoder {
    stream: Stream,
    /// How many bytes came in.
    consumed: u64,
    /// How many bytes came out.
    produced: u64,
}

enum Stream {
    Gzip(gzip::Gzip),
    Deflate(deflate::Deflate),
    Brotli(brotli::Brotli),
    Finished,
    Failed,
}

impl Decoder {
    /// A decoder at the beginning of a body.
    #[must_use]
    pub fn new(coding: Coding) -> Self {
        let stream = match coding {
            Coding::Gzip => Stream::Gzip(gzip::Gzip::new()),
            Coding::Deflate => Stream::Deflate(deflate::Deflate::new()),
            Coding::Brotli => Stream::Brotli(brotli::Brotli::new()),
        };
        Self { stream, consumed: 0, produced: 0 }
    }

    /// Takes the next chunk of the body and hands out what it holds, in pieces of at most [`LONGEST_PIECE`] bytes. After an
    /// error or behind the end everything is ignored, as browsers do.
    ///
    /// # Errors
    ///
    /// The body cannot be read any further. What was handed out until then is right, unless a checksum did not fit.
    pub fn push(&mut self, input: &[u8], output: &mut dyn FnMut(&[u8])) -> Result<(), CodingError> {
        let mut rest = input;
        while !rest.is_empty() {
            let inside = usize::try_from(self.consumed % STEP as u64).unwrap_or(0);
            let (step, after) = rest.split_at_checked(STEP.saturating_sub(inside)).unwrap_or((rest, &[]));
            let complete = self.consumed.saturating_sub(inside as u64);
            let allowed =
                complete.saturating_mul(MOST_EXPANSION).saturating_add(FREE_OUTPUT).min(MOST_OUTPUT);
            let mut output = Output::new(output, allowed.saturating_sub(self.produced));
            let outcome = match &mut self.stream {
                Stream::Gzip(gzip) => gzip.push(step, &mut output),
                Stream::Deflate(deflate) => deflate.push(step, &mut output),
                Stream::Brotli(brotli) => brotli.push(step, &mut output),
                Stream::Finished | Stream::Failed => return Ok(()),
            };
            self.produced = self.produced.saturating_add(output.written());
            self.consumed = self.consumed.saturating_add(step.len() as u64);
            rest = after;
            match outcome {
                Ok(Progress::GoesOn) => {}
                Ok(Progress::Finished) => self.stream = Stream::Finished,
                Err(error) => {
                    self.stream = Stream::Failed;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether the body is complete. Where it is not when the reply ends, the reply was cut.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        match &self.stream {
            Stream::Gzip(gzip) => gzip.is_between_members(),
            Stream::Finished => true,
            Stream::Deflate(_) | Stream::Brotli(_) | Stream::Failed => false,
        }
    }

    /// How many bytes of memory are held, itself included; nothing is held any more after an error or behind the end.
    #[must_use]
    pub fn memory(&self) -> usize {
        let held = match &self.stream {
            Stream::Gzip(gzip) => gzip.memory(),
            Stream::Deflate(deflate) => deflate.memory(),
            Stream::Brotli(brotli) => brotli.memory(),
            Stream::Finished | Stream::Failed => 0,
        };
        held.saturating_add(size_of::<Self>())
    }
}

/// Whether a coding reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    GoesOn,
    Finished,
}
