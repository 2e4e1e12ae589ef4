//! Who the client is.
//!
//! The address always counts. A cookie or header that the client chose counts as its name only once the upstream issued
//! that very value in answer to a login that succeeded, or accepted it on a route that needs it; otherwise an attacker could
//! have as many names as it likes.

use super::subject::{Subject, Touched};
use super::{Headers, RequestHead, Surroundings, all_headers, failure_of};
use crate::blob::client::ClientKeyKind;
use crate::blob::counters::CellKind;
use crate::http::address::{forwarded_address, mask_ipv6, parse_address};
use crate::http::cookie::request_cookie;
use crate::keyed_hash::Role;
use crate::state::pool::{CellAddress, Roles, locate};
use crate::vocabulary::CounterKey;
use std::borrow::Cow;

/// The longest cookie or header value that can name a client.
const LONGEST_KEY: usize = 4096;

/// The client's address: the host's word, or the trusted hop of `X-Forwarded-For`; whole, not cut to a prefix.
pub(crate) fn address(
    headers: &Headers,
    source: &dyn Fn() -> Option<Vec<u8>>,
    surroundings: &Surroundings<'_, '_>,
) -> Option<u128> {
    let hops = surroundings.policy.basics.trusted_hops;
    let peer = || source().as_deref().and_then(parse_address);
    if hops == 0 {
        return peer();
    }
    // A header with fewer entries than trusted hops did not come through them: the peer is all there is.
    forwarded_address(&all_headers(headers, "x-forwarded-for"), hops).or_else(peer)
}

/// The network of an address, /24 or /48, as a keyed hash.
pub(crate) fn network(address: u128, surroundings: &Surroundings<'_, '_>) -> u64 {
    // IPv4 addresses are mapped: ::ffff:a.b.c.d.
    let is_ipv4 = address >> 32 == 0xFFFF;
    let network = if is_ipv4 { address & !0xFF } else { mask_ipv6(address, 48) };
    surroundings.key.hash(Role::Network, &[&network.to_be_bytes()])
}

/// The cell of a cookie's or header's value.
pub(crate) fn key_cell(
    kind: ClientKeyKind,
    name: &str,
    value: &[u8],
    surroundings: &Surroundings<'_, '_>,
) -> (u64, CellAddress) {
    let role = match kind {
        ClientKeyKind::IssuedCookie => Role::Cookie,
        ClientKeyKind::AcceptedHeader => Role::Header,
        ClientKeyKind::VerifiedClaim => Role::Claim,
    };
    let hash = surroundings.key.hash(role, &[name.as_bytes(), value]);
    (hash, locate(&surroundings.policy.tables, CellKind::Caller, hash, surroundings.settings.state_pages))
}

/// Finds the client and the cells that stand for it.
pub(crate) fn identify(
    subject: &mut Subject,
    head: RequestHead<'_>,
    surroundings: &mut Surroundings<'_, '_>,
) {
    let headers = head.headers;
    let policy = surroundings.policy;
    let pages = surroundings.settings.state_pages;
    let address = subject.address.map(|address| {
        let address = mask_ipv6(address, policy.basics.ipv6_prefix);
        let hash = surroundings.key.hash(Role::Address, &[&address.to_be_bytes()]);
        (hash, locate(&policy.tables, CellKind::Caller, hash, pages))
    });
    subject.client = address.map_or(0, |(hash, _)| hash);
    let mut client = None;
    for key in &policy.client_keys {
        let value = match key.kind {
            ClientKeyKind::IssuedCookie => {
                request_cookie(&all_headers(headers, "cookie"), key.name.as_bytes()).map(Cow::Borrowed)
            }
            ClientKeyKind::AcceptedHeader => super::header(headers, key.name).map(Cow::Borrowed),
            ClientKeyKind::VerifiedClaim => (head.verified_claim)(key.payload, key.name).map(Cow::Owned),
        };
        let Some(value) = value.filter(|value| !value.is_empty() && value.len() <= LONGEST_KEY) else {
            continue;
        };
        let (hash, cell) = key_cell(key.kind, key.name, &value, surroundings);
        // What the proxy verified itself needs nobody to vouch for it.
        let is_verified = key.kind == ClientKeyKind::VerifiedClaim;
        if !is_verified {
            subject.offered.push(cell);
        }
        if client.is_none() && (is_verified || is_vouched(subject, cell, surroundings)) {
            subject.is_named = true;
            subject.client = hash;
            client = Some(cell);
        }
    }
    // Cells are in the order in which they are written; the client's comes first because it decides most.
    match (client, address) {
        (Some(client), address) => {
            subject.push(Touched::new(client, Roles::only(CounterKey::Client)));
            if let Some((_, address)) = address {
                subject.push(Touched::new(address, Roles::only(CounterKey::Address)));
            }
        }
        (None, Some((_, address))) => {
            let both = Roles::only(CounterKey::Address).and(CounterKey::Client);
            subject.push(Touched::new(address, both));
        }
        (None, None) => {}
    }
}

impl Subject {
    fn push(&mut self, mut touched: Touched) {
        // The page may be there already, from asking whether somebody vouches for the key.
        let known =
            self.cells.iter().position(|cell| cell.address == touched.address && cell.loaded.is_some());
        if let Some(known) = known {
            touched.loaded = self.cells.remove(known).loaded;
        }
        self.cells.push(touched);
    }
}

fn is_vouched(subject: &mut Subject, cell: CellAddress, surroundings: &mut Surroundings<'_, '_>) -> bool {
    let now = surroundings.now.seconds();
    let loaded = surroundings.pool().load(cell);
    match loaded {
        Ok(loaded) => {
            let pool = surroundings.pool();
            let vouched = pool
                .cell(&loaded)
                .zip(pool.shape(cell))
                .is_some_and(|(found, shape)| found.vouched_until(shape) > now);
            if vouched {
                let mut touched = Touched::new(cell, Roles::default());
                touched.loaded = Some(loaded);
                subject.cells.push(touched);
            }
            vouched
        }
        Err(error) => {
            subject.fail(failure_of(error), surroundings);
            false
        }
    }
}
