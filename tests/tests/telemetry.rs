//! What an operator sees: counters with a closed set of names, that add up.

use std::time::Duration;

use emulated_host::host::{EmulatedEnvoy, Reply, Setup};
use emulated_host::shop::{get, login, setup, start, text};

#[test]
fn counters_say_what_happened() {
    for workers in [1, 2, 7] {
        let mut host = start(Setup { workers, ..setup() });
        traffic(&mut host);
        host.pass_time(Duration::from_secs(3));
        let process = host.process();
        let count = |name: &str| process.metrics.counter(name);
        for (name, expected) in [
            ("bartizan.requests", 14),
            ("bartizan.logins.app.shop.outcome.failure", 10),
            ("bartizan.found.app.shop.class.payment-data.detector.payment_card.confidence.high", 2),
            ("bartizan.masked.app.shop.class.payment-data.detector.payment_card", 2),
            ("bartizan.rules.rule.many-failures.enforced", 1),
            ("bartizan.decisions.app.shop.mode.enforce.would.block.do.block", 1),
            ("bartizan.uninspected.reason.compressed", 1),
            ("bartizan.killed", 0),
        ] {
            assert_eq!(count(name), expected, "{name} with {workers} workers; all: {:?}", all(&process));
        }
    }
}

#[test]
fn invented_requests_make_no_new_names() {
    let mut host = start(setup());
    traffic(&mut host);
    host.exchange(0, &get("/", "198.51.100.9"), |_| Reply::status(200));
    let mut elsewhere = get("/", "198.51.100.10");
    elsewhere.head.replace(b":authority", b"unknown.example.net");
    host.exchange(0, &elsewhere, |_| Reply::status(200));
    host.pass_time(Duration::from_secs(3));
    let before: Vec<String> = host.process().metrics.names().map(str::to_owned).collect();
    for number in 0..50 {
        host.exchange(0, &get(&format!("/invented/{number}"), &format!("198.51.100.{number}")), |_| {
            Reply::status(200)
        });
        let mut elsewhere = get("/", "198.51.100.10");
        elsewhere.head.replace(b":authority", format!("host{number}.example.net").as_bytes());
        host.exchange(0, &elsewhere, |_| Reply::status(200));
    }
    host.pass_time(Duration::from_secs(3));
    let after: Vec<String> = host.process().metrics.names().map(str::to_owned).collect();
    assert_eq!(before, after);
    assert!(before.iter().all(|name| name.starts_with("bartizan.")), "{before:?}");
}

#[test]
fn the_kill_switch_is_counted() {
    let vm_configuration = br#"{"kill_switch": true}"#.to_vec();
    let mut host = start(Setup { vm_configuration, ..setup() });
    traffic(&mut host);
    host.pass_time(Duration::from_secs(3));
    assert_eq!(host.process().metrics.counter("bartizan.killed"), 14);
}

/// Eleven logins of which the last is refused, two masked replies, one that cannot be read.
fn traffic(host: &mut EmulatedEnvoy) {
    for worker in 0..11 {
        host.exchange(worker, &login(), |_| Reply::status(401));
    }
    for worker in 0..2 {
        host.exchange(worker, &get("/api/orders/7", "198.51.100.1"), |_| {
            text("card 4111111111111111, thanks")
        });
    }
    let mut compressed = text("whatever");
    compressed.head.add(b"content-encoding", b"gzip");
    host.exchange(0, &get("/api/orders/7", "198.51.100.1"), |_| compressed);
}

fn all(process: &emulated_host::host::process::Process) -> Vec<(String, u64)> {
    let named = |name: &str| (name.to_owned(), process.metrics.counter(name));
    process.metrics.names().map(named).filter(|(_, count)| *count > 0).collect()
}
