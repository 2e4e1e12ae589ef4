//! E-mail addresses, in the form in which they are given out: `local@domain.tld`.
//!
//! The local part is a run of at most 64 letters, digits and `. _ + - '`; the domain has at least two labels and ends
//! with a name of letters. Not taken: names of pictures and scripts (`icon@2x.png`), versions (`pkg@4.17.21`), where a
//! repository is (`git@github.com:owner/name.git`), names of services (`getty@tty1.service`), the user
//! of a URL (`//token@host`) and its password (`//user:password@host`). Quoted local parts and letters beyond ASCII are not
//! seen.

use std::ops::Range;

use super::text::Text;
use super::url_credentials;

/// The longest local part (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The longest domain that is read (RFC 1035: 253 characters, and two to spare for what is cut off).
const LONGEST_DOMAIN: usize = 255;

/// What follows the last dot in names of files rather than of hosts. None of them is a top-level domain.
const FILE_NAMES: [&[u8]; 14] = [
    b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"avif", b"ico", b"css", b"js", b"mjs", b"html",
    b"json", b"service",
];

/// The users that hosts of repositories are asked as, and nobody's address.
const REPOSITORY_USERS: [&[u8]; 3] = [b"git", b"hg", b"svn"];

/// What stands around an `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// No address.
    None,
    /// The bytes that decide are still to come.
    Open,
    /// An address.
    At(Range<usize>),
}

/// Examines a place where an `@` stands.
pub(super) fn examine(text: &Text<'_>, at: usize) -> Address {
    let Some(local) = local_run(text, at).and_then(|run| local_part(text, run, at)) else {
        return Address::None;
    };
    let name = text.bytes.get(local..at).unwrap_or_default();
    if REPOSITORY_USERS.contains(&name) {
        return Address::None;
    }
    let domain = at.saturating_add(1);
    let length = domain_run(text, domain);
    if length > LONGEST_DOMAIN {
        return Address::None;
    }
    if text.is_open(domain.saturating_add(length)) {
        return Address::Open;
    }
    match domain_length(text.bytes.get(domain..domain.saturating_add(length)).unwrap_or_default()) {
        Some(length) if text.with_behind(at, url_credentials::waiting) == 0 => {
            Address::At(local..domain.saturating_add(length))
        }
        _ => Address::None,
    }
}

/// Where the run of local characters in front of a position begins; an address may still become of it. Nothing where it is longer than a local part; it is
/// then not kept from one chunk to the next, so that its beginning may be out of sight.
pub(super) fn local_run(text: &Text<'_>, end: usize) -> Option<usize> {
    let seen = text.bytes.get(..end).unwrap_or_default();
    let length =
        seen.iter().rev().take(LONGEST_LOCAL.saturating_add(1)).take_while(|byte| is_local(**byte)).count();
    let start = end.saturating_sub(length);
    let goes_on = start == 0 && text.behind(0, 1).is_some_and(is_local);
    (length <= LONGEST_LOCAL && !goes_on).then_some(start)
}

/// Where the local part in a run of local characters begins.
fn local_part(text: &Text<'_>, run: usize, at: usize) -> Option<usize> {
    let bytes = text.bytes.get(run..at)?;
    let skipped = match text.behind(run, 1) {
        // The run begins with the rest of an escape: `\n` or `\u003c`.
        Some(b'\\') if bytes.first() == Some(&b'u') => 5,
        Some(b'\\') => 1,
        Some(b'/') if text.behind(run, 2) == Some(b'/') => return None,
        _ => 0,
    };
    let rest = bytes.get(skipped..)?;
    let first = rest.iter().position(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')?;
    (rest.last() != Some(&b'.')).then(|| run.saturating_add(skipped).saturating_add(first))
}

/// How many domain characters stand from here on; a few more than [`LONGEST_DOMAIN`] are not told apart.
fn domain_run(text: &Text<'_>, start: usize) -> usize {
    let rest = text.bytes.get(start..).unwrap_or_default();
    rest.iter().take(LONGEST_DOMAIN.saturating_add(1)).take_while(|byte| is_domain(**byte)).count()
}

/// How much of a run of domain characters is a domain; the dot that ends a sentence is not.
fn domain_length(run: &[u8]) -> Option<usize> {
    let gap = memchr::memmem::find(run, b"..").unwrap_or(run.len());
    let mut domain = run.get(..gap)?;
    while let Some((b'.' | b'-', shorter)) = domain.split_last() {
        domain = shorter;
    }
    let mut labels = domain.rsplit(|byte| *byte == b'.');
    let top = labels.next()?;
    let mut others = 0_usize;
    for label in labels {
        let hyphens = label.first() == Some(&b'-') || label.last() == Some(&b'-');
        if label.is_empty() || label.len() > 63 || hyphens {
            return None;
        }
        others = others.saturating_add(1);
    }
    let named = (2..=24).contains(&top.len()) && top.iter().all(u8::is_ascii_alphabetic);
    let international =
        top.len() <= 63 && top.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--"));
    let file = FILE_NAMES.iter().any(|name| top.eq_ignore_ascii_case(name));
    ((named || international) && !file && others > 0).then_some(domain.len())
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'\'')
}

const fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}
