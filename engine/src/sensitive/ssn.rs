//! US social security numbers by the rules of the Social Security Administration, `ddd-dd-dddd` or with single spaces.
//!
//! The area is not 000, 666 or 900 to 999, the group not 00, the serial not 0000. Two numbers that were printed in
//! advertisements and withdrawn are no one's. Nine digits in one piece are taken behind a context word only: they are far
//! more often something else.

use super::examined::Examined;
use super::text::{Known, Text, is_digit, is_word};

/// How long a number is.
const LENGTH: usize = 11;

/// Withdrawn after they were printed on sample cards and in a pamphlet; and what forms show where a number goes.
const NO_ONES: [(&[u8], &[u8], &[u8]); 3] =
    [(b"078", b"05", b"1120"), (b"219", b"09", b"9999"), (b"123", b"45", b"6789")];

/// How long a number in one piece is.
const PLAIN_LENGTH: usize = 9;

/// Examines a place where a run of digits begins.
pub(super) fn examine(text: &Text<'_>, start: usize, in_context: bool) -> Examined {
    let (known, length) = match grouped(text, start) {
        Known::No if in_context => (plain(text, start), PLAIN_LENGTH),
        known => (known, LENGTH),
    };
    match known {
        Known::No => Examined::None,
        Known::Open => Examined::Open,
        Known::Yes => Examined::Until(start.saturating_add(length)),
    }
}

fn plain(text: &Text<'_>, start: usize) -> Known {
    let end = start.saturating_add(PLAIN_LENGTH);
    let there = text.bytes.get(start..end.min(text.bytes.len())).unwrap_or_default();
    if !there.iter().all(u8::is_ascii_digit) || !text.begins_number(start, is_word) {
        return Known::No;
    }
    let Ok(digits) = <[u8; PLAIN_LENGTH]>::try_from(there) else {
        return if text.end { Known::No } else { Known::Open };
    };
    let [a, b, c, d, e, f, g, h, i] = digits;
    if is_issued(&[a, b, c, b'-', d, e, b'-', f, g, h, i]) {
        text.ends_number(end, is_word)
    } else {
        Known::No
    }
}

/// Whether a number in groups begins at this place.
fn grouped(text: &Text<'_>, start: usize) -> Known {
    let end = start.saturating_add(LENGTH);
    let there = text.bytes.get(start..end.min(text.bytes.len())).unwrap_or_default();
    let separator = there.get(3).copied().unwrap_or(b'-');
    let shaped = there.iter().enumerate().all(|(place, byte)| match place {
        3 | 6 => *byte == separator,
        _ => byte.is_ascii_digit(),
    });
    if !shaped || !matches!(separator, b'-' | b' ') || !text.begins_number(start, is_word) {
        return Known::No;
    }
    if separator == b' ' && text.behind(start, 1) == Some(b' ') && text.behind(start, 2).is_some_and(is_digit)
    {
        return Known::No;
    }
    if there.len() < LENGTH {
        return if text.end { Known::No } else { Known::Open };
    }
    if !is_issued(there) {
        return Known::No;
    }
    let next = end.saturating_add(1);
    if separator == b' ' && text.at(end) == Some(b' ') {
        // A row of numbers, such as a telephone number.
        return match text.at(next) {
            Some(further) => Known::from(!is_digit(further)),
            None => Known::from_end(text.end),
        };
    }
    text.ends_number(end, is_word)
}

/// Whether a number in its written form, `ddd-dd-dddd` with any separator, may belong to somebody.
pub(super) fn is_issued(number: &[u8]) -> bool {
    let area = number.get(..3).unwrap_or_default();
    let group = number.get(4..6).unwrap_or_default();
    let serial = number.get(7..).unwrap_or_default();
    area != b"000"
        && area != b"666"
        && area.first() != Some(&b'9')
        && group != b"00"
        && serial != b"0000"
        && !NO_ONES.contains(&(area, group, serial))
}
