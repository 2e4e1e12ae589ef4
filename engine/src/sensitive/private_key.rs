//! Private keys in the textual form of RFC 7468, which `-----BEGIN ... PRIVATE KEY-----` opens: of PKCS #1 and #8, of elliptic
//! curves, of OpenSSH, and of OpenPGP (`... PRIVATE KEY BLOCK`, RFC 9580, 6.2).
//!
//! The opening line alone is no key: programs and manuals hold it. The first letters of the body must follow, perhaps behind
//! header lines (`Proc-Type: 4,ENCRYPTED`, RFC 1421). Line breaks may be written as `\n`, as in files of settings. How the
//! body ends is left to the reader: it goes on while the bytes can belong to it, which a hyphen cannot.

use super::examined::{Examined, RunBytes};
use super::text::Text;

const BEGIN: &[u8] = b"BEGIN ";
const DASHES: &[u8] = b"-----";

/// The longest label in front of `PRIVATE KEY`, a space included: `ENCRYPTED ` has ten letters.
const LONGEST_KIND: usize = 24;

/// The furthest that is looked ahead.
const LOOKAHEAD: usize = 480;

/// How much of the body must be there. `...` and `MIIE...` are what manuals write.
const SHORTEST_BODY: usize = 16;

/// Examines a place where `BEGIN` stands.
pub(super) fn examine(text: &Text<'_>, start: usize, _in_context: bool) -> Examined {
    if (1..=DASHES.len()).any(|distance| text.behind(start, distance) != Some(b'-')) {
        return Examined::None;
    }
    let limit = start.saturating_add(LOOKAHEAD).min(text.bytes.len());
    let window = text.bytes.get(start..limit).unwrap_or_default();
    // Where the limit cuts, nothing more is awaited.
    let more = text.is_open(limit) && window.len() < LOOKAHEAD;
    match body(window) {
        Found::Body(offset) => {
            Examined::Run { decided_until: start.saturating_add(offset), bytes: RunBytes::Armour }
        }
        Found::Cut if more => Examined::Open,
        Found::Cut | Found::Nothing => Examined::None,
    }
}

/// What a window holds.
enum Found {
    Nothing,
    /// It ends too early to tell.
    Cut,
    /// The body of a key, of which enough is there at this position.
    Body(usize),
}

fn body(window: &[u8]) -> Found {
    let mut reader = Reader { rest: window };
    if !reader.takes(BEGIN) {
        return reader.failed(BEGIN);
    }
    if !reader.takes_label() {
        return if reader.rest.is_empty() { Found::Cut } else { Found::Nothing };
    }
    if !reader.takes(DASHES) {
        return reader.failed(DASHES);
    }
    reader.skip_breaks();
    while reader.takes_header_line() {
        reader.skip_breaks();
    }
    let letters = reader.rest.iter().take(SHORTEST_BODY).take_while(|byte| is_base64(**byte)).count();
    let there = window.len().saturating_sub(reader.rest.len());
    if letters == SHORTEST_BODY {
        Found::Body(there.saturating_add(letters))
    } else if reader.may_go_on_as_header() || letters == reader.rest.len() || reader.rest == b"\\" {
        Found::Cut
    } else {
        Found::Nothing
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn takes(&mut self, expected: &[u8]) -> bool {
        let fits = self.rest.starts_with(expected);
        if fits {
            self.skip(expected.len());
        }
        fits
    }

    /// Why [`takes`](Self::takes) failed.
    fn failed(&self, expected: &[u8]) -> Found {
        if expected.starts_with(self.rest) { Found::Cut } else { Found::Nothing }
    }

    /// Takes `[A-Z0-9 ]{0,24}PRIVATE KEY( BLOCK)?`; where it is false and nothing is left, it may be that it goes on.
    fn takes_label(&mut self) -> bool {
        const KEY: &[u8] = b"PRIVATE KEY";
        const BLOCK: &[u8] = b" BLOCK";
        let most = LONGEST_KIND.saturating_add(KEY.len()).saturating_add(BLOCK.len());
        let length = self.rest.iter().take(most).take_while(|byte| is_label(**byte)).count();
        let label = self.rest.get(..length).unwrap_or_default();
        let over = length < self.rest.len();
        self.skip(length);
        let bare = label.strip_suffix(BLOCK).unwrap_or(label);
        over && bare
            .strip_suffix(KEY)
            .is_some_and(|kind| kind.len() <= LONGEST_KIND && (kind.is_empty() || kind.ends_with(b" ")))
    }

    /// Skips white space and what stands between two lines where they are written as strings of a program or of settings.
    fn skip_breaks(&mut self) {
        loop {
            match self.rest {
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.skip(1),
                [b'\\', b'n' | b'r', ..] => self.skip(2),
                _ => return,
            }
        }
    }

    /// Takes a line such as `DEK-Info: AES-256-CBC,01020304`. False where it is none, or does not end here.
    fn takes_header_line(&mut self) -> bool {
        let name = self.rest.iter().take_while(|byte| is_header_name(**byte)).count();
        let is_header = name > 0 && self.rest.get(name..).is_some_and(|rest| rest.starts_with(b": "));
        let end = self.rest.iter().position(|byte| matches!(byte, b'\r' | b'\n' | b'\\'));
        if let Some(end) = end.filter(|_| is_header) {
            self.skip(end);
            return true;
        }
        false
    }

    /// Whether what is left may become a header line.
    fn may_go_on_as_header(&self) -> bool {
        let name = self.rest.iter().take_while(|byte| is_header_name(**byte)).count();
        match self.rest.get(name..).unwrap_or_default() {
            [] | [b':'] => true,
            [b':', b' ', ..] => name > 0,
            _ => false,
        }
    }
}

const fn is_label(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
}

const fn is_header_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'-'
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(text: impl AsRef<[u8]>, end: bool) -> Examined {
        let bytes = text.as_ref();
        let start = memchr::memmem::find(bytes, b"BEGIN").unwrap_or(bytes.len());
        examine(&Text { bytes, before: b"", end, json: false }, start, false)
    }

    const BODY: &str = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";

    fn keys() -> Vec<String> {
        let mut keys = Vec::new();
        for label in [
            "PRIVATE KEY",
            "RSA PRIVATE KEY",
            "EC PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
        ] {
            for line_break in ["\n", "\r\n", "\\n", " ", ""] {
                keys.push(format!("-----BEGIN {label}-----{line_break}{BODY}"));
            }
        }
        keys.push(format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{BODY}"));
        keys.push(format!(
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2 - x\nComment: mine\n\n{BODY}"
        ));
        keys.push(format!(
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0102-03\n\n{BODY}"
        ));
        keys
    }

    #[test]
    fn keys_are_found_once_their_body_begins() {
        for key in keys() {
            let decided_until = key.find(BODY).unwrap() + 16;
            let expected = Examined::Run { decided_until, bytes: RunBytes::Armour };
            assert_eq!(examined(&key, true), expected, "{key}");
            let begin = key.find("BEGIN").unwrap();
            for cut in begin + 5..decided_until {
                assert_eq!(examined(&key.as_bytes()[..cut], false), Examined::Open, "{key} {cut}");
                assert_eq!(examined(&key.as_bytes()[..cut], true), Examined::None, "{key} {cut}");
            }
            for cut in decided_until..key.len() {
                assert_eq!(examined(&key.as_bytes()[..cut], false), expected, "{key} {cut}");
            }
        }
    }

    #[test]
    fn what_holds_no_private_key_is_not_taken() {
        for text in [
            format!("-----BEGIN PUBLIC KEY-----\n{BODY}"),
            format!("-----BEGIN CERTIFICATE-----\n{BODY}"),
            format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n{BODY}"),
            format!("-----BEGIN NOTPRIVATE KEY-----\n{BODY}"),
            format!("----BEGIN PRIVATE KEY-----\n{BODY}"),
            format!("-----BEGIN PRIVATE KEY----\n{BODY}"),
            format!("-----begin private key-----\n{BODY}"),
            format!("-----BEGIN A KIND THAT IS FAR TOO LONG PRIVATE KEY-----\n{BODY}"),
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----".to_owned(),
            "-----BEGIN PRIVATE KEY-----\n...\n".to_owned(),
            "-----BEGIN PRIVATE KEY-----\nMIIE...\n".to_owned(),
            "-----BEGIN PRIVATE KEY-----\n<your key here>".to_owned(),
            "if (text.startsWith('-----BEGIN PRIVATE KEY-----')) {".to_owned(),
        ] {
            assert_eq!(examined(&text, true), Examined::None, "{text}");
        }
    }

    #[test]
    fn headers_without_end_are_given_up() {
        let text = format!("-----BEGIN RSA PRIVATE KEY-----\n{}", "Comment: more\n".repeat(100));
        assert_eq!(examined(&text, false), Examined::None);
        let line = format!("-----BEGIN RSA PRIVATE KEY-----\nComment: {}", "more ".repeat(200));
        assert_eq!(examined(&line, false), Examined::None);
    }

    #[test]
    fn the_dashes_may_have_come_before() {
        let text = format!("BEGIN PRIVATE KEY-----\n{BODY}");
        let text = Text { bytes: text.as_bytes(), before: b"x -----", end: true, json: false };
        assert!(matches!(examine(&text, 0, false), Examined::Run { .. }));
    }
}
