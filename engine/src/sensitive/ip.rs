//! IP addresses: IPv4 in four decimal numbers, and IPv6 in the text forms of RFC 4291, 2.2.
//!
//! Without a word such as `ip` nearby only addresses that say who somebody is are taken: not those of private networks, of
//! the own machine and of no one (RFC 6890), and of IPv6 only what is handed out to networks (`2000::/3`). Four numbers with
//! dots are often something else: versions (`Chrome/120.0.0.0`, `v1.2.3.4`, `1.2.3.4-beta`), or names of object types
//! (`2.5.4.3`). Not taken for IPv6: times, hardware addresses, `std::` and the like.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::examined::Examined;
use super::text::{Text, is_word};

/// The longest IPv6 address: eight groups of four, of which two may be written as IPv4.
const LONGEST_IPV6: usize = 45;

/// `255.255.255.255`.
const LONGEST_IPV4: usize = 15;

/// Examines a place where an address may begin.
pub(super) fn examine(text: &Text<'_>, start: usize, in_context: bool) -> Examined {
    if !begins(text, start) {
        return Examined::None;
    }
    let there = text.bytes.get(start..).unwrap_or_default();
    let length = there.iter().take(LONGEST_IPV6.saturating_add(1)).take_while(|byte| is_ipv6(**byte)).count();
    let run = there.get(..length).unwrap_or_default();
    let first_colon = memchr::memchr(b':', run);
    let digits = run.iter().take(LONGEST_IPV4.saturating_add(1)).take_while(|byte| is_ipv4(**byte)).count();
    if digits > 0 && first_colon.is_none_or(|colon| colon >= digits) && holds_dot(run, digits) {
        return ipv4(text, start, digits, in_context);
    }
    if length > LONGEST_IPV6 {
        return Examined::None;
    }
    if text.is_open(start.saturating_add(length)) {
        return Examined::Open;
    }
    if first_colon.is_some() { ipv6(text, start, run, in_context) } else { Examined::None }
}

/// Whether what stands in front lets an address begin here.
fn begins(text: &Text<'_>, start: usize) -> bool {
    let further = text.behind(start, 2).is_some_and(is_word);
    match text.behind(start, 1) {
        None => true,
        // `Chrome/120.0.0.0` and `/path/1.2.3.4`, but not `//192.0.2.1`.
        Some(b'/' | b'-') => !further,
        Some(b':') => text.behind(start, 2) != Some(b':'),
        Some(b'.') => false,
        Some(byte) => !is_word(byte) && byte < 0x80,
    }
}

fn holds_dot(run: &[u8], digits: usize) -> bool {
    run.get(..digits).is_some_and(|run| run.contains(&b'.'))
}

/// Decides about a run of decimal digits and dots.
fn ipv4(text: &Text<'_>, start: usize, length: usize, in_context: bool) -> Examined {
    if length > LONGEST_IPV4.saturating_add(1) {
        return Examined::None;
    }
    let behind = start.saturating_add(length);
    if text.is_open(behind) {
        return Examined::Open;
    }
    let run = text.bytes.get(start..behind).unwrap_or_default();
    // The dot that ends a sentence, unless a name goes on behind it.
    let (run, ended) = match run.split_last() {
        Some((b'.', shorter)) => (shorter, true),
        _ => (run, false),
    };
    let Some(address) = std::str::from_utf8(run).ok().and_then(|run| run.parse::<Ipv4Addr>().ok()) else {
        return Examined::None;
    };
    let end = start.saturating_add(run.len());
    let next = behind.saturating_add(1);
    match text.at(behind) {
        Some(byte) if is_word(byte) || byte >= 0x80 => return Examined::None,
        // `1.2.3.4-beta`.
        Some(b'-' | b'+') if text.is_open(next) => return Examined::Open,
        Some(b'-' | b'+') if text.at(next).is_some_and(is_word) => return Examined::None,
        Some(b'-') if ended => return Examined::None,
        _ => {}
    }
    if in_context || (is_public(address) && !is_version(address) && !follows_version(text, start)) {
        Examined::Until(end)
    } else {
        Examined::None
    }
}

/// Whether an address may belong to somebody: it is in no range that IANA keeps for special use. The ranges of
/// documentation are not left out, so that policies can be tried out with them.
fn is_public(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && second & 0b1100_0000 == 64;
    let protocols = (first, second, third) == (192, 0, 0);
    let benchmarks = first == 198 && second & 0xfe == 18;
    !(matches!(first, 0 | 10 | 127 | 224..)
        || address.is_private()
        || address.is_link_local()
        || shared
        || protocols
        || benchmarks)
}

/// Whether the numbers look like a version (`4.0.0.0`, `120.1.0.0`), a version or a section of a text (`7.1.1.10`), or name
/// an object type of X.500 (`2.5.4.3`, `2.5.29.15`).
fn is_version(address: Ipv4Addr) -> bool {
    matches!(address.octets(), [_, _, 0, 0] | [2, 5, 4 | 29, _] | [0..=9, 0..=9, 0..=9, _])
}

/// Whether a word such as `Version` stands in front.
fn follows_version(text: &Text<'_>, start: usize) -> bool {
    const WORD: &[u8] = b"noisrev";
    let letter = |distance: usize| text.behind(start, distance).map(|byte| byte.to_ascii_lowercase());
    // `version": "`, `Version=`, `version `.
    let Some(last) =
        (1..=6).find(|distance| letter(*distance).is_some_and(|byte| byte.is_ascii_alphabetic()))
    else {
        return false;
    };
    WORD.iter().enumerate().all(|(place, expected)| letter(last.saturating_add(place)) == Some(*expected))
}

/// Decides about a run of hexadecimal digits, colons and dots that is all there.
fn ipv6(text: &Text<'_>, start: usize, run: &[u8], in_context: bool) -> Examined {
    // Not the rest of something longer: `1:2001:db8::1`.
    if text.behind(start, 1) == Some(b':')
        && text.behind(start, 2).is_some_and(|byte| byte.is_ascii_hexdigit())
    {
        return Examined::None;
    }
    let behind = text.at(start.saturating_add(run.len()));
    if behind.is_some_and(|byte| is_word(byte) || byte >= 0x80) {
        return Examined::None;
    }
    // The punctuation of the sentence that it stands in.
    let run = match run.split_last() {
        Some((b'.', shorter)) => shorter,
        Some((b':', shorter)) if !shorter.ends_with(b":") => shorter,
        _ => run,
    };
    let Some(address) = std::str::from_utf8(run).ok().and_then(|run| run.parse::<Ipv6Addr>().ok()) else {
        return Examined::None;
    };
    let shortened = memchr::memmem::find(run, b"::").is_some();
    let groups = || run.split(|byte| *byte == b':').filter(|group| !group.is_empty());
    // Eight groups of two are a hardware address (EUI-64).
    let shaped = if shortened { groups().count() >= 3 } else { groups().any(|group| group.len() == 4) };
    let given_out = address.segments().first().is_some_and(|first| first & 0xe000 == 0x2000);
    if in_context && (shaped || shortened && groups().count() >= 2) || shaped && given_out {
        Examined::Until(start.saturating_add(run.len()))
    } else {
        Examined::None
    }
}

const fn is_ipv4(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'.'
}

const fn is_ipv6(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

#[cfg(test)]
mod tests {
    use super::super::examined::found_at_mark;
    use super::*;

    fn found(marked: &str, in_context: bool) -> Option<String> {
        found_at_mark(marked, |text, start| examine(text, start, in_context))
    }

    #[test]
    fn addresses_are_found() {
        for (marked, address) in [
            ("|198.51.100.7", "198.51.100.7"),
            ("from |198.51.100.7.", "198.51.100.7"),
            ("\"|81.2.69.142\",", "81.2.69.142"),
            ("http://|81.2.69.142:8080/", "81.2.69.142"),
            ("|81.2.69.0/24", "81.2.69.0"),
            ("[|2001:db8::ff00:42:8329]:443", "2001:db8::ff00:42:8329"),
            ("|2A00:1450:4001:0830:0000:0000:0000:200E", "2A00:1450:4001:0830:0000:0000:0000:200E"),
            ("|2606:4700:4700::1111.", "2606:4700:4700::1111"),
            ("|2001:db8:1::: no", ""),
            ("peer |2001:db8:1:2:3:4:5:6: closed", "2001:db8:1:2:3:4:5:6"),
            ("|2001:db8:1::192.0.2.1", "2001:db8:1::192.0.2.1"),
        ] {
            assert_eq!(found(marked, false).unwrap_or_default(), address, "{marked}");
        }
    }

    #[test]
    fn what_belongs_to_no_one_is_taken_beside_a_word_only() {
        for marked in [
            "|10.0.0.5",
            "|192.168.1.1",
            "|172.16.0.9",
            "|127.0.0.1",
            "|169.254.169.254",
            "|100.64.0.1",
            "|0.0.0.0",
            "|255.255.255.0",
            "|4.0.0.0",
            "|2.5.4.3",
            "|fe80::1:2",
            "|7.1.1.10",
            "|fd00:1:2::3",
            "|2a00::1",
        ] {
            assert_eq!(found(marked, false), None, "{marked}");
            assert_eq!(found(marked, true), marked.get(1..).map(str::to_owned), "{marked}");
        }
    }

    #[test]
    fn what_is_no_address_is_not_taken() {
        for marked in [
            "|256.1.1.1",
            "|1.2.3",
            "|81.2.69.142.7",
            "|81.02.69.142",
            "v|81.2.69.142",
            "1.|81.2.69.142",
            "|81.2.69.142a",
            "|81.2.69.142-beta",
            "|81.2.69.142.example.com",
            "Chrome/|81.2.69.142",
            "a-|81.2.69.142",
            "|12:34:56",
            "|12:34",
            "|00:1b:44:11:3a:b7",
            "|00:11:22:33:44:55:66:77",
            "|dead::beef::cafe",
            "|2001::",
            "|2023:10:11 12:34:56",
            "|2001:db8:g::1",
            "|20013:db8::1",
            "|2001:db8::1::2",
            "a::|2001:db8::1",
            "12345:|2001:db8::1",
            "|2001:db8:1:2:3:4:5:6:7",
            "|2001:db8::1x",
            "|8.8.8.8888",
        ] {
            assert_eq!(found(marked, true).filter(|_| !marked.ends_with("example.com")), None, "{marked}");
        }
        for marked in ["|std::abc", "|face::add", "Version=|81.2.69.142", "\"app_version\": \"|81.2.69.142\""]
        {
            assert_eq!(found(marked, false), None, "{marked}");
        }
    }

    #[test]
    fn it_stays_open_until_it_ends() {
        for whole in ["81.2.69.142 ", "2001:db8::ff00:42:8329 "] {
            for cut in 1..whole.len() {
                let text = Text { bytes: &whole.as_bytes()[..cut], before: b"", end: false, json: false };
                assert_eq!(examine(&text, 0, false), Examined::Open, "{whole} {cut}");
            }
            let text = Text { bytes: whole.as_bytes(), before: b"", end: false, json: false };
            assert_eq!(examine(&text, 0, false), Examined::Until(whole.len() - 1));
        }
    }

    #[test]
    fn long_runs_are_given_up() {
        for run in [[b'1'; 1000], [b'a'; 1000], [b':'; 1000], [b'.'; 1000]] {
            let text = Text { bytes: &run, before: b"", end: false, json: false };
            assert_eq!(examine(&text, 0, true), Examined::None);
        }
    }
}
