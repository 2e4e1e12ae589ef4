//! A hundred thousand invented clients cost what ten do.

use emulated_host::host::{Reply, Setup};
use emulated_host::shop::{get, login, setup, start};

const REQUESTS: u32 = 100_000;
const WARM: u32 = 20_000;
const PAGES: usize = 64;
/// A page and its key.
const PAGE_BYTES: usize = 2048 + 64;

#[test]
fn a_hundred_thousand_invented_addresses_leave_memory_flat() {
    let vm_configuration = format!(r#"{{"hold_headers": true, "state_pages": {PAGES}}}"#).into_bytes();
    let mut host = start(Setup { workers: 2, vm_configuration, ..setup() });
    let mut warm = (0, 0, 0);
    for number in 0..REQUESTS {
        let [_, b, c, d] = number.to_be_bytes();
        let from = format!("10.{b}.{c}.{d}");
        let worker = number as usize % 2;
        if number % 10 == 0 {
            let mut attempt = login();
            attempt.surroundings.source_address = from;
            let body = format!("email=user{number}%40example.org&password=x").into_bytes();
            attempt.head.replace(b"content-length", body.len().to_string().as_bytes());
            attempt.chunks = vec![body];
            host.exchange(worker, &attempt, |_| Reply::status(401));
        } else {
            host.exchange(worker, &get("/api/items/1", &from), |_| Reply::status(200));
        }
        if number % 1000 == 0 {
            host.pass_time(std::time::Duration::from_secs(1));
            host.process().log.clear();
        }
        if number == WARM {
            warm = (host.memory_size(0), host.memory_size(1), host.process().shared_data.bytes());
        }
    }
    let end = (host.memory_size(0), host.memory_size(1), host.process().shared_data.bytes());
    println!("after {WARM}: {warm:?}; after {REQUESTS}: {end:?}");
    assert!(host.failures().is_empty(), "{:?}", host.failures());
    assert_eq!((warm.0, warm.1), (end.0, end.1), "the machines' memory grew");
    assert!(end.2 <= PAGES * PAGE_BYTES + 1024, "shared data hold {} bytes", end.2);
    assert_eq!(warm.2, end.2, "shared data grew");
}

#[test]
fn a_hot_attacker_is_still_known_after_a_flood_of_strangers() {
    let vm_configuration = format!(r#"{{"hold_headers": true, "state_pages": {PAGES}}}"#).into_bytes();
    let mut host = start(Setup { vm_configuration, ..setup() });
    for _ in 0..11 {
        host.exchange(0, &login(), |_| Reply::status(401));
    }
    for number in 0..30_000_u32 {
        let [_, b, c, d] = number.to_be_bytes();
        host.exchange(0, &get("/api/items/1", &format!("10.{b}.{c}.{d}")), |_| Reply::status(200));
    }
    let exchange = host.exchange(0, &login(), |_| Reply::status(302));
    assert_eq!(exchange.status(), Some(403), "the flood washed the ban away");
}
