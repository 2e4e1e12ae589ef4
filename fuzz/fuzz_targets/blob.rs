//! Any bytes are a policy or an error; a policy that was read never makes an exchange panic.
#![no_main]

use std::sync::LazyLock;

use bartizan_engine::blob::Policy;
use bartizan_engine::state::store::MemoryStore;
use bartizan_fuzz::{Exchange, blob, run};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

static BLOB: LazyLock<Vec<u8>> = LazyLock::new(blob);

/// Where a blob keeps its checksum.
const CHECKSUM: std::ops::Range<usize> = 12..16;

#[derive(Arbitrary, Debug)]
struct Input {
    /// Bytes of a good blob to overwrite, or a whole blob.
    blob: Result<Vec<(u16, u8)>, Vec<u8>>,
    exchanges: Vec<Exchange>,
}

fuzz_target!(|input: Input| {
    let mut bytes = match input.blob {
        Ok(changes) => {
            let mut bytes = BLOB.clone();
            let length = bytes.len();
            for (position, value) in changes {
                bytes[usize::from(position) % length] = value;
            }
            bytes
        }
        Err(bytes) => bytes,
    };
    // Most damage fails the checksum, which is not what is tried here.
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(bytes.get(..CHECKSUM.start).unwrap_or_default());
    checksum.update(bytes.get(CHECKSUM.end..).unwrap_or_default());
    if let Some(slot) = bytes.get_mut(CHECKSUM) {
        slot.copy_from_slice(&checksum.finalize().to_le_bytes());
    }
    if let Ok(policy) = Policy::parse(&bytes) {
        run(&policy, MemoryStore::default(), true, &input.exchanges);
    }
});
