//! What several tests start with: a process with the policy of the scenarios' shop, and common messages.

use crate::host::exchange::Surroundings;
use crate::host::maps::HeaderMap;
use crate::host::module::Module;
use crate::host::{EmulatedEnvoy, Reply, Request, Setup};
use crate::{artefacts, scenario};

/// The filter's module.
///
/// # Panics
///
/// When it is not built; the text says how.
#[expect(clippy::unwrap_used, reason = "a test that cannot start fails loudly")]
pub fn filter() -> Module {
    artefacts::load(&artefacts::filter().unwrap()).unwrap()
}

/// A compiled policy of the scenarios.
///
/// # Panics
///
/// When the command is not built, or refuses the policy.
#[expect(clippy::unwrap_used, reason = "a test that cannot start fails loudly")]
pub fn policy(name: &str) -> Vec<u8> {
    scenario::policy::compiled(&artefacts::package().join("scenarios").join(name)).unwrap()
}

/// A setup with the shop's policy and held heads.
pub fn setup() -> Setup {
    Setup {
        plugin_configuration: policy("shop.policy.yaml"),
        vm_configuration: br#"{"hold_headers": true, "records": "all"}"#.to_vec(),
        allow_on_headers_stop_iteration: true,
        // What the filter takes for the host's limit if its settings do not say.
        buffer_limit: 32_768,
        ..Setup::default()
    }
}

/// A running process.
///
/// # Panics
///
/// When the filter refuses the configuration.
#[expect(clippy::unwrap_used, reason = "a test that cannot start fails loudly")]
pub fn start(setup: Setup) -> EmulatedEnvoy {
    EmulatedEnvoy::start(&filter(), setup).unwrap()
}

/// A login of one account from one address.
pub fn login() -> Request {
    let body = b"email=victim%40example.org&password=guess".to_vec();
    let mut request = request("POST", "/login", "203.0.113.9");
    request.head.add(b"content-type", b"application/x-www-form-urlencoded");
    request.head.add(b"content-length", body.len().to_string().as_bytes());
    request.chunks = vec![body];
    request
}

/// A GET.
pub fn get(path: &str, from: &str) -> Request {
    request("GET", path, from)
}

/// A request without a body.
pub fn request(method: &str, path: &str, from: &str) -> Request {
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
pub fn text(body: &str) -> Reply {
    let head = HeaderMap::of([(":status", "200"), ("content-type", "text/plain")]);
    Reply { head, chunks: vec![body.as_bytes().to_vec(), Vec::new()], ..Reply::default() }
}
