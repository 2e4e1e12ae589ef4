//! Answers that wait: how many, how long, and what becomes of them when something else happens first.

use std::time::Duration;

use emulated_host::host::exchange::Surroundings;
use emulated_host::host::maps::HeaderMap;
use emulated_host::host::{EmulatedEnvoy, Reply, Request, Setup, StreamId};
use emulated_host::shop;

/// How many answers wait in a worker.
const MOST: usize = 128;
/// The delay of what the policy refuses, in milliseconds.
const DELAY: u64 = 1500;
/// How late an answer can be, in milliseconds.
const TICK: u64 = 50;
const USUAL_PERIOD: u32 = 1000;

#[test]
fn one_more_than_there_is_room_for_is_answered_at_once_and_counted() {
    let mut host = start(true);
    let waiting: Vec<StreamId> = (0..MOST).map(|_| host.send(0, &refused())).collect();
    assert!(waiting.iter().all(|stream| !host.look(*stream).finished));
    for _ in 0..3 {
        let one_more = host.send(0, &refused());
        let seen = host.look(one_more);
        assert_eq!((seen.finished, seen.status(), seen.took()), (true, Some(403), 0));
    }
    assert_eq!(host.process().metrics.counter("bartizan.slow_replies.at_once"), 3);
    host.pass_time(Duration::from_millis(DELAY + TICK));
    for stream in waiting {
        let seen = host.take(stream);
        assert_eq!((seen.finished, seen.status()), (true, Some(403)));
        assert!((DELAY..=DELAY + TICK).contains(&seen.took()), "{} ms", seen.took());
    }
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn a_worker_ticks_fast_only_while_something_waits_and_writes_no_more_often() {
    let mut host = start(true);
    assert_eq!(host.tick_period(0), USUAL_PERIOD);
    host.send(0, &refused());
    assert_eq!(host.tick_period(0), 50);
    // What a fast tick costs: a reading of the clock. Writing and counting still happen once a second.
    let before = host.process().calls.clone();
    host.pass_time(Duration::from_millis(900));
    let after = host.process().calls.clone();
    for (call, count) in after {
        let more = count - before.get(call).copied().unwrap_or(0);
        let allowed = if call == "proxy_get_current_time_nanoseconds" { 20 } else { 4 };
        assert!(more <= allowed, "{call}: {more} times in 18 ticks");
    }
    host.pass_time(Duration::from_secs(2));
    assert_eq!(host.tick_period(0), USUAL_PERIOD);
}

#[test]
fn clients_that_leave_make_room() {
    let mut host = start(true);
    for _ in 0..3 {
        let waiting: Vec<StreamId> = (0..MOST).map(|_| host.send(0, &refused())).collect();
        for stream in waiting {
            assert!(!host.look(stream).finished);
            host.client_reset(stream);
            let seen = host.take(stream);
            assert_eq!(seen.status(), None);
            assert!(seen.state("bartizan").is_some_and(|record| record.contains("block")), "no record");
        }
    }
    host.pass_time(Duration::from_secs(3));
    assert_eq!(host.tick_period(0), USUAL_PERIOD);
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn a_body_that_goes_on_is_thrown_away() {
    for held in [true, false] {
        let mut host = start(held);
        let mut request = refused();
        request.head.replace(b":method", b"POST");
        let stream = host.request_head(0, request.surroundings.clone(), request.head.clone(), false);
        for _ in 0..50 {
            host.request_body(stream, &[b'x'; 16 * 1024], false);
            host.pass_time(Duration::from_millis(10));
        }
        let seen = host.look(stream);
        assert!(!seen.finished, "answered too soon: {:?}", seen.status());
        if held {
            // Where Envoy keeps the body from the filter it slows the client down instead.
            assert_eq!(seen.request.buffered.map_or(0, |buffered| buffered.len()), 0);
        }
        host.pass_time(Duration::from_secs(2));
        let seen = host.take(stream);
        assert_eq!((seen.status(), seen.upstream.head), (Some(403), None));
    }
}

#[test]
fn an_upstream_that_answers_meanwhile_is_not_heard() {
    let mut host = start(false);
    for number in 0..2 {
        let exchange = host.exchange(0, &login(&format!("leaked{number}")), |_| Reply::status(401));
        assert_eq!(exchange.status(), Some(401));
    }
    let request = login("customer");
    let stream = host.send(0, &request);
    let seen = host.look(stream);
    assert!(seen.upstream.head.is_some() && !seen.upstream.complete && !seen.finished, "{seen:?}");
    host.response_head(stream, HeaderMap::of([(":status", "302"), ("location", "/welcome")]), true);
    let seen = host.take(stream);
    assert_eq!((seen.finished, seen.status(), seen.client.text().as_str()), (true, Some(401), "no"));
    host.pass_time(Duration::from_secs(3));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn an_upstream_that_breaks_meanwhile_changes_nothing() {
    let mut host = start(false);
    for number in 0..2 {
        host.exchange(0, &login(&format!("leaked{number}")), |_| Reply::status(401));
    }
    let stream = host.send(0, &login("customer"));
    host.upstream_reset(stream);
    let seen = host.take(stream);
    // The proxy's own 503 would tell that this login was not like others.
    assert_eq!((seen.finished, seen.status(), seen.client.text().as_str()), (true, Some(401), "no"));
    host.pass_time(Duration::from_secs(3));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn a_new_configuration_leaves_what_waits_to_the_old_one() {
    let mut host = start(true);
    let waiting = host.send(0, &refused());
    // Settings beside the policy: the machine stays.
    let policy = shop::policy("deceive.policy.yaml");
    host.reconfigure(policy, br#"{"hold_headers": true, "records": "all"}"#.to_vec()).unwrap();
    host.pass_time(Duration::from_millis(DELAY + TICK));
    assert_eq!(host.take(waiting).status(), Some(403));
    // A machine that is replaced ends its streams; nothing is left over.
    host.send(0, &refused());
    let policy = shop::policy("deceive.policy.yaml");
    host.reconfigure(policy, br#"{"hold_headers": true, "kill_switch": true}"#.to_vec()).unwrap();
    let passed = host.exchange(0, &refused(), |_| Reply::status(200));
    assert_eq!((passed.status(), passed.took()), (Some(200), 0));
    host.pass_time(Duration::from_secs(3));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

/// A process in which the next requests of [`refused`] are refused late.
fn start(holds_heads: bool) -> EmulatedEnvoy {
    let settings = format!(r#"{{"hold_headers": {holds_heads}, "records": "all"}}"#);
    let mut host = shop::start(Setup {
        plugin_configuration: shop::policy("deceive.policy.yaml"),
        vm_configuration: settings.into_bytes(),
        allow_on_headers_stop_iteration: holds_heads,
        ..shop::setup()
    });
    for _ in 0..5 {
        assert_eq!(host.exchange(0, &refused(), |_| Reply::status(200)).status(), Some(200));
    }
    host
}

fn refused() -> Request {
    request("GET", "given.example.com", "/", "203.0.113.9")
}

fn login(user: &str) -> Request {
    let body = format!("email={user}%40example.org");
    let mut request = request("POST", "slow.example.com", "/login", "198.51.100.9");
    request.head.add(b"content-type", b"application/x-www-form-urlencoded");
    request.head.add(b"content-length", body.len().to_string().as_bytes());
    request.chunks = vec![body.into_bytes()];
    request
}

fn request(method: &str, host: &str, path: &str, from: &str) -> Request {
    let head =
        HeaderMap::of([(":authority", host), (":path", path), (":method", method), (":scheme", "https")]);
    let surroundings = Surroundings { source_address: from.to_owned(), ..Surroundings::default() };
    Request { head, surroundings, ..Request::default() }
}
