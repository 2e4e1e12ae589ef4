//! Probes in a real Envoy on loopback: one process, one listener and one machine per probe.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::emulated::Outcome;
use super::http1::{self, Received};
use super::http2;
use super::{Client, Ended, Jwt, Observation, Policy, Probe, ProbeExchange, ProbeMessage, log_line};

/// A running Envoy with the probes' listeners.
pub struct Envoy {
    child: Child,
    directory: PathBuf,
    admin: SocketAddr,
}

/// Where a probe's listener and upstream are.
struct Place {
    listener: SocketAddr,
    upstream: TcpListener,
}

/// Plays probes; those that must be refused each try a configuration of their own in validation mode.
///
/// # Errors
///
/// When Envoy cannot be started.
pub fn play(binary: &Path, wasm: &Path, probes: &[Probe], directory: &Path) -> Result<Vec<Outcome>, String> {
    let describe = |error: io::Error| error.to_string();
    let (refused, served): (Vec<&Probe>, Vec<&Probe>) = probes.iter().partition(|probe| probe.refused);
    // One more for the admin page.
    let mut ports = free_ports(served.len().saturating_add(1)).map_err(describe)?;
    let admin = ports.pop().ok_or("no port is free")?;
    let mut places = Vec::new();
    for listener in ports {
        // Another loopback address than the listeners have, so that the two never take each other's ports.
        let upstream = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).map_err(describe)?;
        places.push(Place { listener, upstream });
    }
    let envoy = Envoy::start(binary, wasm, &served, &places, admin, directory)?;
    let mut served = served
        .iter()
        .zip(&places)
        .map(|(probe, place)| envoy.play(probe, place))
        .collect::<Vec<_>>()
        .into_iter();
    let mut outcomes = Vec::new();
    for probe in probes {
        if refused.iter().any(|refused| refused.name == probe.name) {
            outcomes.push(validate(binary, wasm, probe, directory)?);
        } else {
            outcomes.extend(served.next());
        }
    }
    Ok(outcomes)
}

impl Envoy {
    fn start(
        binary: &Path,
        wasm: &Path,
        probes: &[&Probe],
        places: &[Place],
        admin: SocketAddr,
        directory: &Path,
    ) -> Result<Self, String> {
        let describe = |error: io::Error| error.to_string();

        let listeners: Vec<Value> = probes
            .iter()
            .zip(places)
            .map(|(probe, place)| listener(probe, place.listener, wasm, directory))
            .collect();
        let clusters: Vec<Value> = probes
            .iter()
            .zip(places)
            .filter_map(|(probe, place)| Some(cluster(&probe.name, place.upstream.local_addr().ok()?)))
            .collect();
        let configuration = json!({
            "admin": { "address": address(admin) },
            "static_resources": { "listeners": listeners, "clusters": clusters },
        });
        let path = directory.join("envoy.json");
        std::fs::write(&path, configuration.to_string()).map_err(describe)?;
        let output = std::fs::File::create(directory.join("output")).map_err(describe)?;
        let child = Command::new(binary)
            .arg("-c")
            .arg(&path)
            .args([
                "--concurrency",
                "1",
                "--disable-hot-restart",
                "-l",
                "error",
                "--component-log-level",
                "wasm:info",
            ])
            .args(["--log-format", "%_", "--file-flush-interval-msec", "20", "--log-path"])
            .arg(directory.join("log"))
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .map_err(describe)?;
        let envoy = Self { child, directory: directory.to_owned(), admin };
        envoy.wait_until_ready()?;
        Ok(envoy)
    }

    fn wait_until_ready(&self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < START_LIMIT {
            let probe = ProbeMessage { path: Some("/ready".to_owned()), ..ProbeMessage::default() };
            if http1::request(self.admin, &probe, None).is_ok_and(|reply| reply.start.contains(" 200 ")) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let output = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        Err(format!("the Envoy did not become ready; its log ends: {}", tail(&output)))
    }

    fn play(&self, probe: &Probe, place: &Place) -> Outcome {
        let start_log = self.lines(&probe.name);
        let mut read = start_log.len();
        let mut exchanges = Vec::new();
        for (index, exchange) in probe.exchanges.iter().enumerate() {
            let mut seen = self.play_exchange(probe, exchange, place, read);
            let lines = self.settled_lines(&probe.name, read);
            seen.log = lines.iter().skip(read).filter_map(|line| log_line(line)).collect();
            read = lines.len();
            (seen.details, seen.state) = self.access_log(&probe.name, index);
            exchanges.push(seen);
        }
        let start_log = start_log.iter().filter_map(|line| log_line(line)).collect();
        Outcome { start_log, refused: false, exchanges }
    }

    fn play_exchange(
        &self,
        probe: &Probe,
        exchange: &ProbeExchange,
        place: &Place,
        read: usize,
    ) -> Observation {
        let (seen, at_upstream) = mpsc::channel();
        let (done, stop) = mpsc::channel::<()>();
        let upstream = place.upstream.try_clone();
        let reply = exchange.reply.clone();
        let leaves = exchange.client_leaves.is_some();
        let server = std::thread::spawn(move || {
            let Ok(upstream) = upstream else { return };
            let _ = upstream.set_nonblocking(true);
            while stop.try_recv() == Err(mpsc::TryRecvError::Empty) {
                if let Ok((mut stream, _)) = upstream.accept() {
                    let _ = stream.set_nonblocking(false);
                    if leaves {
                        std::thread::sleep(Duration::from_millis(200));
                    }
                    let _ = http1::serve(&mut stream, &reply, |received| {
                        let _ = seen.send(received.clone());
                    });
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let mut log_while_shut = Vec::new();
        let shut = exchange.client == Client::Http2Shut;
        let reply = match exchange.client {
            Client::Http1 => http1::request(place.listener, &exchange.request, exchange.client_leaves),
            Client::Http2 | Client::Http2Shut => {
                http2::request(place.listener, &exchange.request, shut, || {
                    log_while_shut =
                        self.lines(&probe.name).iter().skip(read).filter_map(|line| log_line(line)).collect();
                })
            }
        };
        let reply = reply.unwrap_or_default();
        std::thread::sleep(Duration::from_millis(60));
        let _ = done.send(());
        let _ = server.join();
        Observation { log_while_shut, ..observe(&reply, at_upstream.try_recv().ok()) }
    }

    /// Lines of a plugin, once no more come.
    fn settled_lines(&self, plugin: &str, read: usize) -> Vec<String> {
        let mut lines = self.lines(plugin);
        let mut quiet: usize = 0;
        for _ in 0..MAX_LOOKS {
            std::thread::sleep(Duration::from_millis(30));
            let more = self.lines(plugin);
            quiet = if more.len() == lines.len() { quiet.saturating_add(1) } else { 0 };
            lines = more;
            if quiet >= if lines.len() > read { 2 } else { 10 } {
                break;
            }
        }
        lines
    }

    fn lines(&self, plugin: &str) -> Vec<String> {
        let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        // "wasm log <plugin>: " from root callbacks, "wasm log <plugin> <vm_id>: " from streams.
        let mark = format!("wasm log {plugin}");
        let text = |line: &str| {
            let (_, rest) = line.split_once(&mark)?;
            let (names, text) = rest.split_once(": ")?;
            Some(text.to_owned()).filter(|_| names.is_empty() || names.starts_with(' '))
        };
        log.lines().filter_map(text).collect()
    }

    fn access_log(&self, plugin: &str, index: usize) -> (Option<String>, Option<String>) {
        for _ in 0..MAX_LOOKS {
            let log =
                std::fs::read_to_string(self.directory.join(format!("{plugin}.access"))).unwrap_or_default();
            if let Some((details, state)) = log.lines().nth(index).and_then(|line| line.split_once(' ')) {
                let some = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
                return (some(details), some(state));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        (None, None)
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            let output = std::fs::read_to_string(self.directory.join("output")).unwrap_or_default();
            eprintln!("the Envoy ended by itself: {status}; its last words: {}", tail(&output));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn validate(binary: &Path, wasm: &Path, probe: &Probe, directory: &Path) -> Result<Outcome, String> {
    let describe = |error: io::Error| error.to_string();
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let configuration = json!({
        "static_resources": { "listeners": [listener(probe, nowhere, wasm, directory)], "clusters": [cluster(&probe.name, nowhere)] },
    });
    let path = directory.join(format!("{}.json", probe.name));
    std::fs::write(&path, configuration.to_string()).map_err(describe)?;
    let output = Command::new(binary)
        .args(["--mode", "validate", "--disable-hot-restart", "-c"])
        .arg(&path)
        .output()
        .map_err(describe)?;
    Ok(Outcome { start_log: Vec::new(), refused: !output.status.success(), exchanges: Vec::new() })
}

fn observe(reply: &Received, upstream: Option<Received>) -> Observation {
    Observation {
        status: reply.status,
        headers: reply.headers.clone(),
        body: reply.body.clone(),
        trailers: reply.trailers.clone(),
        ended: match (reply.complete, reply.timed_out) {
            (true, _) => Ended::Complete,
            (_, true) => Ended::Waits,
            _ => Ended::Reset,
        },
        upstream_headers: upstream.as_ref().map(|received| received.headers.clone()),
        upstream_body: upstream.as_ref().map(|received| received.body.clone()).unwrap_or_default(),
        upstream_complete: upstream.is_some_and(|received| received.complete),
        state: None,
        details: None,
        log: Vec::new(),
        log_while_shut: Vec::new(),
    }
}

fn listener(probe: &Probe, at: SocketAddr, wasm: &Path, directory: &Path) -> Value {
    let name = probe.name.as_str();
    let policy = match probe.failure_policy {
        Policy::Closed => "FAIL_CLOSED",
        Policy::Open => "FAIL_OPEN",
        Policy::Reload => "FAIL_RELOAD",
    };
    let mut plugin = json!({
        "name": name,
        "vm_config": {
            "vm_id": name,
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": wasm } },
            "environment_variables": { "key_values": probe.environment },
        },
        "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": probe.script },
        "failure_policy": policy,
        "allow_on_headers_stop_iteration": probe.stop_iteration_in_headers,
    });
    if probe.failure_policy == Policy::Reload
        && let Some(plugin) = plugin.as_object_mut()
    {
        plugin.insert("reload_config".to_owned(), json!({ "backoff": { "base_interval": "0.01s" } }));
    }
    let mut filters = vec![
        json!({ "name": "probe", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": plugin } }),
        json!({ "name": "router", "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" } }),
    ];
    if let Some(jwt) = &probe.jwt {
        filters.insert(0, jwt_authn(jwt));
    }
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "use_remote_address": true,
        "http_protocol_options": { "enable_trailers": true },
        "access_log": [{ "name": "file", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": directory.join(format!("{name}.access")),
            "log_format": { "text_format_source": { "inline_string": "%RESPONSE_CODE_DETAILS% %FILTER_STATE(wasm.probe:PLAIN)%\n" } },
        } }],
        "route_config": { "virtual_hosts": [{
            "name": "all", "domains": ["*"],
            "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": name, "timeout": "0s" } }],
        }] },
        "http_filters": filters,
    });
    json!({
        "name": name,
        "address": address(at),
        "per_connection_buffer_limit_bytes": probe.buffer_limit.unwrap_or(1024 * 1024),
        "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
    })
}

fn jwt_authn(jwt: &Jwt) -> Value {
    json!({ "name": "jwt", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        "providers": { "probe": {
            "local_jwks": { "inline_string": jwt.keys },
            "payload_in_metadata": jwt.payload_in_metadata,
        } },
        "rules": [{ "match": { "prefix": "/" }, "requires": { "requires_any": { "requirements": [
            { "provider_name": "probe" }, { "allow_missing": {} },
        ] } } }],
    } })
}

fn cluster(name: &str, at: SocketAddr) -> Value {
    json!({
        "name": name,
        "type": "STATIC",
        "load_assignment": { "cluster_name": name, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address(at) } }] }] },
        "typed_extension_protocol_options": { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { "http_protocol_options": { "enable_trailers": true } },
        } },
    })
}

fn address(at: SocketAddr) -> Value {
    json!({ "socket_address": { "address": at.ip().to_string(), "port_value": at.port() } })
}

/// Ports that were free a moment ago, all different.
fn free_ports(count: usize) -> io::Result<Vec<SocketAddr>> {
    let held: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    held.iter().map(TcpListener::local_addr).collect()
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().rev().take(MAX_TAIL).rev().copied().collect::<Vec<_>>().join(" / ")
}

/// One process with all probes compiles the module once per probe.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Lines of a log that an error shows.
const MAX_TAIL: usize = 12;
/// How often a log is looked at before what is missing counts as absent: a few seconds.
const MAX_LOOKS: usize = 100;
