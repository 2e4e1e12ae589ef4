//! Limits hold however attempts are spread over workers, connections and moments.

use emulated_host::host::faults::{Effect, Which};
use emulated_host::host::{EmulatedEnvoy, Reply, Setup, StreamId};
use emulated_host::shop::{login, setup, start};

/// The limit of the scenarios' policy: the eleventh attempt is refused.
const LIMIT: usize = 10;
const ATTEMPTS: usize = 100;

#[test]
fn of_a_hundred_parallel_attempts_at_most_ten_reach_the_upstream() {
    for workers in [1, 2, 7] {
        for seed in 0..8 {
            let mut host = start(Setup { workers, seed, ..setup() });
            let reached = attempt_in_parallel(&mut host, seed);
            assert!(reached <= LIMIT, "{reached} reached the upstream with {workers} workers, order {seed}");
            assert!(host.failures().is_empty(), "{:?}", host.failures());
        }
    }
}

#[test]
fn the_limit_holds_when_every_second_write_comes_too_late() {
    for workers in [1, 2, 7] {
        let mut host = start(Setup { workers, ..setup() });
        host.process().faults.plan("proxy_set_shared_data", Which::Every(2), Effect::AnotherWriter);
        let reached = attempt_in_parallel(&mut host, 1);
        assert!(host.process().faults.happened > 0, "the fault never happened");
        assert!(reached <= LIMIT, "{reached} reached the upstream with {workers} workers");
        assert!(host.failures().is_empty(), "{:?}", host.failures());
    }
}

#[test]
fn the_limit_holds_when_four_hundred_writes_in_a_row_come_too_late() {
    for workers in [1, 2, 7] {
        let mut host = start(Setup { workers, ..setup() });
        host.process().faults.plan("proxy_set_shared_data", Which::First(400), Effect::AnotherWriter);
        let reached = attempt_in_parallel(&mut host, 1);
        assert!(reached <= LIMIT, "{reached} reached the upstream with {workers} workers");
        host.pass_time(std::time::Duration::from_secs(2));
        let process = host.process();
        let counted = process.metrics.counter("bartizan.errors.kind.contention");
        assert!(counted > 0, "nothing was counted");
    }
}

#[test]
fn one_worker_sees_at_once_what_another_has_banned() {
    let mut host = start(Setup { workers: 7, ..setup() });
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
fn attempts_of_clients_that_left_expire() {
    let mut host = start(Setup { workers: 2, ..setup() });
    let attempt = login();
    for _ in 0..3 {
        for worker in 0..LIMIT - 1 {
            let stream = host.send(worker, &attempt);
            host.client_reset(stream);
            host.take(stream);
        }
        host.pass_time(std::time::Duration::from_secs(45));
    }
    let exchange = host.exchange(0, &attempt, |_| Reply::status(302));
    assert_eq!(exchange.status(), Some(302), "{:?}", exchange.state("bartizan"));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

/// Sends all attempts so that their callbacks interleave in an order that follows from `seed`; gives how many arrived.
fn attempt_in_parallel(host: &mut EmulatedEnvoy, seed: u64) -> usize {
    let attempt = login();
    let workers = host.workers();
    let mut order = Shuffle(seed);
    let streams: Vec<StreamId> = (0..ATTEMPTS)
        .map(|number| {
            host.request_head(number % workers, attempt.surroundings.clone(), attempt.head.clone(), false)
        })
        .collect();
    let (first, second) = attempt.chunks.first().map(|body| body.split_at(13)).unwrap_or_default();
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
