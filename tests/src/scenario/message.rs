//! Requests and replies of scenarios as the wire sees them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::body::{Characters, Compressed, Parts};
use crate::host::exchange::Surroundings;
use crate::host::maps::HeaderMap;
use crate::host::{Reply, Request};

/// A request: its method with the URL, and what is special about it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ScenarioRequest {
    /// The client's address.
    #[serde(default = "somewhere")]
    pub from: String,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Fields of a form.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
    /// A JSON body.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// A body in one or several parts.
    #[serde(default)]
    pub body: Option<Parts>,
    /// Trailers.
    #[serde(default)]
    pub trailers: Option<BTreeMap<String, String>>,
    /// Claims of a token that `jwt_authn` verified, by the name under which it keeps the token's payload.
    #[serde(default)]
    pub verified: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// The method and the URL: `POST: https://shop.example.com/login`.
    #[serde(flatten)]
    pub method: BTreeMap<String, String>,
}

/// A reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioReply {
    /// Its status, 200 if absent.
    #[serde(default)]
    pub status: Option<u16>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A JSON body.
    #[serde(default)]
    pub json: Option<serde_json::Value>,
    /// A body in one or several parts.
    #[serde(default)]
    pub body: Option<Parts>,
    /// Trailers.
    #[serde(default)]
    pub trailers: Option<BTreeMap<String, String>>,
    /// In which characters the body is written; UTF-8 if absent.
    #[serde(default)]
    pub characters: Characters,
    /// How the body is compressed; `content-encoding` says so too.
    #[serde(default)]
    pub compressed: Option<Compressed>,
    /// Only so many bytes of the body come; the end comes all the same.
    #[serde(default)]
    pub only_first: Option<usize>,
    /// Whether the upstream breaks off instead of ending the body.
    #[serde(default)]
    pub breaks_off: bool,
}

/// Values that earlier steps kept, by name.
pub type Kept = BTreeMap<String, String>;

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the last data, as HTTP/2 can.
    WithData,
    /// With an empty part, as HTTP/1 does.
    Empty,
}

impl ScenarioRequest {
    /// The nth request on the wire. Envoy's own additions are there: the client's address at the end of
    /// `x-forwarded-for`, `x-forwarded-proto` and `x-request-id`.
    ///
    /// # Errors
    ///
    /// When there is not exactly one method, or it is unknown.
    pub fn wire(&self, n: u32, kept: &Kept, ending: Ending) -> Result<Request, String> {
        let counted = |text: &str, n: u32| filled(text, n, kept);
        let mut methods = self.method.iter();
        let (Some((method, url)), None) = (methods.next(), methods.next()) else {
            return Err(format!(
                "a request needs one method with a URL, not {:?}",
                self.method.keys().collect::<Vec<_>>()
            ));
        };
        if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("`{method}` is neither a method nor a key of a request"));
        }
        let url = counted(url, n);
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", &url));
        let (host, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
        let from = counted(&self.from, n);
        let (mut parts, kind) = self.body(n, kept);
        let mut head =
            HeaderMap::of([(":authority", host), (":path", path), (":method", method), (":scheme", scheme)]);
        if let Some(kind) = kind {
            head.add(b"content-type", kind.as_bytes());
        }
        if !parts.is_empty() && self.trailers.is_none() && !self.headers.contains_key("transfer-encoding") {
            let length: usize = parts.iter().map(Vec::len).sum();
            head.add(b"content-length", length.to_string().as_bytes());
        }
        for (name, value) in &self.headers {
            let value = counted(value, n);
            if name == "x-forwarded-for" {
                head.add(name.as_bytes(), format!("{value}, {from}").as_bytes());
            } else {
                head.replace(name.as_bytes(), value.as_bytes());
            }
        }
        if head.first(b"x-forwarded-for").is_none() {
            head.add(b"x-forwarded-for", from.as_bytes());
        }
        head.add(b"x-forwarded-proto", scheme.as_bytes());
        head.add(b"x-request-id", format!("00000000-0000-4000-8000-{n:012}").as_bytes());
        end(&mut parts, self.trailers.is_some(), ending);
        let trailers = self.trailers.as_ref().map(HeaderMap::of);
        let mut surroundings = Surroundings { source_address: from, ..Surroundings::default() };
        for (payload, claims) in &self.verified {
            let claims = counted(&serde_json::to_string(claims).unwrap_or_default(), n);
            let claims = serde_json::from_str(&claims).map_err(|error| format!("claims: {error}"))?;
            surroundings.verify(payload, &claims);
        }
        Ok(Request { head, chunks: parts, trailers, surroundings })
    }

    fn body(&self, n: u32, kept: &Kept) -> (Vec<Vec<u8>>, Option<&'static str>) {
        let counted = |text: &str, n: u32| filled(text, n, kept);
        if let Some(form) = &self.form {
            let field = |(name, value): (&String, &String)| {
                format!("{}={}", encode(name), encode(&counted(value, n)))
            };
            let body = form.iter().map(field).collect::<Vec<_>>().join("&");
            return (vec![body.into_bytes()], Some("application/x-www-form-urlencoded"));
        }
        if let Some(json) = &self.json {
            return (vec![counted(&json.to_string(), n).into_bytes()], Some("application/json"));
        }
        let parts = self.body.as_ref().map(|body| body.bytes(|text| counted(text, n)));
        (parts.unwrap_or_default(), None)
    }
}

impl ScenarioReply {
    /// The nth reply on the wire, its body cut in two at `split` if that is given.
    pub fn wire(&self, n: u32, kept: &Kept, ending: Ending, split: Option<usize>) -> Reply {
        let mut head = HeaderMap::of([(":status", self.status.unwrap_or(200).to_string())]);
        let mut parts = self.parts(|text| filled(text, n, kept));
        if self.json.is_some() {
            head.add(b"content-type", b"application/json");
        }
        if let Some(compressed) = self.compressed {
            head.add(b"content-encoding", compressed.name().as_bytes());
        }
        for (name, value) in &self.headers {
            head.replace(name.as_bytes(), filled(value, n, kept).as_bytes());
        }
        if let Some(split) = split {
            let whole = parts.concat();
            let (first, second) = whole.split_at(split.min(whole.len()));
            parts = vec![first.to_vec(), second.to_vec()];
        }
        end(&mut parts, self.trailers.is_some() || self.breaks_off, ending);
        let trailers = self.trailers.as_ref().map(HeaderMap::of);
        Reply { head, chunks: parts, trailers, breaks_off: self.breaks_off }
    }

    /// The body's parts on the wire.
    fn parts(&self, filled: impl Fn(&str) -> String) -> Vec<Vec<u8>> {
        let json = self.json.as_ref().map(|json| vec![json.to_string().into_bytes()]);
        let texts = json.or_else(|| self.body.as_ref().map(|body| body.bytes(filled))).unwrap_or_default();
        let mut parts: Vec<Vec<u8>> = texts.into_iter().map(|text| self.characters.written(text)).collect();
        if let Some(compressed) = self.compressed {
            parts = vec![compressed.compress(&parts.concat())];
        }
        if let Some(most) = self.only_first {
            let mut all = parts.concat();
            all.truncate(most);
            parts = vec![all];
        }
        parts
    }

    /// The nth reply's body.
    pub fn body(&self, n: u32, kept: &Kept) -> Vec<u8> {
        self.parts(|text| filled(text, n, kept)).concat()
    }

    /// Length of the body.
    pub fn length(&self) -> usize {
        self.parts(str::to_owned).iter().map(Vec::len).sum()
    }
}

/// Puts the count in the place of `{n}`, and kept values in the place of their names.
fn filled(text: &str, n: u32, kept: &Kept) -> String {
    let counted = text.replace("{n}", &n.to_string());
    kept.iter().fold(counted, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

fn end(parts: &mut Vec<Vec<u8>>, trailers: bool, ending: Ending) {
    if ending == Ending::Empty && !parts.is_empty() && !trailers {
        parts.push(Vec::new());
    }
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn somewhere() -> String {
    "198.51.100.1".to_owned()
}
