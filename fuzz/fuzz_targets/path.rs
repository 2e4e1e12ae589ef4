//! A normal path stays as it is when it is normalised again, and has neither empty nor dot segments.
#![no_main]

use bartizan_engine::http::host::normalize_host;
use bartizan_engine::http::path::{LONGEST_PATH, MOST_SEGMENTS, normalize, segments};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let once = normalize(raw);
    assert!(once.query.is_none_or(|query| raw.get(query).is_some()));
    assert!(once.path.starts_with(b"/") && once.path.len() <= 3 * LONGEST_PATH);
    assert!(segments(&once.path).count() <= MOST_SEGMENTS);
    assert!(segments(&once.path).all(|segment| segment != b"." && segment != b".."));
    let twice = normalize(&once.path);
    assert!(twice.query.is_none());
    if !twice.truncated {
        assert_eq!(once.path, twice.path);
    }

    let host = normalize_host(raw);
    assert!(host.len() <= raw.len() && !host.iter().any(u8::is_ascii_uppercase));
});
