//! Shared data that somebody else writes to as well.

use bartizan_engine::state::store::{MemoryStore, PageStore, StoreUnavailable, StoredPage, Version, Written};

/// A store that damages what it gives back, and sometimes refuses.
#[derive(Debug)]
pub struct DamagedStore {
    inner: MemoryStore,
    damage: Vec<(u16, u8)>,
    fresh: Vec<u8>,
    operations: u8,
    refuse_every: u8,
}

impl DamagedStore {
    /// Every page that is loaded has these bytes (by position) flipped by these bits; a page that was never written is
    /// `fresh`, where that is not empty; every so often the store refuses.
    #[must_use]
    pub fn new(damage: Vec<(u16, u8)>, fresh: Vec<u8>, refuse_every: u8) -> Self {
        Self { inner: MemoryStore::default(), damage, fresh, operations: 0, refuse_every }
    }

    fn refuses(&mut self) -> bool {
        self.operations = self.operations.wrapping_add(1);
        self.refuse_every > 0 && self.operations.is_multiple_of(self.refuse_every)
    }
}

impl PageStore for DamagedStore {
    fn load(&mut self, page: u32) -> Result<Option<StoredPage>, StoreUnavailable> {
        if self.refuses() {
            return Err(StoreUnavailable);
        }
        let Some(mut stored) = self.inner.load(page)? else {
            return Ok((!self.fresh.is_empty()).then(|| StoredPage { bytes: self.fresh.clone(), version: Version(0) }));
        };
        for (position, bits) in &self.damage {
            if let Some(byte) = stored.bytes.get_mut(usize::from(*position)) {
                *byte ^= bits;
            }
        }
        Ok(Some(stored))
    }

    fn store(&mut self, page: u32, bytes: &[u8], expected: Option<Version>) -> Result<Written, StoreUnavailable> {
        if self.refuses() {
            return Err(StoreUnavailable);
        }
        self.inner.store(page, bytes, expected.filter(|version| *version != Version(0)))
    }
}
