//! How clients are told apart.

use bartizan_engine::blob::draft::{AddressFrom, ClientKey};

use super::fields::{self, Fields};
use super::texts::token;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::Client;
use crate::source::{Span, Spanned};
use crate::syntax::fields::{CLIENT, HOPS};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node, Value};

/// Bits that tell IPv6 clients apart where the policy does not say.
const IPV6_PREFIX: u8 = 64;

pub(super) fn decode(entry: Option<&Entry>, findings: &mut Diagnostics) -> Client {
    let opened = entry.and_then(|entry| Fields::open(&entry.node, entry.key.span, &CLIENT, findings));
    let Some(fields) = opened else {
        return Client { address_from: AddressFrom::Envoy, ipv6_prefix: IPV6_PREFIX, keys: Vec::new() };
    };
    let prefix = fields.integer("ipv6_prefix", findings);
    Client {
        address_from: address_from(&fields, findings).unwrap_or(AddressFrom::Envoy),
        ipv6_prefix: prefix.and_then(|prefix| u8::try_from(prefix.value).ok()).unwrap_or(IPV6_PREFIX),
        keys: keys(&fields, findings),
    }
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
        _ => {
            findings.push(
                Diagnostic::new(
                    &codes::BAD_CLIENT_KEY,
                    text.span,
                    format!("`{}` does not name a client", shorten(&text.value)),
                )
                .help("use `issued_cookie.<name>`, `accepted_header.<name>` or `address`"),
            );
            None
        }
    }
}
