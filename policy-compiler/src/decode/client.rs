//! How clients are told apart.

use bartizan_engine::blob::draft::{AddressFrom, ClientKey, FingerprintPart};

use super::fields::{self, Fields};
use super::texts::{device_time, token};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Client, Devices};
use crate::source::{Span, Spanned};
use crate::syntax::fields::{CLIENT, DEVICES, HOPS};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node, Value};

/// Bits that tell IPv6 clients apart where the policy does not say.
const IPV6_PREFIX: u8 = 64;
/// The most keys beside the address, and the most parts of a fingerprint.
const MAX_KEYS: usize = 8;
const MAX_PARTS: usize = 16;
/// Where the claims of a token are, unless the policy says so.
const PAYLOAD: &str = "payload";
/// The device cookie's name, unless the policy says so.
const DEVICE_COOKIE: &str = "bartizan-device";
/// Headers that differ between requests of one client: each request would have a fingerprint of its own.
const CHANGING: [&str; 10] = [
    "authorization",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "referer",
    "traceparent",
    "x-forwarded-for",
    "x-request-id",
    "x-request-start",
];

pub(super) fn decode(entry: Option<&Entry>, findings: &mut Diagnostics) -> Client {
    let opened = entry.and_then(|entry| Fields::open(&entry.node, entry.key.span, &CLIENT, findings));
    let Some(fields) = opened else {
        let (keys, fingerprint) = (Vec::new(), Vec::new());
        let country_header = String::new();
        return Client {
            address_from: AddressFrom::Envoy,
            ipv6_prefix: IPV6_PREFIX,
            keys,
            fingerprint,
            country_header,
        };
    };
    let prefix = fields.integer("ipv6_prefix", findings);
    Client {
        address_from: address_from(&fields, findings).unwrap_or(AddressFrom::Envoy),
        ipv6_prefix: prefix.and_then(|prefix| u8::try_from(prefix.value).ok()).unwrap_or(IPV6_PREFIX),
        keys: keys(&fields, findings),
        fingerprint: fingerprint(&fields, findings),
        country_header: country_header(&fields, findings).unwrap_or_default(),
    }
}

fn country_header(client: &Fields<'_>, findings: &mut Diagnostics) -> Option<String> {
    let text = client.text("country_header", findings)?;
    Some(token(&text, "header", findings)?.to_ascii_lowercase())
}

/// The policy's `devices`.
pub(super) fn devices(policy: &Fields<'_>, findings: &mut Diagnostics) -> Option<Devices> {
    let entry = policy.entry("devices")?;
    let fields = Fields::open(&entry.node, entry.key.span, &DEVICES, findings)?;
    let cookie = match fields.entry("cookie") {
        Some(_) => fields
            .text("cookie", findings)
            .and_then(|text| Some(Spanned::new(token(&text, "cookie", findings)?, text.span))),
        None => Some(Spanned::new(String::from(DEVICE_COOKIE), entry.key.span)),
    };
    let for_seconds = fields.text("for", findings).and_then(|text| device_time(&text, findings));
    Some(Devices { cookie: cookie?, for_seconds: for_seconds? })
}

fn fingerprint(client: &Fields<'_>, findings: &mut Diagnostics) -> Vec<FingerprintPart> {
    let mut parts: Vec<Spanned<FingerprintPart>> = Vec::new();
    let nodes = client.items("fingerprint", findings);
    if let Some(beyond) = nodes.get(MAX_PARTS) {
        let message = format!("{} parts of a fingerprint, at most {MAX_PARTS} are possible", nodes.len());
        findings.push(Diagnostic::new(&codes::TOO_MUCH, beyond.span, message));
    }
    for node in nodes {
        let Some(part) = fingerprint_part(node, findings) else { continue };
        match parts.iter().find(|known| known.value == part) {
            Some(first) => findings.push(
                Diagnostic::new(&codes::BAD_FINGERPRINT, node.span, "the same part of a fingerprint twice")
                    .also(first.span, "first here"),
            ),
            None => parts.push(Spanned::new(part, node.span)),
        }
    }
    parts.into_iter().map(|part| part.value).collect()
}

fn fingerprint_part(node: &Node, findings: &mut Diagnostics) -> Option<FingerprintPart> {
    let text = fields::text(node, "`header_order` or the name of a header", 256, findings)?;
    if text.value == "header_order" {
        return Some(FingerprintPart::HeaderOrder);
    }
    let name = token(&text, "header", findings)?.to_ascii_lowercase();
    if CHANGING.contains(&name.as_str()) {
        findings.push(
            Diagnostic::new(
                &codes::BAD_FINGERPRINT,
                text.span,
                format!("`{name}` differs between requests of one client"),
            )
            .help("take headers that a client always sends alike: `user-agent`, `accept-language`"),
        );
        return None;
    }
    Some(FingerprintPart::Header(name))
}

fn address_from(client: &Fields<'_>, findings: &mut Diagnostics) -> Option<AddressFrom> {
    let entry = client.entry("address_from")?;
    match &entry.node.value {
        Value::Scalar(_) => fields::word(&entry.node, &["envoy"], findings).map(|_| AddressFrom::Envoy),
        Value::List(_) | Value::Map(_) => {
            let hops = Fields::open(&entry.node, entry.key.span, &HOPS, findings)?;
            let hops = hops.integer("trusted_hops", findings)?;
            Some(AddressFrom::TrustedHops(u8::try_from(hops.value).ok()?))
        }
    }
}

fn keys(client: &Fields<'_>, findings: &mut Diagnostics) -> Vec<Spanned<ClientKey>> {
    let mut keys: Vec<Spanned<ClientKey>> = Vec::new();
    let mut address: Option<Span> = None;
    let items = client.items("key", findings);
    if let Some(beyond) = items.get(MAX_KEYS + 1) {
        let message = format!("{} client keys, at most {MAX_KEYS} and `address` are possible", items.len());
        findings.push(Diagnostic::new(&codes::TOO_MUCH, beyond.span, message));
    }
    for node in items {
        if let Some(address) = address {
            findings.push(
                Diagnostic::new(&codes::BAD_CLIENT_KEY, node.span, "nothing can follow `address`")
                    .also(address, "always counts")
                    .help("move `address` to the end"),
            );
            continue;
        }
        match key(node, findings) {
            Some(Key::Address) => address = Some(node.span),
            Some(Key::Other(key)) => match keys.iter().find(|known| known.value == key) {
                Some(first) => findings.push(
                    Diagnostic::new(&codes::BAD_CLIENT_KEY, node.span, "the same client key twice")
                        .also(first.span, "first here"),
                ),
                None => keys.push(Spanned::new(key, node.span)),
            },
            None => {}
        }
    }
    if let (None, Some(last)) = (address, items.last()) {
        findings.push(
            Diagnostic::new(&codes::BAD_CLIENT_KEY, last.span, "the client key does not end with `address`")
                .help("add `address` as the last entry: it names clients that nothing else names"),
        );
    }
    keys
}

enum Key {
    Address,
    Other(ClientKey),
}

fn key(node: &Node, findings: &mut Diagnostics) -> Option<Key> {
    let text = fields::text(node, "a client key", 256, findings)?;
    if text.value == "address" {
        return Some(Key::Address);
    }
    let (kind, name) = text.value.split_once('.').unwrap_or((&text.value, ""));
    let name = Spanned::new(String::from(name), text.span);
    match kind {
        "issued_cookie" => Some(Key::Other(ClientKey::IssuedCookie(token(&name, "cookie", findings)?))),
        "accepted_header" => {
            let name = token(&name, "header", findings)?;
            Some(Key::Other(ClientKey::AcceptedHeader(name.to_ascii_lowercase())))
        }
        "verified_jwt" if !name.value.is_empty() => {
            let (payload, claim) = name.value.split_once('.').unwrap_or((PAYLOAD, &name.value));
            let parts = [payload, claim].map(String::from);
            if parts.iter().any(String::is_empty) {
                findings.push(no_client_key(&text));
                return None;
            }
            let [payload, claim] = parts;
            Some(Key::Other(ClientKey::VerifiedClaim { payload, claim }))
        }
        _ => {
            findings.push(no_client_key(&text));
            None
        }
    }
}

fn no_client_key(text: &Spanned<String>) -> Diagnostic {
    Diagnostic::new(
        &codes::BAD_CLIENT_KEY,
        text.span,
        format!("`{}` does not name a client", shorten(&text.value)),
    )
    .help("use `verified_jwt.<claim>`, `issued_cookie.<name>`, `accepted_header.<name>` or `address`")
}
