//! Exchanges of any bytes are decided without a panic, and replies reach the client whole.
#![no_main]

use std::sync::LazyLock;

use bartizan_engine::blob::Policy;
use bartizan_engine::state::store::MemoryStore;
use bartizan_fuzz::{Exchange, blob, run};
use libfuzzer_sys::fuzz_target;

static BLOB: LazyLock<Vec<u8>> = LazyLock::new(blob);

fuzz_target!(|input: (bool, Vec<Exchange>)| {
    let (hold_headers, exchanges) = input;
    let policy = Policy::parse(&BLOB).expect("a good blob");
    run(&policy, MemoryStore::default(), hold_headers, &exchanges);
});
