//! However a body is cut, its verdict and its bytes are the same.

use emulated_host::host::maps::HeaderMap;
use emulated_host::host::{EmulatedEnvoy, Reply};
use emulated_host::shop::{get, login, setup, start, text};
use proptest::prelude::*;

const REPLY: &str = r#"{"orders":[{"card":"4111 1111 1111 1111","iban":"DE89 3704 0044 0532 0130 00"},{"note":"4111111111111112 is none, 5500-0000-0000-0004 is"},{"text":"ünïcödé 378282246310005"}],"sum":12}"#;

#[test]
fn a_reply_cut_at_any_two_places_comes_out_the_same() {
    let mut host = start(setup());
    let whole = reply(&mut host, &[REPLY.as_bytes().to_vec()], false);
    assert!(!whole.0.contains("4111 1111 1111 1111"), "{}", whole.0);
    for first in 0..REPLY.len() {
        for second in (first..REPLY.len()).step_by(7) {
            let bytes = REPLY.as_bytes();
            let parts = [bytes[..first].to_vec(), bytes[first..second].to_vec(), bytes[second..].to_vec()];
            assert_eq!(reply(&mut host, &parts, first % 2 == 0), whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn a_login_cut_at_any_place_is_the_same_login() {
    let attempt = login();
    let body = attempt.chunks.concat();
    for place in 0..=body.len() {
        let mut host = start(setup());
        for from in 0..9 {
            let mut request = attempt.clone();
            request.surroundings.source_address = format!("198.51.100.{from}");
            request.chunks = vec![body[..place].to_vec(), body[place..].to_vec(), Vec::new()];
            let exchange = host.exchange(0, &request, |_| Reply::status(401));
            // The ninth address that tries one account is challenged.
            let expected = if from < 8 { Some(401) } else { Some(403) };
            assert_eq!(exchange.status(), expected, "cut at {place}, address {from}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_reply_cut_into_random_parts_comes_out_the_same(sizes in prop::collection::vec(0_usize..40, 1..60), data_end: bool) {
        let mut host = start(setup());
        let whole = reply(&mut host, &[REPLY.as_bytes().to_vec()], false);
        let mut rest = REPLY.as_bytes();
        let mut parts = Vec::new();
        for size in sizes {
            let (part, more) = rest.split_at(size.min(rest.len()));
            parts.push(part.to_vec());
            rest = more;
        }
        parts.push(rest.to_vec());
        prop_assert_eq!(reply(&mut host, &parts, data_end), whole);
    }
}

/// The body and the findings of a reply in parts.
fn reply(host: &mut EmulatedEnvoy, parts: &[Vec<u8>], data_end: bool) -> (String, String) {
    let mut answer = text("");
    answer.head = HeaderMap::of([(":status", "200"), ("content-type", "application/json")]);
    answer.chunks = parts.to_vec();
    if !data_end {
        answer.chunks.push(Vec::new());
    }
    let exchange = host.exchange(0, &get("/api/orders/7", "198.51.100.8"), |_| answer);
    let record: serde_json::Value =
        exchange.state("bartizan").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let found = record.get("found").map(ToString::to_string).unwrap_or_default();
    (exchange.client.text(), found)
}
