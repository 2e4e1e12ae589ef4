//! Reads client addresses.
//!
//! An address is a `u128`; IPv4 is written as IPv4-mapped IPv6 (`::ffff:a.b.c.d`), so that the two spellings of one
//! client are one client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest text that can be an address: brackets, 45 characters of IPv6, a zone, a port.
const LONGEST_ADDRESS: usize = 96;

/// Reads `1.2.3.4`, `1.2.3.4:port`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:port`. A zone (`%eth0`) is dropped.
/// Nothing where it is none of these. Never panics for any input.
#[must_use]
pub fn parse_address(text: &[u8]) -> Option<u128> {
    let text = text.trim_ascii();
    if text.len() > LONGEST_ADDRESS {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']')?;
        if !after.is_empty() && !after.strip_prefix(':').is_some_and(is_port) {
            return None;
        }
        return parse_ipv6(inside);
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(to_number(IpAddr::V4(address)));
    }
    if let Some((host, port)) = text.split_once(':')
        && is_port(port)
        && let Ok(address) = host.parse::<Ipv4Addr>()
    {
        return Some(to_number(IpAddr::V4(address)));
    }
    parse_ipv6(text)
}

/// The address that stands `hops` entries before the last one in `X-Forwarded-For`, all copies of the header joined in
/// their order.
///
/// The last entry is Envoy's own: the peer that it saw. With `hops` 1, the entry just before it is taken, which the one
/// trusted proxy in front of Envoy has written; and so on. Entries further left are whatever the client claims. Nothing
/// where there are too few entries or where that entry is no address.
#[must_use]
pub fn forwarded_address(x_forwarded_for_values: &[&[u8]], hops: u8) -> Option<u128> {
    // Empty entries count: Envoy counts them too, and only untrusted senders write them.
    let entry = x_forwarded_for_values
        .iter()
        .rev()
        .flat_map(|value| value.rsplit(|byte| *byte == b','))
        .nth(usize::from(hops))?;
    parse_address(entry)
}

/// Cuts an IPv6 address to its first `prefix` bits; an IPv4 address stays whole.
#[must_use]
pub fn mask_ipv6(address: u128, prefix: u8) -> u128 {
    if is_ipv4(address) {
        return address;
    }
    let dropped = 128_u32.saturating_sub(u32::from(prefix));
    address & u128::MAX.checked_shl(dropped).unwrap_or(0)
}

/// Whether the address is an IPv4 one.
#[must_use]
pub const fn is_ipv4(address: u128) -> bool {
    address >> 32 == 0xffff
}

fn parse_ipv6(text: &str) -> Option<u128> {
    let bare = text.split_once('%').map_or(text, |(address, _zone)| address);
    bare.parse::<Ipv6Addr>().ok().map(u128::from)
}

fn to_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(address: u128) -> String {
        Ipv6Addr::from(address).to_canonical().to_string()
    }

    #[test]
    fn spellings_of_one_address_meet() {
        for (text, address) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:51234", "192.0.2.7"),
            (" 192.0.2.7 ", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
            ("::FFFF:c000:0207", "192.0.2.7"),
            ("2001:DB8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("::", "::"),
        ] {
            assert_eq!(parse_address(text.as_bytes()).map(canonical).as_deref(), Some(address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "unknown",
            "_hidden",
            "192.0.2",
            "192.0.2.256",
            "192.0.02.1",
            "192.0.2.1:port",
            "192.0.2.1:123456",
            "[2001:db8::1",
            "[2001:db8::1]443",
            "[192.0.2.1]",
            "2001:db8::g",
            "192.0.2.1, 192.0.2.2",
            "1",
            "0x7f.1",
        ] {
            assert_eq!(parse_address(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_address(b"\xff\xfe"), None);
        assert_eq!(parse_address(&[b'1'; 10_000]), None);
    }

    #[test]
    fn hops_are_counted_from_the_end_over_all_copies_of_the_header() {
        let one: &[&[u8]] = &[b"203.0.113.9, 198.51.100.2,192.0.2.1"];
        let three: &[&[u8]] = &[b"203.0.113.9", b"198.51.100.2", b"192.0.2.1"];
        for values in [one, three] {
            let at = |hops| forwarded_address(values, hops).map(canonical);
            assert_eq!(at(0).as_deref(), Some("192.0.2.1"));
            assert_eq!(at(1).as_deref(), Some("198.51.100.2"));
            assert_eq!(at(2).as_deref(), Some("203.0.113.9"));
            assert_eq!(at(3), None);
            assert_eq!(at(255), None);
        }
        assert_eq!(forwarded_address(&[], 1), None);
    }

    #[test]
    fn what_a_client_writes_in_front_moves_nothing() {
        for claimed in ["", ",", ", ,", "127.0.0.1", "127.0.0.1,,", "x,\"y, z\""] {
            let value = format!("{claimed}, 198.51.100.2, 192.0.2.1");
            let address = forwarded_address(&[value.as_bytes()], 1).map(canonical);
            assert_eq!(address.as_deref(), Some("198.51.100.2"), "{claimed}");
        }
    }

    #[test]
    fn only_ipv6_is_cut_to_its_prefix() {
        let address = parse_address(b"2001:db8:1:2:3:4:5:6").unwrap();
        assert_eq!(canonical(mask_ipv6(address, 64)), "2001:db8:1:2::");
        assert_eq!(canonical(mask_ipv6(address, 56)), "2001:db8:1::");
        assert_eq!(mask_ipv6(address, 128), address);
        assert_eq!(mask_ipv6(address, 255), address);
        assert_eq!(mask_ipv6(address, 0), 0);
        let ipv4 = parse_address(b"192.0.2.7").unwrap();
        assert_eq!(mask_ipv6(ipv4, 32), ipv4);
    }
}
