//! Literals by their first bytes.
//!
//! At every place where a word begins four bytes are hashed and looked up in a bit table; where the bit is set, eight bytes are
//! compared with the few literals of the same hash. What is left is compared as a whole. Thousands of literals cost what ten
//! do, as long as words that are not looked for seldom begin like one that is.

use super::text::{Known, Text, is_word};
use super::view::INNER_QUOTE;
use crate::blob::Policy;
use crate::blob::detectors::{LiteralKind, LiteralRecord};

/// Bits of the table of beginnings, as a power of two: 8 KiB, so that it stays in the fastest cache.
const TABLE_BITS: u32 = 16;
/// The same of literals of three bytes, of which there are few.
const SHORT_BITS: u32 = 12;
/// How many parts the beginnings are sorted into, as a power of two.
const BUCKET_BITS: u32 = 12;
/// How many bytes of a literal are looked up, and how many are compared then.
const LOOKED_UP: usize = 4;
const COMPARED: usize = 8;

/// Literals by their first bytes. Takes 17 KiB, and 24 bytes for each spelling of a literal's beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Beginnings {
    /// Which beginnings of four bytes there are.
    fours: Box<[u64]>,
    /// Which literals of three bytes there are.
    threes: Box<[u64]>,
    /// Where each bucket starts.
    starts: Box<[u16]>,
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
    /// The first bytes, folded, and which of them count.
    bytes: u64,
    mask: u64,
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
        let table = |bits: u32| vec![0; 1 << (bits - 6)].into_boxed_slice();
        let mut beginnings = Self { fours: table(TABLE_BITS), threes: table(SHORT_BITS), ..Self::default() };
        for beginning in in_code {
            beginnings.add(beginning, IN_CODE);
        }
        for (position, literal) in policy.literals.iter().enumerate() {
            let Ok(position) = u16::try_from(position) else { break };
            let first = literal.text.as_bytes().first();
            beginnings.has_high |= first.is_some_and(|first| *first >= 0x80);
            beginnings.has_digits |= first.is_some_and(u8::is_ascii_digit);
            for spelling in spellings(literal) {
                beginnings.add(&spelling, position);
            }
        }
        if beginnings.sorted.is_empty() {
            return Self::default();
        }
        beginnings.sorted.sort_unstable();
        beginnings.sorted.dedup();
        let mut next = 0;
        let starts = (0..=1_u32 << BUCKET_BITS).map(|bucket| {
            let rest = beginnings.sorted.get(next..).unwrap_or_default();
            next += rest.iter().take_while(|beginning| u32::from(beginning.bucket) < bucket).count();
            u16::try_from(next).unwrap_or(u16::MAX)
        });
        beginnings.starts = starts.collect();
        beginnings
    }

    fn add(&mut self, beginning: &[u8], literal: u16) {
        let mut bytes = [0; COMPARED];
        let mut mask = [0; COMPARED];
        for ((slot, bits), byte) in bytes.iter_mut().zip(&mut mask).zip(beginning) {
            (*slot, *bits) = (byte | FOLD, u8::MAX);
        }
        let (bytes, mask) = (u64::from_le_bytes(bytes), u64::from_le_bytes(mask));
        let first = if beginning.len() >= LOOKED_UP {
            set(&mut self.fours, hash(first_four(bytes), TABLE_BITS));
            first_four(bytes)
        } else if beginning.len() + 1 == LOOKED_UP {
            set(&mut self.threes, hash(first_four(bytes) & THREE, SHORT_BITS));
            first_four(bytes) & THREE
        } else {
            return;
        };
        let bucket = u16::try_from(hash(first, BUCKET_BITS)).unwrap_or(0);
        self.sorted.push(Beginning { bucket, bytes, mask, literal });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Whether a literal begins with these bytes, as far as they are compared.
    #[inline]
    pub(super) fn may_begin(&self, bytes: [u8; COMPARED]) -> bool {
        let bytes = u64::from_le_bytes(bytes) | FOLDED;
        let four = first_four(bytes);
        (is_set(&self.fours, hash(four, TABLE_BITS)) && self.has(four, bytes))
            || (is_set(&self.threes, hash(four & THREE, SHORT_BITS)) && self.has(four & THREE, bytes))
    }

    #[inline(never)]
    fn has(&self, first: u32, bytes: u64) -> bool {
        self.bucket(first).iter().any(|beginning| bytes & beginning.mask == beginning.bytes)
    }

    fn bucket(&self, first: u32) -> &[Beginning] {
        let bucket = hash(first, BUCKET_BITS);
        let start = self.starts.get(bucket).copied().unwrap_or(0);
        let end = self.starts.get(bucket.wrapping_add(1)).copied().unwrap_or(0);
        self.sorted.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    /// Every literal that stands at a place. The answer says whether one may, as far as the text is there.
    pub(super) fn at<'t, 'p>(
        &self,
        policy: &'t Policy<'p>,
        text: &Text<'_>,
        start: usize,
        mut found: impl FnMut(Literal<'t, 'p>),
    ) -> Known {
        let mut bytes = [0; COMPARED];
        let mut there = 0_usize;
        for (slot, byte) in bytes.iter_mut().zip(text.bytes.get(start..).unwrap_or_default()) {
            *slot = *byte;
            there = there.saturating_add(1);
        }
        let is_cut = there < COMPARED && !text.end;
        if is_cut && there < LOOKED_UP {
            return Known::Open;
        }
        if !is_cut && !self.may_begin(bytes) {
            return Known::No;
        }
        let bytes = u64::from_le_bytes(bytes) | FOLDED;
        // What is not there yet may be anything.
        let known_bytes = if is_cut { (1_u64 << there.wrapping_mul(8)).wrapping_sub(1) } else { u64::MAX };
        let mut known = Known::No;
        for first in [first_four(bytes), first_four(bytes) & THREE] {
            for beginning in self.bucket(first) {
                let mask = beginning.mask & known_bytes;
                if bytes & mask != beginning.bytes & mask {
                    continue;
                }
                let Some(record) = policy.literals.get(usize::from(beginning.literal)) else { continue };
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
            }
        }
        known
    }
}

const THREE: u32 = 0x00ff_ffff;

/// Small and capital letters are the same with this bit, and some other characters too: what is found is compared anyway.
const FOLD: u8 = 0x20;
const FOLDED: u64 = u64::from_le_bytes([FOLD; COMPARED]);

#[expect(clippy::cast_possible_truncation, reason = "the first four of eight bytes")]
const fn first_four(bytes: u64) -> u32 {
    bytes as u32
}

/// Fibonacci hashing: the golden ratio's bits spread neighbours.
#[inline]
const fn hash(beginning: u32, bits: u32) -> usize {
    (beginning.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}

fn set(table: &mut [u64], place: usize) {
    if let Some(word) = table.get_mut(place >> 6) {
        *word |= 1 << (place & 63);
    }
}

#[inline]
fn is_set(table: &[u64], place: usize) -> bool {
    table.get(place >> 6).is_some_and(|word| word >> (place & 63) & 1 == 1)
}

const fn has_gaps(kind: LiteralKind) -> bool {
    matches!(kind, LiteralKind::Context | LiteralKind::Words)
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
            } else if byte == b' ' && has_gaps(literal.kind) {
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
    let (mut begins_part, mut has_lower, mut has_inner_capital) = (true, false, false);
    for expected in literal.text.bytes() {
        let there = text.at(at);
        if there.is_none() && !text.end {
            return Stands::Open;
        }
        if expected == b' ' && has_gaps(literal.kind) {
            if matches!(there, Some(b' ' | b'_' | b'-')) {
                at = at.saturating_add(1);
            }
            begins_part = true;
            continue;
        }
        let is_same =
            |byte: u8| byte.to_ascii_lowercase() == expected || (byte == INNER_QUOTE && expected == b'"');
        if !there.is_some_and(is_same) {
            return Stands::No;
        }
        has_lower |= there.is_some_and(|byte| byte.is_ascii_lowercase());
        has_inner_capital |= !begins_part && there.is_some_and(|byte| byte.is_ascii_uppercase());
        begins_part = false;
        at = at.saturating_add(1);
    }
    // People and programs write `pwd`, `Pwd` and `PWD`; `PWd` stands in base64.
    if literal.kind == LiteralKind::Context && literal.text.len() <= SHORT && has_lower && has_inner_capital {
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
