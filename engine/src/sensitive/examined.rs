//! What an examination of a place answers.

#[cfg(test)]
use super::text::Text;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Examined {
    /// No value.
    None,
    /// The bytes that decide are still to come.
    Open,
    /// A value up to this position.
    Until(usize),
    /// A value that may be longer than what is looked ahead: it is certain up to this position, and goes on while the bytes
    /// are of this kind.
    Run { decided_until: usize, bytes: RunBytes },
}

/// What a value that is longer than what is looked ahead consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunBytes {
    /// The parts of a token: base64 for URLs (RFC 4648, 5), and dots between them.
    Token,
    /// Base64 of either alphabet.
    Base64,
    /// The body of a file in PEM (RFC 7468): base64 and line breaks, also where they are written as `\n`.
    Armour,
}

impl RunBytes {
    /// Whether the value goes on with this byte.
    pub(super) const fn contain(self, byte: u8) -> bool {
        match self {
            Self::Token => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Self::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'/' | b'=' | b'.' | b'~')
            }
            Self::Armour => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b' ' | b'\t' | b'\r' | b'\n')
            }
        }
    }
}

/// What an examination finds at the place that `|` marks, and how much of the text that is.
#[cfg(test)]
pub(super) fn found_at_mark(
    marked: &str,
    examine: impl FnOnce(&Text<'_>, usize) -> Examined,
) -> Option<String> {
    let start = marked.find('|')?;
    let bytes = marked.replacen('|', "", 1);
    let text = Text { bytes: bytes.as_bytes(), before: b"", end: true, json: false };
    match examine(&text, start) {
        Examined::Until(end) => bytes.get(start..end).map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::Text;
    use super::super::{ip, jwt, phone, private_key, url_credentials};
    use super::*;

    fn any_text() -> impl Strategy<Value = Vec<u8>> {
        const PARTS: [&str; 26] = [
            "+",
            "+1 415 555 2671",
            "+44 (0)20",
            "(",
            ") ",
            "-",
            ".",
            " ",
            "7946 0958",
            "2",
            "81.2.69.142",
            "2001:db8",
            "::",
            ":",
            "/",
            "x",
            "eyJhbGciOiJIUzI1NiJ9",
            ".eyJzdWIiOiI0MjQyIn0",
            "-----",
            "BEGIN ",
            "RSA PRIVATE KEY",
            "\n",
            "Proc-Type: 4,X\n",
            "MIIEvQIBADANBgkqhkiG",
            "a://u:hunter2",
            "@host.example",
        ];
        proptest::collection::vec(prop::sample::select(&PARTS[..]), 1..12)
            .prop_map(|parts| parts.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn an_answer_never_changes_when_more_comes(bytes in any_text(), ended in any::<bool>()) {
            let whole = Text { bytes: &bytes, before: b"", end: ended, json: false };
            for start in 0..bytes.len() {
                for cut in start + 1..=bytes.len() {
                    let part = Text { bytes: &bytes[..cut], before: b"", end: false, json: false };
                    for examine in [ip::examine, jwt::examine, phone::examine, private_key::examine] {
                        for in_context in [false, true] {
                            let early = examine(&part, start, in_context);
                            prop_assert!(early == Examined::Open || early == examine(&whole, start, in_context));
                        }
                    }
                    let behind = &bytes[..start];
                    let early = url_credentials::examine(&part, start, behind);
                    let later = url_credentials::examine(&whole, start, behind);
                    prop_assert!(early == url_credentials::Password::Open || early == later);
                }
            }
        }
    }
}
