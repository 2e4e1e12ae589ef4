//! What an exchange costs in hostcalls: the numbers that the documentation promises.

use emulated_host::host::exchange::Exchange;
use emulated_host::host::maps::HeaderMap;
use emulated_host::host::{EmulatedEnvoy, Reply, Request, Setup};
use emulated_host::{artefacts, scenario};

#[test]
fn a_clean_get_of_an_app_without_inspection_costs_at_most_nine_hostcalls() {
    let exchange = steady(&get("plain.localhost", "/item"));
    print(&exchange, "without inspection");
    assert!(exchange.calls.total() <= 9, "{:?}", exchange.calls.calls);
}

#[test]
fn a_clean_get_of_an_inspected_route_costs_at_most_twelve_hostcalls() {
    let exchange = steady(&get("shop.localhost", "/api/items/7"));
    print(&exchange, "inspected");
    assert!(exchange.calls.total() <= 12, "{:?}", exchange.calls.calls);
}

/// The exchange after a hundred others: pages exist, caches are warm.
#[cfg(test)]
fn steady(request: &Request) -> Exchange {
    let module = artefacts::load(&artefacts::filter().unwrap()).unwrap();
    let policy = artefacts::package().join("examples/shop/shop.policy.yaml");
    let setup = Setup {
        plugin_configuration: scenario::policy::compiled(&policy).unwrap(),
        // As in the reference configuration.
        vm_configuration: br#"{"hold_headers": true}"#.to_vec(),
        allow_on_headers_stop_iteration: true,
        ..Setup::default()
    };
    let mut host = EmulatedEnvoy::start(&module, setup).unwrap();
    let mut last = Exchange::default();
    for round in 0..100 {
        // Less than the policy's limit of requests per minute.
        host.pass_time(std::time::Duration::from_secs(2));
        let body = format!("{{\"item\":{round},\"text\":\"{}\"}}", "a quiet text of a catalogue ".repeat(70));
        last = host.exchange(0, request, |_| reply(&body));
        assert_eq!(last.status(), Some(200));
        assert!(host.failures().is_empty(), "{:?}", host.failures());
    }
    last
}

fn get(host: &str, path: &str) -> Request {
    let head = HeaderMap::of([
        (":authority", host),
        (":path", path),
        (":method", "GET"),
        (":scheme", "http"),
        ("user-agent", "a client"),
        ("accept", "application/json"),
        ("accept-language", "en"),
        ("cookie", "theme=dark"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "00000000-0000-4000-8000-000000000001"),
    ]);
    Request { head, ..Request::default() }
}

fn reply(body: &str) -> Reply {
    let length = body.len().to_string();
    let head = HeaderMap::of([
        (":status", "200"),
        ("content-type", "application/json"),
        ("content-length", &length),
    ]);
    Reply { head, chunks: vec![body.as_bytes().to_vec(), Vec::new()], trailers: None }
}

fn print(exchange: &Exchange, kind: &str) {
    println!(
        "{kind}: {} hostcalls, {} bytes: {:?}",
        exchange.calls.total(),
        exchange.calls.bytes,
        exchange.calls.calls
    );
}
