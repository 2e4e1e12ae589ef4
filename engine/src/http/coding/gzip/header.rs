//! The header of a gzip member (RFC 1952, 2.3): ten bytes, and what its flags promise.

use crc32fast::Hasher;

use super::super::CodingError;

/// How a member begins.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The only method there is: deflate.
const DEFLATE: u8 = 8;

/// How long the part is that every header has.
const FIXED: u32 = 10;

/// The longest header that is read, in bytes. An extra field alone has at most 64 KiB, but senders on the web write none;
/// names and comments could go on without end.
const LONGEST: u32 = 128 * 1024;

const CHECKSUM_FOLLOWS: u8 = 1 << 1;
const EXTRA_FOLLOWS: u8 = 1 << 2;
const NAME_FOLLOWS: u8 = 1 << 3;
const COMMENT_FOLLOWS: u8 = 1 << 4;
/// Must be zero (RFC 1952, 2.3.1.2).
const RESERVED: u8 = 0b1110_0000;

/// Reads a header byte by byte.
pub(super) struct Header {
    part: Part,
    /// Of the flags, those whose part is still to come.
    flags: u8,
    /// How many bytes were read, in all.
    length: u32,
    /// Of everything in front of the checksum.
    checksum: Hasher,
}

enum Part {
    Fixed,
    ExtraLength { low: Option<u8> },
    Extra { left: u16 },
    Name,
    Comment,
    Checksum { low: Option<u8> },
}

impl Header {
    pub(super) fn new() -> Self {
        Self { part: Part::Fixed, flags: 0, length: 0, checksum: Hasher::new() }
    }

    /// Takes the next byte and says whether it was the last one of the header.
    pub(super) fn push(&mut self, byte: u8) -> Result<bool, CodingError> {
        let position = self.length;
        self.length = self.length.saturating_add(1);
        if self.length > LONGEST {
            return Err(CodingError::Malformed);
        }
        if !matches!(self.part, Part::Checksum { .. }) {
            self.checksum.update(&[byte]);
        }
        let part_is_over = match &mut self.part {
            Part::Fixed => {
                let fits = match position {
                    0 => byte == MAGIC[0],
                    1 => byte == MAGIC[1],
                    2 => byte == DEFLATE,
                    3 => byte & RESERVED == 0,
                    _ => true,
                };
                if !fits {
                    return Err(CodingError::Malformed);
                }
                if position == 3 {
                    self.flags = byte;
                }
                self.length == FIXED
            }
            Part::ExtraLength { low: low @ None } => {
                *low = Some(byte);
                false
            }
            Part::ExtraLength { low: Some(low) } => {
                let left = u16::from_le_bytes([*low, byte]);
                self.part = Part::Extra { left };
                left == 0
            }
            Part::Extra { left } => {
                *left = left.saturating_sub(1);
                *left == 0
            }
            Part::Name | Part::Comment => byte == 0,
            Part::Checksum { low: low @ None } => {
                *low = Some(byte);
                false
            }
            Part::Checksum { low: Some(low) } => {
                let written = u16::from_le_bytes([*low, byte]);
                // The lower half of the CRC-32.
                if u32::from(written) != self.checksum.clone().finalize() & 0xffff {
                    return Err(CodingError::Malformed);
                }
                true
            }
        };
        Ok(part_is_over && !self.begin_next_part())
    }

    /// Goes on to the next part that the flags promise; false where there is none.
    fn begin_next_part(&mut self) -> bool {
        let parts = [
            (EXTRA_FOLLOWS, Part::ExtraLength { low: None }),
            (NAME_FOLLOWS, Part::Name),
            (COMMENT_FOLLOWS, Part::Comment),
            (CHECKSUM_FOLLOWS, Part::Checksum { low: None }),
        ];
        for (flag, part) in parts {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                self.part = part;
                return true;
            }
        }
        false
    }
}
