//! Blobs that were compiled long ago must be read, and decide as they always did.

use crate::world::{Outcome, World, request_headers};
use bartizan_engine::blob::Policy;
use bartizan_engine::exchange::{BodyStep, Opened, RequestHead, open};
use bartizan_engine::state::store::MemoryStore;

const V1_SHOP: &[u8] = include_bytes!("../../../tests/blobs/v1/shop.blob");
const V2_LOGIN: &[u8] = include_bytes!("../../../tests/blobs/v2/login.blob");
const V3_LEAKS: &[u8] = include_bytes!("../../../tests/blobs/v3/leaks.blob");

fn status(outcome: Outcome) -> Option<u16> {
    match outcome {
        Outcome::Refused(reply) => Some(reply.status),
        Outcome::Forwarded(_) | Outcome::Untouched => None,
    }
}

#[test]
fn the_first_format_gives_the_verdicts_that_it_always_gave() {
    let policy = Policy::parse(V1_SHOP).unwrap();
    assert_eq!(policy.header.format, 1);
    let mut world = World::at(&policy, MemoryStore::default(), 3, "shop.localhost");
    // Stuffing: five users pass, the sixth and all after it are challenged.
    for number in 0..12 {
        let outcome = world.login("192.0.2.1", &format!("user{number}"));
        assert_eq!(outcome.is_forwarded(), number < 5, "user {number}");
        assert!(number < 5 || status(outcome) == Some(403));
    }
    // Reading the catalogue: about sixty items pass, an estimate, then one a second.
    for number in 0..80 {
        let outcome = world.request("192.0.2.2", "GET", &format!("/api/items/{number}"), &[]);
        let expected = if number < 54 {
            Some(None)
        } else if number > 72 {
            Some(Some(429))
        } else {
            None
        };
        let status = status(outcome);
        assert!(expected.is_none_or(|expected| status == expected), "item {number}: {status:?}");
    }
    // A trap blocks the client for everything.
    assert_eq!(status(world.request("192.0.2.3", "GET", "/wp-login.php", &[])), Some(403));
    assert_eq!(status(world.request("192.0.2.3", "GET", "/api/items/1", &[])), Some(403));
    // A customer is let through, and a card in an answer is masked.
    let Outcome::Forwarded(exchange) = world.request("192.0.2.4", "GET", "/api/orders/7", &[]) else {
        panic!("a customer was refused")
    };
    let reply = [(":status", "200"), ("content-type", "application/json")];
    let reply: Vec<_> =
        reply.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let step = world.on_next(|surroundings| {
        let (mut replying, plan) = exchange.response_head(&reply, false, surroundings);
        assert!(plan.read_body);
        replying.body(br#"{"card":"4111 1111 1111 1111"}"#.to_vec(), true, surroundings)
    });
    assert_eq!(step, BodyStep::Write(br#"{"card":"**** **** **** 1111"}"#.to_vec()));
}

#[test]
fn the_second_format_gives_the_verdicts_that_it_always_gave() {
    let policy = Policy::parse(V2_LOGIN).unwrap();
    assert_eq!(policy.header.format, 2);
    let mut world = World::at(&policy, MemoryStore::default(), 3, "shop.localhost");
    // One address fails to open five accounts, and is challenged from the sixth on.
    for number in 0..12 {
        match world.login("192.0.2.1", &format!("user{number}")) {
            Outcome::Forwarded(exchange) if number < 5 => world.answer(exchange, "401", &[]),
            outcome => assert!(number >= 5 && status(outcome) == Some(403), "user {number}"),
        }
    }
    // An account that was opened from a network is at home there, whatever strangers do to it.
    let Outcome::Forwarded(exchange) = world.login("203.0.113.9", "ann") else { panic!("ann was refused") };
    world.answer(exchange, "302", &[("set-cookie", "sid=1; Path=/")]);
    for number in 0..30 {
        if let Outcome::Forwarded(exchange) = world.login(&format!("10.0.{number}.1"), "ann") {
            world.answer(exchange, "401", &[]);
        }
    }
    assert_eq!(status(world.login("10.0.99.1", "ann")), Some(403), "tried from many networks");
    assert!(world.login("203.0.113.77", "ann").is_forwarded(), "another address of her network");
}

#[test]
fn the_app_that_is_left_alone_stays_left_alone() {
    let policy = Policy::parse(V1_SHOP).unwrap();
    let mut world = World::at(&policy, MemoryStore::default(), 1, "plain.localhost");
    let headers = request_headers("plain.localhost", "GET", "/wp-login.php", &[("x-bartizan-id", "forged")]);
    let address = || -> Option<Vec<u8>> { panic!("nobody needs the address") };
    let head = RequestHead {
        headers: &headers,
        source_address: &address,
        verified_claim: &|_, _| None,
        end_of_stream: true,
    };
    let Opened::Untouched(changes) = world.on_next(|surroundings| open(head, surroundings)) else {
        panic!("it was looked at")
    };
    assert_eq!(changes.remove, ["x-bartizan-id"]);
}

#[test]
fn the_third_format_gives_the_verdicts_that_it_always_gave() {
    let policy = Policy::parse(V3_LEAKS).unwrap();
    assert_eq!(policy.header.format, 3);
    let mut world = World::at(&policy, MemoryStore::default(), 1, "shop.localhost");
    let reply = [(":status", "200"), ("content-type", "application/json")];
    let reply: Vec<_> =
        reply.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    let mut masked = |path: &str, body: &str| {
        let Outcome::Forwarded(exchange) = world.request("192.0.2.4", "GET", path, &[]) else {
            panic!("a customer was refused")
        };
        let step = world.on_next(|surroundings| {
            let (mut replying, plan) = exchange.response_head(&reply, false, surroundings);
            assert!(plan.read_body);
            replying.body(body.as_bytes().to_vec(), true, surroundings)
        });
        match step {
            BodyStep::Write(bytes) => String::from_utf8(bytes).unwrap(),
            _ => body.to_owned(),
        }
    };
    let body = r#"{"card":"4111 1111 1111 1111","badge":"ACME-123456","memberId":"1234567897","orderId":"1234567897"}"#;
    let expected = r#"{"card":"**** **** **** 1111","badge":"****-******","memberId":"**********","orderId":"1234567897"}"#;
    assert_eq!(masked("/orders/7", body), expected);
    let body = r#"{"mail":"ann@example.com","note":"about blueHeron","salary":1234}"#;
    let found = masked("/staff", body);
    assert!(!found.contains("ann@") && !found.contains("Heron") && !found.contains("1234"), "{found}");
    assert!(masked("/me", body).contains("ann@example.com"), "a profile shows its own address");
}
