//! Values that look drawn at random, beside words such as `secret` or `token`.
//!
//! Without such a word nothing tells a key from an id, so they are never looked for alone.

use super::entropy::{SHORTEST, looks_random};
use super::examined::{Examined, RunBytes};
use super::text::Text;

/// How much of a value is looked at; a longer one goes on.
const LONGEST: usize = 256;

/// Examines a place where a word begins.
pub(super) fn examine(text: &Text<'_>, start: usize, in_context: bool) -> Examined {
    if !in_context || text.behind(start, 1).is_some_and(is_token) {
        return Examined::None;
    }
    let mut end = start;
    while end.saturating_sub(start) < LONGEST && text.at(end).is_some_and(is_token) {
        end = end.saturating_add(1);
    }
    let goes_on = end.saturating_sub(start) >= LONGEST;
    if !goes_on && text.is_open(end) {
        return Examined::Open;
    }
    let value = text.bytes.get(start..end).unwrap_or_default();
    // Most words are too short to tell.
    if value.len() < SHORTEST {
        return Examined::None;
    }
    let has = |kind: fn(&u8) -> bool| value.iter().any(kind);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    if !is_mixed || !looks_random(value) {
        return Examined::None;
    }
    if goes_on {
        return Examined::Run { decided_until: end, bytes: RunBytes::Base64 };
    }
    // What pads base64 belongs to it.
    for _ in 0..2 {
        match text.at(end) {
            Some(b'=') => end = end.saturating_add(1),
            None if text.is_open(end) => return Examined::Open,
            _ => break,
        }
    }
    Examined::Until(end)
}

/// Letters, digits and `-_.+/~`.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'~')
}
