//! Lists of leaked credentials, read page by page.

/// Where the pages of leaked lists are.
pub trait LeakedPages {
    /// The page, or `None` where it is not there.
    fn load(&mut self, page: u32) -> Option<Vec<u8>>;
}

/// No lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLeakedPages;

impl LeakedPages for NoLeakedPages {
    fn load(&mut self, _: u32) -> Option<Vec<u8>> {
        None
    }
}

/// Stand-in.
#[derive(Clone, Copy, Debug)]
pub struct LeakedList {
    /// First.
    pub first_page: u32,
    /// Pages.
    pub pages: u32,
    /// Bits.
    pub bits: u8,
    /// Digest.
    pub digest: u64,
}
/// Stand-in.
pub fn contains(_: &LeakedList, _: u64, _: &mut dyn LeakedPages) -> Option<bool> {
    None
}
/// Stand-in.
#[must_use]
pub fn password_digest(_: &[u8]) -> u64 {
    0
}
/// Stand-in.
#[must_use]
pub fn pair_digest(_: &[u8], _: &[u8]) -> u64 {
    0
}
