//! Where pages are kept.

use std::collections::HashMap;

/// Tells one content of a page from the next. Opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

/// A page as it was found.
#[derive(Clone, Debug)]
pub struct StoredPage {
    /// Its bytes, which somebody else may have written.
    pub bytes: Vec<u8>,
    /// Which content this is.
    pub version: Version,
}

/// Whether a page was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was.
    Yes,
    /// Another writer was faster; load it again.
    Conflict,
}

/// The store cannot be used: the host refuses, or has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreUnavailable;

/// Numbered pages that are changed by compare-and-swap. In the proxy these are shared data, at a desk plain memory.
pub trait PageStore {
    /// The page, or `None` where it was never written.
    ///
    /// # Errors
    ///
    /// When the store cannot be used.
    fn load(&mut self, page: u32) -> Result<Option<StoredPage>, StoreUnavailable>;

    /// Writes the page if its content is still the expected one; `None` expects that it was never written.
    ///
    /// # Errors
    ///
    /// When the store cannot be used.
    fn store(
        &mut self,
        page: u32,
        bytes: &[u8],
        expected: Option<Version>,
    ) -> Result<Written, StoreUnavailable>;
}

/// A store in plain memory, with the rules of the shared one.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    pages: HashMap<u32, (Vec<u8>, u32)>,
    next: u32,
}

impl MemoryStore {
    /// Bytes of all pages.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pages.values().map(|(bytes, _)| bytes.len()).sum()
    }
}

impl PageStore for MemoryStore {
    fn load(&mut self, page: u32) -> Result<Option<StoredPage>, StoreUnavailable> {
        let found = self.pages.get(&page);
        Ok(found.map(|(bytes, version)| StoredPage { bytes: bytes.clone(), version: Version(*version) }))
    }

    fn store(
        &mut self,
        page: u32,
        bytes: &[u8],
        expected: Option<Version>,
    ) -> Result<Written, StoreUnavailable> {
        let found = self.pages.get_mut(&page);
        if found.as_ref().map(|(_, version)| Version(*version)) != expected {
            return Ok(Written::Conflict);
        }
        self.next = self.next.wrapping_add(1).max(1);
        match found {
            // Written in place: millions of simulated logins write the same pages again and again.
            Some((stored, version)) => {
                stored.clear();
                stored.extend_from_slice(bytes);
                *version = self.next;
            }
            None => {
                self.pages.insert(page, (bytes.to_vec(), self.next));
            }
        }
        Ok(Written::Yes)
    }
}
