//! Hostcalls that answer what they never should: what the SDK turns into a trap is listed, everything else is survived.

use emulated_host::host::exchange::Exchange;
use emulated_host::host::faults::{Effect, Which};
use emulated_host::host::status::Status;
use emulated_host::host::{EmulatedEnvoy, FailurePolicy, Reply, Setup};
use emulated_host::shop::{get, login, policy, setup, start, text};

/// Calls that the filter makes, each with the statuses that the SDK (0.2.5) hands on; it turns every other one into a
/// panic, which is a trap. Envoy gives none of those in the places where the filter calls.
const CALLS: &[(&str, &[Status])] = &[
    ("proxy_log", &[]),
    ("proxy_get_current_time_nanoseconds", &[]),
    ("proxy_get_header_map_pairs", &[]),
    ("proxy_replace_header_map_value", &[]),
    ("proxy_remove_header_map_value", &[]),
    ("proxy_get_buffer_bytes", &[Status::NotFound]),
    ("proxy_set_buffer_bytes", &[]),
    ("proxy_get_property", &[Status::NotFound, Status::SerializationFailure, Status::InternalFailure]),
    ("proxy_set_property", &[]),
    ("proxy_get_shared_data", &[Status::NotFound]),
    ("proxy_set_shared_data", &[Status::CasMismatch]),
    ("proxy_send_local_response", &[]),
    ("proxy_increment_metric", &[Status::NotFound, Status::BadArgument]),
    ("proxy_set_effective_context", &[Status::BadArgument]),
];

/// Statuses that the SDK's enumeration does not have: what it makes of them is not defined.
const UNDEFINED: [Status; 2] = [Status::InvalidMemoryAccess, Status::Unimplemented];

#[test]
fn every_status_of_every_call_is_survived_or_is_on_the_list_of_traps() {
    for (call, handed_on) in CALLS {
        for status in Status::ALL.into_iter().filter(|status| *status != Status::Ok) {
            let mut host = start(Setup { failure_policy: FailurePolicy::Reload, ..setup() });
            host.process().faults.plan(call, Which::From(1), Effect::Answer(status));
            for exchange in traffic(&mut host) {
                assert!(exchange.finished, "{call} answering {status:?}: an exchange never ended");
            }
            let happened = host.process().faults.happened > 0;
            let trapped = !host.failures().is_empty() || host.log_text().contains("unexpected status");
            if happened && !UNDEFINED.contains(&status) {
                assert_eq!(
                    trapped,
                    !handed_on.contains(&status),
                    "{call} answering {status:?}: {:?}",
                    host.failures()
                );
            }
            host.process().faults.clear();
            let after = host.exchange(0, &get("/", "198.51.100.77"), |_| Reply::status(200));
            assert_eq!(
                after.status(),
                Some(200),
                "{call} answering {status:?}: a fresh machine does not serve"
            );
        }
    }
}

#[test]
fn statuses_that_the_sdk_hands_on_let_clean_requests_through() {
    for (call, handed_on) in CALLS {
        for &status in *handed_on {
            let mut host = start(setup());
            host.process().faults.plan(call, Which::From(1), Effect::Answer(status));
            let exchange = host.exchange(0, &get("/api/items/1", "198.51.100.77"), |_| text("fine"));
            assert_eq!(exchange.status(), Some(200), "{call} answering {status:?}");
            assert_eq!(exchange.client.text(), "fine", "{call} answering {status:?}");
            assert!(host.failures().is_empty(), "{call} answering {status:?}: {:?}", host.failures());
        }
    }
}

#[test]
fn an_answer_without_data_is_survived() {
    for call in [
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_get_buffer_bytes",
        "proxy_get_shared_data",
    ] {
        let mut host = start(setup());
        host.process().faults.plan(call, Which::From(1), Effect::NullPointers);
        for exchange in traffic(&mut host) {
            assert!(exchange.finished, "{call}: an exchange never ended");
        }
        assert!(host.process().faults.happened > 0, "{call} was never called");
        assert!(host.failures().is_empty(), "{call}: {:?}", host.failures());
    }
}

#[test]
fn no_memory_for_an_answer_ends_in_a_fresh_machine_at_worst() {
    for call in [
        "proxy_get_header_map_pairs",
        "proxy_get_property",
        "proxy_get_buffer_bytes",
        "proxy_get_shared_data",
    ] {
        let mut host = start(Setup { failure_policy: FailurePolicy::Reload, ..setup() });
        host.process().faults.plan(call, Which::From(1), Effect::NoMemory);
        for exchange in traffic(&mut host) {
            assert!(exchange.finished, "{call}: an exchange never ended");
        }
        host.process().faults.clear();
        let after = host.exchange(0, &get("/", "198.51.100.77"), |_| Reply::status(200));
        assert_eq!(after.status(), Some(200), "{call}");
    }
}

#[test]
fn state_that_a_stranger_wrote_is_started_over_and_counted() {
    let pages: [Vec<u8>; 5] =
        [Vec::new(), vec![0], b"somebody else's".to_vec(), vec![0xFF; 2048], vec![7; 4096]];
    for page in pages {
        let mut host = start(setup());
        for exchange in traffic(&mut host) {
            assert!(exchange.finished);
        }
        host.pass_time(std::time::Duration::from_secs(2));
        overwrite(&mut host, |_| page.clone());
        for exchange in traffic(&mut host) {
            assert!(exchange.finished);
        }
        host.pass_time(std::time::Duration::from_secs(2));
        assert!(host.failures().is_empty(), "{:?}", host.failures());
        let process = host.process();
        let counted: u64 = process
            .metrics
            .names()
            .filter(|name| name.starts_with("bartizan.errors.kind."))
            .map(|name| process.metrics.counter(name))
            .sum();
        assert!(counted > 0, "nothing was counted for a page of {} bytes", page.len());
    }
}

#[test]
fn pages_with_flipped_bits_are_survived() {
    let mut random = 0x5EED_u64;
    println!("seed {random:#x}");
    for _ in 0..200 {
        let mut host = start(setup());
        traffic(&mut host);
        overwrite(&mut host, |page| {
            let mut page = page.to_vec();
            for _ in 0..3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let place = (random >> 33) as usize % page.len().max(1);
                if let Some(byte) = page.get_mut(place) {
                    *byte ^= 1 << (random >> 61);
                }
            }
            page
        });
        for exchange in traffic(&mut host) {
            assert!(exchange.finished);
        }
        host.pass_time(std::time::Duration::from_secs(2));
        assert!(host.failures().is_empty(), "{:?}", host.failures());
    }
}

#[test]
fn endless_contention_throttles_logins_and_lets_the_rest_follow_on_error() {
    let page = get("/", "203.0.113.9");
    for (name, login_status, page_status) in
        [("shop.policy.yaml", 429, 200), ("on-error-deny.policy.yaml", 503, 200)]
    {
        let mut host = start(Setup { plugin_configuration: policy(name), ..setup() });
        host.exchange(0, &login(), |_| Reply::status(401));
        host.process().faults.plan("proxy_set_shared_data", Which::From(1), Effect::AnotherWriter);
        let attempt = host.exchange(0, &login(), |_| Reply::status(401));
        assert_eq!(attempt.status(), Some(login_status), "{name}: {:?}", attempt.state("bartizan"));
        assert!(
            attempt.upstream.head.is_none(),
            "{name}: an attempt that was not reserved reached the upstream"
        );
        let read = host.exchange(0, &page, |_| Reply::status(200));
        assert_eq!(read.status(), Some(page_status), "{name}: {:?}", read.state("bartizan"));
        host.pass_time(std::time::Duration::from_secs(2));
        let counted = host.process().metrics.counter("bartizan.errors.kind.contention");
        assert!(counted > 0, "{name}: the contention was not counted");
        assert!(host.failures().is_empty(), "{:?}", host.failures());
    }
}

#[test]
fn a_clock_that_steps_back_is_survived() {
    let mut host = start(setup());
    for step in [0, 3_600, 30, 86_400 * 365] {
        let back = std::time::Duration::from_secs(step);
        let now = host.process().now;
        host.process().now = now.saturating_sub(u64::try_from(back.as_nanos()).unwrap());
        for exchange in traffic(&mut host) {
            assert!(exchange.finished);
        }
    }
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn a_reply_head_that_is_held_and_gets_no_body_is_let_go_by_the_watchdog() {
    let mut host = start(setup());
    let attempt = login();
    // The host holds the head but, against its own promise, never shows the body.
    let stream = host.request_head(0, attempt.surroundings.clone(), attempt.head.clone(), false);
    assert!(host.look(stream).upstream.head.is_none(), "the head was not held");
    host.pass_time(std::time::Duration::from_secs(30));
    assert!(host.look(stream).upstream.head.is_some(), "the head is still held after half a minute");
}

/// A little of everything: a login, a masked reply, a trap page, a refused client.
fn traffic(host: &mut EmulatedEnvoy) -> Vec<Exchange> {
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(host.exchange(0, &login(), |_| Reply::status(401)));
        seen.push(
            host.exchange(0, &get("/api/orders/7", "198.51.100.1"), |_| {
                text("card 4111111111111111, thanks")
            }),
        );
        seen.push(host.exchange(0, &get("/wp-login.php", "198.51.100.2"), |_| Reply::status(404)));
        seen.push(host.exchange(0, &get("/", "198.51.100.2"), |_| Reply::status(200)));
    }
    seen
}

fn overwrite(host: &mut EmulatedEnvoy, with: impl FnMut(&[u8]) -> Vec<u8>) {
    let mut with = with;
    let mut process = host.process();
    let keys: Vec<Vec<u8>> = process.shared_data.keys("bartizan").map(<[u8]>::to_vec).collect();
    for key in keys {
        let page = process.shared_data.get("bartizan", &key).map(|(page, _)| with(page)).unwrap_or_default();
        process.shared_data.set("bartizan", &key, &page, 0);
    }
}
