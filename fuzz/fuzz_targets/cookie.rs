//! Headers of any bytes are read without a panic, and what was written is read back.
#![no_main]

use bartizan_engine::http::accept::prefers_html;
use bartizan_engine::http::basic::basic_credentials;
use bartizan_engine::http::cookie::{request_cookie, set_cookie};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    let (header, name, value) = input;
    let _ = prefers_html(Some(header));
    let _ = basic_credentials(header);
    let found = request_cookie(&[header], name);
    assert!(found.is_none_or(|found| found.len() < header.len()));

    let plain = |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b'='));
    if plain(name) && plain(value) && !name.is_empty() {
        let pair = [name, b"=", value].concat();
        assert_eq!(set_cookie(&pair), Some((name, value)));
        assert_eq!(request_cookie(&[&pair, header], name), Some(value));
    }
    if let Some((name, value)) = set_cookie(header) {
        assert_eq!(request_cookie(&[header], name), Some(value));
    }
});
