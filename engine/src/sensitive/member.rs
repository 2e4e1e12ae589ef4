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
    /// A value: its text without quotation marks, and where it begins with them. Not whole where it is longer than what is
    /// looked at, an object or an array.
    At { value: Range<usize>, first: usize, is_whole: bool },
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
    let (start, goes_on): (usize, fn(u8) -> bool) = match text.at(first) {
        Some(b'"') => (first.saturating_add(1), |byte| byte != b'"'),
        Some(b'{' | b'[') => return Value::At { value: first..first, first, is_whole: false },
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
            (first, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'))
        }
        _ => return Value::None,
    };
    let mut end = start;
    while end < limit && text.at(end).is_some_and(goes_on) {
        end = end.saturating_add(1);
    }
    if end >= limit {
        return Value::At { value: start..start, first, is_whole: false };
    }
    if text.is_open(end) {
        return Value::Open;
    }
    if end == start {
        return Value::None;
    }
    Value::At { value: start..end, first, is_whole: true }
}
