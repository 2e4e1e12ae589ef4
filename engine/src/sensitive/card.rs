//! Payment card numbers: 13 to 19 digits with an issuer's prefix and length (ISO/IEC 7812) and a Luhn check digit.
//!
//! Accepted are digits without separators, and with single spaces, hyphens or dots in the groupings that cards and forms use.
//! Refused are digits that belong to something longer: words, decimal numbers, phone numbers that begin with `+`, and
//! numbers joined to others by hyphens, as in UUIDs.

use super::examined::Examined;
use super::text::{Known, Text, is_digit};

/// The most digits of a card number.
const LONGEST: usize = 19;

/// How the digits of a card are grouped, the usual ones first: where several fit, the first one counts.
const GROUPINGS: &[&[u8]] = &[
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 4, 3],
    &[6, 13],
    &[4, 4, 4, 3],
    &[4, 4, 4, 2],
    &[4, 4, 4, 1],
    &[4, 3, 3, 3],
    &[4, 4, 5],
    &[4, 5, 6],
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[8, 8],
];

/// The most groups that a grouping has.
const MOST_GROUPS: usize = 5;

/// An issuer: the first and last of its six-digit prefixes, and the lengths it issues, bit `n` for `n` digits.
struct Issuer {
    first: u32,
    last: u32,
    lengths: u32,
}

const fn issuer(first: u32, last: u32, lengths: &[u32]) -> Issuer {
    let mut bits = 0;
    let mut rest = lengths;
    while let Some((length, others)) = rest.split_first() {
        bits |= 1 << *length;
        rest = others;
    }
    Issuer { first, last, lengths: bits }
}

const FROM_16: &[u32] = &[16, 17, 18, 19];
const FROM_13: &[u32] = &[13, 14, 15, 16, 17, 18, 19];

/// The networks' published ranges, in ascending order; where ranges overlap, both are listed.
const ISSUERS: &[Issuer] = &[
    issuer(100_000, 199_999, &[15]),         // UATP
    issuer(220_000, 220_599, FROM_16),       // Mir, Borica
    issuer(222_100, 272_099, &[16]),         // Mastercard
    issuer(300_000, 305_999, &[14, 16, 19]), // Diners Club
    issuer(309_500, 309_599, &[14, 16, 19]), // Diners Club
    issuer(340_000, 349_999, &[15]),         // American Express
    issuer(352_800, 358_999, FROM_16),       // JCB
    issuer(360_000, 369_999, &[14, 19]),     // Diners Club
    issuer(370_000, 379_999, &[15]),         // American Express
    issuer(380_000, 399_999, &[14, 19]),     // Diners Club
    issuer(400_000, 499_999, &[13, 16, 19]), // Visa
    issuer(501_800, 501_899, FROM_13),       // Maestro
    issuer(501_900, 501_999, &[16]),         // Dankort
    issuer(502_000, 502_099, FROM_13),       // Maestro
    issuer(503_800, 503_899, FROM_13),       // Maestro
    issuer(504_100, 504_199, &[16]),         // Elo
    issuer(506_099, 506_198, &[16, 18, 19]), // Verve
    issuer(506_600, 506_799, &[16]),         // Elo
    issuer(507_865, 507_964, &[16, 18, 19]), // Verve
    issuer(508_500, 508_999, &[16]),         // RuPay
    issuer(509_000, 509_999, &[16]),         // Elo
    issuer(510_000, 559_999, &[16]),         // Mastercard
    issuer(563_900, 563_999, FROM_13),       // Maestro
    issuer(567_000, 567_999, FROM_13),       // Maestro
    issuer(589_300, 589_399, FROM_13),       // Maestro
    issuer(601_100, 601_199, FROM_16),       // Discover
    issuer(604_001, 604_200, FROM_16),       // UkrCard
    issuer(606_282, 606_282, &[16]),         // Hipercard
    issuer(606_985, 607_984, &[16]),         // RuPay
    issuer(608_001, 608_500, &[16]),         // RuPay
    issuer(620_000, 629_999, FROM_16),       // UnionPay
    issuer(630_400, 630_499, FROM_13),       // Maestro
    issuer(636_000, 636_999, FROM_16),       // InterPayment, Elo
    issuer(637_000, 639_999, &[16]),         // InstaPayment
    issuer(644_000, 659_999, FROM_16),       // Discover, RuPay, Troy
    issuer(670_300, 670_399, FROM_16),       // Bancontact
    issuer(670_600, 670_699, FROM_16),       // Laser
    issuer(670_900, 670_999, FROM_16),       // Laser
    issuer(675_900, 675_999, FROM_13),       // Maestro
    issuer(676_100, 676_399, FROM_13),       // Maestro
    issuer(676_700, 676_799, FROM_13),       // Maestro
    issuer(677_100, 677_199, FROM_16),       // Laser
    issuer(810_000, 820_199, FROM_16),       // UnionPay, RuPay
    issuer(860_000, 860_099, &[16]),         // Uzcard
    issuer(970_400, 970_499, &[16, 19]),     // Napas
    issuer(979_200, 979_299, &[16]),         // Troy
    issuer(986_000, 986_099, &[16]),         // Humo
];

/// The three digits that cards' numbers begin with, a bit for each.
const BEGINNINGS: [u64; 16] = {
    let mut beginnings = [0; 16];
    let mut rest = ISSUERS;
    while let Some((issuer, others)) = rest.split_first() {
        let mut beginning = issuer.first / 1000;
        while beginning <= issuer.last / 1000 {
            #[expect(clippy::indexing_slicing, reason = "a place beyond the end fails the build")]
            {
                beginnings[beginning as usize / 64] |= 1 << (beginning % 64);
            }
            beginning += 1;
        }
        rest = others;
    }
    beginnings
};

/// Whether a card's number begins with these digits.
fn begins_card([a, b, c]: [u8; 3]) -> bool {
    let beginning = [a, b, c]
        .iter()
        .fold(0_u32, |number, digit| number.wrapping_mul(10).wrapping_add(u32::from(digit & 15)));
    BEGINNINGS.get(beginning as usize / 64).is_some_and(|bits| bits >> (beginning % 64) & 1 == 1)
}

/// Examines a place where a run of digits begins.
pub(super) fn examine(text: &Text<'_>, start: usize) -> Examined {
    if !text.at(start).is_some_and(|first| matches!(first, b'1'..=b'6' | b'8' | b'9'))
        || !text.begins_number(start, is_digit)
    {
        return Examined::None;
    }
    let groups = Groups::read(text, start);
    let first = groups.first_length();
    if first > LONGEST {
        return Examined::None;
    }
    if first >= 13 || (groups.open && groups.count == 1) {
        return groups.decide(text, start, &[u8::try_from(first).unwrap_or(0)]).unwrap_or(Examined::None);
    }
    GROUPINGS.iter().find_map(|grouping| groups.decide(text, start, grouping)).unwrap_or(Examined::None)
}

/// Waits until it is known whether another group follows a card number in groups, see [`stands_alone_in_groups`].
pub(super) fn whole_row(text: &Text<'_>, start: usize, examined: Examined) -> Examined {
    let Examined::Until(end) = examined else { return examined };
    let is_plain = text.bytes.get(start..end).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    if is_plain || !matches!(text.at(end), Some(b' ' | b'-' | b'.')) {
        return examined;
    }
    let row =
        (1..=ROW_GROUP).take_while(|distance| text.at(end.saturating_add(*distance)).is_some_and(is_digit));
    let next = end.saturating_add(row.count()).saturating_add(1);
    if text.is_open(next) && next <= end.saturating_add(ROW_GROUP) { Examined::Open } else { examined }
}

/// A group of so many digits beside a card number makes it a part of a longer number, such as a parcel's.
const ROW_GROUP: usize = 4;

/// Whether a number is written in groups, as people write card numbers and hardly anything else, and is not a part of a longer
/// row of groups.
pub(super) fn stands_alone_in_groups(text: &Text<'_>, start: usize, number: &[u8]) -> bool {
    let Some(separator) = number.iter().copied().find(|byte| !byte.is_ascii_digit()) else { return false };
    let end = start.saturating_add(number.len());
    let group = |at: &dyn Fn(usize) -> Option<u8>| {
        at(0) == Some(separator) && (1..=ROW_GROUP).all(|distance| at(distance).is_some_and(is_digit))
    };
    let before = group(&|distance| text.behind(start, distance.saturating_add(1)));
    let after = group(&|distance| text.at(end.saturating_add(distance)));
    !before && !after
}

/// Whether these digits, as they are written, are a card's.
pub(super) fn is_plain_card(written: &[u8]) -> bool {
    // Moments in time begin with 1 and have another length; three of four numbers begin as no card does.
    let is_moment = written.first() == Some(&b'1') && written.len() != 15;
    let may_be = matches!(written.len(), 13..=LONGEST) && !is_moment;
    if !may_be || !written.first_chunk().is_some_and(|first| begins_card(*first)) {
        return false;
    }
    let mut digits = [0; LONGEST];
    digits.iter_mut().zip(written).for_each(|(slot, byte)| *slot = byte & 15);
    digits.get(..written.len()).is_some_and(is_card)
}

/// Whether these digits (as numbers) are a card's.
pub(super) fn is_card(digits: &[u8]) -> bool {
    // Cheapest first: nine of ten numbers fail the check digit.
    let Some(prefix) = digits.get(..6).filter(|_| luhn(digits)) else { return false };
    let prefix =
        prefix.iter().fold(0_u32, |prefix, digit| prefix.wrapping_mul(10).wrapping_add(u32::from(*digit)));
    let length = 1_u32.checked_shl(u32::try_from(digits.len()).unwrap_or(u32::MAX)).unwrap_or(0);
    let issued = ISSUERS.iter().any(|i| i.first <= prefix && prefix <= i.last && i.lengths & length != 0);
    issued && !is_ean13(digits)
}

/// Whether the last of these digits (as numbers) is the Luhn check digit of those before it.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            if place % 2 == 0 {
                digit
            } else if digit < 5 {
                digit.wrapping_mul(2)
            } else {
                digit.wrapping_mul(2).wrapping_sub(9)
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Thirteen digits are far more often the article number of a product (GS1) than an old card; a product of Germany begins
/// with 4 as well. One in ten old cards is lost by this, nearly all products are kept out.
fn is_ean13(digits: &[u8]) -> bool {
    let weighted =
        |(place, digit): (usize, &u8)| u32::from(*digit).wrapping_mul(if place % 2 == 0 { 1 } else { 3 });
    digits.len() == 13 && digits.iter().enumerate().map(weighted).sum::<u32>().is_multiple_of(10)
}

/// Groups of digits joined by one kind of separator.
struct Groups {
    digits: [u8; LONGEST],
    lengths: [usize; MOST_GROUPS],
    count: usize,
    separator: Option<u8>,
    /// What is there ends inside of the last group, or behind its separator: it may go on.
    open: bool,
}

impl Groups {
    /// Reads up to [`MOST_GROUPS`] groups and a few digits more than a card has.
    fn read(text: &Text<'_>, start: usize) -> Self {
        let mut groups =
            Self { digits: [0; LONGEST], lengths: [0; MOST_GROUPS], count: 0, separator: None, open: false };
        let mut position = start;
        let mut total = 0_usize;
        for length in &mut groups.lengths {
            groups.count = groups.count.saturating_add(1);
            while let Some(digit) = text.at(position).filter(u8::is_ascii_digit) {
                if let Some(slot) = groups.digits.get_mut(total) {
                    *slot = digit.wrapping_sub(b'0');
                }
                total = total.saturating_add(1);
                *length = length.saturating_add(1);
                position = position.saturating_add(1);
                if total > LONGEST {
                    return groups;
                }
            }
            if text.is_open(position) {
                groups.open = true;
                return groups;
            }
            let next = position.saturating_add(1);
            match text.at(position) {
                Some(byte @ (b' ' | b'-' | b'.')) if groups.separator.is_none_or(|known| known == byte) => {
                    groups.separator = Some(byte);
                }
                _ => return groups,
            }
            if !text.is_open(next) && !text.at(next).is_some_and(|byte| byte.is_ascii_digit()) {
                return groups;
            }
            position = next;
        }
        groups
    }

    fn first_length(&self) -> usize {
        self.lengths.first().copied().unwrap_or(0)
    }

    /// Whether the first groups have these lengths and are a card. Nothing where they are not.
    fn decide(&self, text: &Text<'_>, start: usize, grouping: &[u8]) -> Option<Examined> {
        // Two groups with a dot are a number and its fraction.
        if self.separator == Some(b'.') && grouping.len() == 2 {
            return None;
        }
        let last = self.count.saturating_sub(1);
        let mut total = 0_usize;
        for (position, wanted) in grouping.iter().enumerate() {
            let wanted = usize::from(*wanted);
            let length = self.lengths.get(position).copied().unwrap_or(0);
            if self.open && position == last && length <= wanted {
                return Some(Examined::Open);
            }
            if position > last || length != wanted {
                return None;
            }
            total = total.saturating_add(length);
        }
        if !is_card(self.digits.get(..total)?) {
            return None;
        }
        let end = start.saturating_add(total).saturating_add(grouping.len()).saturating_sub(1);
        match text.ends_number(end, is_digit) {
            Known::Yes => Some(Examined::Until(end)),
            Known::Open => Some(Examined::Open),
            Known::No => None,
        }
    }
}
