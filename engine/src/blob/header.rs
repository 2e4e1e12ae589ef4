//! The first bytes of a blob: magic, versions, length, checksum, build facts and the directory of sections.
//!
//! Checked from cheap to expensive: magic, version, length, checksum, directory. The checksum finds damage; the
//! validation of every section, which follows, finds what a checksum cannot: a blob that was made wrong.

use super::error::{BlobError, Problem};

/// The first four bytes of every blob.
pub const MAGIC: [u8; 4] = *b"BZP1";
/// The format that this code writes.
pub const FORMAT_VERSION: u16 = 3;
/// The newest reader that a blob may ask for.
pub const READER_VERSION: u16 = 3;

pub(crate) const HEADER_LEN: usize = 64;
pub(crate) const DIRECTORY_ENTRY_LEN: usize = 12;
/// More sections than any format will have; bounds the directory.
pub(crate) const MAX_SECTIONS: usize = 64;
/// The checksum covers everything but itself.
const CHECKSUM_AT: std::ops::Range<usize> = 12..16;
const BUILD_LEN: usize = 24;

/// The facts at the head of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format in which it was written.
    pub format: u16,
    /// The oldest reader that understands it.
    pub minimum_reader: u16,
    /// SHA-256 over all sections, its first eight bytes: the policy's own name.
    pub policy_hash: u64,
    /// What wrote it.
    pub build: String,
    /// Where its sections are, in the order of the directory.
    pub sections: Vec<SectionEntry>,
}

/// One line of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionEntry {
    /// Which section.
    pub id: u16,
    /// Bytes of one record.
    pub record_len: u16,
    /// Where it starts.
    pub offset: u32,
    /// How many records.
    pub count: u32,
}

impl SectionEntry {
    /// Its bytes in the blob.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.count as u64 * self.record_len as u64
    }

    /// Whether it has no records.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}

fn word<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn checksum_of(blob: &[u8]) -> Option<u32> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(blob.get(..CHECKSUM_AT.start)?);
    hasher.update(blob.get(CHECKSUM_AT.end..)?);
    Some(hasher.finalize())
}

impl Header {
    /// Reads and checks the header and the directory; the sections' contents are not looked at.
    ///
    /// # Errors
    ///
    /// When the bytes are too short, no blob, too new, of another length than they say, damaged, or when a section lies
    /// outside of them.
    pub fn parse(blob: &[u8]) -> Result<Self, BlobError> {
        let fail = |problem| BlobError { section: "header", problem };
        let short = fail(Problem::TooShort);
        if word::<4>(blob, 0).ok_or(fail(Problem::NotABlob))? != MAGIC {
            return Err(fail(Problem::NotABlob));
        }
        let format = u16::from_le_bytes(word(blob, 4).ok_or(short)?);
        let minimum_reader = u16::from_le_bytes(word(blob, 6).ok_or(short)?);
        if minimum_reader > READER_VERSION || format < 1 {
            return Err(fail(Problem::TooNew { needs: minimum_reader, reader: READER_VERSION }));
        }
        let length = u32::from_le_bytes(word(blob, 8).ok_or(short)?);
        if u64::from(length) != blob.len() as u64 {
            return Err(fail(Problem::Length));
        }
        let checksum = u32::from_le_bytes(word(blob, 12).ok_or(short)?);
        if checksum_of(blob).ok_or(short)? != checksum {
            return Err(fail(Problem::Checksum));
        }
        let policy_hash = u64::from_le_bytes(word(blob, 16).ok_or(short)?);
        let count = u32::from_le_bytes(word(blob, 24).ok_or(short)?) as usize;
        if count > MAX_SECTIONS {
            return Err(BlobError::expected("header", "at most 64 sections"));
        }
        let build = word::<BUILD_LEN>(blob, 32).ok_or(short)?;
        let build = build.iter().take_while(|byte| byte.is_ascii_graphic() || **byte == b' ');
        let build = build.map(|byte| char::from(*byte)).collect();
        let mut sections = Vec::with_capacity(count);
        for index in 0..count {
            let at = HEADER_LEN + index * DIRECTORY_ENTRY_LEN;
            let entry = SectionEntry {
                id: u16::from_le_bytes(word(blob, at).ok_or(short)?),
                record_len: u16::from_le_bytes(word(blob, at + 2).ok_or(short)?),
                offset: u32::from_le_bytes(word(blob, at + 4).ok_or(short)?),
                count: u32::from_le_bytes(word(blob, at + 8).ok_or(short)?),
            };
            if u64::from(entry.offset) + entry.len() > blob.len() as u64 {
                return Err(BlobError::expected("directory", "every section inside the blob"));
            }
            sections.push(entry);
        }
        Ok(Self { format, minimum_reader, policy_hash, build, sections })
    }
}

/// Puts header, directory and sections together.
#[cfg(feature = "write")]
pub(crate) fn assemble(build: &str, sections: &[(u16, u16, Vec<u8>)]) -> Option<Vec<u8>> {
    use sha2::{Digest as _, Sha256};
    let mut digest = Sha256::new();
    let mut directory = Vec::new();
    let mut contents = Vec::new();
    let start = HEADER_LEN + sections.len() * DIRECTORY_ENTRY_LEN;
    for (id, record_len, bytes) in sections {
        digest.update(id.to_le_bytes());
        digest.update(u32::try_from(bytes.len()).ok()?.to_le_bytes());
        digest.update(bytes);
        let count = u32::try_from(bytes.len() / usize::from((*record_len).max(1))).ok()?;
        directory.extend(id.to_le_bytes());
        directory.extend(record_len.to_le_bytes());
        directory.extend(u32::try_from(start + contents.len()).ok()?.to_le_bytes());
        directory.extend(count.to_le_bytes());
        contents.extend_from_slice(bytes);
    }
    let digest = digest.finalize();
    let mut blob = Vec::with_capacity(start + contents.len());
    blob.extend(MAGIC);
    blob.extend(FORMAT_VERSION.to_le_bytes());
    blob.extend(READER_VERSION.to_le_bytes());
    blob.extend(u32::try_from(start + contents.len()).ok()?.to_le_bytes());
    blob.extend([0; 4]);
    blob.extend_from_slice(digest.get(..8)?);
    blob.extend(u32::try_from(sections.len()).ok()?.to_le_bytes());
    blob.extend([0; 4]);
    let mut text = [0_u8; BUILD_LEN];
    for (slot, byte) in text.iter_mut().zip(build.bytes()) {
        *slot = byte;
    }
    blob.extend(text);
    blob.resize(HEADER_LEN, 0);
    blob.extend(directory);
    blob.extend(contents);
    let checksum = checksum_of(&blob)?;
    blob.get_mut(CHECKSUM_AT)?.copy_from_slice(&checksum.to_le_bytes());
    Some(blob)
}
