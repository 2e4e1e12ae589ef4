//! Literals by their first bytes.
//!
//! At every place where a word begins four bytes are hashed and looked up in a bit table. Where the bit is set, as many
//! bytes as the literals of the same hash have, up to eight, are hashed and looked up in a second one. What is left is
//! compared. Thousands of literals cost what ten do, as long as words that are not looked for seldom begin like one that is.

mod filter;

pub(super) use filter::Filter;

use super::text::{Known, Text, is_word};
use super::view::INNER_QUOTE;
use crate::blob::Policy;
use crate::blob::detectors::{LiteralKind, LiteralRecord};
use filter::{COMPARED, LOOKED_UP, folded, folded_beginning, hash_of_whole, next_whole};

/// How many parts the beginnings are sorted into, as a power of two.
const BUCKET_BITS: u32 = 12;

/// Literals by their first bytes. Takes 37 KiB, and 16 bytes for each spelling of a literal's beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beginnings {
    /// Nothing where there are no literals.
    filter: Option<Box<Filter>>,
    /// Where each bucket starts.
    starts: Box<[u32]>,
    sorted: Vec<Beginning>,
    /// Whether a literal begins with a character beyond ASCII.
    pub(super) has_high: bool,
    /// Whether one begins with a digit.
    pub(super) has_digits: bool,
}

/// What a literal begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Beginning {
    bucket: u16,
    /// The first bytes, as many as are compared.
    whole: u64,
    /// The literal; [`IN_CODE`] for what a scanner that is written in code looks for.
    literal: u16,
}

const IN_CODE: u16 = u16::MAX;

/// A literal that stands at a place.
pub(super) struct Literal<'t, 'p> {
    pub(super) record: &'t LiteralRecord<'p>,
    /// Where it ends.
    pub(super) end: usize,
}

impl Beginnings {
    /// Sorts a policy's literals, and what scanners that are written in code look for.
    pub(super) fn of<'c>(policy: &Policy<'_>, in_code: impl Iterator<Item = &'c [u8]>) -> Self {
        let mut beginnings = Self::default();
        let mut filter = Filter::new();
        for beginning in in_code {
            beginnings.add(beginning, IN_CODE, &mut filter);
        }
        for (position, literal) in policy.literals.iter().enumerate() {
            let Ok(position) = u16::try_from(position) else { break };
            let first = literal.text.as_bytes().first();
            beginnings.has_high |= first.is_some_and(|first| *first >= 0x80);
            beginnings.has_digits |= first.is_some_and(u8::is_ascii_digit);
            for spelling in spellings(literal) {
                beginnings.add(&spelling, position, &mut filter);
            }
        }
        if beginnings.sorted.is_empty() {
            return Self::default();
        }
        beginnings.filter = Some(filter);
        beginnings.sorted.sort_unstable();
        beginnings.sorted.dedup();
        let mut next = 0;
        let starts = (0..=1_u32 << BUCKET_BITS).map(|bucket| {
            let rest = beginnings.sorted.get(next..).unwrap_or_default();
            next += rest.iter().take_while(|beginning| u32::from(beginning.bucket) < bucket).count();
            u32::try_from(next).unwrap_or(u32::MAX)
        });
        beginnings.starts = starts.collect();
        beginnings
    }

    fn add(&mut self, beginning: &[u8], literal: u16, filter: &mut Filter) {
        filter.add(beginning);
        let whole = folded_beginning(beginning);
        let bucket = u16::try_from(bucket_of(whole)).unwrap_or(0);
        self.sorted.push(Beginning { bucket, whole, literal });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// What is asked before anything else; nothing where there are no literals.
    pub(super) fn filter(&self) -> Option<&Filter> {
        self.filter.as_deref()
    }

    /// Whether a literal may begin with these bytes, as far as they are compared; hardly ever said where none does.
    #[inline]
    pub(super) fn may_begin(&self, bytes: [u8; COMPARED]) -> bool {
        let [a, b, c, d, ..] = bytes;
        self.filter().is_some_and(|filter| filter.may_begin([a, b, c, d]) != 0 && filter.begins(bytes))
    }

    /// Goes through what begins with these bytes, as far as they are compared.
    #[inline]
    fn each(&self, filter: &Filter, bytes: [u8; COMPARED], mut found: impl FnMut(&Beginning)) {
        let bytes = folded(bytes);
        let mut lengths = filter.lengths(bytes);
        while lengths != 0 {
            let whole = next_whole(bytes, &mut lengths);
            if !filter.may_be(whole) {
                continue;
            }
            let bucket = bucket_of(whole);
            let start = self.starts.get(bucket).copied().unwrap_or(0);
            let end = self.starts.get(bucket.wrapping_add(1)).copied().unwrap_or(0);
            let beginnings = self.sorted.get(start as usize..end as usize).unwrap_or_default();
            beginnings.iter().filter(|beginning| beginning.whole == whole).for_each(&mut found);
        }
    }

    /// Every literal that stands at a place. The answer says whether one may, as far as the text is there.
    pub(super) fn at<'t, 'p>(
        &self,
        policy: &'t Policy<'p>,
        text: &Text<'_>,
        start: usize,
        mut found: impl FnMut(Literal<'t, 'p>),
    ) -> Known {
        let Some(filter) = self.filter() else { return Known::No };
        let rest = text.bytes.get(start..).unwrap_or_default();
        let begins = |four: &[u8; LOOKED_UP]| filter.may_begin(*four) != 0;
        let bytes = match rest.first_chunk() {
            Some(bytes) => *bytes,
            None if text.end => padded(rest),
            // What is not there yet may be anything.
            None if rest.first_chunk().is_none_or(begins) => return Known::Open,
            None => return Known::No,
        };
        let mut known = Known::No;
        if !bytes.first_chunk().is_some_and(begins) {
            return known;
        }
        self.each(filter, bytes, |beginning| {
            let Some(record) = policy.literals.get(usize::from(beginning.literal)) else { return };
            match stands(record, text, start) {
                Stands::No => {}
                Stands::Open => known = Known::Open,
                Stands::Until(end) => {
                    if known == Known::No {
                        known = Known::Yes;
                    }
                    found(Literal { record, end });
                }
            }
        });
        known
    }
}

/// The bucket of a beginning.
#[inline]
const fn bucket_of(whole: u64) -> usize {
    (hash_of_whole(whole) >> (64 - BUCKET_BITS)) as usize
}

/// The bytes of a text's end, with zeros behind them.
#[inline(never)]
fn padded(rest: &[u8]) -> [u8; COMPARED] {
    let mut bytes = [0; COMPARED];
    bytes.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
    bytes
}

/// The first bytes that a literal can have, as many as are compared.
fn spellings(literal: &LiteralRecord<'_>) -> Vec<Vec<u8>> {
    let mut open = vec![Vec::new()];
    for byte in literal.text.bytes() {
        if open.iter().all(|spelling| spelling.len() >= COMPARED) {
            break;
        }
        let mut next = Vec::new();
        for spelling in open {
            if spelling.len() >= COMPARED {
                next.push(spelling);
            } else if byte == b' ' && literal.kind.has_gaps() {
                for gap in [&b""[..], b" ", b"_", b"-"] {
                    next.push([spelling.as_slice(), gap].concat());
                }
            } else {
                next.push([spelling.as_slice(), &[byte]].concat());
            }
        }
        open = next;
    }
    for spelling in &mut open {
        spelling.truncate(COMPARED);
    }
    open
}

/// Words of so many letters are looked at more closely.
const SHORT: usize = 3;
/// Words of so many letters are often the first part of an identifier.
const PART: usize = 5;

enum Stands {
    No,
    Open,
    Until(usize),
}

fn stands(literal: &LiteralRecord<'_>, text: &Text<'_>, start: usize) -> Stands {
    let mut at = start;
    for expected in literal.text.bytes() {
        let there = text.at(at);
        if there.is_none() && !text.end {
            return Stands::Open;
        }
        if expected == b' ' && literal.kind.has_gaps() {
            at = at.saturating_add(usize::from(there.is_some_and(is_gap)));
            continue;
        }
        let is_same =
            |byte: u8| byte.to_ascii_lowercase() == expected || (byte == INNER_QUOTE && expected == b'"');
        if !there.is_some_and(is_same) {
            return Stands::No;
        }
        at = at.saturating_add(1);
    }
    if literal.kind == LiteralKind::Context
        && literal.text.len() <= SHORT
        && is_in_base64(literal, text, start)
    {
        return Stands::No;
    }
    if !literal.ends_word {
        return Stands::Until(at);
    }
    if literal.kind != LiteralKind::Context {
        return match text.ends_word(at) {
            Known::Yes => Stands::Until(at),
            Known::Open => Stands::Open,
            Known::No => Stands::No,
        };
    }
    // The first part of an identifier such as `card-body` is no word for what follows.
    if literal.text.len() <= PART {
        match (text.at(at), text.at(at.saturating_add(1))) {
            (Some(b'-'), Some(next)) if next.is_ascii_lowercase() => return Stands::No,
            (Some(b'-'), None) if !text.end => return Stands::Open,
            _ => {}
        }
    }
    // A plural is the same word, and so is one with a capital letter or an underscore behind it.
    let goes_on = |place: usize| match text.at(place) {
        None if !text.end => Known::Open,
        there => Known::from(there.is_some_and(|byte| byte.is_ascii_lowercase())),
    };
    match (goes_on(at), text.at(at)) {
        (Known::Open, _) => Stands::Open,
        (Known::No, _) => Stands::Until(at),
        (Known::Yes, Some(b's')) => match goes_on(at.saturating_add(1)) {
            Known::Open => Stands::Open,
            Known::No => Stands::Until(at.saturating_add(1)),
            Known::Yes => Stands::No,
        },
        (Known::Yes, _) => Stands::No,
    }
}

/// What may stand between two parts of a literal.
const fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'_' | b'-')
}

/// Whether a short word that stands here is spelt as nobody does: people and programs write `pwd`, `Pwd` and `PWD`; `PWd`
/// stands in base64.
fn is_in_base64(literal: &LiteralRecord<'_>, text: &Text<'_>, start: usize) -> bool {
    let mut at = start;
    let (mut begins_part, mut has_lower, mut has_inner_capital) = (true, false, false);
    for expected in literal.text.bytes() {
        let there = text.at(at);
        if expected == b' ' {
            at = at.saturating_add(usize::from(there.is_some_and(is_gap)));
            begins_part = true;
            continue;
        }
        has_lower |= there.is_some_and(|byte| byte.is_ascii_lowercase());
        has_inner_capital |= !begins_part && there.is_some_and(|byte| byte.is_ascii_uppercase());
        begins_part = false;
        at = at.saturating_add(1);
    }
    has_lower && has_inner_capital
}

/// Whether a literal may begin here: in front stands neither a letter nor a digit, or a small letter in front of a capital.
pub(super) fn begins_literal(text: &Text<'_>, start: usize) -> bool {
    let Some(first) = text.at(start) else { return false };
    match text.behind(start, 1) {
        None => true,
        Some(before) if first >= 0x80 => before < 0x80,
        Some(before) => {
            !(is_word(before) && before != b'_')
                || (before.is_ascii_lowercase() && first.is_ascii_uppercase())
        }
    }
}
