//! Makes the pages of leaked lists.

use super::LeakedList;
use super::container::PartHeader;
use super::page::{CHECKSUM_AT, HEADER_LEN, LAYOUT, MAGIC, PAGE_LEN, checksum, key_of, position_of};
use sha2::{Digest as _, Sha256};
use std::fmt;
use xorf::{Xor8, Xor16};

/// Why a list cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListError {
    /// Fingerprints have 8 or 16 bits.
    Bits(u8),
    /// Too many entries share a page wherever the borders are: the digests were made up.
    Uneven,
    /// More than 2³² pages.
    TooLarge,
}

impl fmt::Display for ListError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits(bits) => write!(out, "a fingerprint has 8 or 16 bits, not {bits}"),
            Self::Uneven => {
                write!(
                    out,
                    "the entries do not spread like hashes do: these are no SHA-1 hashes of passwords"
                )
            }
            Self::TooLarge => write!(out, "all lists together have too many entries"),
        }
    }
}

impl std::error::Error for ListError {}

/// What became of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenList {
    /// Where it is.
    pub list: LeakedList,
    /// How many different entries it has.
    pub entries: u64,
    /// How many bytes its pages have.
    pub bytes: u64,
}

/// Collects the pages of all lists of a policy.
#[derive(Debug, Default)]
pub struct PartWriter {
    pages: u32,
    bytes: Vec<u8>,
}

impl PartWriter {
    /// Adds a list of digests, in any order; equal ones are one entry. The same digests always give the same bytes.
    /// `each_page` is told whenever a page is done how many are, and how many there will be. Needs little more memory than
    /// the digests and the pages.
    ///
    /// # Errors
    ///
    /// See [`ListError`].
    pub fn list(
        &mut self,
        mut digests: Vec<u64>,
        bits: u8,
        mut each_page: impl FnMut(u32, u32),
    ) -> Result<WrittenList, ListError> {
        let capacity = page_capacity(bits)?;
        for digest in &mut digests {
            *digest = key_of(*digest);
        }
        let mut keys = digests;
        keys.sort_unstable();
        keys.dedup();
        let pages = page_count(&keys, capacity)?;
        let (first_page, start) = (self.pages, self.bytes.len());
        self.pages = self.pages.checked_add(pages).ok_or(ListError::TooLarge)?;
        let list = LeakedList { first_page, pages, bits, digest: list_digest(&keys, bits) };
        let mut rest = keys.as_slice();
        for position in 0..pages {
            let (ours, others) =
                rest.split_at(rest.partition_point(|key| position_of(*key, pages) == position));
            self.page(&list, position, ours);
            rest = others;
            each_page(position + 1, pages);
        }
        Ok(WrittenList { list, entries: keys.len() as u64, bytes: (self.bytes.len() - start) as u64 })
    }

    fn page(&mut self, list: &LeakedList, position: u32, keys: &[u64]) {
        let (seed, block, fingerprints) = if list.bits == 8 {
            let filter = Xor8::from(keys);
            (filter.seed, filter.block_length, filter.fingerprints.to_vec())
        } else {
            let filter = Xor16::from(keys);
            let bytes = filter.fingerprints.iter().flat_map(|fingerprint| fingerprint.to_le_bytes());
            (filter.seed, filter.block_length, bytes.collect())
        };
        let mut page = Vec::with_capacity(PAGE_LEN);
        page.extend(MAGIC);
        page.extend([LAYOUT, list.bits]);
        // At most a third of a page.
        page.extend(u16::try_from(block).unwrap_or(u16::MAX).to_le_bytes());
        page.extend(list.digest.to_le_bytes());
        page.extend(seed.to_le_bytes());
        page.extend(position.to_le_bytes());
        page.extend([0; 4]);
        page.extend(fingerprints);
        let sum = checksum(&page).unwrap_or(0).to_le_bytes();
        if let Some(slot) = page.get_mut(CHECKSUM_AT..HEADER_LEN) {
            slot.copy_from_slice(&sum);
        }
        self.bytes.extend(page);
    }

    /// The whole part, to stand behind the policy; empty where there are no pages.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        if self.pages == 0 {
            return Vec::new();
        }
        let digest: [u8; 32] = Sha256::digest(&self.bytes).into();
        let digest = digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        let header = PartHeader { pages: self.pages, length: self.bytes.len() as u64, digest };
        let mut part = self.bytes;
        part.splice(..0, header.to_bytes());
        part
    }
}

/// The most entries that a page can hold.
fn page_capacity(bits: u8) -> Result<usize, ListError> {
    // `xorf` gives a filter of n entries 1.23 n + 32 slots.
    match bits {
        8 => Ok((PAGE_LEN - HEADER_LEN - 32) * 100 / 123),
        16 => Ok(((PAGE_LEN - HEADER_LEN) / 2 - 32) * 100 / 123),
        _ => Err(ListError::Bits(bits)),
    }
}

/// The fewest pages, within a hundredth, of which none gets too many of the keys.
fn page_count(keys: &[u64], capacity: usize) -> Result<u32, ListError> {
    if keys.len() <= capacity {
        return Ok(u32::from(!keys.is_empty()));
    }
    let mut pages = keys.len() / capacity + 1;
    // Hashes need a tenth more than the average asks for, a sixth with 16 bits.
    while pages <= 4 * (keys.len() / capacity + 1) {
        let count = u32::try_from(pages).map_err(|_| ListError::TooLarge)?;
        if fullest(keys, count) <= capacity {
            return Ok(count);
        }
        pages += pages / 128 + 1;
    }
    Err(ListError::Uneven)
}

fn fullest(keys: &[u64], pages: u32) -> usize {
    keys.chunk_by(|one, next| position_of(*one, pages) == position_of(*next, pages))
        .map(<[u64]>::len)
        .max()
        .unwrap_or(0)
}

fn list_digest(keys: &[u64], bits: u8) -> u64 {
    let mut hash = Sha256::new();
    hash.update([bits]);
    for key in keys {
        hash.update(key.to_le_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}
