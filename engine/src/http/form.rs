//! Reads chosen fields of an `application/x-www-form-urlencoded` body while it streams.
//!
//! Decoding follows the WHATWG URL standard: pairs are separated by `&`, `+` is a space, `%` followed by two hexadecimal
//! digits is a byte, any other `%` is itself. Nothing is malformed by that standard. A field that stands there several
//! times is read from its last copy and marked, see [`Reading`].

use super::field::{Collector, Field, LONGEST_VALUE, Reading};

/// A streaming reader of form fields.
#[derive(Debug)]
pub struct FormReader {
    names: Vec<Vec<u8>>,
    readings: Vec<Reading>,
    part: Part,
    escape: Escape,
    name: Collector,
    value: Collector,
}

/// Where in a pair the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Name,
    Value,
    /// In the value of a field that nobody asked for.
    Skipped,
}

/// How much of an escape sequence has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Percent,
    /// The first hexadecimal digit.
    Digit(u8),
}

impl FormReader {
    /// A reader of these fields, by their decoded names. Values longer than [`LONGEST_VALUE`] are reported as too long.
    #[must_use]
    pub fn new(names: Vec<Vec<u8>>) -> Self {
        Self::with_longest_value(names, LONGEST_VALUE)
    }

    /// The same with another limit.
    #[must_use]
    pub fn with_longest_value(names: Vec<Vec<u8>>, longest: usize) -> Self {
        let longest_name = names.iter().map(Vec::len).max().unwrap_or(0);
        let readings = names.iter().map(|_| Reading::default()).collect();
        Self {
            names,
            readings,
            part: Part::Name,
            escape: Escape::None,
            name: Collector::new(longest_name),
            value: Collector::new(longest),
        }
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            if self.part == Part::Skipped {
                let Some(at) = memchr::memchr(b'&', rest) else { return };
                rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
                self.begin_pair();
                continue;
            }
            rest = after;
            match byte {
                b'&' => {
                    self.end_pair();
                    self.begin_pair();
                }
                b'=' if self.part == Part::Name => {
                    self.flush_escape();
                    let wanted = self.names.iter().any(|name| self.name.equals(name));
                    self.part = if wanted { Part::Value } else { Part::Skipped };
                }
                _ => self.decode(byte),
            }
        }
    }

    /// What was found, in the order of the names.
    #[must_use]
    pub fn finish(mut self) -> Vec<Reading> {
        self.end_pair();
        self.readings
    }

    fn begin_pair(&mut self) {
        self.part = Part::Name;
        self.escape = Escape::None;
        self.name.clear();
        self.value.clear();
    }

    fn end_pair(&mut self) {
        self.flush_escape();
        if self.part == Part::Skipped {
            return;
        }
        for (name, reading) in self.names.iter().zip(&mut self.readings) {
            // An empty piece between two `&` is no pair, not even one with an empty name.
            let named = self.part == Part::Value || !name.is_empty();
            if named && self.name.equals(name) {
                let copy = self.value.field();
                // Forms with a hidden twin of a field send it twice; only copies that differ deceive anybody.
                reading.repeated |= reading.field != Field::Absent && reading.field != copy;
                reading.field = copy;
            }
        }
    }

    fn decode(&mut self, byte: u8) {
        match self.escape {
            Escape::None => self.decode_plain(byte),
            Escape::Percent if byte.is_ascii_hexdigit() => self.escape = Escape::Digit(byte),
            Escape::Digit(first) if let Some(decoded) = super::path::decode_escape(&[first, byte]) => {
                self.escape = Escape::None;
                self.store(decoded);
            }
            Escape::Percent | Escape::Digit(_) => {
                self.flush_escape();
                self.decode_plain(byte);
            }
        }
    }

    fn decode_plain(&mut self, byte: u8) {
        match byte {
            b'%' => self.escape = Escape::Percent,
            b'+' => self.store(b' '),
            _ => self.store(byte),
        }
    }

    /// Writes what looked like the beginning of an escape sequence as what it is.
    fn flush_escape(&mut self) {
        match self.escape {
            Escape::None => {}
            Escape::Percent => self.store(b'%'),
            Escape::Digit(first) => {
                self.store(b'%');
                self.store(first);
            }
        }
        self.escape = Escape::None;
    }

    fn store(&mut self, byte: u8) {
        match self.part {
            Part::Name => self.name.push(byte),
            Part::Value => self.value.push(byte),
            Part::Skipped => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &[u8], names: &[&str]) -> Vec<Reading> {
        read_pieces(&[body], names)
    }

    fn read_pieces(pieces: &[&[u8]], names: &[&str]) -> Vec<Reading> {
        let mut reader = FormReader::new(names.iter().map(|name| name.as_bytes().to_vec()).collect());
        for piece in pieces {
            reader.push(piece);
        }
        reader.finish()
    }

    fn value(text: &str) -> Field {
        Field::Value(text.as_bytes().to_vec())
    }

    #[test]
    fn fields_are_decoded() {
        for (body, expected) in [
            ("email=jane%40example.com", value("jane@example.com")),
            ("x=1&email=jane+doe&y=2", value("jane doe")),
            ("email=a=b=c", value("a=b=c")),
            ("email=", value("")),
            ("email", value("")),
            ("%65mail=x", value("x")),
            ("e%6Dail=100%", value("100%")),
            ("email=%4", value("%4")),
            ("email=%zz%%41", value("%zz%A")),
            ("email=%4&x", value("%4")),
            ("email%=x&email=y", value("y")),
            ("&&email=x&&", value("x")),
            ("Email=x", Field::Absent),
            ("emai=x&emaill=y", Field::Absent),
            ("", Field::Absent),
            ("=email", Field::Absent),
        ] {
            assert_eq!(
                read(body.as_bytes(), &["email"])[0],
                Reading { field: expected, repeated: false },
                "{body}"
            );
        }
    }

    #[test]
    fn the_last_copy_is_read_and_marked() {
        let readings = read(b"u=a&p=x&u=b", &["u", "p"]);
        assert_eq!(readings[0], Reading { field: value("b"), repeated: true });
        assert_eq!(readings[1], Reading { field: value("x"), repeated: false });
    }

    #[test]
    fn long_values_are_reported_and_do_not_disturb_their_neighbours() {
        let body = format!("{}=1&u={}&p=x", "n".repeat(100_000), "a".repeat(LONGEST_VALUE + 1));
        let readings = read(body.as_bytes(), &["u", "p"]);
        assert_eq!(readings[0].field, Field::TooLong);
        assert_eq!(readings[1].field, value("x"));
        let exact = format!("u={}", "a".repeat(LONGEST_VALUE));
        assert_eq!(read(exact.as_bytes(), &["u"])[0].field, value(&"a".repeat(LONGEST_VALUE)));
    }

    #[test]
    fn a_field_asked_for_twice_is_answered_twice() {
        let readings = read(b"u=a", &["u", "u"]);
        assert_eq!(readings[0], readings[1]);
    }

    proptest! {
        #[test]
        fn every_split_reads_the_same(body in proptest::collection::vec(
            prop_oneof![3 => proptest::sample::select(b"up=&%+14z".to_vec()), 1 => any::<u8>()], 0..60)) {
            let names = ["u", "p", "up"];
            let whole = read(&body, &names);
            for cut in 0..=body.len() {
                let (left, right) = body.split_at(cut);
                prop_assert_eq!(&read_pieces(&[left, right], &names), &whole);
            }
            let bytes: Vec<&[u8]> = body.chunks(1).collect();
            prop_assert_eq!(&read_pieces(&bytes, &names), &whole);
        }
    }
}
