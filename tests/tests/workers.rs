//! Limits hold however attempts are spread over workers, connections and moments.

use emulated_host::artefacts;
use emulated_host::host::exchange::Surroundings;
use emulated_host::host::faults::{Effect, Which};
use emulated_host::host::maps::HeaderMap;
use emulated_host::host::{EmulatedEnvoy, Reply, Request, Setup, StreamId};
use emulated_host::scenario;

/// The limit of the scenarios' policy: the eleventh attempt is refused.
const LIMIT: usize = 10;
const ATTEMPTS: usize = 100;
const BODY: &[u8] = b"email=victim%40example.org&password=guess";

#[test]
fn of_a_hundred_parallel_attempts_at_most_ten_reach_the_upstream() {
    for workers in [1, 2, 7] {
        for seed in 0..8 {
            let mut host = host(workers, seed);
            let reached = attempt_in_parallel(&mut host, seed);
            assert!(reached <= LIMIT, "{reached} reached the upstream with {workers} workers, order {seed}");
            assert!(host.failures().is_empty(), "{:?}", host.failures());
        }
    }
}

#[test]
fn the_limit_holds_under_contention_for_the_same_page() {
    for workers in [1, 2, 7] {
        let mut host = host(workers, 1);
        host.process().faults.plan("proxy_set_shared_data", Which::First(60), Effect::AnotherWriter);
        let reached = attempt_in_parallel(&mut host, 1);
        assert!(host.process().faults.happened > 0, "the fault never happened");
        assert!(reached <= LIMIT, "{reached} reached the upstream with {workers} workers");
        assert!(host.failures().is_empty(), "{:?}", host.failures());
    }
}

#[test]
fn one_worker_sees_at_once_what_another_has_banned() {
    let mut host = host(7, 3);
    let attempt = login();
    for _ in 0..=LIMIT {
        host.exchange(0, &attempt, |_| Reply::status(401));
    }
    for worker in 1..7 {
        let exchange = host.exchange(worker, &attempt, |_| Reply::status(401));
        assert_eq!(exchange.status(), Some(403), "worker {worker} let it through");
    }
}

#[test]
fn an_attempt_whose_client_leaves_is_still_settled_or_expires() {
    let mut host = host(2, 4);
    let attempt = login();
    for worker in 0..2 * LIMIT {
        let stream = host.send(worker, &attempt);
        host.client_reset(stream);
        host.take(stream);
    }
    // A reservation that nobody settles expires after half a minute.
    host.pass_time(std::time::Duration::from_secs(45));
    let exchange = host.exchange(0, &attempt, |_| Reply::status(302));
    assert_eq!(exchange.status(), Some(302), "{:?}", exchange.state("bartizan"));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

/// Sends all attempts so that their callbacks interleave in an order that follows from `seed`; gives how many arrived.
#[cfg(test)]
fn attempt_in_parallel(host: &mut EmulatedEnvoy, seed: u64) -> usize {
    let attempt = login();
    let workers = host.workers();
    let mut order = Shuffle(seed);
    let streams: Vec<StreamId> = (0..ATTEMPTS)
        .map(|number| host.request_head(number % workers, attempt.surroundings.clone(), attempt.head.clone(), false))
        .collect();
    let (first, second) = BODY.split_at(13);
    for &stream in &order.of(&streams) {
        host.request_body(stream, first, false);
    }
    for &stream in &order.of(&streams) {
        host.request_body(stream, second, true);
    }
    let reached = streams.iter().filter(|stream| host.look(**stream).upstream.head.is_some()).count();
    for stream in order.of(&streams) {
        if !host.look(stream).finished {
            host.answer(stream, &Reply::status(401));
        }
        host.take(stream);
    }
    reached
}

#[cfg(test)]
fn host(workers: usize, seed: u64) -> EmulatedEnvoy {
    let module = artefacts::load(&artefacts::filter().unwrap()).unwrap();
    let policy = artefacts::package().join("scenarios/shop.policy.yaml");
    let setup = Setup {
        workers,
        seed,
        plugin_configuration: scenario::policy::compiled(&policy).unwrap(),
        vm_configuration: br#"{"hold_headers": true}"#.to_vec(),
        allow_on_headers_stop_iteration: true,
        ..Setup::default()
    };
    EmulatedEnvoy::start(&module, setup).unwrap()
}

fn login() -> Request {
    let length = BODY.len().to_string();
    let head = HeaderMap::of([
        (":authority", "shop.example.com"),
        (":path", "/login"),
        (":method", "POST"),
        (":scheme", "https"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", &length),
    ]);
    let surroundings = Surroundings { source_address: "203.0.113.9".to_owned(), ..Surroundings::default() };
    Request { head, chunks: vec![BODY.to_vec()], trailers: None, surroundings }
}

/// Orders that follow from a seed.
struct Shuffle(u64);

impl Shuffle {
    fn of(&mut self, streams: &[StreamId]) -> Vec<StreamId> {
        let mut keyed: Vec<(u64, StreamId)> = streams.iter().map(|stream| (self.next(), *stream)).collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, stream)| stream).collect()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11
    }
}
