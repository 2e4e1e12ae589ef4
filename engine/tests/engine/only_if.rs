//! Requests that are logins only if a field says so: an OAuth 2 token endpoint.

use crate::world::{FAILURE_LIMIT, PAGE_LIMIT, World, request_headers, shop};
use bartizan_engine::blob::Policy;
use bartizan_engine::blob::draft::{Condition, FieldSource, PolicyDraft};
use bartizan_engine::exchange::{Decided, Opened, RequestHead, open};
use bartizan_engine::state::store::MemoryStore;
use bartizan_engine::vocabulary::Mode;

/// Failed logins of a client that are let through.
const LIMIT: usize = FAILURE_LIMIT as usize;

/// The shop, whose logins are those with `grant_type=password`, refused after some failures while others go on.
fn token_endpoint() -> PolicyDraft {
    let mut draft = shop(Mode::Enforce);
    draft.apps[0].logins[0].only_if =
        Some((FieldSource::Form("grant_type".to_owned()), "password".to_owned()));
    draft.rules.truncate(1);
    draft.rules[0].when =
        Condition::All(vec![Condition::Login, Condition::CounterOver { counter: 0, over: FAILURE_LIMIT }]);
    draft
}

/// Sends a request with these header fields and this body; the upstream answers 401. Whether it got there.
fn send(world: &mut World<'_, MemoryStore>, more: &[(&str, &str)], body: Option<&str>) -> bool {
    let headers = request_headers("shop.example.com", "POST", "/login", more);
    let source = || Some(b"192.0.2.1:40000".to_vec());
    let head = RequestHead {
        headers: &headers,
        source_address: &source,
        verified_claim: &|_, _| None,
        end_of_stream: body.is_none(),
    };
    let exchange = world.on_next(|surroundings| match open(head, surroundings) {
        Opened::Login(mut login, _) => {
            login.body(body.unwrap_or_default().as_bytes(), surroundings);
            match login.decide(surroundings) {
                Decided::Forwarded(exchange, _) => Some(exchange),
                Decided::Refused(..) => None,
            }
        }
        Opened::Forwarded(exchange, _) => Some(exchange),
        Opened::Refused(..) => None,
        Opened::Untouched(_) => panic!("nobody's"),
    });
    let is_forwarded = exchange.is_some();
    if let Some(exchange) = exchange {
        world.answer(exchange, "401", &[]);
    }
    is_forwarded
}

/// How many of forty such requests reach the upstream.
fn forwarded(world: &mut World<'_, MemoryStore>, more: &[(&str, &str)], body: Option<&str>) -> usize {
    (0..40).filter(|_| send(world, more, body)).count()
}

const LOGIN: &str = "grant_type=password&email=jane&password=x";
const REFRESH: &str = "grant_type=refresh_token&refresh_token=x";

#[test]
fn other_requests_neither_count_nor_are_refused_as_logins() {
    let blob = token_endpoint().write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 2);
    for body in [Some(REFRESH), Some("email=jane&password=x"), Some(""), None] {
        assert_eq!(forwarded(&mut world, &[], body), 40, "{body:?}");
    }
    assert_eq!(forwarded(&mut world, &[], Some(LOGIN)), LIMIT);
    for body in [Some(REFRESH), None] {
        assert_eq!(forwarded(&mut world, &[], body), 40, "{body:?}");
    }
}

#[test]
fn a_client_whose_logins_are_refused_from_the_start_may_do_other_things() {
    let mut draft = token_endpoint();
    draft.rules[0].when =
        Condition::All(vec![Condition::Login, Condition::CounterOver { counter: 1, over: PAGE_LIMIT }]);
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 2);
    for _ in 0..4 {
        assert_eq!(forwarded(&mut world, &[], Some(REFRESH)), 40);
    }
    assert_eq!(forwarded(&mut world, &[], Some(LOGIN)), 0);
    assert_eq!(forwarded(&mut world, &[], Some(REFRESH)), 40);
}

#[test]
fn a_login_cannot_pass_for_another_request() {
    let padded = format!("x={}&{LOGIN}", "x".repeat(70_000));
    let twice = format!("{LOGIN}&grant_type=refresh_token");
    let too_long = format!("{LOGIN}&grant_type={}", "x".repeat(5000));
    for (more, body) in [
        (vec![], LOGIN),
        (vec![], padded.as_str()),
        (vec![], twice.as_str()),
        (vec![], too_long.as_str()),
        (vec![("content-encoding", "gzip")], "\u{1f}\u{8b}..."),
        (vec![("content-encoding", "identity, br")], "..."),
    ] {
        let blob = token_endpoint().write().unwrap();
        let policy = Policy::parse(&blob).unwrap();
        let mut world = World::new(&policy, MemoryStore::default(), 2);
        let start: String = body.chars().take(60).collect();
        assert_eq!(forwarded(&mut world, &more, Some(body)), LIMIT, "{more:?} {start}");
    }
}
