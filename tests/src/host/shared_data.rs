//! The one store that all workers of a process share.
//!
//! Keys live in the namespace of a `vm_id`. Nothing is ever removed. The numbers that guard a write come from one
//! counter of the process, 32 bits wide, that skips 0.

use std::collections::BTreeMap;

use super::status::Status;

/// Values by namespace and key, each with the number of its last write.
#[derive(Debug, Default)]
pub struct SharedData {
    values: BTreeMap<(String, Vec<u8>), (Vec<u8>, u32)>,
    last_write: u32,
    /// Successful and refused writes so far, for tests that watch contention.
    pub writes: u64,
    /// Writes refused because another writer came first.
    pub mismatches: u64,
}

impl SharedData {
    /// The value and the number of its last write.
    pub fn get(&self, namespace: &str, key: &[u8]) -> Option<(&[u8], u32)> {
        let (value, write) = self.values.get(&(namespace.to_owned(), key.to_vec()))?;
        Some((value, *write))
    }

    /// Writes if `expected` is 0, or is the number of the last write, or nothing is stored yet (whatever `expected` is).
    pub fn set(&mut self, namespace: &str, key: &[u8], value: &[u8], expected: u32) -> Status {
        let place = (namespace.to_owned(), key.to_vec());
        self.writes = self.writes.saturating_add(1);
        if let Some((_, write)) = self.values.get(&place)
            && expected != 0
            && *write != expected
        {
            self.mismatches = self.mismatches.saturating_add(1);
            return Status::CasMismatch;
        }
        let write = self.next_write();
        self.values.insert(place, (value.to_vec(), write));
        Status::Ok
    }

    /// Keys of a namespace, in order.
    pub fn keys(&self, namespace: &str) -> impl Iterator<Item = &[u8]> {
        self.values.keys().filter(move |(have, _)| have == namespace).map(|(_, key)| key.as_slice())
    }

    /// Bytes of all keys and values of all namespaces.
    pub fn bytes(&self) -> usize {
        self.values.iter().map(|((_, key), (value, _))| key.len().saturating_add(value.len())).sum()
    }

    /// Sets the counter, so that a test can stand right before its wrap.
    pub fn set_last_write(&mut self, number: u32) {
        self.last_write = number;
    }

    fn next_write(&mut self) -> u32 {
        self.last_write = self.last_write.wrapping_add(1).max(1);
        self.last_write
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_number_creates_but_never_overwrites() {
        let mut data = SharedData::default();
        assert_eq!(data.set("vm", b"k", b"first", u32::MAX), Status::Ok);
        assert_eq!(data.set("vm", b"k", b"second", u32::MAX), Status::CasMismatch);
        assert_eq!(data.set("vm", b"k", b"third", 0), Status::Ok);
        assert_eq!(data.get("vm", b"k"), Some((&b"third"[..], 2)));
        assert_eq!(data.get("other", b"k"), None);
    }

    #[test]
    fn the_counter_skips_zero_when_it_wraps() {
        let mut data = SharedData::default();
        data.set_last_write(u32::MAX);
        data.set("vm", b"k", b"v", 0);
        assert_eq!(data.get("vm", b"k").map(|(_, write)| write), Some(1));
    }
}
