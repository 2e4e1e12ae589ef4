//! What several tests start with: a process with a scenario's policy, and common messages.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "a test that cannot start fails loudly")]

use emulated_host::host::exchange::Surroundings;
use emulated_host::host::maps::HeaderMap;
use emulated_host::host::module::Module;
use emulated_host::host::{EmulatedEnvoy, Reply, Request, Setup};
use emulated_host::{artefacts, scenario};

/// The filter's module.
pub(crate) fn filter() -> Module {
    artefacts::load(&artefacts::filter().unwrap()).unwrap()
}

/// The compiled policy of the scenarios.
pub(crate) fn policy(name: &str) -> Vec<u8> {
    scenario::policy::compiled(&artefacts::package().join("scenarios").join(name)).unwrap()
}

/// A setup with the shop's policy and held heads.
pub(crate) fn setup() -> Setup {
    Setup {
        plugin_configuration: policy("shop.policy.yaml"),
        vm_configuration: br#"{"hold_headers": true, "records": "all"}"#.to_vec(),
        allow_on_headers_stop_iteration: true,
        ..Setup::default()
    }
}

/// A running process.
pub(crate) fn start(setup: Setup) -> EmulatedEnvoy {
    EmulatedEnvoy::start(&filter(), setup).unwrap()
}

/// A login of one account from one address.
pub(crate) fn login() -> Request {
    let body = b"email=victim%40example.org&password=guess".to_vec();
    let mut request = request("POST", "/login", "203.0.113.9");
    request.head.add(b"content-type", b"application/x-www-form-urlencoded");
    request.head.add(b"content-length", body.len().to_string().as_bytes());
    request.chunks = vec![body];
    request
}

/// A GET.
pub(crate) fn get(path: &str, from: &str) -> Request {
    request("GET", path, from)
}

/// A request without a body.
pub(crate) fn request(method: &str, path: &str, from: &str) -> Request {
    let head = HeaderMap::of([
        (":authority", "shop.example.com"),
        (":path", path),
        (":method", method),
        (":scheme", "https"),
        ("x-forwarded-for", from),
    ]);
    let surroundings = Surroundings { source_address: from.to_owned(), ..Surroundings::default() };
    Request { head, surroundings, ..Request::default() }
}

/// A reply with a text, in one chunk and an empty one.
pub(crate) fn text(body: &str) -> Reply {
    let head = HeaderMap::of([(":status", "200"), ("content-type", "text/plain")]);
    Reply { head, chunks: vec![body.as_bytes().to_vec(), Vec::new()], trailers: None }
}
