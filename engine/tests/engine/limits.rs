//! Limits hold, whoever tries and however many workers look.

use crate::world::{
    ContendedStore, FAILURE_LIMIT, FLUSH_AT, Outcome, PAGE_LIMIT, World, request_headers, shop,
};
use bartizan_engine::blob::Policy;
use bartizan_engine::blob::draft::ActionDraft;
use bartizan_engine::clock::Millis;
use bartizan_engine::exchange::{Decided, Opened, RequestHead, open};
use bartizan_engine::settings::Forget;
use bartizan_engine::state::store::MemoryStore;
use bartizan_engine::vocabulary::{CounterKey, Mode};

const WORKERS: [u64; 3] = [1, 2, 7];

fn with_policy(mode: Mode, test: impl Fn(&Policy<'_>)) {
    let blob = shop(mode).write().unwrap();
    test(&Policy::parse(&blob).unwrap());
}

#[test]
fn of_a_hundred_parallel_attempts_at_most_ten_reach_the_upstream_on_any_number_of_workers() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            for conflicts_every in [0, 2, 3, 5] {
                let mut world = World::new(policy, ContendedStore::new(conflicts_every), workers);
                let reached: Vec<_> = (0..100).map(|_| world.login("192.0.2.1", "anna")).collect();
                let reached = reached.iter().filter(|outcome| outcome.is_forwarded()).count();
                assert_eq!(
                    reached, FAILURE_LIMIT as usize,
                    "{workers} workers, conflict every {conflicts_every}"
                );
            }
        }
    });
}

#[test]
fn failures_that_were_answered_keep_the_limit_and_successes_free_it() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            for _ in 0..30 {
                let Outcome::Forwarded(exchange) = world.login("192.0.2.1", "anna") else {
                    panic!("admitted")
                };
                world.answer(exchange, "302", &[("set-cookie", "sid=abc; Path=/")]);
            }
            for round in 0..30 {
                if let Outcome::Forwarded(exchange) = world.login("192.0.2.2", "bert") {
                    assert!(round < FAILURE_LIMIT, "round {round} with {workers} workers");
                    world.answer(exchange, "401", &[]);
                }
            }
        }
    });
}

#[test]
fn an_outcome_that_nothing_proves_is_not_counted() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 2);
        for _ in 0..50 {
            let Outcome::Forwarded(exchange) = world.login("192.0.2.1", "anna") else { panic!("admitted") };
            world.answer(exchange, "500", &[]);
        }
    });
}

#[test]
fn an_attempt_without_an_answer_is_given_back_after_forty_seconds_at_the_latest() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 2);
        for _ in 0..FAILURE_LIMIT {
            assert!(world.login("192.0.2.1", "anna").is_forwarded());
        }
        world.now += 25_000;
        assert!(!world.login("192.0.2.1", "anna").is_forwarded());
        world.now += 16_000;
        assert!(world.login("192.0.2.1", "anna").is_forwarded());
    });
}

#[test]
fn refusals_do_not_feed_themselves() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 2);
        for _ in 0..FAILURE_LIMIT {
            let Outcome::Forwarded(exchange) = world.login("192.0.2.1", "anna") else { panic!("admitted") };
            world.answer(exchange, "401", &[]);
        }
        // Hammering on must not prolong it.
        let mut seconds = 0;
        while !world.login("192.0.2.1", "anna").is_forwarded() {
            seconds += 1;
            world.now += 1000;
            assert!(seconds <= 300, "refused for longer than the window");
        }
        assert!(seconds >= 262, "free after {seconds} seconds, before seven eighths of the window");
    });
}

#[test]
fn request_counts_overshoot_by_at_most_workers_times_what_one_may_hold_back() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            let mut before_first_refusal = 0;
            while world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded() {
                before_first_refusal += 1;
                assert!(before_first_refusal < 1000, "{workers} workers: never refused");
            }
            // One more passes where the throttle starts: it keeps the first distance.
            let most = PAGE_LIMIT as u64 + workers * u64::from(FLUSH_AT) + 1;
            assert!(
                before_first_refusal >= u64::from(PAGE_LIMIT),
                "{workers} workers: {before_first_refusal}"
            );
            assert!(before_first_refusal <= most, "{workers} workers: {before_first_refusal} of {most}");
        }
    });
}

#[test]
fn a_throttled_client_passes_one_request_per_interval_and_is_told_when() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 1);
        while world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded() {}
        let Outcome::Refused(reply) = world.request("192.0.2.1", "GET", "/api/items/1", &[]) else {
            panic!("refused")
        };
        let retry_after = reply.headers.iter().find(|(name, _)| *name == "retry-after").unwrap();
        assert_eq!((reply.status, retry_after.1.as_str()), (429, "10"));
        world.now += 10_000;
        assert!(world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded());
        assert!(!world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded());
    });
}

#[test]
fn report_mode_never_refuses_anything() {
    with_policy(Mode::Report, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 2);
        for _ in 0..100 {
            assert!(world.login("192.0.2.1", "anna").is_forwarded());
            assert!(world.request("192.0.2.1", "GET", "/wp-login.php", &[]).is_forwarded());
        }
    });
}

#[test]
fn a_trap_blocks_its_client_for_as_long_as_it_says_and_forgetting_lifts_the_block() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 2);
        assert!(!world.request("192.0.2.1", "GET", "/wp-login.php", &[]).is_forwarded());
        assert!(!world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded());
        assert!(world.request("192.0.2.2", "GET", "/api/items/1", &[]).is_forwarded());
        world.now += 60_000;
        world.settings.forget = vec![Forget { before: Millis(world.now), addresses: None }];
        assert!(world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded());
        world.settings.forget.clear();
        assert!(!world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded());
        world.now += 3_600_000;
        assert!(world.request("192.0.2.1", "GET", "/api/items/1", &[]).is_forwarded());
    });
}

#[test]
fn an_invented_cookie_is_no_new_client_and_an_issued_one_is() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 2);
        let mut passed = 0;
        for number in 0..400 {
            let cookie = format!("sid=invented{number}");
            passed += u32::from(
                world.request("192.0.2.1", "GET", "/api/items/1", &[("cookie", &cookie)]).is_forwarded(),
            );
        }
        assert!(passed <= PAGE_LIMIT + 2 * u32::from(FLUSH_AT) + 1, "{passed}");
        // A customer behind the same address logs in and is a client of its own from then on.
        let Outcome::Forwarded(exchange) = world.login("192.0.2.9", "carla") else { panic!("admitted") };
        world.answer(exchange, "302", &[("set-cookie", "sid=genuine; HttpOnly")]);
        assert!(
            world.request("192.0.2.1", "GET", "/api/items/1", &[("cookie", "sid=genuine")]).is_forwarded()
        );
    });
}

#[test]
fn a_held_login_is_judged_by_what_its_client_did_until_its_body_came() {
    let mut draft = shop(Mode::Enforce);
    // Nothing is reserved for the client, so nothing but a reading tells what became of it.
    draft.counters[0].key = CounterKey::Address;
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 2);
    world.settings.hold_headers = true;
    let Outcome::Forwarded(exchange) = world.login("192.0.2.9", "carla") else { panic!("admitted") };
    world.answer(exchange, "302", &[("set-cookie", "sid=genuine; HttpOnly")]);
    let more = [("content-length", "40"), ("cookie", "sid=genuine")];
    let headers = request_headers("shop.example.com", "POST", "/login", &more);
    let head = RequestHead {
        headers: &headers,
        source_address: &|| Some(b"192.0.2.9:40000".to_vec()),
        verified_claim: &|_, _| None,
        end_of_stream: false,
    };
    let Opened::Login(mut login, _) = world.on_next(|surroundings| open(head, surroundings)) else {
        panic!("it waits for its body")
    };
    let trap = world.request("192.0.2.9", "GET", "/wp-login.php", &[("cookie", "sid=genuine")]);
    assert!(!trap.is_forwarded());
    let decided = world.on_next(|surroundings| {
        login.body(b"email=carla&password=secret", surroundings);
        login.decide(surroundings)
    });
    assert!(matches!(decided, Decided::Refused(..)), "its client stepped into a trap meanwhile");
}

#[test]
fn state_outlives_a_policy_with_the_same_counters_and_starts_over_where_their_meaning_changed() {
    let first = shop(Mode::Enforce).write().unwrap();
    let mut other_words = shop(Mode::Enforce);
    other_words.rules[0].because = "said differently".to_owned();
    let mut other_window = shop(Mode::Enforce);
    other_window.counters[0].window_ms = 400_000;
    let blobs = [other_words, other_window].map(|draft| draft.write().unwrap());
    let first = Policy::parse(&first).unwrap();
    let mut world = World::new(&first, MemoryStore::default(), 1);
    while world.login("192.0.2.1", "anna").is_forwarded() {}
    let store = world.store;
    let (same, changed) = (Policy::parse(&blobs[0]).unwrap(), Policy::parse(&blobs[1]).unwrap());
    let mut world = World::new(&same, store, 1);
    assert!(!world.login("192.0.2.1", "anna").is_forwarded());
    let mut world = World::new(&changed, world.store, 1);
    world.epoch = 2;
    assert!(world.login("192.0.2.1", "bert").is_forwarded());
    // The older configuration finds pages that are no longer its own, and leaves them alone.
    let mut world = World::new(&first, world.store, 1);
    let _ = world.login("192.0.2.1", "carla");
    let mut world = World::new(&changed, world.store, 1);
    world.epoch = 2;
    let mut reached = 1;
    while world.login("192.0.2.1", "bert").is_forwarded() {
        reached += 1;
    }
    assert_eq!(reached, FAILURE_LIMIT);
}

#[test]
fn pages_that_something_else_wrote_are_started_over() {
    with_policy(Mode::Enforce, |policy| {
        use bartizan_engine::state::store::PageStore as _;
        let mut world = World::new(policy, MemoryStore::default(), 1);
        for page in 0..world.settings.state_pages {
            world.store.store(page, b"not a page", None).unwrap();
        }
        let mut reached = 0;
        while world.login("192.0.2.1", "anna").is_forwarded() {
            reached += 1;
        }
        assert_eq!(reached, FAILURE_LIMIT);
    });
}

#[test]
fn parallel_logins_that_all_succeed_ban_nobody() {
    let mut draft = shop(Mode::Enforce);
    if let ActionDraft::Block { for_ms, .. } = &mut draft.ladders[0].steps[1].action {
        *for_ms = 600_000;
    }
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 2);
    let together: Vec<_> = (0..=FAILURE_LIMIT).map(|_| world.login("192.0.2.1", "anna")).collect();
    assert_eq!(together.iter().filter(|outcome| outcome.is_forwarded()).count(), FAILURE_LIMIT as usize);
    for outcome in together {
        if let Outcome::Forwarded(exchange) = outcome {
            world.answer(exchange, "302", &[("set-cookie", "sid=abc")]);
        }
    }
    assert!(world.login("192.0.2.1", "anna").is_forwarded());
    // Failures that are proven do ban.
    while let Outcome::Forwarded(exchange) = world.login("192.0.2.2", "bert") {
        world.answer(exchange, "401", &[]);
    }
    world.now += 500_000;
    assert!(!world.request("192.0.2.2", "GET", "/api/items/1", &[]).is_forwarded());
}

#[test]
fn a_decoy_beside_the_user_name_hides_nothing() {
    let mut draft = shop(Mode::Enforce);
    // More than five user names from one address are refused here.
    draft.rules[2].points = 100;
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let long = "A".repeat(1100);
    for decoy in ["decoy", "", long.as_str()] {
        let mut world = World::new(&policy, MemoryStore::default(), 2);
        let reached = (0..40).filter(|number| {
            let names = format!("victim{number}&email={decoy}");
            match world.login("192.0.2.1", &names) {
                Outcome::Forwarded(exchange) => {
                    world.answer(exchange, "302", &[("set-cookie", "sid=abc")]);
                    true
                }
                _ => false,
            }
        });
        assert_eq!(reached.count(), 5, "beside {decoy:?}");
    }
}

#[test]
fn a_form_that_sends_the_same_name_twice_is_one_account() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 2);
        for _ in 0..20 {
            let Outcome::Forwarded(exchange) = world.login("192.0.2.1", "anna&email=anna") else {
                panic!("admitted")
            };
            world.answer(exchange, "302", &[("set-cookie", "sid=abc")]);
        }
        // Its failures count for the account, wherever they come from.
        let mut reached = 0;
        for host in 1..=60 {
            if let Outcome::Forwarded(exchange) =
                world.login(&format!("198.51.100.{host}"), "bert&email=bert")
            {
                world.answer(exchange, "401", &[]);
                reached += 1;
            }
        }
        assert_eq!(reached, 20);
    });
}
