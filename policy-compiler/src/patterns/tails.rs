//! What a pattern ends with, where that is one set of characters repeated: `[A-Za-z0-9]{20,200}`.
//!
//! An automaton has a state for each repetition, so the optional ones are left out of it: the filter goes on reading
//! characters of the set. That keeps automata small, and tokens may be of any length.

use bartizan_engine::blob::detectors::ENDLESS;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Fewer optional repetitions stay in the automaton.
const LEAST: u32 = 8;

/// What may follow a match and belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// A bit for each ASCII character.
    pub(super) characters: [u16; 8],
    /// How many at most.
    pub(super) most: u16,
}

/// Splits the optional repetitions at the end off.
pub(super) fn split(hir: Hir) -> (Hir, Tail) {
    match hir.kind() {
        HirKind::Capture(capture) => split((*capture.sub).clone()),
        HirKind::Concat(parts) => {
            let Some((last, front)) = parts.split_last() else { return (hir, Tail::default()) };
            match repeated(last) {
                Some((needed, tail)) => {
                    let mut parts = front.to_vec();
                    parts.push(needed);
                    (Hir::concat(parts), tail)
                }
                None => (hir, Tail::default()),
            }
        }
        HirKind::Repetition(_) => match repeated(&hir) {
            Some((needed, tail)) if needed.properties().minimum_len() > Some(0) => (needed, tail),
            _ => (hir, Tail::default()),
        },
        _ => (hir, Tail::default()),
    }
}

/// The repetitions that are needed, and the optional ones.
fn repeated(hir: &Hir) -> Option<(Hir, Tail)> {
    let repetition = match hir.kind() {
        HirKind::Capture(capture) => return repeated(&capture.sub),
        HirKind::Repetition(repetition) => repetition,
        _ => return None,
    };
    let characters = match repetition.sub.kind() {
        HirKind::Class(class) => characters(class)?,
        _ => return None,
    };
    let most = match repetition.max {
        None => ENDLESS,
        Some(max) => {
            let optional = max.saturating_sub(repetition.min);
            if optional < LEAST {
                return None;
            }
            u16::try_from(optional).unwrap_or(ENDLESS)
        }
    };
    let needed = Repetition { max: Some(repetition.min), ..repetition.clone() };
    Some((Hir::repetition(needed), Tail { characters, most }))
}

/// The set as bits, if it is of ASCII.
fn characters(class: &Class) -> Option<[u16; 8]> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect()
        }
        Class::Unicode(class) => {
            class.ranges().iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect()
        }
    };
    let mut bits = [0; 8];
    for character in ranges.iter().flat_map(|(start, end)| *start..=*end) {
        let word = bits.get_mut(usize::try_from(character / 16).ok()?)?;
        *word |= 1_u16 << (character % 16);
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(regex: &str) -> (String, u16) {
        let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(regex).unwrap();
        let (needed, tail) = split(hir);
        let has = |byte: u8| tail.characters[usize::from(byte / 16)] & 1 << (byte % 16) != 0;
        assert_eq!(tail.most > 0, has(b'1'), "{regex}");
        (needed.to_string(), tail.most)
    }

    #[test]
    fn optional_repetitions_at_the_end_are_split_off() {
        assert_eq!(tail("ab[0-9]{20,200}").1, 180);
        assert_eq!(tail("ab(?:c|d)[0-9a-f]{20,}").1, ENDLESS);
        assert_eq!(tail("ab([0-9]+)").1, ENDLESS);
        for whole in ["ab[0-9]{36}", "ab[0-9]{20,24}", "ab[0-9]{20,200}z", "(?:ab[0-9]{20,200}|cd)", "abc"] {
            assert_eq!(tail(whole).1, 0, "{whole}");
        }
    }
}
