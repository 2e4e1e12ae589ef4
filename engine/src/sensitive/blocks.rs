//! Finds where a number may begin, 256 bytes at a time.
//!
//! Every byte gets a class of three bits: digit, numeric (digit, space or hyphen), capital letter. Classes that are
//! and-ed with their neighbours say what a whole run has in common, so that a few passes over small arrays, which
//! compilers turn into vector instructions natively and in wasm alike, leave the few places that are worth looking at:
//!
//! - the first of at least three digits, followed by at least eleven digits and separators in all: social security and
//!   card numbers;
//! - two capital letters followed by two digits, not behind a digit: account numbers.
//!
//! What lies beyond the bytes that are there counts as fitting, unless the stream is over.

use super::text::Text;

/// How many places one step decides.
pub(super) const STEP: usize = 256;

/// A place needs the byte in front of it and the ten bytes behind it.
const AHEAD: usize = 16;
const WINDOW: usize = STEP + AHEAD;

const DIGIT: u8 = 1;
const NUMERIC: u8 = 2;
const CAPITAL: u8 = 4;

/// The places from `start` to `start + STEP` where a number may begin: one byte per place, eight in a word with the first
/// place lowest; not zero where one may.
pub(super) fn places(text: &Text<'_>, start: usize) -> [u64; STEP / 8] {
    let rest = text.bytes.get(start..).unwrap_or_default();
    let after_digit = text.behind(start, 1).is_some_and(|byte| byte.is_ascii_digit());
    if let Some(window) = rest.first_chunk::<WINDOW>() {
        let mut classes = [0; WINDOW];
        classify(window, &mut classes);
        return mark(&classes, after_digit);
    }
    let mut classes = if text.end { [0; WINDOW] } else { [DIGIT | NUMERIC | CAPITAL; WINDOW] };
    classify(rest, &mut classes);
    let mut words = mark(&classes, after_digit);
    for (position, word) in words.iter_mut().enumerate() {
        // Places behind what is there are none.
        let there = rest.len().saturating_sub(position.wrapping_mul(8));
        if there < 8 {
            *word &= (1_u64 << there.wrapping_mul(8)).wrapping_sub(1);
        }
    }
    words
}

/// Writes the class of each byte, in a form without branches that compiles to vector instructions.
fn classify(bytes: &[u8], classes: &mut [u8; WINDOW]) {
    for (class, byte) in classes.iter_mut().zip(bytes) {
        let digit = all_bits(byte.is_ascii_digit());
        let separator = all_bits(*byte == b' ') | all_bits(*byte == b'-');
        let capital = all_bits(byte.is_ascii_uppercase());
        *class = (digit & (DIGIT | NUMERIC)) | (separator & NUMERIC) | (capital & CAPITAL);
    }
}

fn all_bits(condition: bool) -> u8 {
    u8::from(condition).wrapping_neg()
}

/// Marks the places of a window by the classes of its bytes.
fn mark(classes: &[u8; WINDOW], after_digit: bool) -> [u64; STEP / 8] {
    let two = and(classes, 1);
    let four = and(&two, 2);

    let mut marks = [0_u8; STEP];
    let accounts = two.iter().zip(further(&two, 2));
    let numbers = further(classes, 2).iter().zip(&four).zip(further(&four, 4)).zip(further(&four, 7));
    for (mark, ((two, next_two), (((third, first), middle), last))) in
        marks.iter_mut().zip(accounts.zip(numbers))
    {
        let eleven = first & middle & last;
        *mark = ((two & third & (eleven / NUMERIC)) | ((two / CAPITAL) & next_two)) & DIGIT;
    }
    // What stands behind a digit is no beginning: of two letters and a digit neither.
    let (first, others) = marks.split_at_mut(1);
    first.iter_mut().for_each(|mark| *mark &= u8::from(!after_digit));
    others.iter_mut().zip(classes).for_each(|(mark, front)| *mark &= !front);

    let mut words = [0; STEP / 8];
    let (bytes, _) = marks.as_chunks::<8>();
    words.iter_mut().zip(bytes).for_each(|(word, bytes)| *word = u64::from_le_bytes(*bytes));
    words
}

/// What every class has in common with the one so much further on; nothing at the end.
fn and(classes: &[u8; WINDOW], distance: usize) -> [u8; WINDOW] {
    let mut common = [0; WINDOW];
    let pairs = classes.iter().zip(further(classes, distance));
    common.iter_mut().zip(pairs).for_each(|(common, (near, far))| *common = near & far);
    common
}

fn further(classes: &[u8; WINDOW], distance: usize) -> &[u8] {
    classes.get(distance..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_where_a_number_may_begin(
            bytes in proptest::collection::vec(proptest::sample::select(b"1234 -XYx.".to_vec()), 0..600),
            before in proptest::collection::vec(proptest::sample::select(b"1 x".to_vec()), 0..3),
            end: bool,
        ) {
            let text = Text { bytes: &bytes, before: &before, end, json: false };
            for start in (0..bytes.len()).step_by(STEP) {
                for (position, word) in places(&text, start).into_iter().enumerate() {
                    for (offset, mark) in word.to_le_bytes().into_iter().enumerate() {
                        let place = start + position * 8 + offset;
                        let is = |at: usize, accepted: fn(u8) -> bool| bytes.get(at).map_or(!end, |byte| accepted(*byte));
                        let digit = |at: usize| is(at, |byte| byte.is_ascii_digit());
                        let number = (0..3).all(|n| digit(place + n))
                            && (0..11).all(|n| is(place + n, |byte| byte.is_ascii_digit() || b" -".contains(&byte)))
                            && !text.behind(place, 1).is_some_and(|byte| byte.is_ascii_digit());
                        let account = (0..2).all(|n| is(place + n, |byte| byte.is_ascii_uppercase()))
                            && digit(place + 2)
                            && digit(place + 3)
                            && !text.behind(place, 1).is_some_and(|byte| byte.is_ascii_digit());
                        prop_assert_eq!(mark != 0, place < bytes.len() && (number || account), "at {}", place);
                    }
                }
            }
        }
    }
}
