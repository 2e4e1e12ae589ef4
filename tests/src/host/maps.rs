//! Header maps as Envoy keeps them: ordered pairs of bytes, names in lower case.
//!
//! Values are any bytes. A header that Envoy keeps in a fixed slot ("inline": `content-type`, `user-agent` and the
//! like) exists at most once: adding a second value joins both with a comma.

/// An ordered header map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderMap {
    entries: Vec<(Vec<u8>, Vec<u8>)>,
}

impl HeaderMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// A map of these pairs, in this order, joined where Envoy joins.
    pub fn of<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut map = Self::new();
        for (name, value) in pairs {
            map.add(name.as_ref(), value.as_ref());
        }
        map
    }

    /// The pairs in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first value of this name: what `get_header_map_value` returns.
    pub fn first(&self, name: &[u8]) -> Option<&[u8]> {
        self.entries
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// All values of this name joined with commas: what the property `request.headers.<name>` returns.
    pub fn joined(&self, name: &[u8]) -> Option<Vec<u8>> {
        let values: Vec<&[u8]> = self
            .entries
            .iter()
            .filter(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_slice())
            .collect();
        if values.is_empty() { None } else { Some(values.join(&b","[..])) }
    }

    /// The first value as text, for tests.
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Adds a pair at the end, or joins it to the one inline header of this name.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        let name = name.to_ascii_lowercase();
        let inline = INLINE.iter().any(|inline| inline.as_bytes() == name.as_slice());
        if inline && let Some((_, have)) = self.entries.iter_mut().find(|(have, _)| *have == name) {
            if !have.is_empty() {
                have.push(b',');
            }
            have.extend_from_slice(value);
            return;
        }
        self.entries.push((name, value.to_vec()));
    }

    /// Removes every pair of this name and adds one at the end.
    pub fn replace(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.entries.push((name.to_ascii_lowercase(), value.to_vec()));
    }

    /// Removes every pair of this name.
    pub fn remove(&mut self, name: &[u8]) {
        self.entries.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
    }

    /// The wire form that crosses into the module: count, lengths, then names and values each ended by a zero byte.
    pub fn serialize(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&length(self.len()));
        for (name, value) in &self.entries {
            bytes.extend_from_slice(&length(name.len()));
            bytes.extend_from_slice(&length(value.len()));
        }
        for (name, value) in &self.entries {
            bytes.extend_from_slice(name);
            bytes.push(0);
            bytes.extend_from_slice(value);
            bytes.push(0);
        }
        bytes
    }

    /// Reads the wire form. Lists that do not fit, or that exceed what Envoy reads, count as empty, as in Envoy.
    pub fn deserialize(bytes: &[u8]) -> Self {
        if bytes.len() > MAX_PAIRS_BYTES {
            return Self::new();
        }
        Self::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let count = word(bytes, 0)?;
        if count > MAX_PAIRS {
            return None;
        }
        let mut at = count.checked_mul(8)?.checked_add(4)?;
        let mut map = Self::new();
        for pair in 0..count {
            let lengths = pair.checked_mul(8)?.checked_add(4)?;
            let name = bytes.get(at..at.checked_add(word(bytes, lengths)?)?)?;
            at = at.checked_add(name.len())?.checked_add(1)?;
            let value = bytes.get(at..at.checked_add(word(bytes, lengths.checked_add(4)?)?)?)?;
            at = at.checked_add(value.len())?.checked_add(1)?;
            map.add(name, value);
        }
        Some(map)
    }
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

/// What Envoy reads of a pair list that a module hands over.
const MAX_PAIRS: usize = 1024;
const MAX_PAIRS_BYTES: usize = 1024 * 1024;

/// Headers for which Envoy keeps one slot (request and response lists united; only those that tests use matter).
const INLINE: &[&str] = &[
    ":authority",
    ":method",
    ":path",
    ":protocol",
    ":scheme",
    ":status",
    "accept",
    "accept-encoding",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expect",
    "grpc-message",
    "grpc-status",
    "grpc-timeout",
    "host",
    "keep-alive",
    "location",
    "origin",
    "proxy-connection",
    "referer",
    "server",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "x-envoy-upstream-service-time",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_survive_the_wire() {
        let map = HeaderMap::of([("a", "1"), ("a", "2"), ("b", "")]);
        assert_eq!(HeaderMap::deserialize(&map.serialize()), map);
    }

    #[test]
    fn a_list_that_promises_more_than_it_holds_is_empty() {
        let mut bytes = HeaderMap::of([("a", "1")]).serialize();
        bytes.truncate(bytes.len() - 2);
        assert!(HeaderMap::deserialize(&bytes).is_empty());
        assert!(HeaderMap::deserialize(&[255; 4]).is_empty());
    }
}
