//! Tells `Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==` from `Basic authentication`.

use super::placeholder::is_placeholder;
use crate::http::basic::basic_credentials;

/// Whether this is a header value that carries a user name and a password (RFC 7617): base64 of readable text with a colon
/// and something behind it that is no placeholder. Bounded to 4 KiB; never panics for any bytes.
pub(crate) fn is_basic_auth(matched: &[u8]) -> bool {
    let Some((username, password)) = basic_credentials(matched) else { return false };
    let readable =
        |text: &[u8]| std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control));
    !password.is_empty() && readable(&username) && readable(&password) && !is_placeholder(&password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_told_from_the_name_of_the_scheme() {
        for value in ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "basic YWRtaW46aHVudGVyMg"] {
            assert!(is_basic_auth(value.as_bytes()), "{value}");
        }
        // Prose, no colon, no password, a masked password, control characters.
        for value in [
            "Basic authentication",
            "Basic dXNlcm5hbWU=",
            "Basic YWRtaW46",
            "Basic YWRtaW46KioqKioqKio=",
            "Basic AAE6AAEC",
            "",
        ] {
            assert!(!is_basic_auth(value.as_bytes()), "{value}");
        }
    }
}
