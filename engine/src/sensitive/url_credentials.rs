//! Passwords in URLs (RFC 3986, 3.2.1): `scheme://user:password@host`.
//!
//! They are looked for from their `@` backwards. What manuals and templates write in the place of a password is not taken:
//! `user:pass@`, `:password@`, `:***@`, `${PASSWORD}`, `{{ password }}`, `<password>`.

use super::text::Text;

/// How many bytes in front of the `@` are looked at.
pub(super) const LOOKBEHIND: usize = 128;

/// How much of the host is looked at, to find out whether the `@` is the last one.
const LOOKAHEAD: usize = 64;

/// What stands in the place of a password.
const PLACEHOLDERS: [&[u8]; 27] = [
    b"changeit",
    b"changeme",
    b"credentials",
    b"default",
    b"dbpass",
    b"dbpassword",
    b"example",
    b"hidden",
    b"masked",
    b"mypassword",
    b"none",
    b"null",
    b"passphrase",
    b"passwd",
    b"password",
    b"pass",
    b"placeholder",
    b"pwd",
    b"pw",
    b"redacted",
    b"removed",
    b"secret",
    b"token",
    b"undefined",
    b"yourpass",
    b"yourpassword",
    b"yourtoken",
];

/// What stands in front of an `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Password {
    /// No password.
    None,
    /// The bytes that decide are still to come.
    Open,
    /// A password: this many bytes directly in front of the `@`.
    Length(usize),
}

/// Examines an `@`, with what stands in front of it: [`LOOKBEHIND`] bytes, or fewer where the stream began there. More are
/// not looked at.
pub(super) fn examine(text: &Text<'_>, at: usize, behind: &[u8]) -> Password {
    let Some(password) = password(behind) else { return Password::None };
    if is_placeholder(password) {
        return Password::None;
    }
    let host = at.saturating_add(1);
    let there = text.bytes.get(host..).unwrap_or_default();
    let length = there.iter().take(LOOKAHEAD).take_while(|byte| is_host(**byte)).count();
    let end = host.saturating_add(length);
    if text.is_open(end) {
        return Password::Open;
    }
    // A password may hold an `@` itself; the last one counts, as in browsers.
    let begins = there.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'[');
    if begins && text.at(end) != Some(b'@') { Password::Length(password.len()) } else { Password::None }
}

/// How many of the last bytes of what is there may be a password whose `@` is still to come.
pub(super) fn waiting(behind: &[u8]) -> usize {
    password(behind).map_or(0, <[u8]>::len)
}

/// The password at the end of these bytes, behind `scheme://user:`.
fn password(behind: &[u8]) -> Option<&[u8]> {
    let seen = behind.get(behind.len().saturating_sub(LOOKBEHIND)..)?;
    let length = seen.iter().rev().take_while(|byte| is_authority(**byte)).count();
    let (before, authority) = seen.split_at_checked(seen.len().saturating_sub(length))?;
    let scheme = before.strip_suffix(b"://".as_slice())?;
    scheme.last().filter(|byte| byte.is_ascii_alphanumeric())?;
    let colon = memchr::memchr(b':', authority)?;
    authority.get(colon.saturating_add(1)..).filter(|password| !password.is_empty())
}

fn is_placeholder(password: &[u8]) -> bool {
    let first = password.first().copied().unwrap_or_default();
    let one_letter = password.iter().all(|byte| *byte == first);
    let template = matches!(first, b'$' | b'{' | b'<' | b'[' | b'%' | b'(' | b'#');
    // `my-secret_pass` is compared as `mysecretpass`.
    let mut letters = [0; 16];
    let mut length = 0_usize;
    for byte in password.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        if let Some(slot) = letters.get_mut(length) {
            *slot = byte.to_ascii_lowercase();
        }
        length = length.saturating_add(1);
    }
    let named = letters.get(..length).is_some_and(|word| PLACEHOLDERS.contains(&word));
    one_letter || template || named || length == 0
}

/// What stands in the authority of a URL, in any spelling that is met: no white space, no quotes, no new part of the URL.
const fn is_authority(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !byte.is_ascii_control()
        && !matches!(byte, b'/' | b'?' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b',')
}

const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, at: usize, end: bool) -> Password {
        let behind = &text.as_bytes()[..at];
        examine(&Text { bytes: text.as_bytes(), before: b"", end, json: false }, at, behind)
    }

    /// All passwords of a text.
    fn passwords(text: &str) -> Vec<&str> {
        let places = text.match_indices('@').map(|(place, _)| place);
        places
            .filter_map(|place| match at(text, place, true) {
                Password::Length(length) => text.get(place - length..place),
                Password::None | Password::Open => None,
            })
            .collect()
    }

    #[test]
    fn passwords_are_found() {
        for (text, password) in [
            ("postgres://app:s3cr3t-Value@db.internal:5432/shop", "s3cr3t-Value"),
            ("see https://bob:hunter2@example.com/x?y=1#z", "hunter2"),
            ("\"redis://:p4ssw0rd!@cache:6379\"", "p4ssw0rd!"),
            ("mongodb+srv://admin:Zx9$kk@cluster0.example.net/", "Zx9$kk"),
            ("amqp://u:p@ss:w0rd@[2001:db8::1]:5672", "p@ss:w0rd"),
            ("ftp://anonymous:me@home.example@ftp.example.org", "me@home.example"),
            ("https://user:ghp_16C7e42F292c6912E7@git.example/r.git", "ghp_16C7e42F292c6912E7"),
        ] {
            assert_eq!(passwords(text), [password], "{text}");
        }
    }

    #[test]
    fn what_is_no_password_is_not_taken() {
        for text in [
            "mailto:someone@example.com",
            "https://user@example.com/",
            "https://example.com:8443/path@2x.png",
            "https://example.com/a:b@c",
            "https://example.com?mail=a:b@c.example",
            "git@github.com:owner/name.git",
            "https://user:pass@example.com",
            "https://user:password@example.com",
            "https://user:Your-Password@example.com",
            "https://user:***@example.com",
            "https://user:xxxxxx@example.com",
            "https://user:$PASSWORD@example.com",
            "https://user:${PASSWORD}@example.com",
            "https://user:{{ password }}@example.com",
            "https://user:{{password}}@example.com",
            "https://user:<password>@example.com",
            "https://user:%s@example.com",
            "https://user:@example.com",
            "https://user:hunter2@",
            "https://user:hunter2@ example",
            "://user:hunter2@example.com",
            "https://one.example said: a:b@example.com",
        ] {
            assert_eq!(passwords(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn it_stays_open_until_the_host_ends() {
        let text = "redis://:hunter2@cache.internal/0";
        let place = text.find('@').unwrap();
        for cut in place + 1..text.rfind('/').unwrap() + 1 {
            assert_eq!(at(text.get(..cut).unwrap(), place, false), Password::Open, "{cut}");
        }
        assert_eq!(at(text, place, false), Password::Length(7));
        let long = format!("redis://:hunter2@{}", "h".repeat(LOOKAHEAD));
        assert_eq!(at(&long, place, false), Password::Open, "another `@` may follow");
        assert_eq!(at(&format!("{long}h"), place, false), Password::Length(7));
    }

    #[test]
    fn what_may_become_a_password_waits() {
        assert_eq!(waiting(b"see https://bob:hunt"), 4);
        assert_eq!(waiting(b"see https://bob"), 0);
        assert_eq!(waiting(b"see https://bob:80/path"), 0);
        assert_eq!(waiting(&[b'x'; 1000]), 0);
    }

    #[test]
    fn more_than_what_is_looked_at_changes_nothing() {
        let near = format!("a://u:{}@host/", "p1".repeat(61));
        assert_eq!(passwords(&near), ["p1".repeat(61)]);
        let far = format!("a://u:{}@host/", "p1".repeat(63));
        assert_eq!(passwords(&far), [""; 0]);
    }
}
