//! Finds where a number may begin, 52 bytes at a time.
//!
//! Of 64 bytes, three sets are computed as bit masks, eight bytes per step in plain 64-bit arithmetic, the same natively
//! and in wasm: digits, separators, capital letters. Shifted against each other they leave the few places that are worth
//! looking at:
//!
//! - the first of at least three digits, followed by at least eleven digits and separators: social security and card
//!   numbers;
//! - two capital letters followed by two digits: account numbers.
//!
//! What lies beyond the bytes that are there counts as fitting, unless the stream is over.

use super::text::Text;

/// How many places one step decides. A place needs the ten bytes behind it, and 64 are looked at.
pub(super) const STEP: usize = 52;

const WINDOW: usize = 64;
const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The places from `start` to `start + STEP` where a number may begin; bit `n` stands for `start + n`.
pub(super) fn candidates(text: &Text<'_>, start: usize) -> u64 {
    let rest = text.bytes.get(start..).unwrap_or_default();
    let after_digit = u64::from(text.behind(start, 1).is_some_and(|byte| byte.is_ascii_digit()));
    if let Some(window) = rest.first_chunk::<WINDOW>() {
        return Sets::of(window).candidates(after_digit) & ((1 << STEP) - 1);
    }
    let mut window = [0; WINDOW];
    for (slot, byte) in window.iter_mut().zip(rest) {
        *slot = *byte;
    }
    let there = (1_u64 << rest.len()).wrapping_sub(1);
    let mut sets = Sets::of(&window);
    if !text.end {
        sets.digits |= !there;
        sets.numeric |= !there;
        sets.capitals |= !there;
    }
    sets.candidates(after_digit) & there & ((1 << STEP) - 1)
}

/// Which of 64 bytes belong to a class; bit `n` stands for byte `n`.
struct Sets {
    digits: u64,
    /// Digits, spaces and hyphens.
    numeric: u64,
    capitals: u64,
}

impl Sets {
    fn of(window: &[u8; WINDOW]) -> Self {
        let (words, _) = window.as_chunks::<8>();
        let mut sets = Self { digits: 0, numeric: 0, capitals: 0 };
        for (place, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let shift = place.wrapping_mul(8);
            let ascii = !word & HIGH_BITS;
            let low = word & LOW_BITS;
            let digits = at_least(low, b'0') & !at_least(low, b'9' + 1) & ascii;
            let capitals = at_least(low, b'A') & !at_least(low, b'Z' + 1) & ascii;
            let spaces = at_least(low, b' ') & !at_least(low, b' ' + 1) & ascii;
            let hyphens = at_least(low, b'-') & !at_least(low, b'-' + 1) & ascii;
            sets.digits |= gather(digits) << shift;
            sets.numeric |= gather(digits | spaces | hyphens) << shift;
            sets.capitals |= gather(capitals) << shift;
        }
        sets
    }

    fn candidates(&self, after_digit: u64) -> u64 {
        let first = self.digits & !(self.digits << 1 | after_digit);
        let three = self.digits & self.digits >> 1 & self.digits >> 2;
        let two_numeric = self.numeric & self.numeric >> 1;
        let four_numeric = two_numeric & two_numeric >> 2;
        let eight_numeric = four_numeric & four_numeric >> 4;
        let eleven_numeric = eight_numeric & eight_numeric >> 3;
        let account = self.capitals & self.capitals >> 1 & self.digits >> 2 & self.digits >> 3;
        (first & three & eleven_numeric) | account
    }
}

/// The high bit of every byte whose low seven bits are at least `bound`, which is below 128.
const fn at_least(low: u64, bound: u8) -> u64 {
    let carry = 0x80 - bound as u64;
    // No byte overflows into the next: 0x7f + 0x80 fits.
    low.wrapping_add(carry.wrapping_mul(0x0101_0101_0101_0101)) & HIGH_BITS
}

/// The high bits of eight bytes as eight bits.
const fn gather(high_bits: u64) -> u64 {
    (high_bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sets_are_what_they_say(bytes in proptest::collection::vec(any::<u8>(), WINDOW)) {
            let window: &[u8; WINDOW] = bytes.as_slice().try_into().unwrap();
            let sets = Sets::of(window);
            for (place, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(sets.digits >> place & 1 == 1, byte.is_ascii_digit());
                prop_assert_eq!(sets.capitals >> place & 1 == 1, byte.is_ascii_uppercase());
                prop_assert_eq!(sets.numeric >> place & 1 == 1, byte.is_ascii_digit() || matches!(byte, b' ' | b'-'));
            }
        }
    }
}
