//! US social security numbers, `ddd-dd-dddd`, by the rules of the Social Security Administration.
//!
//! The area is not 000, 666 or 900 to 999, the group not 00, the serial not 0000. Two numbers that were printed in
//! advertisements and withdrawn are no one's.

use super::text::{Known, Text, is_word};

/// How long a number is.
const LENGTH: usize = 11;

/// Withdrawn after they were printed on sample cards and in a pamphlet.
const WITHDRAWN: [&[u8]; 2] = [b"078-05-1120", b"219-09-9999"];

/// Whether a number begins at this place, where a run of digits begins.
pub(super) fn examine(text: &Text<'_>, start: usize) -> Known {
    let end = start.saturating_add(LENGTH);
    let there = text.bytes.get(start..end.min(text.bytes.len())).unwrap_or_default();
    let shaped = there.iter().enumerate().all(|(place, byte)| match place {
        3 | 6 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if !shaped || !text.begins_number(start, is_word) {
        return Known::No;
    }
    if there.len() < LENGTH {
        return if text.end { Known::No } else { Known::Open };
    }
    if is_issued(there) { text.ends_number(end, is_word) } else { Known::No }
}

/// The position behind a number that begins here.
pub(super) fn end(start: usize) -> usize {
    start.saturating_add(LENGTH)
}

fn is_issued(number: &[u8]) -> bool {
    let area = number.get(..3).unwrap_or_default();
    let group = number.get(4..6).unwrap_or_default();
    let serial = number.get(7..).unwrap_or_default();
    area != b"000"
        && area != b"666"
        && area.first() != Some(&b'9')
        && group != b"00"
        && serial != b"0000"
        && !WITHDRAWN.contains(&number)
}
