//! The fingerprint of a request's head: one keyed hash over the headers that the policy names.
//!
//! It tells programs apart, not people: a browser of one version in one language has one fingerprint. The order of header
//! fields is a fingerprint of our own; JA4H and its relatives are not used, their licence does not allow it.

use super::{Headers, Surroundings, header};
use crate::keyed_hash::Role;

/// Headers that come and go with what a customer does, or that proxies add: they say nothing about the program.
const PASSING: [&str; 18] = [
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "origin",
    "pragma",
    "range",
    "referer",
    "te",
    "traceparent",
    "transfer-encoding",
];

/// The longest header value that is hashed, in bytes; what is behind does not count.
const LONGEST_VALUE: usize = 512;
/// How many header fields count for their order.
const MOST_NAMES: usize = 64;

/// The fingerprint, where the policy has one.
pub(super) fn fingerprint(
    headers: &Headers,
    is_login: bool,
    surroundings: &Surroundings<'_, '_>,
) -> Option<u64> {
    let parts = &surroundings.policy.fingerprint;
    let tables = &surroundings.policy.tables;
    if parts.is_empty() || !(tables.asks_fingerprint_always || (is_login && tables.asks_fingerprint)) {
        return None;
    }
    let mut values: Vec<Vec<u8>> = Vec::with_capacity(parts.len());
    for part in parts {
        if part.header.is_empty() {
            values.push(order(headers));
        } else {
            let value = header(headers, part.header);
            // An absent header differs from an empty one.
            let mut bytes = vec![u8::from(value.is_some())];
            bytes.extend(value.unwrap_or_default().iter().take(LONGEST_VALUE));
            values.push(bytes);
        }
    }
    let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
    Some(surroundings.key.hash(Role::Fingerprint, &values))
}

/// The names of the header fields in their order, without those that come and go.
fn order(headers: &Headers) -> Vec<u8> {
    let names = headers.iter().map(|(name, _)| name.as_str());
    let lasting = names.filter(|name| {
        !name.starts_with(':') && !name.starts_with("x-") && PASSING.binary_search(name).is_err()
    });
    lasting.take(MOST_NAMES).flat_map(|name| name.bytes().take(64).chain([b'\n'])).collect()
}

#[cfg(test)]
mod tests {
    use super::{PASSING, order};

    fn headers(names: &[&str]) -> Vec<(String, Vec<u8>)> {
        names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect()
    }

    #[test]
    fn the_list_can_be_searched() {
        assert!(PASSING.is_sorted());
    }

    #[test]
    fn the_order_of_what_lasts_counts() {
        let one = headers(&[":path", "user-agent", "accept", "cookie", "x-request-id"]);
        let same = headers(&[":path", "user-agent", "referer", "accept"]);
        let other = headers(&["accept", "user-agent"]);
        assert_eq!(order(&one), order(&same));
        assert_ne!(order(&one), order(&other));
    }
}
