//! Lists of leaked credentials: is this password, or this pair of user name and password, on a list of millions?
//!
//! A list is compiled into pages of at most [`PAGE_LEN`] bytes. A credential's digest says which page could know it, and
//! that page holds an xor filter (Graf and Lemire, 2020) of the digests that belong there: a look-up reads one page, misses
//! no entry, and takes a stranger for an entry with a chance of 1 in 256 (8 bits a fingerprint) or 1 in 65,536 (16 bits).
//! The pages travel behind the policy in the same file ([`container`]) and are kept once for all workers; whoever looks
//! something up says where with [`LeakedPages`]. A list holds fingerprints only: no credential can be read from it.

pub mod container;
mod digest;
mod page;

#[cfg(feature = "write")]
pub mod write;

pub use container::{HeldPages, LeakedPart, Next, next_page, policy_length, split};
pub use digest::{pair_digest, password_digest};
pub use page::{HEADER_LEN, PAGE_LEN, Page};

/// Where the pages of leaked lists are kept.
pub trait LeakedPages {
    /// The bytes of a page, counted over all lists of the policy from 0; `None` where it cannot be had.
    fn load(&mut self, page: u32) -> Option<Vec<u8>>;
}

/// No pages at all: every look-up ends without an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLeakedPages;

impl LeakedPages for NoLeakedPages {
    fn load(&mut self, _: u32) -> Option<Vec<u8>> {
        None
    }
}

/// Where one list is among the pages, and how its pages can be told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeakedList {
    /// Its first page.
    pub first_page: u32,
    /// How many pages it has; none for a list without entries.
    pub pages: u32,
    /// Bits of a fingerprint: 8 or 16.
    pub bits: u8,
    /// What its entries hash to; every page of the list repeats it.
    pub digest: u64,
}

/// Whether a list has an entry with this digest, see [`password_digest`] and [`pair_digest`].
///
/// `None` where the page is not there or is not this list's: then nothing is known, which is never the same as "not on
/// the list". An entry is always found; what is no entry is found with a chance of one in two to the power of `bits`.
pub fn contains(list: &LeakedList, digest: u64, pages: &mut dyn LeakedPages) -> Option<bool> {
    if list.pages == 0 {
        return Some(false);
    }
    let key = page::key_of(digest);
    let position = page::position_of(key, list.pages);
    let bytes = pages.load(list.first_page.checked_add(position)?)?;
    let page = Page::read(&bytes)?;
    let is_ours = page.list == list.digest && page.position == position && page.bits == list.bits;
    is_ours.then(|| page.contains(key))
}

#[cfg(test)]
mod tests;
