//! Where something may begin: the few places of a text that are worth a closer look.
//!
//! Everything that is looked for begins in one of these ways, so that all other bytes are passed over 64 at a time:
//!
//! - *words*: a letter or digit behind something that is neither, or a capital letter behind a small one. The literals are
//!   looked up there (names of keys, prefixes of tokens, beginnings of messages);
//! - *digits*: the first two digits of at least eleven digits and joints in all (cards, grouped ids);
//! - *capitals*: capital letters and digits as account numbers and ids have them;
//! - *addresses*: digits and dots of IPv4, groups and colons of IPv6;
//! - `@` and `+`.
//!
//! Whether a place is one depends on the byte in front of it and the thirteen behind it only.

use super::classes::{BLOCK, Classes};

/// What may begin at the places of a block, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Where literals are looked up.
    pub(super) words: u64,
    /// Everything else.
    pub(super) others: u64,
}

/// What the byte in front of a block is.
#[derive(Clone, Copy, Debug, Default)]
struct Front {
    is_digit: bool,
    is_lower: bool,
    is_word: bool,
    is_high: bool,
}

/// Goes through a text block by block.
#[derive(Debug)]
pub(super) struct Blocks<'t> {
    bytes: &'t [u8],
    end: bool,
    wanted: Trigger,
    front: Front,
    /// The classes of the block at `position`.
    current: Classes,
    position: usize,
}

/// What a scan looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trigger {
    /// Literals.
    pub(super) words: bool,
    /// Literals that begin with a digit.
    pub(super) digit_words: bool,
    /// Digits.
    pub(super) digits: bool,
    /// Capitals.
    pub(super) capitals: bool,
    /// IP addresses.
    pub(super) addresses: bool,
    /// `@` and `+`.
    pub(super) marks: bool,
    /// Literals that begin with a character beyond ASCII.
    pub(super) high_words: bool,
}

impl<'t> Blocks<'t> {
    /// Starts with the block that begins at `position`; `front` is the byte before it, if there is one.
    pub(super) fn new(
        bytes: &'t [u8],
        position: usize,
        front: Option<u8>,
        end: bool,
        wanted: Trigger,
    ) -> Self {
        let front = front.map_or(Front::default(), |byte| Front {
            is_digit: byte.is_ascii_digit(),
            is_lower: byte.is_ascii_lowercase(),
            is_word: byte.is_ascii_alphanumeric(),
            is_high: byte >= 0x80,
        });
        let current = classes(bytes, position, end);
        Self { bytes, end, wanted, front, current, position }
    }

    /// The next block: where it begins, and its places.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "its masks stay in registers")]
    pub(super) fn next(&mut self) -> Option<(usize, Places)> {
        let position = self.position;
        let there = self.bytes.len().checked_sub(position).filter(|there| *there > 0)?;
        let following = classes(self.bytes, position.saturating_add(BLOCK), self.end);
        let mut places = self.places(&following);
        if there < BLOCK {
            let inside = (1_u64 << there).wrapping_sub(1);
            places.words &= inside;
            places.others &= inside;
        }
        let last = |mask: u64| mask >> (BLOCK - 1) != 0;
        self.front = Front {
            is_digit: last(self.current.digit),
            is_lower: last(self.current.lower),
            is_word: last(self.current.word()),
            is_high: last(self.current.high),
        };
        self.current = following;
        self.position = position.saturating_add(BLOCK);
        Some((position, places))
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "its masks stay in registers")]
    fn places(&self, following: &Classes) -> Places {
        let here = &self.current;
        let word = here.word();
        let after_word = word << 1 | u64::from(self.front.is_word);
        let mut places = Places { words: 0, others: if self.wanted.marks { here.marks } else { 0 } };
        if self.wanted.words {
            let after_lower = here.lower << 1 | u64::from(self.front.is_lower);
            let first = if self.wanted.digit_words { word } else { here.lower | here.upper };
            places.words = (first & !after_word) | (here.upper & after_lower);
            if self.wanted.high_words {
                let after_high = here.high << 1 | u64::from(self.front.is_high);
                places.words |= here.high & !after_high;
            }
        }
        // Everything else has digits, or begins beside them.
        if here.digit | following.digit != 0 {
            let after_digit = here.digit << 1 | u64::from(self.front.is_digit);
            places.others |= self.numbers(following, after_digit);
            if self.wanted.capitals && here.upper | following.upper != 0 {
                // Behind a small letter too: in a text without escapes of its own, `\n` ends in one.
                let is_after_capital = self.front.is_word && !self.front.is_lower;
                let after_capital = here.upper << 1 | u64::from(is_after_capital) | after_digit;
                places.others |= capitals(here, following, after_capital);
            }
            if self.wanted.addresses {
                places.others |= addresses(here, following, after_word, after_digit);
            }
        }
        places
    }

    /// Digits, and digits with a capital letter behind them.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "its masks stay in registers")]
    fn numbers(&self, following: &Classes, after_digit: u64) -> u64 {
        let here = &self.current;
        let two_digits = here.digit & !after_digit & shifted(here.digit, following.digit, 1);
        if two_digits == 0 {
            return 0;
        }
        let mut places = 0;
        if self.wanted.digits {
            places |= two_digits & runs_of_eleven(here.numeric, following.numeric);
        }
        if self.wanted.capitals && here.upper | following.upper != 0 {
            // Eight digits and a capital letter.
            let before_capital = two_digits & shifted(here.upper, following.upper, 8);
            if before_capital != 0 {
                places |= before_capital & runs_of_eight(here.digit, following.digit);
            }
        }
        places
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "its masks stay in registers")]
fn classes(bytes: &[u8], position: usize, end: bool) -> Classes {
    let rest = bytes.get(position..).unwrap_or_default();
    match rest.first_chunk::<BLOCK>() {
        Some(block) => Classes::of(block),
        None => Classes::of_rest(rest, end),
    }
}

/// A mask as seen from so many places further on, 1 to 63.
#[inline(always)]
#[expect(clippy::inline_always, reason = "its masks stay in registers")]
const fn shifted(here: u64, following: u64, by: u32) -> u64 {
    here >> by | following << (BLOCK as u32 - by)
}

/// Where a mask that holds for `by` places in a row holds for twice as many, here and in the following block. The following
/// block's is right only as far as this block needs it.
#[inline(always)]
#[expect(clippy::inline_always, reason = "its masks stay in registers")]
const fn doubled((here, following): (u64, u64), by: u32) -> (u64, u64) {
    (here & shifted(here, following, by), following & following >> by)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "its masks stay in registers")]
const fn runs_of_eight(here: u64, following: u64) -> u64 {
    doubled(doubled(doubled((here, following), 1), 2), 4).0
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "its masks stay in registers")]
const fn runs_of_eleven(here: u64, following: u64) -> u64 {
    let four = doubled(doubled((here, following), 1), 2);
    doubled(four, 4).0 & shifted(four.0, four.1, 7)
}

/// Capital letters and digits in the shapes of `GB29`, `ABCDE12`, `S1234567`, and six letters of sixteen letters and digits.
#[inline(always)]
const fn capitals(here: &Classes, following: &Classes, after_capital: u64) -> u64 {
    const fn at(mask: (u64, u64), by: u32) -> u64 {
        shifted(mask.0, mask.1, by)
    }
    let two_capitals = doubled((here.upper, following.upper), 1);
    let four_capitals = doubled(two_capitals, 2);
    let two_digits = doubled((here.digit, following.digit), 1);
    let four_digits = doubled(two_digits, 2);
    if two_capitals.0 | (here.upper & at(four_digits, 1)) == 0 {
        return 0;
    }
    let account = two_capitals.0 & at(two_digits, 2);
    let five_letters = four_capitals.0 & shifted(here.upper, following.upper, 4) & at(two_digits, 5);
    let either = (here.upper | here.digit, following.upper | following.digit);
    let eight = doubled(doubled(doubled(either, 1), 2), 4);
    let six_letters = four_capitals.0 & at(two_capitals, 4) & eight.0 & at(eight, 8);
    let seven_digits = here.upper & at(four_digits, 1) & at(four_digits, 4);
    (account | five_letters | six_letters | seven_digits) & !after_capital
}

/// Where an IPv4 or IPv6 address may begin.
#[inline(always)]
#[expect(clippy::inline_always, reason = "its masks stay in registers")]
fn addresses(here: &Classes, following: &Classes, after_word: u64, after_digit: u64) -> u64 {
    let first = here.digit & !after_digit;
    let mut places = 0;
    // A dot, one to three characters, and a dot again.
    let following_two = following.dot & (following.dot >> 2 | following.dot >> 3 | following.dot >> 4);
    let dot = |by| shifted(here.dot, following.dot, by);
    let two_dots = here.dot & (dot(2) | dot(3) | dot(4));
    if two_dots | following_two != 0 {
        let two = |by| shifted(two_dots, following_two, by);
        places |= first & (two(1) | two(2) | two(3));
    }
    // Public IPv6 addresses begin with 2 or 3 and have four characters in their first group (RFC 4291, 2000::/3).
    let groups = first & !after_word & shifted(here.colon, following.colon, 4);
    if groups != 0 {
        let word = |by| shifted(here.word(), following.word(), by);
        places |= groups & word(1) & word(2) & word(3);
    }
    places
}
