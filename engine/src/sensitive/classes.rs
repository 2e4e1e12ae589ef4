//! What kind of byte stands where, 64 bytes at a time.
//!
//! Each class is a mask: bit `n` says whether byte `n` belongs to it. Masks are made with vector compares,
//! which are `simd128` instructions in wasm and AVX2, SSE2 or NEON natively; what follows from neighbours is arithmetic on the
//! masks, see [`super::triggers`].

use wide::u8x32;

/// How many bytes one set of masks covers.
pub(super) const BLOCK: usize = 64;
/// How many bytes are compared at once, where the processor can; in two halves elsewhere.
const LANE: usize = 32;

/// The classes of 64 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Classes {
    /// `0-9`.
    pub(super) digit: u64,
    /// `a-z`.
    pub(super) lower: u64,
    /// `A-Z`.
    pub(super) upper: u64,
    /// Digits, and what joins groups of them: space, `-`, `.` and `/`.
    pub(super) numeric: u64,
    /// `.`.
    pub(super) dot: u64,
    /// `:`.
    pub(super) colon: u64,
    /// `@` and `+`.
    pub(super) marks: u64,
    /// Bytes of characters beyond ASCII.
    pub(super) high: u64,
}

/// The bit in which a small letter differs from its capital.
const SMALL: u8 = 0x20;

impl Classes {
    /// The classes of a block.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "where it is a call, its masks go through memory")]
    pub(super) fn of(block: &[u8; BLOCK]) -> Self {
        let ([low, high], _) = block.as_chunks::<LANE>() else { return Self::default() };
        let lanes = (u8x32::new(*low), u8x32::new(*high));
        let letter = masks(lanes, |bytes| within(bytes | u8x32::splat(SMALL), b'a', 25));
        // A mask takes the highest bit of each byte, and what is doubled twice has this one there.
        let small = masks(lanes, |bytes| {
            let doubled = bytes + bytes;
            doubled + doubled
        });
        Self {
            digit: masks(lanes, |bytes| within(bytes, b'0', 9)),
            lower: letter & small,
            upper: letter & !small,
            // `-`, `.` and `/` stand in front of the digits.
            numeric: masks(lanes, |bytes| within(bytes, b'-', b'9' - b'-') | is(bytes, b' ')),
            dot: masks(lanes, |bytes| is(bytes, b'.')),
            colon: masks(lanes, |bytes| is(bytes, b':')),
            marks: masks(lanes, |bytes| is(bytes, b'@') | is(bytes, b'+')),
            // The highest bit of a byte is what a mask takes anyway.
            high: masks(lanes, |bytes| bytes),
        }
    }

    /// The classes of what may still come: every byte fits every class.
    pub(super) const OPEN: Self = Self {
        digit: u64::MAX,
        lower: u64::MAX,
        upper: u64::MAX,
        numeric: u64::MAX,
        dot: u64::MAX,
        colon: u64::MAX,
        marks: 0,
        high: 0,
    };

    /// The classes of fewer bytes than a block. What lies behind them fits every class, unless nothing follows.
    #[inline(never)]
    pub(super) fn of_rest(rest: &[u8], end: bool) -> Self {
        let mut block = [0; BLOCK];
        for (slot, byte) in block.iter_mut().zip(rest) {
            *slot = *byte;
        }
        let there = Self::of(&block);
        if end || rest.len() >= BLOCK {
            return there;
        }
        let behind = u64::MAX << rest.len();
        let or = |mask: u64, open: u64| mask | (open & behind);
        Self {
            digit: or(there.digit, Self::OPEN.digit),
            lower: or(there.lower, Self::OPEN.lower),
            upper: or(there.upper, Self::OPEN.upper),
            numeric: or(there.numeric, Self::OPEN.numeric),
            dot: or(there.dot, Self::OPEN.dot),
            colon: or(there.colon, Self::OPEN.colon),
            ..there
        }
    }

    /// Letters and digits.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "two instructions")]
    pub(super) const fn word(&self) -> u64 {
        self.digit | self.lower | self.upper
    }
}

/// The mask of what matches in both halves of a block.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a call for each class costs more than the class")]
fn masks((low, high): (u8x32, u8x32), matches: impl Fn(u8x32) -> u8x32) -> u64 {
    u64::from(matches(low).to_bitmask()) | u64::from(matches(high).to_bitmask()) << LANE
}

/// How many digits a text begins with, at most 32.
#[inline]
pub(super) fn digits_ahead(text: &[u8]) -> usize {
    match text.first_chunk::<LANE>() {
        Some(ahead) => within(u8x32::new(*ahead), b'0', 9).to_bitmask().trailing_ones() as usize,
        None => text.iter().take_while(|byte| byte.is_ascii_digit()).count(),
    }
}

/// Which bytes lie from `first` to `first + width`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one or a few vector instructions")]
fn within(bytes: u8x32, first: u8, width: u8) -> u8x32 {
    let distance = bytes - u8x32::splat(first);
    distance.min(u8x32::splat(width)).simd_eq(distance)
}

/// Which bytes are this one.
#[inline(always)]
#[expect(clippy::inline_always, reason = "one or a few vector instructions")]
fn is(bytes: u8x32, byte: u8) -> u8x32 {
    bytes.simd_eq(u8x32::splat(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_classified_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in [0, 15, 16, 63] {
                let mut block = [0; BLOCK];
                block[place] = byte;
                let classes = Classes::of(&block);
                let bit = |holds: bool| u64::from(holds) << place;
                assert_eq!(classes.digit, bit(byte.is_ascii_digit()), "{byte}");
                assert_eq!(classes.lower, bit(byte.is_ascii_lowercase()), "{byte}");
                assert_eq!(classes.upper, bit(byte.is_ascii_uppercase()), "{byte}");
                let is_numeric = byte.is_ascii_digit() || b" -./".contains(&byte);
                assert_eq!(classes.numeric, bit(is_numeric), "{byte}");
                assert_eq!(classes.marks, bit(b"@+".contains(&byte)), "{byte}");
                assert_eq!(classes.dot, bit(byte == b'.'), "{byte}");
                assert_eq!(classes.colon, bit(byte == b':'), "{byte}");
                assert_eq!(classes.high, bit(byte >= 0x80), "{byte}");
            }
        }
    }

    #[test]
    fn what_may_still_come_fits_every_class() {
        let classes = Classes::of_rest(b"ab", false);
        assert_eq!(classes.digit, u64::MAX << 2);
        assert_eq!(classes.lower, u64::MAX);
        assert_eq!(Classes::of_rest(b"ab", true).lower, 0b11);
    }
}
