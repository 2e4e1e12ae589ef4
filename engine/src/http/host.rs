//! Brings a host name into the one form that apps are matched against.

/// Lower case, without port, without trailing dots; an IPv6 literal stays in its brackets. Never panics for any input.
///
/// `Shop.Example.com.:8443` and `shop.example.com` reach the same server, so they must reach the same policy.
#[must_use]
pub fn normalize_host(raw: &[u8]) -> Vec<u8> {
    let trimmed = raw.trim_ascii();
    let mut host = without_port(trimmed);
    while let Some(shorter) = host.strip_suffix(b".") {
        host = shorter;
    }
    host.to_ascii_lowercase()
}

fn without_port(host: &[u8]) -> &[u8] {
    if host.first() == Some(&b'[') {
        return memchr::memchr(b']', host).and_then(|at| host.get(..=at)).unwrap_or(host);
    }
    let mut colons = memchr::memchr_iter(b':', host);
    match (colons.next(), colons.next()) {
        // More than one colon without brackets is an IPv6 address that was written carelessly: it has no port.
        (Some(only), None) => host.get(..only).unwrap_or(host),
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_host_meet() {
        for (raw, host) in [
            ("shop.example.com", "shop.example.com"),
            ("Shop.EXAMPLE.com", "shop.example.com"),
            ("shop.example.com:443", "shop.example.com"),
            ("shop.example.com:", "shop.example.com"),
            ("shop.example.com.", "shop.example.com"),
            ("shop.example.com.:8443", "shop.example.com"),
            (" shop.example.com\t", "shop.example.com"),
            ("[2001:DB8::1]:8443", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("[2001:db8::1", "[2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("", ""),
            (".", ""),
            (":80", ""),
        ] {
            assert_eq!(normalize_host(raw.as_bytes()), host.as_bytes(), "{raw}");
        }
        assert_eq!(normalize_host(b"\xff\xfe:1"), b"\xff\xfe");
    }
}
