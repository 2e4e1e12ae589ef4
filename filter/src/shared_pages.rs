//! Pages of state in shared data.

use crate::host;
use bartizan_engine::state::store::{PageStore, StoreUnavailable, StoredPage, Version, Written};
use std::fmt::Write as _;

/// The pages of one instance.
#[derive(Debug)]
pub(crate) struct SharedPages {
    prefix: String,
}

impl SharedPages {
    pub(crate) fn new(instance: &str) -> Self {
        Self { prefix: format!("bartizan/v1/{instance}/") }
    }

    fn key(&self, page: u32) -> String {
        let mut key = String::with_capacity(self.prefix.len() + 10);
        key.push_str(&self.prefix);
        let _ = write!(key, "{page}");
        key
    }
}

impl PageStore for SharedPages {
    fn load(&mut self, page: u32) -> Result<Option<StoredPage>, StoreUnavailable> {
        let found = host::shared_value(&self.key(page));
        Ok(found.map(|(bytes, version)| StoredPage { bytes, version: Version(version) }))
    }

    fn store(
        &mut self,
        page: u32,
        bytes: &[u8],
        expected: Option<Version>,
    ) -> Result<Written, StoreUnavailable> {
        let expected = expected.map(|version| version.0);
        host::set_shared_value(&self.key(page), bytes, expected).map_err(|_| StoreUnavailable)
    }
}
