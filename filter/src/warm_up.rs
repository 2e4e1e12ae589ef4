//! Runs the hot paths once before the first request.
//!
//! The host compiles functions when they are first called, which takes longer than a request may. The canary's start
//! happens on the main thread, and its compiled code serves every worker.

use crate::root::Loaded;
use bartizan_engine::blob::apps::HostKind;
use bartizan_engine::clock::Millis;
use bartizan_engine::exchange::{Opened, RequestHead, Surroundings, Worker, open};
use bartizan_engine::state::store::MemoryStore;

/// Apps that are warmed up at most: they share their code.
const APPS: usize = 4;
const REPLY: &[u8] =
    br#"{"id":"3f2b8c1e-7d4a-4b6f-9a01-5c2d8e7f6a90","total":1204.50,"note":"4000 0000 0000 0000 a@example.org"}"#;

/// Sends made-up exchanges through the engine, with state of their own that is thrown away.
pub(crate) fn run(loaded: &Loaded) {
    let policy = loaded.policy();
    let mut store = MemoryStore::default();
    let mut worker = Worker::new(0);
    let hosts = policy.hosts.iter().filter(|host| host.kind == HostKind::Exact).take(APPS);
    for host in hosts {
        for (method, path) in [("GET", "/api/orders/7?page=1"), ("POST", "/login")] {
            let mut surroundings = Surroundings {
                policy,
                settings: loaded.settings(),
                key: loaded.key(),
                epoch: 0,
                device_keys: None,
                leaked: &mut bartizan_engine::leaked::NoLeakedPages,
                store: &mut store,
                worker: &mut worker,
                now: Millis(1_700_000_000_000),
            };
            exchange(host.text, method, path, &mut surroundings);
        }
    }
}

#[inline(never)]
fn exchange(host: &str, method: &str, path: &str, surroundings: &mut Surroundings<'_, '_>) {
    let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let request = [
        field(":authority", host),
        field(":method", method),
        field(":path", path),
        field("accept", "application/json"),
        field("cookie", "sid=warm-up"),
        field("content-length", "40"),
    ];
    let source_address = || Some(b"192.0.2.1:4000".to_vec());
    let head = RequestHead {
        headers: &request,
        source_address: &source_address,
        verified_claim: &|_, _| None,
        end_of_stream: false,
    };
    let forwarded = match open(head, surroundings) {
        Opened::Forwarded(exchange, _) => Some(exchange),
        Opened::Login(mut login, _) => {
            login.body(b"email=nobody%40example.org&password=none", surroundings);
            match login.decide(surroundings) {
                bartizan_engine::exchange::Decided::Forwarded(exchange, _) => Some(exchange),
                bartizan_engine::exchange::Decided::Refused(..) => None,
            }
        }
        Opened::Refused(..) | Opened::Untouched(_) => None,
    };
    let Some(exchange) = forwarded else { return };
    let reply = [field(":status", "200"), field("content-type", "application/json")];
    let (mut replying, _) = exchange.response_head(&reply, false, surroundings);
    let _ = replying.body(REPLY.to_vec(), false, surroundings);
    let _ = replying.body(REPLY.repeat(20), true, surroundings);
    let _ = serde_json::to_vec(&replying.finish(surroundings).record(surroundings.policy));
}
