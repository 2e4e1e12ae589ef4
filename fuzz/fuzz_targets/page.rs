//! Shared data that somebody else has written to never makes an exchange panic.
#![no_main]

use std::sync::LazyLock;

use bartizan_engine::blob::Policy;
use bartizan_fuzz::{DamagedStore, Exchange, blob, run};
use libfuzzer_sys::fuzz_target;

static BLOB: LazyLock<Vec<u8>> = LazyLock::new(blob);

fuzz_target!(|input: (Vec<(u16, u8)>, Vec<u8>, u8, Vec<Exchange>)| {
    let (damage, fresh, refuse_every, exchanges) = input;
    let policy = Policy::parse(&BLOB).expect("a good blob");
    run(&policy, DamagedStore::new(damage, fresh, refuse_every), false, &exchanges);
});
