//! The text of an element, decoded while it streams.

use super::super::field::{Field, LONGEST_VALUE};

/// The longest name of an entity that is known here.
const LONGEST_ENTITY: usize = 4;

/// Text that is being collected: without outer blanks, one line of it, references decoded.
///
/// In SGML as OFX 1 writes it the text ends with its line, in XML it goes on to the next tag. So where anything but
/// blanks follows the line break, the text is malformed.
#[derive(Debug, Default)]
pub(super) struct ElementText {
    bytes: Vec<u8>,
    /// How much of it there is without the blanks at its end.
    solid: usize,
    /// Blanks at its end that found no room.
    has_lost_blanks: bool,
    is_too_long: bool,
    is_line_over: bool,
    is_broken: bool,
    reference: Reference,
}

/// How much of a reference has been read.
#[derive(Clone, Copy, Debug, Default)]
enum Reference {
    #[default]
    None,
    /// `&` and the beginning of a name.
    Name { length: usize, name: [u8; LONGEST_ENTITY] },
    /// A name too long for a known entity.
    LongName,
    /// `&#`
    Hash,
    /// `&#` with digits, or `&#x`. The value stays at its greatest when it is greater.
    Number { is_hexadecimal: bool, has_digits: bool, value: u32 },
}

impl ElementText {
    /// Reads a byte in which references are decoded.
    pub(super) fn push(&mut self, byte: u8) {
        match self.reference {
            Reference::None if byte == b'&' => {
                self.reference = Reference::Name { length: 0, name: [0; LONGEST_ENTITY] };
            }
            Reference::None => self.push_plain(byte),
            Reference::Name { length: 0, .. } if byte == b'#' => self.reference = Reference::Hash,
            Reference::Name { length, mut name } if is_name_byte(byte, length) => {
                if let Some(slot) = name.get_mut(length) {
                    *slot = byte;
                    self.reference = Reference::Name { length: length.saturating_add(1), name };
                } else {
                    self.give_up_name(length, name);
                    self.push_plain(byte);
                    self.reference = Reference::LongName;
                }
            }
            Reference::Name { length, name } if byte == b';' && length > 0 => {
                self.reference = Reference::None;
                match entity(name.get(..length).unwrap_or_default()) {
                    Some(character) => self.push_plain(character),
                    None => self.is_broken = true,
                }
            }
            Reference::LongName if is_name_byte(byte, 1) => self.push_plain(byte),
            Reference::LongName if byte == b';' => {
                self.reference = Reference::None;
                self.is_broken = true;
            }
            Reference::Hash if matches!(byte, b'x' | b'X') => {
                self.reference = Reference::Number { is_hexadecimal: true, has_digits: false, value: 0 };
            }
            Reference::Hash if byte.is_ascii_digit() => self.digit(byte, false, 0),
            Reference::Number { is_hexadecimal, value, .. }
                if byte.is_ascii_digit() || (is_hexadecimal && byte.is_ascii_hexdigit()) =>
            {
                self.digit(byte, is_hexadecimal, value);
            }
            Reference::Number { has_digits: true, value, .. } if byte == b';' => {
                self.reference = Reference::None;
                self.character(value);
            }
            _ => {
                self.end_reference();
                self.push(byte);
            }
        }
    }

    /// Reads a byte in which nothing is decoded.
    pub(super) fn push_plain(&mut self, byte: u8) {
        let is_line_break = matches!(byte, b'\n' | b'\r');
        if is_line_break || matches!(byte, b' ' | b'\t') {
            self.is_line_over |= is_line_break && self.solid > 0;
            if self.solid > 0 && self.bytes.len() < LONGEST_VALUE {
                self.bytes.push(byte);
            } else {
                self.has_lost_blanks |= self.solid > 0;
            }
            return;
        }
        self.is_broken |= self.is_line_over;
        if self.has_lost_blanks || self.bytes.len() >= LONGEST_VALUE {
            self.is_too_long = true;
        } else {
            self.bytes.push(byte);
            self.solid = self.bytes.len();
        }
    }

    /// The text cannot be told.
    pub(super) const fn spoil(&mut self) {
        self.is_broken = true;
    }

    /// What looked like the beginning of a reference ends here.
    pub(super) fn end_reference(&mut self) {
        match std::mem::take(&mut self.reference) {
            Reference::None | Reference::LongName => {}
            Reference::Name { length, name } => {
                // SGML lets the semicolon be left out, XML does not, and some readers look for all of it.
                self.is_broken |= entity(name.get(..length).unwrap_or_default()).is_some();
                self.give_up_name(length, name);
            }
            Reference::Hash | Reference::Number { .. } => self.is_broken = true,
        }
    }

    /// The text, now that it is over. Begins another one.
    pub(super) fn take(&mut self) -> Field {
        self.end_reference();
        let mut text = std::mem::take(self);
        if text.is_broken {
            Field::Malformed
        } else if text.is_too_long {
            Field::TooLong
        } else {
            text.bytes.truncate(text.solid);
            Field::Value(text.bytes)
        }
    }

    /// Writes a name behind `&` as what it is: people forget to write `&amp;`.
    fn give_up_name(&mut self, length: usize, name: [u8; LONGEST_ENTITY]) {
        self.push_plain(b'&');
        for byte in name.into_iter().take(length) {
            self.push_plain(byte);
        }
    }

    fn digit(&mut self, byte: u8, is_hexadecimal: bool, value: u32) {
        let radix = if is_hexadecimal { 16 } else { 10 };
        let digit = char::from(byte).to_digit(radix).unwrap_or(0);
        let value = value.saturating_mul(radix).saturating_add(digit);
        self.reference = Reference::Number { is_hexadecimal, has_digits: true, value };
    }

    fn character(&mut self, number: u32) {
        match char::from_u32(number).filter(|character| *character != '\0') {
            Some(character) => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    self.push_plain(byte);
                }
            }
            None => self.is_broken = true,
        }
    }
}

const fn is_name_byte(byte: u8, position: usize) -> bool {
    byte.is_ascii_alphabetic()
        || byte >= 0x80
        || (position > 0 && matches!(byte, b'0'..=b'9' | b'_' | b'-' | b'.'))
}

/// The entities of XML 1.0 (section 4.6), and the space of OFX 1 (section 2.3.2.1).
fn entity(name: &[u8]) -> Option<u8> {
    match name {
        b"amp" => Some(b'&'),
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        b"nbsp" => Some(b' '),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> Field {
        let mut text = ElementText::default();
        raw.bytes().for_each(|byte| text.push(byte));
        text.take()
    }

    fn value(text: &str) -> Field {
        Field::Value(text.as_bytes().to_vec())
    }

    #[test]
    fn references_are_decoded() {
        for (raw, expected) in [
            ("a&amp;b", "a&b"),
            ("&lt;&gt;&quot;&apos;", "<>\"'"),
            ("a&nbsp;b", "a b"),
            ("&#106;&#x61;&#X6E;&#000000000101;", "jane"),
            ("&#x1F600;", "\u{1f600}"),
            ("&amp;lt;", "&lt;"),
            ("a&b", "a&b"),
            ("a & b && c&", "a & b && c&"),
            ("&verylong b", "&verylong b"),
            ("&1;", "&1;"),
            ("&;", "&;"),
            ("&a&lt;", "&a<"),
        ] {
            assert_eq!(text(raw), value(expected), "{raw}");
        }
    }

    #[test]
    fn references_that_cannot_be_decoded_spoil_the_text() {
        for raw in [
            "&user;",
            "&verylongentity;",
            "&amp",
            "&amp b",
            "&AMP;",
            "&#;",
            "&#106",
            "&#x;",
            "&#xg;",
            "&#0;",
            "&#xD800;",
            "&#x110000;",
            "&#99999999999999;",
            "&# 1;",
        ] {
            assert_eq!(text(raw), Field::Malformed, "{raw}");
        }
    }

    #[test]
    fn text_is_one_line_without_outer_blanks() {
        for (raw, expected) in [
            ("  jane doe \t", value("jane doe")),
            ("\r\n  jane\r\n  ", value("jane")),
            ("jane\ndoe", Field::Malformed),
            ("jane&#10;doe", Field::Malformed),
            (" \n ", value("")),
        ] {
            assert_eq!(text(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn long_text_is_reported_and_blanks_behind_it_are_not_text() {
        let long = "a".repeat(LONGEST_VALUE);
        assert_eq!(text(&long), value(&long));
        assert_eq!(text(&format!("{long}b")), Field::TooLong);
        assert_eq!(text(&format!("a{}", " ".repeat(5000))), value("a"));
        assert_eq!(text(&format!("a{}b", " ".repeat(5000))), Field::TooLong);
    }
}
