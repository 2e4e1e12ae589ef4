//! Brings a request path into the one form that routes are matched against.
//!
//! An upstream accepts many spellings of the same path; each choice here closes one way of slipping past a route, a
//! login or a trap while the upstream still answers:
//!
//! | spelling | becomes | evasion closed |
//! |---|---|---|
//! | `http://host/login` | `/login` | absolute-form targets, which servers must accept (RFC 9112, 3.2.2) |
//! | `/login?x`, `/login#x` | `/login` | a suffix that is no part of the path |
//! | `/%6Cogin` | `/login` | encoding characters that need none; decoded once, as servers do |
//! | `/a%2fb`, `/a%5cb` | `/a%2Fb`, `/a%5Cb` | none: most servers take them as data, so they must not make segments |
//! | `/x/%2e%2e/login`, `/./login` | `/login` | dot segments, also encoded |
//! | `//login`, `/login/` | `/login` | empty segments, which most routers skip |
//! | `/\login` | `/login` | backslashes, which some servers and Envoy itself read as slashes |
//! | `/login;x=1`, `/..;/login` | `/login` | path parameters, which Java servers strip before they resolve dots |
//!
//! Case is kept: paths are case-sensitive. The bytes `% / \ ? # ;` and control characters stay (or become) encoded, in
//! upper case, so that normalising twice changes nothing and no two different paths meet. Bytes above 0x7F are decoded,
//! so that a policy can name them in plain UTF-8. A policy's own literals pass through [`normalize`] as well.

use std::ops::Range;

/// How many bytes of the raw path are read. Common servers refuse longer request lines.
pub const LONGEST_PATH: usize = 8 * 1024;

/// How many segments are kept.
pub const MOST_SEGMENTS: usize = 64;

/// A path in the form that routes are matched against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalPath {
    /// `/` followed by the segments, joined by single slashes, without a trailing slash. At most three times
    /// [`LONGEST_PATH`] bytes.
    pub path: Vec<u8>,
    /// Where the query string stands in the raw path, without its `?`. Nothing where there is no `?`.
    pub query: Option<Range<usize>>,
    /// The raw path was longer than [`LONGEST_PATH`] or had more than [`MOST_SEGMENTS`] segments: `path` is its
    /// beginning only, and the upstream may see something else.
    pub truncated: bool,
}

/// Brings a raw `:path` into the form that routes are matched against. Never panics for any input.
#[must_use]
pub fn normalize(raw: &[u8]) -> NormalPath {
    let without_fragment = match memchr::memchr(b'#', raw) {
        Some(at) => raw.get(..at).unwrap_or(raw),
        None => raw,
    };
    let question = memchr::memchr(b'?', without_fragment);
    let query = question.map(|at| at.saturating_add(1)..without_fragment.len());
    let target = question.and_then(|at| raw.get(..at)).unwrap_or(without_fragment);
    let whole = strip_authority(target);
    let considered = whole.get(..LONGEST_PATH).unwrap_or(whole);

    let mut path = Vec::with_capacity(considered.len().saturating_add(1));
    for segment in considered.split(|byte| matches!(byte, b'/' | b'\\')) {
        push_segment(&mut path, segment);
    }
    let kept = end_of_segments(&path, MOST_SEGMENTS);
    let truncated = considered.len() < whole.len() || kept < path.len();
    path.truncate(kept);
    if path.is_empty() {
        path.push(b'/');
    }
    NormalPath { path, query, truncated }
}

/// The segments of a path, without the empty ones. `/` has none.
pub fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty())
}

/// Drops `scheme://authority` from an absolute-form target.
fn strip_authority(target: &[u8]) -> &[u8] {
    if matches!(target.first(), None | Some(b'/')) {
        return target;
    }
    let Some(scheme_end) = memchr::memmem::find(target, b"://") else { return target };
    let (scheme, rest) = target.split_at(scheme_end);
    if !scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
        return target;
    }
    let authority = rest.get(3..).unwrap_or_default();
    memchr::memchr2(b'/', b'\\', authority).and_then(|at| authority.get(at..)).unwrap_or_default()
}

/// Appends one raw segment to a path that has no trailing slash, or resolves it where it is a dot segment.
fn push_segment(path: &mut Vec<u8>, raw: &[u8]) {
    // Parameters go before dots are resolved: `..;x` is `..` to the servers that know parameters.
    let bare = memchr::memchr(b';', raw).and_then(|at| raw.get(..at)).unwrap_or(raw);
    let start = path.len();
    path.push(b'/');
    let mut rest = bare;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let Some(decoded) = (byte == b'%').then(|| decode_escape(after)).flatten() else {
            push_byte(path, byte);
            continue;
        };
        rest = after.get(2..).unwrap_or_default();
        push_byte(path, decoded);
    }
    let segment = path.get(start.saturating_add(1)..).unwrap_or_default();
    match segment {
        b"" | b"." => path.truncate(start),
        b".." => {
            path.truncate(start);
            let parent = memchr::memrchr(b'/', path).unwrap_or(0);
            path.truncate(parent);
        }
        _ => {}
    }
}

/// Writes a decoded byte, encoded again where it would be read as something else.
fn push_byte(path: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_control() || matches!(byte, b'%' | b'/' | b'\\' | b'?' | b'#' | b';') {
        path.extend_from_slice(&[b'%', hex_digit(byte >> 4), hex_digit(byte & 0x0f)]);
    } else {
        path.push(byte);
    }
}

fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0'.wrapping_add(nibble) } else { b'A'.wrapping_add(nibble.wrapping_sub(10)) }
}

/// The byte that two hexadecimal digits after a `%` stand for.
pub(super) fn decode_escape(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let high = char::from(*high).to_digit(16)?;
    let low = char::from(*low).to_digit(16)?;
    u8::try_from(high.wrapping_mul(16).wrapping_add(low)).ok()
}

/// Where the first `count` segments of a normal path end.
fn end_of_segments(path: &[u8], count: usize) -> usize {
    memchr::memchr_iter(b'/', path).nth(count).unwrap_or(path.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path_of(raw: &str) -> String {
        String::from_utf8(normalize(raw.as_bytes()).path).unwrap()
    }

    #[test]
    fn spellings_of_one_path_meet() {
        for spelling in [
            "/login",
            "/login/",
            "//login",
            "/./login",
            "/login/.",
            "/a/../login",
            "/a/b/../../login",
            "/../../login",
            "/%6Cogin",
            "/%6c%6F%67%69%6e",
            "/x/%2e%2E/login",
            "/x/.%2e/login",
            "/%2e/login",
            "\\login",
            "/a\\..\\login",
            "/login;jsessionid=1",
            "/login;a=1;b=2/",
            "/;x/login",
            "/x/..;/login",
            "/x/..;a=b/login",
            "/login?next=/",
            "/login#fragment",
            "/login#fragment?no-query",
            "/login?a#b",
            "http://shop.example.com/login",
            "HTTPS://user@shop.example.com:8443/login?x",
            "login",
        ] {
            assert_eq!(path_of(spelling), "/login", "{spelling}");
        }
    }

    #[test]
    fn what_means_something_else_stays_different() {
        for (raw, normal) in [
            ("", "/"),
            ("/", "/"),
            ("/..", "/"),
            ("*", "/*"),
            ("http://shop.example.com", "/"),
            ("http://shop.example.com?x=http://y/login", "/"),
            ("/Login", "/Login"),
            ("/a%2fb", "/a%2Fb"),
            ("/a%2Fb", "/a%2Fb"),
            ("/a%5c..%5cb", "/a%5C..%5Cb"),
            ("/a%252fb", "/a%252fb"),
            ("/a%3Bb", "/a%3Bb"),
            ("/a%3fb%23c", "/a%3Fb%23c"),
            ("/100%", "/100%25"),
            ("/%zz%4", "/%25zz%254"),
            ("/%%32%46", "/%252F"),
            ("/a%00b\u{7f}", "/a%00b%7F"),
            ("/a%20b", "/a b"),
            ("/k%C3%A4se", "/käse"),
            ("/...", "/..."),
            ("/..a", "/..a"),
            ("/%2e%2e%2flogin", "/..%2Flogin"),
            ("/redirect/http://x/y", "/redirect/http:/x/y"),
        ] {
            assert_eq!(path_of(raw), normal, "{raw}");
        }
    }

    #[test]
    fn the_query_is_found_without_its_question_mark_and_fragment() {
        for (raw, query) in [
            ("/a", None),
            ("/a?", Some("")),
            ("/a?b=c", Some("b=c")),
            ("/a?b?c", Some("b?c")),
            ("/a?b#c?d", Some("b")),
            ("/a#b?c", None),
            ("http://h/p?q", Some("q")),
            ("http://h?q", Some("q")),
        ] {
            let found = normalize(raw.as_bytes()).query.and_then(|range| raw.get(range));
            assert_eq!(found, query, "{raw}");
        }
    }

    #[test]
    fn long_paths_are_cut_and_say_so() {
        let many = "/a".repeat(MOST_SEGMENTS);
        assert!(!normalize(many.as_bytes()).truncated);
        let more = format!("{many}/b");
        let cut = normalize(more.as_bytes());
        assert!(cut.truncated);
        assert_eq!(segments(&cut.path).count(), MOST_SEGMENTS);

        let long = format!("/{}?q", "a".repeat(LONGEST_PATH));
        let cut = normalize(long.as_bytes());
        assert!(cut.truncated);
        assert_eq!(cut.path.len(), LONGEST_PATH);
        assert_eq!(long.get(cut.query.unwrap()), Some("q"));
    }

    #[test]
    fn segments_that_cancel_out_do_not_use_up_the_limit() {
        let raw = format!("{}/login", "/a/..".repeat(1000));
        let normal = normalize(raw.as_bytes());
        assert_eq!(normal.path, b"/login");
        assert!(!normal.truncated);
    }

    #[test]
    fn segments_skip_the_empty_ones() {
        assert_eq!(segments(b"/").count(), 0);
        assert_eq!(segments(b"").count(), 0);
        assert_eq!(segments(b"/a//b/").collect::<Vec<_>>(), [b"a", b"b"]);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in proptest::collection::vec(
            prop_oneof![any::<u8>(), proptest::sample::select(b"/\\.%;2e5cfF?#:".to_vec())], 0..200)) {
            let once = normalize(&raw);
            let twice = normalize(&once.path);
            prop_assert_eq!(&once.path, &twice.path);
            prop_assert_eq!(twice.query, None);
            prop_assert_eq!(once.path.first(), Some(&b'/'));
            let rejoined: Vec<u8> = segments(&once.path).flat_map(|s| [b"/".as_slice(), s].concat()).collect();
            prop_assert!(once.path == b"/" || once.path == rejoined);
        }
    }
}
