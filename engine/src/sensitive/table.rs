//! What a policy looks for, arranged for the scan: the literals by their first bytes, the detectors by where they are tried.

use regex_automata::Anchored;
use regex_automata::dfa::Automaton as _;
use regex_automata::util::{primitives::StateID, start};

use super::beginnings::Beginnings;
use crate::blob::Policy;
use crate::blob::detectors::{AT_CAPITALS, AT_DIGITS, AT_LITERALS, DetectorRecord, Finder, NO_CONTEXT};

/// More than any finder's number.
const FINDERS: usize = 16;

/// The arrangement. Small: see [`Beginnings`], two bytes for each detector and place where it is tried, and 32 for each
/// pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetectorTable {
    /// The literals.
    pub(super) literals: Beginnings,
    /// Patterns that may begin with digits, and what may follow these.
    pub(super) at_digits: Vec<(u16, [u16; 8])>,
    /// What may follow in any of them.
    pub(super) behind_digits: [u16; 8],
    /// Patterns that are tried at capitals.
    pub(super) at_capitals: Vec<u16>,
    /// Detectors that are written in code, by the number of their finder.
    built_in: [Vec<u16>; FINDERS],
    /// Detectors by their context words.
    in_context: Vec<Vec<u16>>,
    /// The contexts in which something may begin with a letter, a bit for each.
    pub(super) letters: u64,
    /// How each pattern begins.
    pub(super) patterns: Vec<Start>,
}

/// How a pattern begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// Its automaton's first state.
    pub(super) state: StateID,
    /// The ASCII characters that it can begin with, a bit for each.
    first: u128,
}

impl Start {
    /// Whether the pattern can begin with this byte.
    #[inline]
    pub(super) fn may_be(&self, byte: u8) -> bool {
        1_u128.checked_shl(u32::from(byte)).is_none_or(|bit| self.first & bit != 0)
    }

    /// Of each pattern of a policy.
    fn of_patterns(policy: &Policy<'_>) -> Vec<Self> {
        let automata = (0..policy.patterns.len()).filter_map(|position| {
            let (automaton, _) = policy.pattern(u16::try_from(position).ok()?)?;
            // What cannot start finds nothing.
            let nothing = Self { state: StateID::ZERO, first: 0 };
            let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes));
            let Ok(state) = start else { return Some(nothing) };
            let goes_on = |byte: &u8| !automaton.is_dead_state(automaton.next_state(state, *byte));
            let first = (0..128_u8).filter(goes_on).fold(0, |first, byte| first | 1 << byte);
            Some(Self { state, first })
        });
        automata.collect()
    }
}

/// The ASCII letters, a bit for each.
const LETTERS: u128 = ((1 << 26) - 1) << b'a' | ((1 << 26) - 1) << b'A';

impl DetectorTable {
    /// Arranges a policy's detectors. Linear in their number.
    #[must_use]
    pub(crate) fn of(policy: &Policy<'_>) -> Self {
        let mut table = Self { patterns: Start::of_patterns(policy), ..Self::default() };
        for (position, detector) in policy.detectors.iter().enumerate() {
            table.place(position, detector, policy);
        }
        let has = |finder| !table.built_in(finder).is_empty();
        let in_code = [(Finder::Jwt, b"eyJ".as_slice()), (Finder::PrivateKey, b"BEGIN")];
        let in_code = in_code.into_iter().filter(|(finder, _)| has(*finder)).map(|(_, beginning)| beginning);
        table.literals = Beginnings::of(policy, in_code);
        table
    }

    fn place(&mut self, position: usize, detector: &DetectorRecord<'_>, policy: &Policy<'_>) {
        let Ok(position) = u16::try_from(position) else { return };
        if detector.context != NO_CONTEXT {
            let context = usize::from(detector.context);
            if self.in_context.len() <= context {
                self.in_context.resize(context.saturating_add(1), Vec::new());
            }
            if let Some(detectors) = self.in_context.get_mut(context) {
                detectors.push(position);
            }
            if self.begins_with_letters(detector) {
                self.letters |= context_bit(u16::from(detector.context));
            }
        }
        match detector.finder {
            Finder::Pattern => {
                // Some of those with capitals begin with digits.
                let pattern = policy.patterns.get(usize::from(detector.pattern));
                if let Some(pattern) = pattern.filter(|_| detector.triggers & (AT_DIGITS | AT_CAPITALS) != 0)
                {
                    self.at_digits.push((position, pattern.follows));
                    self.behind_digits.iter_mut().zip(pattern.follows).for_each(|(all, more)| *all |= more);
                }
                if detector.triggers & AT_CAPITALS != 0 {
                    self.at_capitals.push(position);
                }
            }
            Finder::Words | Finder::Fields => {}
            built_in => {
                if let Some(detectors) = self.built_in.get_mut(built_in as usize) {
                    detectors.push(position);
                }
            }
        }
    }

    /// Whether a detector's value may begin with a letter.
    fn begins_with_letters(&self, detector: &DetectorRecord<'_>) -> bool {
        match detector.finder {
            Finder::Pattern => self
                .patterns
                .get(usize::from(detector.pattern))
                .is_some_and(|start| start.first & LETTERS != 0),
            Finder::PaymentCard | Finder::UsSsn | Finder::Phone | Finder::Words | Finder::Fields => false,
            _ => true,
        }
    }

    /// Detectors that are written in code.
    pub(super) fn built_in(&self, finder: Finder) -> &[u16] {
        self.built_in.get(finder as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// The detectors that have one of these contexts, a bit for each.
    pub(super) fn in_context(&self, contexts: u64) -> impl Iterator<Item = u16> + '_ {
        let mut left = contexts;
        let next = move || {
            let context = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            self.in_context.get(context)
        };
        std::iter::from_fn(next).flatten().copied()
    }
}

/// The bit of a context in a set of them; none for what has no context.
pub(super) fn context_bit(context: u16) -> u64 {
    1_u64.checked_shl(u32::from(context)).unwrap_or(0)
}

impl DetectorRecord<'_> {
    /// Whether its pattern is tried at literals.
    pub(super) const fn is_at_literals(&self) -> bool {
        self.triggers & AT_LITERALS != 0
    }
}
