//! The value of a member of a JSON object, found by its name.

use std::ops::Range;

use super::text::Text;

/// White space between a name, its colon and its value that is passed over.
const LONGEST_SPACE: usize = 32;
/// A longer value is not looked at as a whole.
const LONGEST_VALUE: usize = 256;

/// What stands behind a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// It is no member's name, or its value is `null` or empty.
    None,
    /// The bytes that decide are still to come.
    Open,
    /// A value.
    At(Member),
}

/// The value of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Where it begins, with its quotation mark.
    pub(super) first: usize,
    /// Its text without quotation marks; nothing of an object, an array, and a text that is longer than what is looked at.
    pub(super) value: Range<usize>,
    /// As much of it as is looked at.
    pub(super) seen: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A text that is longer than what is looked at.
    LongText,
    /// A number, `true` or `false`.
    Bare,
    /// An object or an array.
    Container,
}

/// Reads what stands behind the name from `start` to `end`.
pub(super) fn value(text: &Text<'_>, start: usize, end: usize) -> Value {
    if !text.json || text.behind(start, 1) != Some(b'"') {
        return Value::None;
    }
    let mut at = end;
    match text.at(at) {
        Some(b'"') => at = at.saturating_add(1),
        None if text.is_open(at) => return Value::Open,
        _ => return Value::None,
    }
    for wanted in [Some(b':'), None] {
        let limit = at.saturating_add(LONGEST_SPACE);
        while at < limit && text.at(at).is_some_and(|byte| byte.is_ascii_whitespace()) {
            at = at.saturating_add(1);
        }
        match (text.at(at), wanted) {
            (None, _) => return if text.is_open(at) { Value::Open } else { Value::None },
            (Some(byte), Some(wanted)) if byte == wanted => at = at.saturating_add(1),
            (Some(_), Some(_)) => return Value::None,
            (Some(_), None) => {}
        }
    }
    whole(text, at)
}

fn whole(text: &Text<'_>, first: usize) -> Value {
    let limit = first.saturating_add(LONGEST_VALUE);
    let (start, kind, goes_on): (usize, Kind, fn(u8) -> bool) = match text.at(first) {
        Some(b'"') => (first.saturating_add(1), Kind::Text, |byte| byte != b'"'),
        Some(b'{' | b'[') => return container(text, first, limit),
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
            (first, Kind::Bare, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'))
        }
        _ => return Value::None,
    };
    let mut end = start;
    while end < limit && text.at(end).is_some_and(goes_on) {
        end = end.saturating_add(1);
    }
    if end >= limit {
        return Value::At(Member { first, value: start..start, seen: start..end, kind: Kind::LongText });
    }
    if text.is_open(end) {
        return Value::Open;
    }
    if end == start {
        return Value::None;
    }
    Value::At(Member { first, value: start..end, seen: start..end, kind })
}

fn container(text: &Text<'_>, first: usize, limit: usize) -> Value {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut end = first;
    while end < limit {
        let Some(byte) = text.at(end) else {
            if text.is_open(end) {
                return Value::Open;
            }
            break;
        };
        end = end.saturating_add(1);
        match byte {
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth = depth.saturating_add(1),
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    Value::At(Member { first, value: first..first, seen: first..end, kind: Kind::Container })
}
