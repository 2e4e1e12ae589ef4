//! Which bytes of a value are overwritten, and with what.

use std::ops::Range;

use super::text::{CONTEXT, Text};

/// Bytes to overwrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) fill: u8,
}

impl Span {
    /// Overwrites the part of the span that lies in this range of the bytes.
    pub(super) fn apply(&self, bytes: &mut [u8], range: Range<usize>) {
        let part = self.start.max(range.start)..self.end.min(range.end);
        if let Some(part) = bytes.get_mut(part) {
            part.fill(self.fill);
        }
    }

    /// The part of the span from `from` on, as seen from `origin`; nothing where it ends before.
    pub(super) fn after(&self, from: usize, origin: usize) -> Option<Self> {
        (self.end > from).then(|| Self {
            start: self.start.max(from).saturating_sub(origin),
            end: self.end.saturating_sub(origin),
            fill: self.fill,
        })
    }
}

/// Overwrites letters and digits with `*`, up to the last `keep_last` of the value. Separators stay, so that length and
/// format do.
pub(super) fn stars(text: &Text<'_>, value: Range<usize>, keep_last: u8, spans: &mut Vec<Span>) {
    let bytes = text.bytes.get(value.clone()).unwrap_or_default();
    let significant = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let mut left = significant.saturating_sub(usize::from(keep_last));
    for (position, byte) in value.zip(bytes) {
        if left == 0 {
            return;
        }
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        left = left.saturating_sub(1);
        let next = position.saturating_add(1);
        match spans.last_mut() {
            Some(span) if span.end == position && span.fill == b'*' => span.end = next,
            _ => spans.push(Span { start: position, end: next, fill: b'*' }),
        }
    }
}

/// Overwrites a number that JSON does not quote with `1000...`, which is still a number and never a card's.
pub(super) fn digits(value: Range<usize>, keep_last: u8, spans: &mut Vec<Span>) {
    let end = value.end.saturating_sub(usize::from(keep_last));
    if end > value.start {
        let second = value.start.saturating_add(1);
        spans.push(Span { start: value.start, end: second, fill: b'1' });
        spans.push(Span { start: second, end, fill: b'0' });
    }
}

/// Whether a run of digits is a number of its own in a JSON document: stars would break the document there.
pub(super) fn is_json_number(text: &Text<'_>, value: &Range<usize>) -> bool {
    let ends = matches!(text.at(value.end), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'));
    if !text.json || !ends {
        return false;
    }
    let mut after_colon = false;
    for distance in 1..=CONTEXT {
        match text.behind(value.start, distance) {
            // Strings of JSON have no line breaks, so this is not the inside of one.
            Some(b'\n' | b'\r') => return true,
            Some(b' ' | b'\t') => {}
            Some(b'"') => return after_colon,
            Some(b',' | b'[') => return !after_colon,
            Some(b':') if !after_colon => after_colon = true,
            _ => return false,
        }
    }
    // So much white space is indentation.
    true
}
