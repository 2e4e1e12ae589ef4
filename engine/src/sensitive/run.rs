//! Values that may be longer than what is looked at together: tokens, keys in PEM, whole members of a JSON document.
//!
//! What they are is decided at their beginning; the rest is passed over byte by byte with a few bytes of state.

use super::examined::RunBytes;

/// A value that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) what: Extent,
    /// What happens to its bytes.
    pub(super) does: Deed,
    /// How many letters and digits at its beginning stay readable.
    pub(super) keep_first: u8,
}

/// What happens to the bytes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Pass,
    Mask,
    /// The bytes are left out; with `comma`, so is the comma that follows.
    Remove {
        comma: bool,
    },
}

/// How far a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// While the bytes are of this kind.
    Bytes(RunBytes),
    /// A value of JSON, from its first byte on.
    Value(Nesting),
    /// White space, and a comma, behind a member that was removed.
    Comma,
}

/// Where in a value of JSON a run is. Arrays and objects are told apart down to a depth of 64; below that all strings count
/// as values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nesting {
    depth: u32,
    /// For the innermost 64 levels: whether it is an object.
    objects: u64,
    in_string: bool,
    /// Whether the string is, or the next one will be, a key.
    is_key: bool,
    in_number: bool,
    /// Bytes of a `true` or `false` seen so far.
    word: u8,
}

/// What a byte is in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A letter, digit or other character of a text that can be overwritten with a star.
    Character,
    /// A digit of a number.
    Digit,
    /// A byte of `true` or `false`: its place in the word, and whether the word is `false`.
    Word(u8, bool),
    /// It stays.
    Frame,
}

impl Run {
    /// Takes a byte: what it is, or nothing where the run is over in front of it.
    pub(super) fn take(&mut self, byte: u8) -> Option<Part> {
        match &mut self.what {
            Extent::Bytes(bytes) => bytes.contain(byte).then_some(Part::Character),
            Extent::Comma => {
                if byte == b',' {
                    self.what = Extent::Value(Nesting::over());
                    return Some(Part::Frame);
                }
                byte.is_ascii_whitespace().then_some(Part::Frame)
            }
            Extent::Value(nesting) => nesting.take(byte),
        }
    }
}

impl Nesting {
    /// A value that is over: the next byte does not belong to it.
    const fn over() -> Self {
        Self { depth: 0, objects: 0, in_string: false, is_key: false, in_number: false, word: OVER }
    }

    fn take(&mut self, byte: u8) -> Option<Part> {
        if self.word == OVER {
            return None;
        }
        if self.in_string {
            if byte == b'"' {
                self.in_string = false;
                return Some(self.closes());
            }
            return Some(if self.is_key { Part::Frame } else { Part::Character });
        }
        if self.in_number && !(byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
            self.in_number = false;
            if self.depth == 0 {
                self.word = OVER;
                return None;
            }
        }
        if self.word > 0 && !byte.is_ascii_lowercase() {
            self.word = 0;
            if self.depth == 0 {
                self.word = OVER;
                return None;
            }
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth = self.depth.saturating_add(1);
                self.objects = self.objects << 1 | u64::from(byte == b'{');
                self.is_key = byte == b'{';
            }
            b'}' | b']' => {
                let Some(outer) = self.depth.checked_sub(1) else {
                    self.word = OVER;
                    return None;
                };
                self.depth = outer;
                self.objects >>= 1;
                return Some(self.closes());
            }
            b',' if self.depth == 0 => {
                self.word = OVER;
                return None;
            }
            b',' => self.is_key = self.depth <= 64 && self.objects & 1 == 1,
            b':' => self.is_key = false,
            b'0'..=b'9' | b'-' => {
                self.in_number = true;
                return Some(if byte == b'-' { Part::Frame } else { Part::Digit });
            }
            b'e' | b'E' | b'+' | b'.' if self.in_number => {}
            // Letters of `true`, `false` and `null`.
            b'a' | b'e' | b'f' | b'l' | b'n' | b'r' | b's' | b't' | b'u' => return Some(self.letter(byte)),
            b' ' | b'\t' | b'\n' | b'\r' => {}
            // No JSON: whatever it is, it is no value.
            _ => {
                self.word = OVER;
                return None;
            }
        }
        Some(Part::Frame)
    }

    /// A byte of `true`, `false` or `null`.
    fn letter(&mut self, byte: u8) -> Part {
        // The first letter says which word it is: bit 7 for `null`, bit 6 for `false`.
        if self.word == 0 {
            self.word = match byte {
                b'n' => 0x81,
                b'f' => 0x41,
                _ => 0x01,
            };
        } else {
            self.word = self.word.saturating_add(1);
        }
        let place = (self.word & 0x0f).saturating_sub(1);
        if self.word & 0x80 != 0 { Part::Frame } else { Part::Word(place, self.word & 0x40 != 0) }
    }

    /// A string or container ended here; at the top, that was all.
    const fn closes(&mut self) -> Part {
        if self.depth == 0 {
            self.word = OVER;
        }
        Part::Frame
    }
}

/// Marks a value that is over.
const OVER: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> (String, usize) {
        let mut run = Run { what: Extent::Value(Nesting::default()), does: Deed::Mask, keep_first: 0 };
        let mut shown = String::new();
        for (position, byte) in text.bytes().enumerate() {
            match run.take(byte) {
                None => return (shown, position),
                Some(Part::Character) => shown.push('*'),
                Some(Part::Digit) => shown.push('1'),
                Some(Part::Word(place, is_false)) => {
                    let word = if is_false { " null" } else { "null" };
                    shown.push(char::from(word.as_bytes()[usize::from(place)]));
                }
                Some(Part::Frame) => shown.push(char::from(byte)),
            }
        }
        (shown, text.len())
    }

    #[test]
    fn a_value_is_taken_as_a_whole_and_its_document_stays_one() {
        for (text, expected, end) in [
            ("\"abc\",1", "\"***\"", 5),
            ("-12.5e3,\"x\"", "-11.1e1", 7),
            ("true}", "null", 4),
            ("false ]", " null", 5),
            ("null,", "null", 4),
            ("{\"a\":\"b\",\"c\":[1,true,\"d\"]},2", "{\"a\":\"*\",\"c\":[1,null,\"*\"]}", 26),
            ("[{\"a\":{}},\"x\"]}", "[{\"a\":{}},\"*\"]", 14),
        ] {
            assert_eq!(taken(text), (expected.to_owned(), end), "{text}");
        }
    }
}
