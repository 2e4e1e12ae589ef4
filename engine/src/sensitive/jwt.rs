//! JSON Web Tokens (RFC 7519) in their compact form: parts in base64 for URLs, joined by dots, the first of which is a JSON
//! object that names an algorithm (`alg`; RFC 7515, 4.1.1).
//!
//! Random text never decodes to that. Signed tokens have three parts, encrypted ones (RFC 7516) five, of which the second may
//! be empty. How a token ends is left to its reader: it goes on while the bytes can belong to one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::examined::{Examined, RunBytes};
use super::text::Text;

/// How much of the first part is read, in letters. Longer ones hold certificates or keys, behind the algorithm as a rule.
const LONGEST_HEADER: usize = 480;

/// How many letters must follow the first part.
const SHORTEST_REST: usize = 16;

/// Examines a place where `eyJ` stands, which is how `{"` begins in base64.
pub(super) fn examine(text: &Text<'_>, start: usize, _in_context: bool) -> Examined {
    if text.behind(start, 1).is_some_and(is_letter) {
        return Examined::None;
    }
    let there = text.bytes.get(start..).unwrap_or_default();
    let length = there.iter().take(LONGEST_HEADER).take_while(|byte| is_letter(**byte)).count();
    let header = there.get(..length).unwrap_or_default();
    if length == LONGEST_HEADER {
        let decided_until = start.saturating_add(length);
        return if names_algorithm(header) {
            Examined::Run { decided_until, bytes: RunBytes::Token }
        } else {
            Examined::None
        };
    }
    let dot = start.saturating_add(length);
    if text.is_open(dot) {
        return Examined::Open;
    }
    if text.at(dot) != Some(b'.') || !names_algorithm(header) {
        return Examined::None;
    }
    let mut part = dot.saturating_add(1);
    if text.at(part) == Some(b'.') && holds(header, b"\"enc\"") {
        // Encrypted with a key that both sides know: the second part is empty.
        part = part.saturating_add(1);
    }
    let rest = text.bytes.get(part..).unwrap_or_default();
    let letters = rest.iter().take(SHORTEST_REST).take_while(|byte| is_letter(**byte)).count();
    let decided_until = part.saturating_add(letters);
    if letters == SHORTEST_REST {
        Examined::Run { decided_until, bytes: RunBytes::Token }
    } else if text.is_open(decided_until) {
        Examined::Open
    } else {
        Examined::None
    }
}

/// Whether these letters decode to the beginning of a JSON object that names an algorithm.
fn names_algorithm(header: &[u8]) -> bool {
    holds(header, b"\"alg\"")
}

fn holds(header: &[u8], member: &[u8]) -> bool {
    let mut decoded = [0; LONGEST_HEADER];
    let Ok(length) = URL_SAFE_NO_PAD.decode_slice(header, &mut decoded) else { return false };
    let object = decoded.get(..length).unwrap_or_default();
    let complete = header.len() == LONGEST_HEADER || object.trim_ascii_end().ends_with(b"}");
    let readable = object.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace());
    object.starts_with(b"{\"") && complete && readable && memchr::memmem::find(object, member).is_some()
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, rest: &str) -> String {
        format!("{}{rest}", URL_SAFE_NO_PAD.encode(header))
    }

    fn in_whole(text: impl AsRef<[u8]>) -> Examined {
        examine(&Text { bytes: text.as_ref(), before: b"", end: true, json: false }, 0, false)
    }

    fn in_part(text: impl AsRef<[u8]>) -> Examined {
        examine(&Text { bytes: text.as_ref(), before: b"", end: false, json: false }, 0, false)
    }

    fn run(decided_until: usize) -> Examined {
        Examined::Run { decided_until, bytes: RunBytes::Token }
    }

    const SIGNED: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    #[test]
    fn tokens_are_found() {
        for (header, rest) in [
            (SIGNED, ".eyJzdWIiOiI0MjQyIn0.c2lnbmF0dXJlLW9mLXNvbWV0aGluZw"),
            ("{\"typ\":\"JWT\",\r\n \"alg\":\"RS256\"}", ".eyJzdWIiOiI0MjQyIn0.x"),
            (r#"{"alg":"none"}"#, ".eyJzdWIiOiI0MjQyIn0."),
        ] {
            let text = token(header, rest);
            assert_eq!(in_whole(&text), run(text.find('.').unwrap() + 17), "{text}");
        }
    }

    #[test]
    fn encrypted_tokens_are_found() {
        let text = token(r#"{"alg":"dir","enc":"A256GCM"}"#, "..aW5pdGlhbC12ZWN0b3I.Y2lwaGVy.dGFn");
        assert_eq!(in_whole(&text), run(text.find('.').unwrap() + 18));
        assert_eq!(in_whole(token(SIGNED, "..aW5pdGlhbC12ZWN0b3I")), Examined::None);
    }

    #[test]
    fn a_header_that_is_longer_than_what_is_read_is_enough() {
        let header = format!(r#"{{"alg":"RS256","x5c":["{}"]}}"#, "MIID".repeat(500));
        assert_eq!(in_part(token(&header, ".eyJzdWIiOiI0MjQyIn0")), run(LONGEST_HEADER));
        let other = format!(r#"{{"data":"{}"}}"#, "MIID".repeat(500));
        assert_eq!(in_part(token(&other, ".eyJzdWIiOiI0MjQyIn0")), Examined::None);
    }

    #[test]
    fn what_only_looks_like_a_token_is_not_taken() {
        for text in [
            token(r#"{"name":"value"}"#, ".eyJzdWIiOiI0MjQyIn0.c2ln"),
            token(r#"{"alg":"HS256""#, ".eyJzdWIiOiI0MjQyIn0.c2ln"),
            token(SIGNED, ""),
            token(SIGNED, " and prose"),
            token(SIGNED, ".short.c2lnbmF0dXJl"),
            token(SIGNED, ".<payload-goes-here>"),
            "eyJhbGciOiJIUzI1NiJ9X.eyJzdWIiOiI0MjQyIn0".to_owned(),
            "eyJust-a-word.that-goes-on-and-on-and-on".to_owned(),
        ] {
            assert_eq!(in_whole(&text), Examined::None, "{text}");
        }
        let inside = token(SIGNED, ".eyJzdWIiOiI0MjQyIn0.c2ln");
        let text = Text { bytes: inside.as_bytes(), before: b"QUJD", end: true, json: false };
        assert_eq!(examine(&text, 0, false), Examined::None);
    }

    #[test]
    fn it_stays_open_until_enough_of_it_is_there() {
        let text = token(SIGNED, ".eyJzdWIiOiI0MjQyIn0.c2ln");
        let decided = text.find('.').unwrap() + 17;
        for cut in 3..decided {
            assert_eq!(in_part(&text.as_bytes()[..cut]), Examined::Open, "{cut}");
            assert_eq!(in_whole(&text.as_bytes()[..cut]), Examined::None, "{cut}");
        }
        for cut in decided..text.len() {
            assert_eq!(in_part(&text.as_bytes()[..cut]), run(decided), "{cut}");
        }
    }
}
