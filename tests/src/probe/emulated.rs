//! Probes in the emulated host, with the shape that HTTP/1 gives to messages: a body always ends with an empty part.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Client, Ended, Jwt, Leaves, Observation, Policy, Probe, ProbeExchange, ProbeMessage, log_line};
use crate::host::exchange::{Exchange, Surroundings};
use crate::host::maps::HeaderMap;
use crate::host::module::Module;
use crate::host::{EmulatedEnvoy, FailurePolicy, Reply, Request, Setup, StartError, StreamId};

/// What came of a probe.
#[derive(Debug)]
pub struct Outcome {
    /// Lines of the log until the first exchange.
    pub start_log: Vec<String>,
    /// Whether the configuration was refused.
    pub refused: bool,
    /// One observation per exchange.
    pub exchanges: Vec<Observation>,
}

/// Plays a probe.
///
/// # Errors
///
/// When the module cannot be loaded at all.
pub fn play(module: &Module, probe: &Probe) -> Result<Outcome, String> {
    let setup = Setup {
        plugin_configuration: probe.script.clone().into_bytes(),
        environment: probe.environment.clone().into_iter().collect(),
        allow_on_headers_stop_iteration: probe.stop_iteration_in_headers,
        buffer_limit: probe.buffer_limit.unwrap_or(1024 * 1024),
        failure_policy: match probe.failure_policy {
            Policy::Closed => FailurePolicy::Closed,
            Policy::Open => FailurePolicy::Open,
            Policy::Reload => FailurePolicy::Reload,
        },
        vm_id: probe.name.clone(),
        plugin_name: probe.name.clone(),
        ..Setup::default()
    };
    let mut host = match EmulatedEnvoy::start(module, setup) {
        Ok(host) => host,
        Err(StartError::Refused(_) | StartError::Trapped(_)) => {
            return Ok(Outcome { start_log: Vec::new(), refused: true, exchanges: Vec::new() });
        }
        Err(StartError::Module(error)) if error.contains("restricted") => {
            return Ok(Outcome { start_log: Vec::new(), refused: true, exchanges: Vec::new() });
        }
        Err(error) => return Err(error.to_string()),
    };
    let start_log = new_lines(&host);
    let jwt = probe.jwt.as_ref();
    let exchanges = probe.exchanges.iter().map(|exchange| play_exchange(&mut host, jwt, exchange)).collect();
    Ok(Outcome { start_log, refused: false, exchanges })
}

fn play_exchange(host: &mut EmulatedEnvoy, jwt: Option<&Jwt>, exchange: &ProbeExchange) -> Observation {
    let stream = send(host, jwt, exchange);
    let shut = exchange.client == Client::Http2Shut;
    if shut {
        host.hold_window(stream);
    }
    match exchange.client_leaves {
        Some(_) => host.client_reset(stream),
        None => {
            let mut answered = false;
            // A real upstream and a real clock: as long as something can still move, let it.
            for _ in 0..MAX_ROUNDS {
                let seen = host.look(stream);
                if seen.finished {
                    break;
                }
                if seen.upstream.complete && !answered {
                    answered = true;
                    host.answer(stream, &reply(&exchange.reply));
                }
                host.advance(Duration::from_millis(100));
            }
        }
    }
    let mut seen = host.look(stream);
    let mut log = new_lines(host);
    let log_while_shut = if shut { log.clone() } else { Vec::new() };
    if shut {
        // What the codec holds back never gets to the client.
        seen.client.chunks.clear();
        seen.client.complete = false;
        host.client_reset(stream);
        log.extend(new_lines(host));
    }
    Observation { log_while_shut, ..observe(&seen, log) }
}

fn send(host: &mut EmulatedEnvoy, jwt: Option<&Jwt>, exchange: &ProbeExchange) -> StreamId {
    let message = &exchange.request;
    if message.without_host {
        return host.log_only(0);
    }
    let mut head = HeaderMap::of([
        (":authority", "probe".to_owned()),
        (":path", message.path()),
        (":method", message.method()),
        (":scheme", "http".to_owned()),
    ]);
    for (name, value) in message.header_pairs() {
        head.add(name.as_bytes(), value.as_bytes());
    }
    head.add(b"x-forwarded-proto", b"http");
    let mut surroundings = Surroundings { source_address: "127.0.0.1".to_owned(), ..Surroundings::default() };
    if let (Some(jwt), Some(payload)) = (jwt, head.text("authorization").and_then(|text| payload(&text))) {
        surroundings.verify(&jwt.payload_in_metadata, &payload);
        // The token is not forwarded unless that is asked for.
        head.remove(b"authorization");
    }
    if exchange.client_leaves == Some(Leaves::AfterHead) {
        return host.request_head(0, surroundings, head, false);
    }
    host.send(
        0,
        &Request { head, chunks: parts(message, exchange.client), trailers: trailers(message), surroundings },
    )
}

/// The payload of a bearer token, which is not verified here: probes only send good ones.
fn payload(authorization: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    let payload = authorization.strip_prefix("Bearer ")?.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

fn reply(message: &ProbeMessage) -> Reply {
    let mut head = HeaderMap::of([(":status", message.status.unwrap_or(200).to_string())]);
    for (name, value) in message.header_pairs() {
        head.add(name.as_bytes(), value.as_bytes());
    }
    Reply { head, chunks: parts(message, Client::Http1), trailers: trailers(message), breaks_off: false }
}

fn parts(message: &ProbeMessage, sender: Client) -> Vec<Vec<u8>> {
    let mut parts = message.parts();
    if !parts.is_empty() && message.trailers.is_empty() && sender == Client::Http1 {
        parts.push(Vec::new());
    }
    parts
}

fn trailers(message: &ProbeMessage) -> Option<HeaderMap> {
    if message.trailers.is_empty() { None } else { Some(HeaderMap::of(message.trailer_pairs())) }
}

fn observe(seen: &Exchange, log: Vec<String>) -> Observation {
    Observation {
        status: seen.status(),
        headers: text_pairs(seen.client.head.as_ref()),
        body: seen.client.body(),
        trailers: text_pairs(seen.client.trailers.as_ref()),
        ended: match (seen.client.complete, seen.client.reset) {
            (true, _) => Ended::Complete,
            (_, true) => Ended::Reset,
            _ => Ended::Waits,
        },
        upstream_headers: seen.upstream.head.as_ref().map(|head| text_pairs(Some(head))),
        upstream_body: seen.upstream.body(),
        upstream_complete: seen.upstream.complete,
        state: seen.state("probe"),
        details: seen.details.clone(),
        log,
        log_while_shut: Vec::new(),
    }
}

fn text_pairs(map: Option<&HeaderMap>) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    map.map(|map| map.pairs().map(|(name, value)| (text(name), text(value))).collect()).unwrap_or_default()
}

fn new_lines(host: &EmulatedEnvoy) -> Vec<String> {
    std::mem::take(&mut host.process().log).iter().filter_map(|line| log_line(&line.text)).collect()
}

/// Two simulated seconds.
const MAX_ROUNDS: usize = 20;
