//! One request and its reply as the filter chain sees them: what flows, what is held, what has gone out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::maps::HeaderMap;

/// Which way a message flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Client to upstream.
    Request,
    /// Upstream to client.
    Response,
}

/// Whether the filter chain moves a message on or waits for the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Iteration {
    /// Data pass.
    Continue,
    /// The filter holds back, but sees every further part.
    StopSingle,
    /// The filter holds back and sees nothing until it resumes; the chain buffers, with or without a limit.
    StopAll {
        /// Whether exceeding the buffer limit is an error (otherwise the sender is slowed down).
        limited: bool,
    },
}

/// The buffer that the body functions reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenBuffer {
    /// None: the functions answer `NotFound`.
    Nothing,
    /// The chunk of the running callback.
    Chunk,
    /// All that the chain has buffered since the last Continue.
    Buffered,
}

/// One direction of an exchange.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The head, as the filter has changed it so far.
    pub head: Option<HeaderMap>,
    /// Whether the filter may read and change the head now.
    pub head_open: bool,
    /// Whether the head went past the filter.
    pub head_passed: bool,
    /// Whether the message moves.
    pub iteration: Iteration,
    /// What the chain holds back.
    pub buffered: Option<Vec<u8>>,
    /// The chunk of the running callback.
    pub chunk: Vec<u8>,
    /// What the body functions reach.
    pub open_buffer: OpenBuffer,
    /// Whether the filter asked for buffering in its last body callback.
    pub buffering: bool,
    /// The trailers.
    pub trailers: Option<HeaderMap>,
    /// Whether the filter may read and change the trailers now.
    pub trailers_open: bool,
    /// What the last callback said about the end.
    pub end_of_stream: bool,
    /// Whether the sender is done.
    pub complete: bool,
    /// Set when a local reply cut this direction off: nothing more reaches the filter.
    pub aborted: bool,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            head: None,
            head_open: false,
            head_passed: false,
            iteration: Iteration::Continue,
            buffered: None,
            chunk: Vec::new(),
            open_buffer: OpenBuffer::Nothing,
            buffering: false,
            trailers: None,
            trailers_open: false,
            end_of_stream: false,
            complete: false,
            aborted: false,
        }
    }
}

/// What has left the filter on one side: towards the upstream, or towards the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The head; none if nothing arrived.
    pub head: Option<HeaderMap>,
    /// The body's parts in the order in which they passed.
    pub chunks: Vec<Vec<u8>>,
    /// The trailers.
    pub trailers: Option<HeaderMap>,
    /// Whether the end arrived.
    pub complete: bool,
    /// Whether it was cut off.
    pub reset: bool,
}

impl Delivered {
    /// All parts of the body.
    pub fn body(&self) -> Vec<u8> {
        self.chunks.concat()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body()).into_owned()
    }

    /// The `:status` of a reply.
    pub fn status(&self) -> Option<u16> {
        self.head.as_ref()?.text(":status")?.parse().ok()
    }
}

/// A reply that the filter, or Envoy itself, makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// Its code.
    pub status: u32,
    /// `%RESPONSE_CODE_DETAILS%`.
    pub details: String,
    /// Its body.
    pub body: Vec<u8>,
    /// Headers beside those that Envoy sets.
    pub headers: HeaderMap,
}

/// Facts about a connection and request that properties show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// `source.address`: what Envoy takes for the client's address.
    pub source_address: String,
    /// `source.port`.
    pub source_port: u16,
    /// `destination.address` with port.
    pub destination_address: String,
    /// `connection.id`.
    pub connection_id: u64,
    /// `connection.mtls`.
    pub mtls: bool,
    /// `connection.requested_server_name`.
    pub server_name: String,
    /// `connection.tls_version`; absent on plain connections.
    pub tls_version: Option<String>,
    /// `request.protocol`.
    pub protocol: String,
    /// Further properties by their path with dots.
    pub further: BTreeMap<String, Vec<u8>>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            source_address: "192.0.2.1".to_owned(),
            source_port: 40000,
            destination_address: "192.0.2.200:443".to_owned(),
            connection_id: 1,
            mtls: false,
            server_name: String::new(),
            tls_version: None,
            protocol: "HTTP/1.1".to_owned(),
            further: BTreeMap::new(),
        }
    }
}

impl Surroundings {
    /// Adds what `jwt_authn` keeps of a token that it verified: its payload under `payload_in_metadata`.
    ///
    /// A filter reads a payload's texts raw, numbers as eight bytes of a double, truth values as one byte. Lists, objects and
    /// nulls are left out.
    pub fn verify(&mut self, payload_in_metadata: &str, payload: &serde_json::Map<String, Value>) {
        for (claim, value) in payload {
            let bytes = match value {
                Value::String(text) => text.clone().into_bytes(),
                Value::Number(number) => number.as_f64().unwrap_or(0.0).to_le_bytes().to_vec(),
                Value::Bool(truth) => vec![u8::from(*truth)],
                Value::Null | Value::Array(_) | Value::Object(_) => continue,
            };
            let path = format!(
                "metadata.filter_metadata.envoy.filters.http.jwt_authn.{payload_in_metadata}.{claim}"
            );
            self.further.insert(path, bytes);
        }
    }
}

/// Hostcalls of one exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallCount {
    /// Calls by the name of the import.
    pub calls: BTreeMap<&'static str, u64>,
    /// Bytes that crossed the border in either direction.
    pub bytes: u64,
}

impl CallCount {
    /// All calls.
    pub fn total(&self) -> u64 {
        self.calls.values().sum()
    }
}

/// One exchange.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Connection facts.
    pub surroundings: Surroundings,
    /// Client to upstream.
    pub request: Flow,
    /// Upstream to client.
    pub response: Flow,
    /// What the upstream got.
    pub upstream: Delivered,
    /// What the client got.
    pub client: Delivered,
    /// Filter state by full name (`wasm.<name>`).
    pub filter_state: BTreeMap<String, Vec<u8>>,
    /// Hostcalls that its callbacks made.
    pub calls: CallCount,
    /// `%RESPONSE_CODE_DETAILS%`, once something set it.
    pub details: Option<String>,
    /// Whether a local reply was sent; a second one does nothing before that one's head is here.
    pub replied: bool,
    /// Whether the access log runs now: maps are open for reading.
    pub logging: bool,
    /// Whether everything is over, `on_delete` included.
    pub finished: bool,
    /// Whether the filter is left out (its machine failed and the policy is to fail open).
    pub bypassed: bool,
    /// Whether the client leaves its window shut: the end of the reply does not end the exchange.
    pub slow_client: bool,
    /// Which configuration serves it: context number of the root.
    pub root: u32,
    /// When its head came, nanoseconds since 1970.
    pub began: u64,
    /// When it was over.
    pub ended: u64,
}

impl Exchange {
    /// One of the two flows.
    pub fn flow(&mut self, direction: Direction) -> &mut Flow {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// Where this direction's data go.
    pub fn delivered(&mut self, direction: Direction) -> &mut Delivered {
        match direction {
            Direction::Request => &mut self.upstream,
            Direction::Response => &mut self.client,
        }
    }

    /// Filter state as text, as `%FILTER_STATE(wasm.<name>:PLAIN)%` prints it.
    pub fn state(&self, name: &str) -> Option<String> {
        let value = self.filter_state.get(&format!("wasm.{name}"))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// How long it took, in milliseconds.
    pub fn took(&self) -> u64 {
        self.ended.saturating_sub(self.began) / 1_000_000
    }

    /// The status that the client got.
    pub fn status(&self) -> Option<u16> {
        self.client.status()
    }
}
