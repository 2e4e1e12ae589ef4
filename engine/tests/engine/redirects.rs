//! Logins whose outcome shows in where the reply redirects to.

use crate::world::{FAILURE_LIMIT, Outcome, World, shop};
use bartizan_engine::blob::Policy;
use bartizan_engine::blob::draft::OutcomeCondition;
use bartizan_engine::state::store::MemoryStore;
use bartizan_engine::vocabulary::Mode;

/// Of how many tries, more than are let through once they count as failed.
const TRIES: usize = 40;

/// How many of many tries reach an upstream that answers them all like this.
fn forwarded(failure: &OutcomeCondition, status: &str, location: &str) -> usize {
    let mut draft = shop(Mode::Enforce);
    draft.apps[0].logins[0].failure = failure.clone();
    draft.rules.truncate(1);
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 1);
    let tries = (0..TRIES).filter(|_| match world.login("192.0.2.1", "jane") {
        Outcome::Forwarded(exchange) => {
            world.answer(exchange, status, &[("location", location)]);
            true
        }
        _ => false,
    });
    tries.count()
}

#[test]
fn only_a_reply_that_redirects_redirects_somewhere() {
    let to_login = OutcomeCondition::RedirectsTo("/login".to_owned());
    for status in ["301", "302", "303", "307", "308"] {
        assert_eq!(forwarded(&to_login, status, "/login"), FAILURE_LIMIT as usize, "{status}");
        assert_eq!(forwarded(&to_login, status, "/account"), TRIES, "{status}");
    }
    // There it names what was made (RFC 9110, 10.2.2), and browsers stay where they are.
    for status in ["200", "201", "202", "401", "503"] {
        assert_eq!(forwarded(&to_login, status, "/login"), TRIES, "{status}");
    }
    let elsewhere = OutcomeCondition::Not(Box::new(to_login));
    assert_eq!(forwarded(&elsewhere, "201", "/login"), FAILURE_LIMIT as usize);
    assert_eq!(forwarded(&elsewhere, "302", "/login"), TRIES);
}
