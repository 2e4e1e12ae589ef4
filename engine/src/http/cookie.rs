//! Reads cookies of requests and replies (RFC 6265).

/// The value of a request's cookie, byte for byte; the first copy where there are several, as most servers read it.
///
/// Names are compared exactly. Quotes belong to the value, as they do for browsers.
#[must_use]
pub fn request_cookie<'a>(cookie_headers: &[&'a [u8]], name: &[u8]) -> Option<&'a [u8]> {
    cookie_headers
        .iter()
        .flat_map(|header| header.split(|byte| *byte == b';'))
        .filter_map(name_and_value)
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// Name and value of a `Set-Cookie` header. Nothing where it has no name, or where it removes the cookie: a `Max-Age` of
/// zero or less, or, without `Max-Age`, `Expires` in 1970, which is how frameworks say it.
#[must_use]
pub fn set_cookie(header: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = header.split(|byte| *byte == b';');
    let cookie = name_and_value(parts.next()?)?;
    let mut removed_by_age = None;
    let mut removed_by_date = false;
    for (attribute, value) in parts.filter_map(name_and_value) {
        if attribute.eq_ignore_ascii_case(b"max-age") {
            let digits = value.strip_prefix(b"-").unwrap_or(value);
            // RFC 6265, 5.2.2: what is no number is ignored; the last attribute wins.
            if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
                removed_by_age =
                    Some(digits.len() < value.len() || digits.iter().all(|digit| *digit == b'0'));
            }
        } else if attribute.eq_ignore_ascii_case(b"expires") {
            removed_by_date = memchr::memmem::find(value, b"1970").is_some();
        }
    }
    (!removed_by_age.unwrap_or(removed_by_date)).then_some(cookie)
}

fn name_and_value(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr::memchr(b'=', pair)?;
    let (name, rest) = pair.split_at_checked(equals)?;
    let name = name.trim_ascii();
    (!name.is_empty()).then(|| (name, rest.get(1..).unwrap_or_default().trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_cookie_is_found_among_others_and_other_headers() {
        let headers: &[&[u8]] = &[b"a=1; sid=first;b=", b"sid=second; SID=third; q=\"x y\";broken;=nameless"];
        assert_eq!(request_cookie(headers, b"sid"), Some(&b"first"[..]));
        assert_eq!(request_cookie(headers, b"SID"), Some(&b"third"[..]));
        assert_eq!(request_cookie(headers, b"b"), Some(&b""[..]));
        assert_eq!(request_cookie(headers, b"q"), Some(&b"\"x y\""[..]));
        assert_eq!(request_cookie(headers, b"broken"), None);
        assert_eq!(request_cookie(headers, b""), None);
        assert_eq!(request_cookie(&[], b"sid"), None);
        assert_eq!(request_cookie(&[b"token=a=b=="], b"token"), Some(&b"a=b=="[..]));
    }

    #[test]
    fn a_set_cookie_gives_name_and_value() {
        for (header, expected) in [
            ("sid=abc; Path=/; HttpOnly", Some(("sid", "abc"))),
            (" sid = abc ", Some(("sid", "abc"))),
            ("sid=", Some(("sid", ""))),
            ("sid=abc; Max-Age=3600; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(("sid", "abc"))),
            ("sid=abc; Expires=Wed, 09 Jun 2032 10:18:14 GMT", Some(("sid", "abc"))),
            ("sid=abc; Max-Age=soon", Some(("sid", "abc"))),
            ("sid=a=b", Some(("sid", "a=b"))),
            ("sid", None),
            ("=abc", None),
            ("", None),
            ("sid=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0", None),
            ("sid=abc; max-age=-1", None),
            ("sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", None),
        ] {
            let expected = expected.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            assert_eq!(set_cookie(header.as_bytes()), expected, "{header}");
        }
    }
}
