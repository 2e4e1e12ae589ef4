//! Runs a pattern's automaton.

use regex_automata::dfa::Automaton as _;

use super::{Probe, is_in};
use crate::blob::detectors::{DetectorRecord, LONGEST_MATCH};
use crate::sensitive::examined::{Examined, RunBytes};
use crate::sensitive::text::{Known, is_digit, is_word};
use crate::sensitive::view::INNER_QUOTE;

impl Probe<'_, '_> {
    /// The longest match of a pattern, where no word goes on on either side.
    #[inline(never)]
    pub(super) fn pattern(&self, detector: &DetectorRecord<'_>, start: usize) -> Examined {
        let Some((automaton, record)) = self.policy.pattern(detector.pattern) else { return Examined::None };
        let text = &self.text;
        let Some(begin) = self.table.patterns.get(usize::from(detector.pattern)) else {
            return Examined::None;
        };
        let Some(first) = text.at(start).filter(|first| begin.may_be(shown(*first))) else {
            return Examined::None;
        };
        let is_number = first.is_ascii_digit();
        let begins = if is_number { text.begins_number(start, is_digit) } else { text.begins_word(start) };
        if !begins {
            return Examined::None;
        }
        let mut state = begin.state;
        let mut end = None;
        let mut at = start;
        // A match is reported one byte late.
        let last = start.saturating_add(usize::from(record.longest)).saturating_add(1);
        loop {
            let byte = if at < last { text.at(at) } else { None };
            let Some(byte) = byte else {
                if at < last && text.is_open(at) {
                    return Examined::Open;
                }
                state = automaton.next_eoi_state(state);
                if automaton.is_match_state(state) {
                    end = Some(at);
                }
                break;
            };
            state = automaton.next_state(state, shown(byte));
            if automaton.is_special_state(state) {
                if automaton.is_match_state(state) {
                    end = Some(at);
                } else if automaton.is_dead_state(state) || automaton.is_quit_state(state) {
                    break;
                }
            }
            at = at.saturating_add(1);
        }
        let Some(mut end) = end.filter(|end| *end > start) else { return Examined::None };
        let mut rest = usize::from(record.tail_most);
        while rest > 0 && text.at(end).is_some_and(|byte| is_in(&record.tail, byte)) {
            if end.saturating_sub(start) >= usize::from(LONGEST_MATCH) {
                // Enough to be sure; what follows belongs to it as far as it can.
                return Examined::Run { decided_until: end, bytes: RunBytes::Base64 };
            }
            end = end.saturating_add(1);
            rest = rest.saturating_sub(1);
        }
        if rest > 0 && text.is_open(end) {
            return Examined::Open;
        }
        let ends_in_digit = text.behind(end, 1).is_some_and(|byte| byte.is_ascii_digit());
        let ends_in_word = text.behind(end, 1).is_some_and(is_word);
        let ends = match (is_number && ends_in_digit, ends_in_word) {
            (true, _) => text.ends_number(end, is_digit),
            (false, true) => text.ends_word(end),
            (false, false) => Known::Yes,
        };
        match ends {
            Known::Yes => Examined::Until(end),
            Known::No => Examined::None,
            Known::Open => Examined::Open,
        }
    }
}

/// A byte as a pattern sees it: quotation marks inside of a text of JSON are quotation marks to its reader.
const fn shown(byte: u8) -> u8 {
    if byte == INNER_QUOTE { b'"' } else { byte }
}
