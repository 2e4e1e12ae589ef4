//! Where in a text a pattern can begin: at fixed texts, at digits, at capitals, or anywhere.

use std::collections::BTreeSet;

use bartizan_engine::blob::detectors::{AT_CAPITALS, AT_DIGITS};
use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::Hir;
use regex_syntax::hir::literal::{ExtractKind, Extractor};

/// The most fixed beginnings of one pattern, and how long each may be at least and at most.
const MAX_LITERALS: usize = 64;
const SHORTEST: usize = 3;
const LONGEST: usize = 16;
const LARGEST_CLASSES: [usize; 4] = [10, 5, 3, 1];
/// How many bytes of a number decide where it is tried.
const DIGITS_SEEN: usize = 11;
/// What the scan stops at beside digits: `A` is a capital letter, `0` a digit, `X` either; see
/// `engine/src/sensitive/triggers.rs`.
const CAPITALS: [&[u8]; 5] = [b"AA00", b"AAAAA00", b"AAAAAAXXXXXXXXXX", b"A0000000", b"00000000A"];

/// The fixed texts, in lower case, one of which every match begins with. Empty where there are none.
pub(super) fn literals(hir: &Hir) -> Vec<String> {
    // The larger the classes that are spelt out, the longer the texts, until there are too many.
    LARGEST_CLASSES
        .into_iter()
        .map(|largest| spelt_out(hir, largest))
        .find(|texts| !texts.is_empty())
        .unwrap_or_default()
}

/// The fixed texts, where classes of at most so many characters are spelt out.
fn spelt_out(hir: &Hir, largest_class: usize) -> Vec<String> {
    let mut extractor = Extractor::new();
    extractor.kind(ExtractKind::Prefix).limit_literal_len(LONGEST).limit_class(largest_class);
    let sequence = extractor.extract(hir);
    let Some(found) = sequence.literals() else { return Vec::new() };
    let mut texts = BTreeSet::new();
    for literal in found {
        let Ok(text) = std::str::from_utf8(literal.as_bytes()) else { return Vec::new() };
        if text.len() < SHORTEST || !text.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return Vec::new();
        }
        texts.insert(text.to_ascii_lowercase());
    }
    // In order, a text follows those that it begins with; these are enough.
    let mut shortest: Vec<String> = Vec::new();
    for text in texts {
        if shortest.last().is_none_or(|known| !text.starts_with(known.as_str())) {
            shortest.push(text);
        }
    }
    if shortest.len() > MAX_LITERALS { Vec::new() } else { shortest }
}

/// The triggers at which the pattern has to be tried; 0 where there are none for it.
pub(super) fn triggers(nfa: &NFA) -> u8 {
    let digits = |at: usize, byte: u8| byte.is_ascii_digit() || (at >= 2 && b" -./".contains(&byte));
    let fits = |shape: &[u8], at: usize, byte: u8| match shape.get(at) {
        Some(b'A') => byte.is_ascii_uppercase(),
        Some(b'0') => byte.is_ascii_digit(),
        Some(_) => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        None => true,
    };
    let has_shape = |shape: &&[u8]| begins_with(nfa, shape.len(), |at, byte| fits(shape, at, byte));
    if begins_with(nfa, DIGITS_SEEN, digits) {
        AT_DIGITS
    } else if CAPITALS.iter().any(has_shape) {
        AT_CAPITALS
    } else {
        0
    }
}

/// What may follow the digits that a match begins with, a bit for each ASCII character.
pub(super) fn behind_digits(nfa: &NFA) -> [u16; 8] {
    let mut follows = [0; 8];
    let mut seen = BTreeSet::new();
    let mut open = BTreeSet::from([nfa.start_anchored()]);
    while !open.is_empty() {
        let mut next = BTreeSet::new();
        for state in closure(nfa, open) {
            if !seen.insert(state) {
                continue;
            }
            if matches!(nfa.state(state), State::Match { .. }) {
                // The match may be over: anything can follow.
                return [u16::MAX; 8];
            }
            for (first, last, to) in transitions(nfa.state(state)) {
                for byte in first..=last.min(0x7f) {
                    if byte.is_ascii_digit() {
                        next.insert(to);
                    } else if let Some(word) = follows.get_mut(usize::from(byte / 16)) {
                        *word |= 1_u16 << (byte % 16);
                    }
                }
            }
        }
        open = next;
    }
    follows
}

/// Whether the first so many bytes of every match, or all of a shorter one, are such bytes.
fn begins_with(nfa: &NFA, seen: usize, fits: impl Fn(usize, u8) -> bool) -> bool {
    let mut states = BTreeSet::from([nfa.start_anchored()]);
    for at in 0..seen {
        let mut next = BTreeSet::new();
        for state in closure(nfa, states) {
            for (first, last, to) in transitions(nfa.state(state)) {
                if (first..=last).any(|byte| !fits(at, byte)) {
                    return false;
                }
                next.insert(to);
            }
        }
        states = next;
    }
    true
}

/// The states and all that is reached from them without a byte.
fn closure(nfa: &NFA, states: BTreeSet<StateID>) -> BTreeSet<StateID> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<StateID> = states.into_iter().collect();
    while let Some(state) = open.pop() {
        if !reached.insert(state) {
            continue;
        }
        match nfa.state(state) {
            State::Look { next, .. } | State::Capture { next, .. } => open.push(*next),
            State::Union { alternates } => open.extend(alternates.iter()),
            State::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
            State::ByteRange { .. }
            | State::Sparse(_)
            | State::Dense(_)
            | State::Fail
            | State::Match { .. } => {}
        }
    }
    reached
}

fn transitions(state: &State) -> Vec<(u8, u8, StateID)> {
    match state {
        State::ByteRange { trans } => vec![(trans.start, trans.end, trans.next)],
        State::Sparse(sparse) => {
            sparse.transitions.iter().map(|trans| (trans.start, trans.end, trans.next)).collect()
        }
        State::Dense(dense) => {
            (0..=u8::MAX).filter_map(|byte| Some((byte, byte, dense.matches_byte(byte)?))).collect()
        }
        _ => Vec::new(),
    }
}
