//! The part behind the policy in a blob's file: all pages of all leaked lists, one after the other.
//!
//! The policy's own header says where it ends. What follows is nothing, or this part to the last byte; anything else is
//! left with the policy, whose reader then refuses it.

use super::LeakedPages;
use super::page::{HEADER_LEN, PAGE_LEN, Page};
use crate::blob::{self, BlobError};
use sha2::{Digest as _, Sha256};

/// The first four bytes of the part.
pub const MAGIC: [u8; 4] = *b"BZLK";
/// The version that this code writes, and the only one that it reads.
pub const VERSION: u16 = 1;
/// The bytes before the first page.
pub const PART_HEADER_LEN: usize = 32;

const SECTION: &str = "leaked lists";

fn word<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// What the part's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartHeader {
    /// How many pages follow.
    pub pages: u32,
    /// How many bytes they have together.
    pub length: u64,
    /// SHA-256 over these bytes, its first eight: the part's own name.
    pub digest: u64,
}

impl PartHeader {
    /// Reads the first [`PART_HEADER_LEN`] bytes of a part.
    ///
    /// # Errors
    ///
    /// When they are cut off, no such header, of another version, or say what no pages can be.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
        let short = BlobError::expected(SECTION, "a header of 32 bytes");
        if word(bytes, 0) != Some(MAGIC) {
            return Err(BlobError::expected(SECTION, "the magic BZLK"));
        }
        if word(bytes, 4).map(u16::from_le_bytes) != Some(VERSION) {
            return Err(BlobError::expected(SECTION, "version 1: update the filter"));
        }
        if word(bytes, 6) != Some([0; 2]) || word(bytes, 12) != Some([0; 4]) {
            return Err(BlobError::expected(SECTION, "zeros where nothing is stored"));
        }
        let pages = u32::from_le_bytes(word(bytes, 8).ok_or(short)?);
        let length = u64::from_le_bytes(word(bytes, 16).ok_or(short)?);
        let digest = u64::from_le_bytes(word(bytes, 24).ok_or(short)?);
        let (least, most) = (HEADER_LEN as u64 * u64::from(pages), PAGE_LEN as u64 * u64::from(pages));
        if length < least || length > most {
            return Err(BlobError::expected(SECTION, "as many bytes as so many pages can have"));
        }
        Ok(Self { pages, length, digest })
    }

    /// The header's bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; PART_HEADER_LEN] {
        let mut bytes = [0; PART_HEADER_LEN];
        let fields = MAGIC
            .into_iter()
            .chain(VERSION.to_le_bytes())
            .chain([0; 2])
            .chain(self.pages.to_le_bytes())
            .chain([0; 4])
            .chain(self.length.to_le_bytes())
            .chain(self.digest.to_le_bytes());
        for (slot, byte) in bytes.iter_mut().zip(fields) {
            *slot = byte;
        }
        bytes
    }
}

/// The part, whole and in memory.
#[derive(Clone, Copy, Debug)]
pub struct LeakedPart<'a> {
    /// What its header says.
    pub header: PartHeader,
    pages: &'a [u8],
}

impl<'a> LeakedPart<'a> {
    /// Reads the header and checks the length; the pages are not looked at, see [`LeakedPart::check`].
    ///
    /// # Errors
    ///
    /// When the header is none (see [`PartHeader::parse`]), or the pages have another length than it says.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BlobError> {
        let header = PartHeader::parse(bytes)?;
        let pages = bytes.get(PART_HEADER_LEN..).unwrap_or_default();
        if pages.len() as u64 != header.length {
            return Err(BlobError::expected(SECTION, "as many bytes as the header says"));
        }
        Ok(Self { header, pages })
    }

    /// Checks every page, their number, and the digest over all of them.
    ///
    /// # Errors
    ///
    /// When one of these does not hold.
    pub fn check(&self) -> Result<(), BlobError> {
        let digest: [u8; 32] = Sha256::digest(self.pages).into();
        if word(&digest, 0).map(u64::from_le_bytes) != Some(self.header.digest) {
            return Err(BlobError::expected(SECTION, "pages with the digest in the header"));
        }
        let (mut rest, mut pages) = (self.pages, 0_u32);
        while !rest.is_empty() {
            let Next::Page(_, page) = next_page(rest) else {
                return Err(BlobError::expected(SECTION, "whole pages"));
            };
            rest = rest.get(page.len()..).unwrap_or_default();
            pages = pages.saturating_add(1);
        }
        if pages != self.header.pages {
            return Err(BlobError::expected(SECTION, "as many pages as the header says"));
        }
        Ok(())
    }

    /// The bytes of all pages.
    #[must_use]
    pub const fn pages(&self) -> &'a [u8] {
        self.pages
    }
}

/// What stands at the start of some bytes between pages.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// A whole page, and its bytes.
    Page(Page<'a>, &'a [u8]),
    /// A page that may be whole once more bytes are there.
    More,
    /// No page.
    Broken,
}

/// Takes the next page off the pages of a part, which may be read slice by slice. `More` for fewer bytes than a page
/// has; never for [`PAGE_LEN`] bytes.
#[must_use]
pub fn next_page(bytes: &[u8]) -> Next<'_> {
    match Page::length(bytes) {
        None if bytes.len() < HEADER_LEN => Next::More,
        None => Next::Broken,
        Some(length) => match bytes.get(..length) {
            None => Next::More,
            Some(page) => Page::read(page).map_or(Next::Broken, |read| Next::Page(read, page)),
        },
    }
}

/// How many bytes of a file are its policy, from at least its first 12 bytes; `None` where it starts with no policy.
#[must_use]
pub fn policy_length(head: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(word(head, 8)?);
    (word(head, 0) == Some(blob::MAGIC)).then(|| usize::try_from(length).ok()).flatten()
}

/// Splits a file into the policy and the leaked part, if there is one. Bytes that start with no policy, and trailing bytes
/// that do not even start like a leaked part, all stay with the policy: its reader says what is wrong with them.
///
/// # Errors
///
/// When the trailing bytes start like a leaked part and are none, see [`LeakedPart::parse`].
pub fn split(bytes: &[u8]) -> Result<(&[u8], Option<LeakedPart<'_>>), BlobError> {
    let cut = policy_length(bytes).and_then(|length| bytes.split_at_checked(length));
    match cut {
        Some((policy, leaked)) if leaked.starts_with(&MAGIC) => {
            Ok((policy, Some(LeakedPart::parse(leaked)?)))
        }
        _ => Ok((bytes, None)),
    }
}

/// The pages of a part in memory: for desks and tests, where nothing is shared.
#[derive(Clone, Debug, Default)]
pub struct HeldPages {
    bytes: Vec<u8>,
    /// Where each page starts.
    starts: Vec<usize>,
}

impl HeldPages {
    /// Copies the pages of a part.
    ///
    /// # Errors
    ///
    /// As [`LeakedPart::check`].
    pub fn of(part: &LeakedPart<'_>) -> Result<Self, BlobError> {
        part.check()?;
        let bytes = part.pages().to_vec();
        let mut starts = Vec::new();
        let mut at = 0;
        while let Next::Page(_, page) = next_page(bytes.get(at..).unwrap_or_default()) {
            starts.push(at);
            at += page.len();
        }
        Ok(Self { bytes, starts })
    }
}

impl LeakedPages for HeldPages {
    fn load(&mut self, page: u32) -> Option<Vec<u8>> {
        let page = page as usize;
        let start = *self.starts.get(page)?;
        let end = self.starts.get(page + 1).copied().unwrap_or(self.bytes.len());
        self.bytes.get(start..end).map(<[u8]>::to_vec)
    }
}
