//! Every address that the standard library reads is read the same, and what clients write in front moves nothing.
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

use bartizan_engine::http::address::{forwarded_address, is_ipv4, mask_ipv6, parse_address};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], u8, u128)| {
    let (text, number, address) = input;
    let read = parse_address(text);
    if let Ok(standard) = std::str::from_utf8(text).unwrap_or_default().parse::<IpAddr>() {
        let mapped = match standard {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        assert_eq!(read, Some(u128::from(mapped)));
    }
    let canonical = Ipv6Addr::from(address).to_canonical().to_string();
    assert_eq!(parse_address(canonical.as_bytes()), Some(address));

    let masked = mask_ipv6(address, number);
    assert_eq!(mask_ipv6(masked, number), masked);
    assert!(!is_ipv4(address) || masked == address);

    let own: &[u8] = b"192.0.2.1";
    assert_eq!(forwarded_address(&[text, canonical.as_bytes(), own], 1), Some(address));
    let _ = forwarded_address(&[text], number);
});
