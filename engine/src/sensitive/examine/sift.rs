//! Passes over what cannot be a value, before anything is looked at: a filter of beginnings, and what follows digits.

use super::{Probe, is_in};
use crate::sensitive::card;
use crate::sensitive::classes::{BLOCK, digits_ahead};

/// A block, and behind it as much as is compared with a literal.
const WINDOW: usize = BLOCK.saturating_add(8);

impl Probe<'_, '_> {
    /// Of the places of a block at which words begin, those at which a literal may.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a part of the innermost loop")]
    pub(in crate::sensitive) fn words(&self, base: usize, words: u64) -> u64 {
        let literals = &self.table.literals;
        let Some(filter) = literals.filter().filter(|_| words != 0) else { return 0 };
        let rest = self.text.bytes.get(base..).unwrap_or_default();
        let Some(window) = rest.first_chunk::<WINDOW>() else { return self.last_words(base, words) };
        let mut left = words;
        let mut hits = 0;
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            let four = window.get(at as usize..).and_then(|rest| rest.first_chunk());
            hits |= four.map_or(0, |four| filter.may_begin(*four)) << at;
        }
        let mut begins = 0;
        while hits != 0 {
            let at = hits.trailing_zeros();
            hits &= hits.wrapping_sub(1);
            let eight = window.get(at as usize..).and_then(|rest| rest.first_chunk());
            begins |= u64::from(eight.is_some_and(|eight| filter.begins(*eight))) << at;
        }
        begins
    }

    /// The same for the last block, whose last words are not all there.
    #[inline(never)]
    fn last_words(&self, base: usize, words: u64) -> u64 {
        let mut left = words;
        let mut begins = 0;
        while left != 0 {
            let at = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            let rest = self.text.bytes.get(base.saturating_add(at as usize)..).unwrap_or_default();
            let may_begin =
                rest.first_chunk().is_none_or(|beginning| self.table.literals.may_begin(*beginning));
            begins |= u64::from(may_begin) << at;
        }
        begins
    }

    /// Whether something other than a literal may begin here, told from digits or a `+` and what follows them. No context
    /// word speaks.
    #[inline]
    pub(in crate::sensitive) fn may_begin_value(&self, start: usize) -> bool {
        let rest = self.text.bytes.get(start..).unwrap_or_default();
        match rest.first() {
            Some(b'0'..=b'9') => {
                let digits = digits_ahead(rest);
                rest.get(digits).is_none_or(|next| {
                    matches!(next, b' ' | b'-' | b'.' | b'0'..=b'9')
                        || is_in(&self.table.behind_digits, *next)
                        || rest.get(..digits).is_some_and(card::is_plain_card)
                        || rest.get(4).is_none_or(|fifth| *fifth == b':')
                })
            }
            Some(b'+') => {
                rest.get(1).is_none_or(|next| matches!(next, b'0'..=b'9' | b' ' | b'-' | b'.' | b'(' | b')'))
            }
            _ => true,
        }
    }

    /// Whether a look at a place where a letter stands could see anything.
    pub(in crate::sensitive) fn is_worth_a_look(&self, start: usize, context: u64) -> bool {
        let rest = self.text.bytes.get(start..).unwrap_or_default();
        context & self.table.letters != 0
            || !rest.first().is_some_and(u8::is_ascii_lowercase)
            || rest.first_chunk::<8>().is_none_or(|beginning| self.table.literals.may_begin(*beginning))
    }

    /// Whether capitals and digits follow one another as [`super::triggers`] stops at them, or may.
    pub(super) fn has_shape_of_capitals(&self, start: usize) -> bool {
        let rest = self.text.bytes.get(start.saturating_add(1)..).unwrap_or_default();
        let ahead = rest.get(..7).unwrap_or(rest);
        rest.first().is_none_or(u8::is_ascii_uppercase) || ahead.iter().all(u8::is_ascii_digit)
    }
}
