//! The coding `gzip` (RFC 1952): one or more members, each with a header, deflated data and checksums.

mod header;

use crc32fast::Hasher;
use header::Header;

use super::inflate::{Frame, Inflater};
use super::output::Output;
use super::{CodingError, Progress};

/// How long the trailer of a member is: the checksum and the length of what was read, four bytes each.
const TRAILER: usize = 8;

/// Reads one body of this coding.
pub(super) struct Gzip {
    place: Place,
    inflater: Option<Inflater>,
    checksum: Hasher,
    /// The length of what was read of this member, of which 32 bits count.
    length: u32,
    trailer: [u8; TRAILER],
    /// How many members have begun.
    members: u64,
    /// How many bytes were read.
    read: u64,
}

/// So many members may be as short as they like; those of all others together are at least [`SHORTEST_MEMBER`] bytes on
/// average, as they are read.
const FREE_MEMBERS: u64 = 16;
const SHORTEST_MEMBER: u64 = 256;

/// What comes next.
enum Place {
    Header(Header),
    Data,
    /// This many bytes of the trailer were read.
    Trailer(usize),
    /// Behind a member, where another one or the end may follow.
    Between,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Header(Header::new()),
            inflater: None,
            checksum: Hasher::new(),
            length: 0,
            trailer: [0; TRAILER],
            members: 0,
            read: 0,
        }
    }

    pub(super) fn push(&mut self, input: &[u8], output: &mut Output<'_>) -> Result<Progress, CodingError> {
        let mut rest = input;
        self.read = self.read.saturating_add(input.len() as u64);
        while let Some((byte, after)) = rest.split_first() {
            match &mut self.place {
                Place::Header(header) => {
                    if header.push(*byte)? {
                        self.begin_data()?;
                    }
                    rest = after;
                }
                Place::Data => {
                    let consumed = self.read_data(rest, output)?;
                    rest = rest.get(consumed..).unwrap_or_default();
                }
                Place::Trailer(read) => {
                    if let Some(slot) = self.trailer.get_mut(*read) {
                        *slot = *byte;
                    }
                    *read = read.saturating_add(1);
                    if *read >= TRAILER {
                        self.compare()?;
                        self.place = Place::Between;
                    }
                    rest = after;
                }
                Place::Between => {
                    // What is no member is padding or garbage, and ignored, as browsers and gzip do.
                    if *byte != header::MAGIC[0] {
                        return Ok(Progress::Finished);
                    }
                    self.place = Place::Header(Header::new());
                }
            }
        }
        Ok(Progress::GoesOn)
    }

    pub(super) fn is_between_members(&self) -> bool {
        matches!(self.place, Place::Between)
    }

    pub(super) fn memory(&self) -> usize {
        self.inflater.as_ref().map_or(0, Inflater::memory)
    }

    fn begin_data(&mut self) -> Result<(), CodingError> {
        self.members = self.members.saturating_add(1);
        // A window is made for each: members of nothing would cost without end.
        if self.members > FREE_MEMBERS.saturating_add(self.read / SHORTEST_MEMBER) {
            return Err(CodingError::Bomb);
        }
        self.inflater = Some(Inflater::new(Frame::Bare));
        self.checksum.reset();
        self.length = 0;
        self.place = Place::Data;
        Ok(())
    }

    fn read_data(&mut self, input: &[u8], output: &mut Output<'_>) -> Result<usize, CodingError> {
        let Some(inflater) = &mut self.inflater else { return Err(CodingError::Malformed) };
        let (checksum, length) = (&mut self.checksum, &mut self.length);
        let inflated = inflater.push(input, |bytes| {
            checksum.update(bytes);
            // A piece is at most a window.
            *length = length.wrapping_add(u32::try_from(bytes.len()).unwrap_or(0));
            output.write(bytes)
        })?;
        if inflated.over {
            self.place = Place::Trailer(0);
            self.inflater = None;
        }
        Ok(inflated.consumed)
    }

    fn compare(&self) -> Result<(), CodingError> {
        let read = u64::from(self.length) << 32 | u64::from(self.checksum.clone().finalize());
        if u64::from_le_bytes(self.trailer) == read { Ok(()) } else { Err(CodingError::Malformed) }
    }
}
