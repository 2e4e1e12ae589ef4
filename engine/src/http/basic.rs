//! Reads the credentials of `Authorization: Basic` (RFC 7617).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The longest header value that is read; user name and password are much shorter.
const LONGEST_HEADER: usize = 4096;

/// As lenient as servers are: with or without padding, whatever the unused last bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// User name and password. The name ends at the first colon, as the RFC says. Nothing where the scheme is another, the
/// value is no base64, has no colon, or is longer than 4 KiB. Never panics for any input.
#[must_use]
pub fn basic_credentials(authorization: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if authorization.len() > LONGEST_HEADER {
        return None;
    }
    let (scheme, rest) = authorization.trim_ascii().split_at_checked(5)?;
    if !scheme.eq_ignore_ascii_case(b"basic") || !rest.first().is_some_and(u8::is_ascii_whitespace) {
        return None;
    }
    let mut username = LENIENT.decode(rest.trim_ascii()).ok()?;
    let colon = memchr::memchr(b':', &username)?;
    let password = username.get(colon.saturating_add(1)..)?.to_vec();
    username.truncate(colon);
    Some((username, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<(String, String)> {
        let (username, password) = basic_credentials(header.as_bytes())?;
        Some((String::from_utf8(username).unwrap(), String::from_utf8(password).unwrap()))
    }

    #[test]
    fn the_example_of_the_rfc_is_read() {
        let expected = Some(("Aladdin".into(), "open sesame".into()));
        for header in [
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "BASIC   QWxhZGRpbjpvcGVuIHNlc2FtZQ",
            " Basic\tQWxhZGRpbjpvcGVuIHNlc2FtZQ== ",
        ] {
            assert_eq!(read(header), expected, "{header}");
        }
    }

    #[test]
    fn the_password_may_contain_colons_and_both_may_be_empty() {
        assert_eq!(read("Basic YTpiOmM="), Some(("a".into(), "b:c".into())));
        assert_eq!(read("Basic Og=="), Some((String::new(), String::new())));
    }

    #[test]
    fn anything_else_is_refused() {
        for header in
            ["", "Basic", "Basic ", "Basic YWJj", "Bearer YTpi", "BasicYTpi", "Basic !!!!", "Basic YTpi YTpi"]
        {
            assert_eq!(read(header), None, "{header}");
        }
        assert_eq!(basic_credentials(format!("Basic {}", "YTpi".repeat(2000)).as_bytes()), None);
    }
}
