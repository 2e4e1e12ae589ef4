//! Memory has a ceiling, and invented clients cannot push an attacker out of it.

use crate::world::{Outcome, World, shop};
use bartizan_engine::blob::Policy;
use bartizan_engine::state::page::PAGE_LEN;
use bartizan_engine::state::store::MemoryStore;
use bartizan_engine::vocabulary::Mode;

/// Enough to go through every page of the pool thousands of times.
const INVENTED: u32 = 10_000_000;
const PAGES: u32 = 512;

#[test]
fn ten_million_invented_addresses_leave_memory_flat_and_a_hot_attacker_known() {
    let blob = shop(Mode::Enforce).write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 4);
    world.settings.state_pages = PAGES;
    for _ in 0..10 {
        let Outcome::Forwarded(exchange) = world.login("198.51.100.7", "anna") else { panic!("admitted") };
        world.answer(exchange, "401", &[]);
    }
    assert!(!world.login("198.51.100.7", "anna").is_forwarded());
    let mut bytes_after_a_tenth = 0;
    for number in 0..INVENTED {
        let [_, b, c, d] = number.to_be_bytes();
        let address = format!("10.{b}.{c}.{d}");
        assert!(
            world.request(&address, "GET", "/api/items/1", &[]).is_forwarded(),
            "{address} is a stranger"
        );
        // All within the window of the attacker's failures: only eviction could make it be forgotten.
        world.now += u64::from(number % 50_000 == 0);
        if number == INVENTED / 10 {
            bytes_after_a_tenth = world.store.bytes();
        }
    }
    assert_eq!(world.store.bytes(), bytes_after_a_tenth);
    assert!(world.store.bytes() <= PAGES as usize * PAGE_LEN);
    assert!(!world.login("198.51.100.7", "anna").is_forwarded(), "the attacker was forgotten");
    let waiting: usize = world.workers.iter().map(|worker| worker.deltas.len()).sum();
    assert!(waiting <= 4 * bartizan_engine::state::delta::MAX_CELLS, "{waiting} cells wait");
}
