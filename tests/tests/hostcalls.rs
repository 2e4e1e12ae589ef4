//! What an exchange costs in hostcalls: the numbers that the documentation promises.

use std::time::Duration;

use emulated_host::host::exchange::{Exchange, Surroundings};
use emulated_host::host::maps::HeaderMap;
use emulated_host::host::{EmulatedEnvoy, Reply, Request, Setup};
use emulated_host::{artefacts, scenario};

/// What a whole login costs at most under the rule pack against account takeover.
const MOST_FOR_A_LOGIN: u64 = 24;

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

#[test]
fn a_login_under_the_rule_pack_costs_at_most_twenty_four_hostcalls() {
    for (kind, exchange) in logins() {
        let calls = &exchange.calls;
        assert!(calls.total() <= MOST_FOR_A_LOGIN, "{kind}: {} {:?}", calls.total(), calls.calls);
    }
}

/// Whole logins of every kind, after a hundred others: pages exist, caches are warm.
#[cfg(test)]
fn logins() -> Vec<(&'static str, Exchange)> {
    let mut host = start("../integration/policies/account-takeover.policy.yaml");
    let mut device = None;
    for customer in 0..100 {
        host.pass_time(Duration::from_secs(2));
        let exchange = log_in(&mut host, customer, None, true);
        device = device.or(device_cookie(&exchange));
    }
    let device = device.expect("a device is given a cookie at its first login");
    let kinds = [
        ("a stranger's success", 1000, None, true),
        ("a stranger's failure", 1001, None, false),
        ("a known device's success", 0, Some(device.as_str()), true),
        ("a known device's failure", 0, Some(device.as_str()), false),
        ("a success from a known network", 50, None, true),
        ("a failure from a known network", 51, None, false),
    ];
    let logins = kinds.map(|(kind, customer, device, is_right)| {
        host.pass_time(Duration::from_secs(2));
        let exchange = log_in(&mut host, customer, device, is_right);
        let gets_cookie = is_right && device.is_none();
        assert_eq!(device_cookie(&exchange).is_some(), gets_cookie, "{kind}: new devices are given a cookie");
        print(&exchange, kind);
        (kind, exchange)
    });
    logins.into()
}

/// The exchange after a hundred others: pages exist, caches are warm.
#[cfg(test)]
fn steady(request: &Request) -> Exchange {
    let mut host = start("examples/shop/shop.policy.yaml");
    let mut last = Exchange::default();
    for round in 0..100 {
        // Less than the policy's limit of requests per minute.
        host.pass_time(Duration::from_secs(2));
        let body = format!("{{\"item\":{round},\"text\":\"{}\"}}", "a quiet text of a catalogue ".repeat(70));
        last = host.exchange(0, request, |_| reply(&body));
        assert_eq!(last.status(), Some(200));
        assert!(host.failures().is_empty(), "{:?}", host.failures());
    }
    last
}

/// A process with the settings of the reference configuration, and both keys.
#[cfg(test)]
fn start(policy: &str) -> EmulatedEnvoy {
    let module = artefacts::load(&artefacts::filter().unwrap()).unwrap();
    let setup = Setup {
        plugin_configuration: scenario::policy::compiled(&artefacts::package().join(policy)).unwrap(),
        vm_configuration: br#"{"hold_headers": true}"#.to_vec(),
        allow_on_headers_stop_iteration: true,
        environment: ["BARTIZAN_HASH_KEY", "BARTIZAN_DEVICE_KEY"]
            .map(|name| (name.to_owned(), "a key that only this test has".to_owned()))
            .to_vec(),
        ..Setup::default()
    };
    EmulatedEnvoy::start(&module, setup).unwrap()
}

/// A customer's login from home: a form in one chunk, and an upstream that answers as the password deserves.
#[cfg(test)]
fn log_in(host: &mut EmulatedEnvoy, customer: u32, device: Option<&str>, is_right: bool) -> Exchange {
    let password = if is_right { "right".to_owned() } else { format!("mistyped by {customer}") };
    let body = format!("email=customer{customer}%40example.org&password={password}&remember=on");
    let mut head = HeaderMap::of([
        (":authority", "shop.localhost"),
        (":path", "/login"),
        (":method", "POST"),
        (":scheme", "http"),
        ("user-agent", "a client"),
        ("accept", "text/html"),
        ("accept-language", "en"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", &body.len().to_string()),
        ("x-forwarded-proto", "http"),
        ("x-request-id", "00000000-0000-4000-8000-000000000001"),
    ]);
    if let Some(device) = device {
        head.add(b"cookie", format!("theme=dark; bartizan-device={device}").as_bytes());
    }
    let [_, _, high, low] = customer.to_be_bytes();
    let surroundings =
        Surroundings { source_address: format!("198.{}.{low}.7", 18 + high % 2), ..Surroundings::default() };
    let request = Request { head, chunks: vec![body.into_bytes()], surroundings, ..Request::default() };
    let exchange = host.exchange(0, &request, |_| {
        if is_right {
            let cookie = format!("sid={customer:016x}; Path=/; HttpOnly");
            let fields =
                [(":status", "302"), ("location", "/"), ("content-length", "0"), ("set-cookie", &cookie)];
            return Reply { head: HeaderMap::of(fields), ..Reply::default() };
        }
        Reply { head: HeaderMap::of([(":status", "401"), ("content-length", "0")]), ..Reply::default() }
    });
    assert_eq!(exchange.status(), Some(if is_right { 302 } else { 401 }));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
    exchange
}

/// The value of the device cookie that the filter added to a reply.
fn device_cookie(exchange: &Exchange) -> Option<String> {
    let head = exchange.client.head.as_ref()?;
    let cookies = head.pairs().filter(|(name, _)| *name == b"set-cookie");
    let value = cookies.filter_map(|(_, value)| str::from_utf8(value).ok()?.strip_prefix("bartizan-device="));
    value.last()?.split(';').next().map(str::to_owned)
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
    Reply { head, chunks: vec![body.as_bytes().to_vec(), Vec::new()], ..Reply::default() }
}

fn print(exchange: &Exchange, kind: &str) {
    println!(
        "{kind}: {} hostcalls, {} bytes: {:?}",
        exchange.calls.total(),
        exchange.calls.bytes,
        exchange.calls.calls
    );
}
