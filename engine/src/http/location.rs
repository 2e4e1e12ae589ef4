//! Where a reply redirects to.

use std::borrow::Cow;

use super::path::normalize;

/// The path of a Location header field (RFC 9110, 10.2.2), in the form of [`super::path`].
///
/// Of an absolute reference (`https://host/account?x`, `//host/account`) and of a path (`/account#x`) it is the path, `/`
/// where there is none. A relative reference (`account`) is taken from the root, because the request's path is not known
/// here. It is empty where the reference has no path of its own: an empty one, `?x` and `#x` (the page that was asked
/// for), and other schemes without a path of segments (`mailto:x`).
#[must_use]
pub fn location_path(value: &[u8]) -> Cow<'_, [u8]> {
    let reference = value.trim_ascii();
    let end = memchr::memchr2(b'?', b'#', reference).unwrap_or(reference.len());
    let hierarchy = reference.get(..end).unwrap_or(reference);
    let (scheme, rest) = split_scheme(hierarchy);
    let (has_authority, path) = split_authority(rest);
    let is_opaque = scheme.is_some() && !path.first().is_some_and(|byte| is_slash(*byte));
    if !has_authority && (path.is_empty() || is_opaque) {
        return Cow::Borrowed(b"");
    }
    // Behind its slash nothing is read as a scheme or an authority once more.
    let rooted = if path.first().is_some_and(|byte| is_slash(*byte)) {
        Cow::Borrowed(path)
    } else {
        Cow::Owned([b"/", path].concat())
    };
    Cow::Owned(normalize(&rooted).path)
}

/// Whether a Location header field leads to a path: exactly this one, or with `/**` at its end this one and all below it.
#[must_use]
pub fn redirects_to(location: &[u8], pattern: &[u8]) -> bool {
    let path = location_path(location);
    let (stem, is_prefix) = match pattern.strip_suffix(b"/**") {
        Some(stem) => (stem, true),
        None => (pattern, false),
    };
    let stem = normalize(stem).path;
    if !is_prefix || path.is_empty() {
        return path == stem;
    }
    let stem = stem.strip_suffix(b"/").unwrap_or(&stem);
    path.strip_prefix(stem).is_some_and(|below| below.is_empty() || below.first() == Some(&b'/'))
}

/// Splits `scheme:` off (RFC 3986, 3.1).
fn split_scheme(reference: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let end = memchr::memchr(b':', reference).unwrap_or(0);
    let (scheme, rest) = reference.split_at(end);
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if is_scheme { (Some(scheme), rest.get(1..).unwrap_or_default()) } else { (None, reference) }
}

/// Splits `//authority` off, with backslashes as browsers read them.
fn split_authority(rest: &[u8]) -> (bool, &[u8]) {
    let [first, second, authority @ ..] = rest else { return (false, rest) };
    if !is_slash(*first) || !is_slash(*second) {
        return (false, rest);
    }
    let path = memchr::memchr2(b'/', b'\\', authority).and_then(|at| authority.get(at..));
    (true, path.unwrap_or_default())
}

const fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_path_of_a_location_is_found() {
        for (location, path) in [
            ("/account", "/account"),
            ("/account/", "/account"),
            ("/account?next=https://x/y#z", "/account"),
            ("/account#a?b", "/account"),
            ("/a/../account;jsessionid=1", "/account"),
            ("/%61ccount", "/account"),
            ("//shop.example.com/account", "/account"),
            ("//shop.example.com", "/"),
            ("//shop.example.com?x", "/"),
            ("\\\\shop.example.com\\account", "/account"),
            ("https://shop.example.com/account?x", "/account"),
            ("HTTPS://user@shop.example.com:8443/account", "/account"),
            ("https://shop.example.com", "/"),
            ("https://shop.example.com#x", "/"),
            ("https:/account", "/account"),
            ("com.example.app://signed-in/account", "/account"),
            ("account", "/account"),
            ("./account", "/account"),
            ("../account", "/account"),
            (" /account\t", "/account"),
            ("/a:b", "/a:b"),
            ("1a:b", "/1a:b"),
            ("/x/https://evil/account", "/x/https:/evil/account"),
            ("https://shop.example.com//evil/account", "/evil/account"),
            ("/", "/"),
            ("", ""),
            (" ", ""),
            ("?error=1", ""),
            ("#top", ""),
            ("mailto:jane@example.com", ""),
            ("javascript:go('/account')", ""),
            ("https:", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&location_path(location.as_bytes())), path, "{location}");
        }
    }

    #[test]
    fn patterns_name_one_path_or_all_below_one() {
        for (location, pattern, expected) in [
            ("https://shop.example.com/account?x", "/account", true),
            ("/account/", "/account", true),
            ("/account", "/account/", true),
            ("/account/orders", "/account", false),
            ("/accounts", "/account", false),
            ("/Account", "/account", false),
            ("/account", "/account/**", true),
            ("/account/orders", "/account/**", true),
            ("/accounts", "/account/**", false),
            ("/account/../login", "/account/**", false),
            ("/", "/**", true),
            ("/x/y", "/**", true),
            ("/", "/", true),
            ("?error=1", "/", false),
            ("?error=1", "/**", false),
            ("", "/**", false),
            ("/login?next=/account", "/account", false),
        ] {
            assert_eq!(
                redirects_to(location.as_bytes(), pattern.as_bytes()),
                expected,
                "{location} {pattern}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_location_has_a_normal_path_or_none(value in proptest::collection::vec(
            prop_oneof![any::<u8>(), proptest::sample::select(b"/\\:?#.%;a".to_vec())], 0..60)) {
            let path = location_path(&value);
            prop_assert!(path.is_empty() || normalize(&path).path == path.as_ref());
        }
    }
}
