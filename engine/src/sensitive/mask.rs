//! Which characters of a value are overwritten, and with what.

use std::ops::Range;

use super::text::Text;
use super::view::{INNER_QUOTE, Map};
use crate::keyed_hash::{HashKey, Role};

/// How much white space in front of a number is looked at. More is indentation.
const LONGEST_SPACE: usize = 16;

/// Characters to overwrite, or to take out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) fill: Fill,
}

/// What becomes of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    Byte(u8),
    Nothing,
}

impl Span {
    /// The part of the span in front of a position, as the original's bytes: overwritten at once, or to be taken out.
    pub(super) fn apply(&self, map: &Map, original: &mut [u8], until: usize) -> Option<Range<usize>> {
        let end = self.end.min(until);
        match self.fill {
            Fill::Byte(byte) => {
                for place in self.start..end {
                    map.overwrite(original, place, byte);
                }
                None
            }
            Fill::Nothing => (self.start < end).then(|| map.raw_range(self.start..end)),
        }
    }

    /// The part of the span from `from` on, with positions counted from there; nothing where it ends before.
    pub(super) fn after(&self, from: usize) -> Option<Self> {
        (self.end > from).then(|| Self {
            start: self.start.max(from).saturating_sub(from),
            end: self.end.saturating_sub(from),
            fill: self.fill,
        })
    }
}

/// Adds a character to the last span where it fits.
pub(super) fn add(spans: &mut Vec<Span>, position: usize, fill: Fill) {
    let end = position.saturating_add(1);
    match spans.last_mut() {
        Some(span) if span.end == position && span.fill == fill => span.end = end,
        _ => spans.push(Span { start: position, end, fill }),
    }
}

/// Overwrites letters and digits with `*`, but the first and last so many. Separators stay, so that length and format do,
/// unless there is nothing else. Letters beyond ASCII never stay: half of one would be none.
pub(super) fn stars(text: &Text<'_>, value: Range<usize>, keep: (u8, u8), spans: &mut Vec<Span>) {
    let bytes = text.bytes.get(value.clone()).unwrap_or_default();
    let significant = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    all_but(text, value, kept(keep, significant), spans);
}

/// Overwrites letters and digits with `*`, but the first and last so many, even if nothing is left to overwrite.
pub(super) fn all_but(
    text: &Text<'_>,
    value: Range<usize>,
    (first, last): (usize, usize),
    spans: &mut Vec<Span>,
) {
    let bytes = text.bytes.get(value.clone()).unwrap_or_default();
    let significant = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let only_signs = !bytes.iter().copied().any(is_covered);
    let mut place = 0_usize;
    for (position, byte) in value.zip(bytes) {
        if byte.is_ascii_alphanumeric() {
            if (first..significant.saturating_sub(last)).contains(&place) {
                add(spans, position, Fill::Byte(b'*'));
            }
            place = place.saturating_add(1);
        } else if is_covered(*byte) || (only_signs && is_sign(*byte)) {
            add(spans, position, Fill::Byte(b'*'));
        }
    }
}

/// Whether a character is overwritten: a letter or digit, of any script.
pub(super) const fn is_covered(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether a character is a sign that a password may be made of, and no part of a syntax.
const fn is_sign(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>' | b'&')
}

/// Of a value at least a third is overwritten, whatever is to stay.
fn kept((first, last): (u8, u8), significant: usize) -> (usize, usize) {
    let most = significant.saturating_mul(2) / 3;
    let last = usize::from(last).min(most);
    (usize::from(first).min(most.saturating_sub(last)), last)
}

/// Overwrites a number that JSON does not quote with `1000...`, which is still a number and never a card's.
pub(super) fn digits(value: Range<usize>, keep: (u8, u8), spans: &mut Vec<Span>) {
    let (first, last) = kept(keep, value.len());
    let start = value.start.saturating_add(first);
    let end = value.end.saturating_sub(last);
    for position in start..end {
        add(spans, position, Fill::Byte(if position == value.start { b'1' } else { b'0' }));
    }
}

/// Overwrites letters and digits with a token of the same length: the same for the same value under the same key, and
/// nothing that a value could be computed from without the key. `bare` is a number of JSON.
pub(super) fn token(text: &Text<'_>, value: Range<usize>, bare: bool, key: &HashKey, spans: &mut Vec<Span>) {
    let bytes = text.bytes.get(value.clone()).unwrap_or_default();
    let only_signs = !bytes.iter().copied().any(is_covered);
    let is_written = |byte: u8| is_covered(byte) || (only_signs && is_sign(byte));
    let plain: Vec<u8> = bytes.iter().filter(|byte| is_written(**byte)).map(u8::to_ascii_lowercase).collect();
    let mut block = 0_u64;
    let mut random = 0_u64;
    let mut left = 0_u32;
    let mut is_first = true;
    for (position, byte) in value.zip(bytes) {
        if !is_written(*byte) {
            continue;
        }
        if left == 0 {
            random = key.hash(Role::Token, &[&plain, &block.to_le_bytes()]);
            block = block.wrapping_add(1);
            left = 12;
        }
        let draw = random & 31;
        random >>= 5;
        left = left.wrapping_sub(1);
        let draw = u8::try_from(draw).unwrap_or(0);
        let digit = b'0'.wrapping_add(draw % 10);
        // A number begins with a 1 and goes on with draws; among letters there is always one that no number has.
        let new = match (bare, is_first) {
            (true, true) => b'1',
            (true, false) => digit,
            (false, true) => b'a'.wrapping_add(draw % 26),
            (false, false) if draw < 26 => b'a'.wrapping_add(draw),
            (false, false) => digit,
        };
        add(spans, position, Fill::Byte(new));
        is_first = false;
    }
}

/// Whether a run of digits is a number of its own in a JSON document: stars would break the document there.
pub(super) fn is_json_number(text: &Text<'_>, value: &Range<usize>) -> bool {
    let ends = matches!(text.at(value.end), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'));
    if !text.json || !ends {
        return false;
    }
    let mut after_colon = false;
    let sign = usize::from(text.behind(value.start, 1) == Some(b'-'));
    for distance in 1..=LONGEST_SPACE {
        match text.behind(value.start, distance.saturating_add(sign)) {
            // The document is one number.
            None => return true,
            // Strings of JSON have no line breaks, so this is not the inside of one.
            Some(b'\n' | b'\r') => return true,
            Some(b' ' | b'\t') => {}
            Some(b'"' | INNER_QUOTE) => return after_colon,
            Some(b',' | b'[') => return !after_colon,
            Some(b':') if !after_colon => after_colon = true,
            _ => return false,
        }
    }
    // So much white space is indentation.
    true
}
