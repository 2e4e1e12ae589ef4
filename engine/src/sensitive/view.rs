//! A body as its reader will see it: one byte for each character, and the way back to where it stands.
//!
//! A card number written as `\u0034111...` in JSON, `4111%20...` in a form, `&#52;111...` in HTML or in UTF-16 is the same
//! number to whoever reads it. Detectors look at this view; what they find is overwritten in the original, in the
//! original's own spelling, so that its length and its syntax stay.
//!
//! What is not ASCII is one byte of 0x80 or above per character or per byte; detectors look for nothing there. Excepted are
//! the spaces and hyphens beyond ASCII that stand between groups of digits, such as U+00A0 and U+2011: they are a space and a
//! `-`. In JSON an escaped quotation mark is [`INNER_QUOTE`], so that it cannot be taken for the end of a string.

mod characters;

use std::borrow::Cow;
use std::ops::Range;

pub(super) use characters::INNER_QUOTE;
use characters::{BEYOND, BEYOND_MARKS, Character, beyond, form, json, markup, shown};

/// How the characters of a body are spelt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spelling {
    /// A byte is a character.
    #[default]
    Plain,
    /// Backslash escapes (RFC 8259, section 7).
    Json,
    /// `%XX`, and `+` for a space.
    Form,
    /// Character references (HTML 13.5, XML 4.1).
    Markup,
    /// UTF-16, the low byte first.
    Utf16Little,
    /// UTF-16, the high byte first.
    Utf16Big,
}

/// The longest spelling of one character: `&CounterClockwiseContourIntegral;` is not read, `&#x00000034;` is.
const LONGEST: usize = 12;

/// A character that is not one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spelt {
    /// Where in the view.
    seen: usize,
    /// Where in the original, and how many bytes.
    raw: usize,
    len: usize,
}

/// The view of a part of a body.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// A byte for each character.
    pub(super) bytes: Cow<'a, [u8]>,
    /// The way back.
    pub(super) map: Map,
}

/// The way from a view to the original.
#[derive(Debug)]
pub(super) struct Map {
    /// How many characters there are.
    len: usize,
    /// How much of the original is in the view; less than all where it ends inside of a character.
    pub(super) read: usize,
    spelling: Spelling,
    spelt: Vec<Spelt>,
}

impl<'a> View<'a> {
    /// The view of these bytes. Where more may follow, an unfinished character at their end is left out.
    pub(super) fn of(raw: &'a [u8], spelling: Spelling, end: bool) -> Self {
        match spelling {
            Spelling::Plain => Self::spelt(raw, spelling, end, BEYOND_MARKS[0], |_, _| Character::Itself),
            Spelling::Json => Self::spelt(raw, spelling, end, b'\\', json),
            Spelling::Form => Self::form(raw, end),
            Spelling::Markup => Self::spelt(raw, spelling, end, b'&', markup),
            Spelling::Utf16Little | Spelling::Utf16Big => Self::utf16(raw, spelling, end),
        }
    }

    fn plain(raw: &'a [u8], spelling: Spelling) -> Self {
        Self::with(Cow::Borrowed(raw), raw.len(), spelling, Vec::new())
    }

    fn with(bytes: Cow<'a, [u8]>, read: usize, spelling: Spelling, spelt: Vec<Spelt>) -> Self {
        let map = Map { len: bytes.len(), read, spelling, spelt };
        Self { bytes, map }
    }

    /// A body in UTF-8 in which a mark begins what is spelt otherwise.
    fn spelt(
        raw: &'a [u8],
        spelling: Spelling,
        end: bool,
        mark: u8,
        read: fn(&[u8], bool) -> Character,
    ) -> Self {
        let [two, three] = BEYOND_MARKS;
        let marks = memchr::memchr3_iter(mark, two, three, raw);
        Self::read(raw, spelling, end, marks, |window, end| match window.first() {
            Some(first) if BEYOND_MARKS.contains(first) => beyond(window, end),
            _ => read(window, end),
        })
    }

    fn form(raw: &'a [u8], end: bool) -> Self {
        Self::read(raw, Spelling::Form, end, memchr::memchr2_iter(b'%', b'+', raw), form)
    }

    fn read(
        raw: &'a [u8],
        spelling: Spelling,
        end: bool,
        marks: impl Iterator<Item = usize>,
        read: impl Fn(&[u8], bool) -> Character,
    ) -> Self {
        let mut marks = marks.peekable();
        if marks.peek().is_none() {
            return Self::plain(raw, spelling);
        }
        let mut bytes = Vec::with_capacity(raw.len());
        let mut spelt = Vec::new();
        let mut from = 0_usize;
        for at in marks {
            if at < from {
                continue;
            }
            let window = raw.get(at..raw.len().min(at.saturating_add(LONGEST))).unwrap_or_default();
            match read(window, end || window.len() == LONGEST) {
                Character::Itself => {}
                Character::Unfinished => {
                    bytes.extend_from_slice(raw.get(from..at).unwrap_or_default());
                    return Self::with(Cow::Owned(bytes), at, spelling, spelt);
                }
                Character::Is(byte, len) => {
                    bytes.extend_from_slice(raw.get(from..at).unwrap_or_default());
                    spelt.push(Spelt { seen: bytes.len(), raw: at, len });
                    bytes.push(byte);
                    from = at.saturating_add(len);
                }
            }
        }
        if from == 0 {
            return Self::plain(raw, spelling);
        }
        bytes.extend_from_slice(raw.get(from..).unwrap_or_default());
        Self::with(Cow::Owned(bytes), raw.len(), spelling, spelt)
    }

    fn utf16(raw: &'a [u8], spelling: Spelling, end: bool) -> Self {
        let (units, rest) = raw.as_chunks::<2>();
        let low_first = spelling == Spelling::Utf16Little;
        let seen = |unit: &[u8; 2]| {
            let unit = if low_first { u16::from_le_bytes(*unit) } else { u16::from_be_bytes(*unit) };
            shown(u32::from(unit))
        };
        let mut bytes: Vec<u8> = units.iter().map(seen).collect();
        let mut read = raw.len().saturating_sub(rest.len());
        if end && !rest.is_empty() {
            bytes.push(BEYOND);
            read = raw.len();
        }
        Self::with(Cow::Owned(bytes), read, spelling, Vec::new())
    }
}

impl Map {
    /// Where in the original the character at this place begins; behind the last, where the view ends.
    pub(super) fn raw_start(&self, seen: usize) -> usize {
        if seen >= self.len {
            return self.read;
        }
        match self.spelling {
            Spelling::Utf16Little | Spelling::Utf16Big => seen.saturating_mul(2),
            Spelling::Plain | Spelling::Json | Spelling::Form | Spelling::Markup => {
                match self.spelt.partition_point(|spelt| spelt.seen < seen).checked_sub(1) {
                    None => seen,
                    Some(last) => self.spelt.get(last).map_or(seen, |last| {
                        let behind = last.raw.saturating_add(last.len);
                        behind.saturating_add(seen.saturating_sub(last.seen).saturating_sub(1))
                    }),
                }
            }
        }
    }

    /// Overwrites the character at this place with an ASCII letter, digit or `*`, in the spelling that it has.
    pub(super) fn overwrite(&self, original: &mut [u8], seen: usize, byte: u8) {
        let start = self.raw_start(seen);
        let end = self.raw_start(seen.saturating_add(1));
        let Some(spelt) = original.get_mut(start..end) else { return };
        match (self.spelling, spelt) {
            (Spelling::Utf16Little, [low, high]) | (Spelling::Utf16Big, [high, low]) => {
                (*low, *high) = (byte, 0);
            }
            (_, [only]) => *only = byte,
            (Spelling::Json, [_, b'u', digits @ ..]) => {
                digits.copy_from_slice(&hexadecimal(byte));
            }
            // `\n` and the like have no letters to hide; as a pair of stars they stay a text.
            (Spelling::Json, pair) => pair.fill(b'*'),
            (Spelling::Form, [_, high, low]) => [_, _, *high, *low] = hexadecimal(byte),
            (Spelling::Markup, [_, b'#', number @ .., _]) => reference(number, byte),
            (_, other) => other.fill(b'*'),
        }
    }

    /// The places of the original that these characters take.
    pub(super) fn raw_range(&self, seen: Range<usize>) -> Range<usize> {
        self.raw_start(seen.start)..self.raw_start(seen.end)
    }
}

fn hexadecimal(byte: u8) -> [u8; 4] {
    [b'0', b'0', digit(byte >> 4), digit(byte & 15)]
}

const fn digit(value: u8) -> u8 {
    if value < 10 { b'0'.wrapping_add(value) } else { b'a'.wrapping_add(value).wrapping_sub(10) }
}

/// Writes a number of a character reference in as many digits as there are; a star where the byte needs more.
fn reference(number: &mut [u8], byte: u8) {
    let (digits, radix) = match number {
        [b'x' | b'X', digits @ ..] => (digits, 16),
        digits => (digits, 10),
    };
    let mut rest = if byte > 99 && digits.len() < 3 && radix == 10 { b'*' } else { byte };
    for slot in digits.iter_mut().rev() {
        *slot = digit(rest % radix);
        rest /= radix;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(raw: &str, spelling: Spelling) -> String {
        View::of(raw.as_bytes(), spelling, true).bytes.iter().map(|byte| char::from(*byte)).collect()
    }

    #[test]
    fn escapes_are_seen_through() {
        assert_eq!(
            seen(r#"\u0034\u0031 a\/b \"x\" \n\\ \u00e9"#, Spelling::Json),
            "41 a/b \u{2}x\u{2} \n\\ \u{e8}"
        );
        assert_eq!(seen("a%40b.co+x%2", Spelling::Form), "a@b.co x%2");
        assert_eq!(
            seen("&#52;&#x34;&#0052; a&commat;b &amp;amp; &x; &", Spelling::Markup),
            "444 a@b &amp; &x; &"
        );
    }

    #[test]
    fn spaces_and_hyphens_beyond_ascii_are_spaces_and_hyphens() {
        let raw = "1\u{a0}2\u{202f}3\u{2009}4\u{2011}5\u{2013}6\u{ad}7";
        let expected = "1 2 3 4-5-6-7";
        for spelling in [Spelling::Plain, Spelling::Json, Spelling::Markup] {
            assert_eq!(seen(raw, spelling), expected, "{spelling:?}");
        }
        let escaped = r"1\u00a02\u202F3\u20094\u20115\u20136\u00ad7";
        assert_eq!(seen(escaped, Spelling::Json), expected);
        assert_eq!(seen("1&#xa0;2&#8239;3&thinsp;4&#x2011;5&ndash;6&shy;7", Spelling::Markup), expected);
        assert_eq!(seen("1%C2%A02%e2%80%AF3%E2%80%894%E2%80%915%E2%80%936%C2%AD7", Spelling::Form), expected);
        // Others stay what they are, byte by byte.
        assert_eq!(View::of("€ “é”".as_bytes(), Spelling::Plain, true).bytes.as_ref(), "€ “é”".as_bytes());
        assert_eq!(seen("%C3%A9%E2%82%AC%C2x", Spelling::Form), "\u{c3}\u{a9}\u{e2}\u{82}\u{ac}\u{c2}x");
        let units: Vec<u8> = raw.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(View::of(&units, Spelling::Utf16Little, true).bytes.as_ref(), expected.as_bytes());
    }

    #[test]
    fn what_is_overwritten_keeps_its_spelling_and_its_length() {
        for (raw, spelling, expected) in [
            ("4\\u0034\\n5", Spelling::Json, "*\\u002a***"),
            ("4%345", Spelling::Form, "*%2a*"),
            ("4&#52;&#x34;&#0052;", Spelling::Markup, "*&#42;&#x2a;&#0042;"),
        ] {
            let view = View::of(raw.as_bytes(), spelling, true);
            let mut bytes = raw.as_bytes().to_vec();
            for place in 0..view.bytes.len() {
                view.map.overwrite(&mut bytes, place, b'*');
            }
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
        let raw: Vec<u8> = "4é1".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let view = View::of(&raw, Spelling::Utf16Big, true);
        assert_eq!(view.bytes.as_ref(), b"4\xe81");
        let mut bytes = raw.clone();
        view.map.overwrite(&mut bytes, 2, b'*');
        assert_eq!(bytes, "4é*".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_view(
            raw in proptest::collection::vec(proptest::sample::select(b"\\u0034+%&#x;amp\"n/ 4C2A0E28\xc2\xa0\xe2\x80\x91".to_vec()), 0..60),
            cut in 0_usize..60,
            spelling in proptest::sample::select(vec![
                Spelling::Plain, Spelling::Json, Spelling::Form, Spelling::Markup, Spelling::Utf16Little,
            ]),
        ) {
            let whole = View::of(&raw, spelling, true);
            let cut = cut.min(raw.len());
            let left = View::of(&raw[..cut], spelling, false);
            let right = View::of(&raw[left.map.read..], spelling, true);
            prop_assert!(cut - left.map.read < LONGEST);
            prop_assert_eq!([left.bytes.as_ref(), right.bytes.as_ref()].concat(), whole.bytes.as_ref());
            for place in 0..=whole.bytes.len() {
                let expected = whole.map.raw_start(place);
                let split = if place < left.bytes.len() { left.map.raw_start(place) } else {
                    left.map.read + right.map.raw_start(place - left.bytes.len())
                };
                prop_assert_eq!(split, expected);
            }
        }
    }
}
