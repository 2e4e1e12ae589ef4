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
    /// What joins groups of a number: space, `-`, `.` and `/`.
    pub(super) joint: u64,
    /// `.`.
    pub(super) dot: u64,
    /// `:`.
    pub(super) colon: u64,
    /// `@` and `+`.
    pub(super) marks: u64,
    /// Bytes of characters beyond ASCII.
    pub(super) high: u64,
}

/// The classes of which a scan needs more than letters, digits and joints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `.` and `:`, for addresses.
    pub(super) addresses: bool,
    /// `@` and `+`.
    pub(super) marks: bool,
    /// Characters beyond ASCII, which words of other scripts begin with.
    pub(super) high: bool,
}

impl Classes {
    /// The classes of a block.
    #[inline]
    pub(super) fn of(block: &[u8; BLOCK], wanted: Wanted) -> Self {
        let ([low, high], _) = block.as_chunks::<LANE>() else { return Self::default() };
        let lanes = (u8x32::new(*low), u8x32::new(*high));
        Self {
            digit: masks(lanes, |bytes| within(bytes, b'0', 9)),
            lower: masks(lanes, |bytes| within(bytes, b'a', 25)),
            upper: masks(lanes, |bytes| within(bytes, b'A', 25)),
            // `-`, `.` and `/` stand beside each other.
            joint: masks(lanes, |bytes| within(bytes, b'-', 2) | is(bytes, b' ')),
            dot: if wanted.addresses { masks(lanes, |bytes| is(bytes, b'.')) } else { 0 },
            colon: if wanted.addresses { masks(lanes, |bytes| is(bytes, b':')) } else { 0 },
            marks: if wanted.marks { masks(lanes, |bytes| is(bytes, b'@') | is(bytes, b'+')) } else { 0 },
            // The highest bit of a byte is what a mask takes anyway.
            high: if wanted.high { masks(lanes, |bytes| bytes) } else { 0 },
        }
    }

    /// The classes of what may still come: every byte fits every class.
    pub(super) const OPEN: Self = Self {
        digit: u64::MAX,
        lower: u64::MAX,
        upper: u64::MAX,
        joint: u64::MAX,
        dot: u64::MAX,
        colon: u64::MAX,
        marks: 0,
        high: 0,
    };

    /// The classes of fewer bytes than a block. What lies behind them fits every class, unless nothing follows.
    pub(super) fn of_rest(rest: &[u8], wanted: Wanted, end: bool) -> Self {
        let mut block = [0; BLOCK];
        for (slot, byte) in block.iter_mut().zip(rest) {
            *slot = *byte;
        }
        let there = Self::of(&block, wanted);
        if end || rest.len() >= BLOCK {
            return there;
        }
        let behind = u64::MAX << rest.len();
        let or = |mask: u64, open: u64| mask | (open & behind);
        Self {
            digit: or(there.digit, Self::OPEN.digit),
            lower: or(there.lower, Self::OPEN.lower),
            upper: or(there.upper, Self::OPEN.upper),
            joint: or(there.joint, Self::OPEN.joint),
            dot: or(there.dot, Self::OPEN.dot),
            colon: or(there.colon, Self::OPEN.colon),
            ..there
        }
    }

    /// Letters and digits.
    #[inline]
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

/// Which bytes lie from `first` to `first + width`.
#[inline]
fn within(bytes: u8x32, first: u8, width: u8) -> u8x32 {
    let distance = bytes - u8x32::splat(first);
    distance.min(u8x32::splat(width)).simd_eq(distance)
}

/// Which bytes are this one.
#[inline]
fn is(bytes: u8x32, byte: u8) -> u8x32 {
    bytes.simd_eq(u8x32::splat(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_classified_at_every_place() {
        let wanted = Wanted { addresses: true, marks: true, high: true };
        for byte in 0..=u8::MAX {
            for place in [0, 15, 16, 63] {
                let mut block = [0; BLOCK];
                block[place] = byte;
                let classes = Classes::of(&block, wanted);
                let bit = |holds: bool| u64::from(holds) << place;
                assert_eq!(classes.digit, bit(byte.is_ascii_digit()), "{byte}");
                assert_eq!(classes.lower, bit(byte.is_ascii_lowercase()), "{byte}");
                assert_eq!(classes.upper, bit(byte.is_ascii_uppercase()), "{byte}");
                assert_eq!(classes.joint, bit(b" -./".contains(&byte)), "{byte}");
                assert_eq!(classes.marks, bit(b"@+".contains(&byte)), "{byte}");
                assert_eq!(classes.dot, bit(byte == b'.'), "{byte}");
                assert_eq!(classes.colon, bit(byte == b':'), "{byte}");
                assert_eq!(classes.high, bit(byte >= 0x80), "{byte}");
            }
        }
    }

    #[test]
    fn what_may_still_come_fits_every_class() {
        let classes = Classes::of_rest(b"ab", Wanted::default(), false);
        assert_eq!(classes.digit, u64::MAX << 2);
        assert_eq!(classes.lower, u64::MAX);
        assert_eq!(Classes::of_rest(b"ab", Wanted::default(), true).lower, 0b11);
    }
}
