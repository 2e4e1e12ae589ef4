//! Probes: small experiments that must come out the same here and in a real Envoy.
//!
//! A probe is a file: a script for the probe filter, traffic, and what is to be observed. [`emulated`] plays it in the
//! emulated host, [`envoy`] in a real one; both give [`Observation`]s, and [`Expectation::differences`] judges them.

pub mod emulated;
pub mod envoy;
mod http1;
mod http2;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// One probe file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The rule's name: the file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// What the rule says, for people.
    pub says: String,
    /// Operations of the probe filter.
    #[serde(default)]
    pub script: String,
    /// Environment of the machine.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// `allow_on_headers_stop_iteration`.
    #[serde(default)]
    pub stop_iteration_in_headers: bool,
    /// `per_connection_buffer_limit_bytes`.
    #[serde(default)]
    pub buffer_limit: Option<usize>,
    /// What verifies tokens in front of the filter.
    #[serde(default)]
    pub jwt: Option<Jwt>,
    /// `closed`, `open` or `reload`.
    #[serde(default)]
    pub failure_policy: Policy,
    /// Traffic, one after the other.
    #[serde(default)]
    pub exchanges: Vec<ProbeExchange>,
    /// Lines that must be in the log of the start (they come once per machine there).
    #[serde(default)]
    pub start_log: Vec<String>,
    /// Whether the host is to refuse the configuration.
    #[serde(default)]
    pub refused: bool,
}

/// How `jwt_authn` in front of the filter is set up; requests without a token pass.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// The keys, as `local_jwks`.
    pub keys: String,
    /// `payload_in_metadata`.
    pub payload_in_metadata: String,
}

/// A failure policy by its name in a probe.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// 503 from then on.
    #[default]
    Closed,
    /// The filter is left out.
    Open,
    /// A fresh machine.
    Reload,
}

/// One exchange of a probe.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeExchange {
    /// What the client sends.
    #[serde(default)]
    pub request: ProbeMessage,
    /// What the upstream answers.
    #[serde(default)]
    pub reply: ProbeMessage,
    /// When the client goes away, if it does.
    #[serde(default)]
    pub client_leaves: Option<Leaves>,
    /// How the client speaks.
    #[serde(default)]
    pub client: Client,
    /// What is to be observed.
    pub expect: Expectation,
}

/// How a client speaks.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Client {
    /// HTTP/1.1: a body ends with an empty part.
    #[default]
    Http1,
    /// HTTP/2: a request's body ends with its last part.
    Http2,
    /// HTTP/2 with a window that stays shut until the client goes away.
    Http2Shut,
}

/// When a client goes away.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Leaves {
    /// After the head, which announced a body.
    AfterHead,
    /// After its whole request, before any reply.
    AfterRequest,
}

/// A request or a reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeMessage {
    /// Requests: method, `GET` if absent (`POST` with a body).
    #[serde(default)]
    pub method: Option<String>,
    /// Requests: path.
    #[serde(default)]
    pub path: Option<String>,
    /// Requests: whether the `host` is missing, which the host refuses before any filter sees the head.
    #[serde(default)]
    pub without_host: bool,
    /// Replies: status, 200 if absent.
    #[serde(default)]
    pub status: Option<u16>,
    /// Headers in order: `name: value`.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Parts of the body, each sent by itself. `*1000` stands for so many bytes.
    #[serde(default)]
    pub body: Vec<String>,
    /// Trailers in order.
    #[serde(default)]
    pub trailers: Vec<String>,
}

impl ProbeMessage {
    /// The body's parts as bytes.
    pub fn parts(&self) -> Vec<Vec<u8>> {
        self.body.iter().map(|part| expand(part)).collect()
    }

    /// Whether there is neither body nor trailer.
    pub fn ends_with_head(&self) -> bool {
        self.body.is_empty() && self.trailers.is_empty()
    }

    /// Headers as pairs.
    pub fn header_pairs(&self) -> Vec<(String, String)> {
        pairs(&self.headers)
    }

    /// Trailers as pairs.
    pub fn trailer_pairs(&self) -> Vec<(String, String)> {
        pairs(&self.trailers)
    }

    /// Requests: the method.
    pub fn method(&self) -> String {
        let fallback = if self.ends_with_head() { "GET" } else { "POST" };
        self.method.clone().unwrap_or_else(|| fallback.to_owned())
    }

    /// Requests: the path.
    pub fn path(&self) -> String {
        self.path.clone().unwrap_or_else(|| "/".to_owned())
    }
}

/// How a message ended for its receiver.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Whole.
    Complete,
    /// Cut off.
    Reset,
    /// Nothing, or not all, within the time that a test waits.
    Waits,
}

/// What was observed of one exchange.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The reply's status.
    pub status: Option<u16>,
    /// The reply's headers.
    pub headers: Vec<(String, String)>,
    /// The reply's body.
    pub body: Vec<u8>,
    /// The reply's trailers.
    pub trailers: Vec<(String, String)>,
    /// How the reply ended.
    pub ended: Ended,
    /// Whether the upstream got the request's head, and what.
    pub upstream_headers: Option<Vec<(String, String)>>,
    /// The request's body at the upstream.
    pub upstream_body: Vec<u8>,
    /// Whether the upstream got the request's end.
    pub upstream_complete: bool,
    /// Filter state `wasm.probe` in the access log.
    pub state: Option<String>,
    /// `%RESPONSE_CODE_DETAILS%`.
    pub details: Option<String>,
    /// What the filter logged meanwhile.
    pub log: Vec<String>,
    /// What it had logged while the client's window was shut.
    pub log_while_shut: Vec<String>,
}

/// What is to be observed; what is absent is not judged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The reply's status.
    #[serde(default)]
    pub status: Option<u16>,
    /// Headers of the reply: values joined with ` | `; empty for none.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The reply's body.
    #[serde(default)]
    pub body: Option<String>,
    /// Trailers of the reply.
    #[serde(default)]
    pub trailers: BTreeMap<String, String>,
    /// How the reply ended.
    #[serde(default)]
    pub ended: Option<Ended>,
    /// Whether the upstream got the head.
    #[serde(default)]
    pub upstream_reached: Option<bool>,
    /// Whether the upstream got the whole request.
    #[serde(default)]
    pub upstream_complete: Option<bool>,
    /// Headers at the upstream.
    #[serde(default)]
    pub upstream_headers: BTreeMap<String, String>,
    /// The body at the upstream.
    #[serde(default)]
    pub upstream_body: Option<String>,
    /// Filter state `wasm.probe`.
    #[serde(default)]
    pub state: Option<String>,
    /// Response code details.
    #[serde(default)]
    pub details: Option<String>,
    /// All lines of the log, in order.
    #[serde(default)]
    pub log: Option<String>,
    /// The lines that were there while the client's window was shut.
    #[serde(default)]
    pub log_while_shut: Option<String>,
}

impl Expectation {
    /// What differs, as sentences; empty if nothing does.
    pub fn differences(&self, seen: &Observation) -> Vec<String> {
        let mut differences = Vec::new();
        let mut judge = |what: &str, expected: Option<String>, seen: String| {
            if let Some(expected) = expected.filter(|expected| *expected != seen) {
                differences.push(format!("{what}: expected {expected}, saw {seen}"));
            }
        };
        judge(
            "status",
            self.status.map(|status| format!("{:?}", Some(status))),
            format!("{:?}", seen.status),
        );
        judge("ended", self.ended.map(|ended| format!("{ended:?}")), format!("{:?}", seen.ended));
        judge("body", self.body.as_deref().map(|body| short(&expand(body))), short(&seen.body));
        judge(
            "upstream reached",
            self.upstream_reached.map(|reached| reached.to_string()),
            seen.upstream_headers.is_some().to_string(),
        );
        judge(
            "upstream complete",
            self.upstream_complete.map(|whole| whole.to_string()),
            seen.upstream_complete.to_string(),
        );
        judge(
            "upstream body",
            self.upstream_body.as_deref().map(|body| short(&expand(body))),
            short(&seen.upstream_body),
        );
        judge("state", self.state.clone(), seen.state.clone().unwrap_or_default());
        judge("details", self.details.clone(), seen.details.clone().unwrap_or_default());
        for (name, value) in &self.headers {
            judge(name, Some(value.clone()), values(&seen.headers, name));
        }
        for (name, value) in &self.trailers {
            judge(name, Some(value.clone()), values(&seen.trailers, name));
        }
        for (name, value) in &self.upstream_headers {
            judge(
                &format!("upstream {name}"),
                Some(value.clone()),
                values(seen.upstream_headers.as_deref().unwrap_or_default(), name),
            );
        }
        judge(
            "log",
            self.log.as_ref().map(|log| format!("\n{}\n", log.trim())),
            format!("\n{}\n", seen.log.join("\n")),
        );
        let shut = self.log_while_shut.as_ref().map(|log| format!("\n{}\n", log.trim()));
        judge("log while shut", shut, format!("\n{}\n", seen.log_while_shut.join("\n")));
        differences
    }
}

/// Reads every probe of a directory, in order of name.
///
/// # Errors
///
/// When a file cannot be read or is no probe; the text names it.
pub fn read_all(directory: &Path) -> Result<Vec<Probe>, String> {
    let listing =
        std::fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut paths: Vec<_> = listing.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"))
        .map(|path| read(path))
        .collect()
}

fn read(path: &Path) -> Result<Probe, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut probe: Probe =
        serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    probe.name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(probe)
}

/// A line of the module's log as probes show it: without the mark of the probe filter, panics without their place.
pub(crate) fn log_line(text: &str) -> Option<String> {
    if let Some(line) = text.strip_prefix("probe: ") {
        return Some(line.to_owned());
    }
    let (_, message) = text.split_once("panicked at ")?;
    let message = message.split(['\n']).nth(1).or_else(|| message.split("\\n").nth(1))?;
    Some(format!("panic: {}", message.trim()))
}

fn values(pairs: &[(String, String)], name: &str) -> String {
    let values: Vec<&str> = pairs
        .iter()
        .filter(|(have, _)| have.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect();
    values.join(" | ")
}

fn pairs(lines: &[String]) -> Vec<(String, String)> {
    let pair = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    lines.iter().filter_map(pair).collect()
}

fn expand(part: &str) -> Vec<u8> {
    match part.strip_prefix('*').and_then(|count| count.parse().ok()) {
        Some(count) => vec![b'x'; count],
        None => part.as_bytes().to_vec(),
    }
}

fn short(body: &[u8]) -> String {
    if body.len() > MAX_SHOWN {
        format!("{} bytes", body.len())
    } else {
        format!("{:?}", String::from_utf8_lossy(body))
    }
}

/// Longer bodies are compared by their length.
const MAX_SHOWN: usize = 200;
