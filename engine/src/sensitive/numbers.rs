//! The pass that looks for numbers: cards, account numbers, social security numbers.
//!
//! Places are examined from left to right, and what has been taken for one number is no part of another: groups of an
//! account number are not mistaken for a card's.

use std::ops::Range;

use super::blocks::{STEP, places};
use super::card::Card;
use super::iban::Iban;
use super::text::{Known, Text};
use super::{card, iban, ssn};
use crate::vocabulary::Detector;

/// Reports every number that begins at `from` or behind. Returns where the next pass begins, which is also where a
/// number may begin that is not decided.
pub(super) fn scan(text: &Text<'_>, from: usize, mut found: impl FnMut(Detector, Range<usize>)) -> usize {
    let mut step = from;
    let mut taken = from;
    while step < text.bytes.len() {
        for (position, mut word) in places(text, step).into_iter().enumerate() {
            while word != 0 {
                let byte = word.trailing_zeros() / 8;
                word &= word.wrapping_sub(1);
                let start = step.saturating_add(position.wrapping_mul(8)).saturating_add(byte as usize);
                if start < taken {
                    continue;
                }
                match examine(text, start) {
                    Number::None => {}
                    Number::Open => return start,
                    Number::Until(detector, end) => {
                        found(detector, start..end);
                        taken = end;
                    }
                }
            }
        }
        step = step.saturating_add(STEP);
    }
    text.bytes.len()
}

enum Number {
    None,
    /// The bytes that decide are still to come.
    Open,
    Until(Detector, usize),
}

fn examine(text: &Text<'_>, start: usize) -> Number {
    if text.at(start).is_some_and(|byte| byte.is_ascii_uppercase()) {
        return match iban::examine(text, start) {
            Iban::None => Number::None,
            Iban::Open => Number::Open,
            Iban::Until(end) => Number::Until(Detector::Iban, end),
        };
    }
    match ssn::examine(text, start) {
        Known::Yes => return Number::Until(Detector::UsSsn, ssn::end(start)),
        Known::Open => return Number::Open,
        Known::No => {}
    }
    match card::examine(text, start) {
        Card::None => Number::None,
        Card::Open => Number::Open,
        Card::Until(end) => Number::Until(Detector::PaymentCard, end),
    }
}
