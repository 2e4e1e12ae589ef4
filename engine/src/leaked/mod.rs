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
