//! Nothing raw leaves the filter: no password, user name, card number or cookie, wherever one looks.

use emulated_host::host::exchange::Exchange;
use emulated_host::host::{Reply, Setup};
use emulated_host::shop::{get, login, setup, start, text};

/// What must appear nowhere; each stands in the traffic below.
const SECRETS: &[&str] = &[
    "victim",
    "guess",
    "4111111111111111",
    "sid-of-a-customer",
    "token-of-a-customer",
    "203.0.113.9",
    "key-of-the-operator",
];

#[test]
fn no_secret_is_logged_stored_counted_recorded_or_passed_on() {
    let environment = vec![("BARTIZAN_HASH_KEY".to_owned(), "key-of-the-operator-0123456789".to_owned())];
    let mut host = start(Setup { environment, log_level: 0, ..setup() });
    let mut seen: Vec<(Exchange, bool)> = Vec::new();
    for _ in 0..12 {
        let mut attempt = login();
        attempt.head.add(b"cookie", b"sid=sid-of-a-customer");
        attempt.head.add(b"authorization", b"Bearer token-of-a-customer");
        seen.push((host.exchange(0, &attempt, |_| Reply::status(401)), false));
        seen.push((
            host.exchange(0, &get("/api/orders/7", "198.51.100.1"), |_| {
                text("card 4111111111111111, thanks")
            }),
            true,
        ));
        host.pass_time(std::time::Duration::from_secs(1));
    }
    assert!(host.failures().is_empty(), "{:?}", host.failures());
    let mut places: Vec<(String, Vec<u8>)> = vec![("the log".to_owned(), host.log_text().into_bytes())];
    for (exchange, masked) in &seen {
        places.push(("filter state".to_owned(), exchange.state("bartizan").unwrap_or_default().into_bytes()));
        for (name, value) in exchange.upstream.head.iter().flat_map(|head| head.pairs()) {
            if name.starts_with(b"x-bartizan") {
                places.push(("a header to the upstream".to_owned(), value.to_vec()));
            }
        }
        if *masked || exchange.status() == Some(403) {
            places.push(("a reply".to_owned(), exchange.client.body()));
        }
    }
    let process = host.process();
    places.extend(process.metrics.names().map(|name| ("a metric".to_owned(), name.as_bytes().to_vec())));
    for key in process.shared_data.keys("bartizan") {
        places.push(("a key of shared data".to_owned(), key.to_vec()));
        let value =
            process.shared_data.get("bartizan", key).map(|(value, _)| value.to_vec()).unwrap_or_default();
        places.push(("shared data".to_owned(), value));
    }
    assert!(places.len() > 50, "too few places were looked at: {}", places.len());
    for (place, bytes) in &places {
        for secret in SECRETS {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {place}: {}", String::from_utf8_lossy(bytes));
        }
    }
}
