//! What must hold in the tables that say what sensitive values look like.

use super::apps::Sensitive;
use super::counters::Counter;
use super::detectors::{
    AT_CAPITALS, AT_DIGITS, AT_LITERALS, AutomataByte, DetectorBits, DetectorRecord, Expectation, Finder,
    IN_BODY, IN_HEADERS, IN_URL, LONGEST_MATCH, LiteralKind, LiteralRecord, MAX_CONTEXTS, MAX_DETECTORS,
    MAX_LITERALS, NO_CONTEXT, NO_PATTERN, PatternRecord, is_phrase,
};
use super::error::BlobError;
use super::field::Record as _;
use super::policy::Policy;
use regex_automata::Anchored;
use regex_automata::dfa::Automaton as _;
use regex_automata::dfa::sparse::DFA;
use regex_automata::util::start;

/// Names go into records and metrics.
const LONGEST_NAME: usize = 48;
/// Words are looked up in constant time, and a scan looks ahead no further than this.
const LONGEST_LITERAL: usize = 96;
/// Characters of a value that may stay readable at either end.
const MOST_KEPT: u8 = 8;

fn check_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

impl<'p> Policy<'p> {
    /// Reads the automata in place. They follow each other, so that no byte is read twice.
    pub(super) fn parse_automata(&self) -> Result<Vec<DFA<&'p [u8]>>, BlobError> {
        let outside = BlobError::expected(PatternRecord::NAME, "automata that follow each other");
        let mut rest = self.automata;
        let mut parsed = Vec::new();
        for pattern in &self.patterns {
            let offset = self.automata.len().saturating_sub(rest.len());
            let (automaton, behind) = rest.split_at_checked(pattern.len as usize).ok_or(outside)?;
            if pattern.offset as usize != offset {
                return Err(outside);
            }
            rest = behind;
            let broken = BlobError::expected(AutomataByte::NAME, "anchored sparse automata");
            let (dfa, len) = DFA::from_bytes(automaton).map_err(|_| broken)?;
            let anchored = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).is_ok();
            if len != automaton.len() || !anchored {
                return Err(broken);
            }
            parsed.push(dfa);
        }
        if rest.is_empty() { Ok(parsed) } else { Err(outside) }
    }

    pub(super) fn check_detectors(&self) -> Result<(), BlobError> {
        if self.detectors.len() > MAX_DETECTORS {
            return Err(BlobError::expected(DetectorRecord::NAME, "at most 256 records"));
        }
        for detector in &self.detectors {
            let has_context = detector.context == NO_CONTEXT || usize::from(detector.context) < MAX_CONTEXTS;
            let has_pattern = usize::from(detector.pattern) < self.patterns.len();
            let is_pattern = detector.finder == Finder::Pattern;
            let pattern_fits = if is_pattern { has_pattern } else { detector.pattern == NO_PATTERN };
            let triggers_fit = detector.triggers & !(AT_LITERALS | AT_DIGITS | AT_CAPITALS) == 0;
            let named = !detector.name.is_empty() && check_name(detector.name) && check_name(detector.class);
            if !has_context || !pattern_fits || !triggers_fit || !named {
                return Err(BlobError::expected(
                    DetectorRecord::NAME,
                    "names, contexts, patterns and triggers that exist",
                ));
            }
        }
        if self.patterns.iter().any(|pattern| !(1..=LONGEST_MATCH).contains(&pattern.longest)) {
            return Err(BlobError::expected(PatternRecord::NAME, "matches of 1 to 400 bytes"));
        }
        self.check_literals()?;
        for search in &self.sensitive {
            let kept = search.keep_first.max(search.keep_last) <= MOST_KEPT;
            let placed = search.places & !(IN_BODY | IN_HEADERS | IN_URL) == 0;
            let fits = kept && placed && usize::from(search.app) < self.apps.len();
            if !fits || !self.has_detectors(search.finds) {
                return Err(BlobError::expected(
                    Sensitive::NAME,
                    "apps, detectors and places that exist, and at most 8 characters kept",
                ));
            }
        }
        for expectation in &self.expectations {
            if usize::from(expectation.app) >= self.apps.len() || !self.has_detectors(expectation.detectors) {
                return Err(BlobError::expected(Expectation::NAME, "apps and detectors that exist"));
            }
        }
        if self.counters.iter().any(|counter| !self.has_detectors(counter.finds)) {
            return Err(BlobError::expected(Counter::NAME, "detectors that exist"));
        }
        Ok(())
    }

    fn check_literals(&self) -> Result<(), BlobError> {
        if self.literals.len() > MAX_LITERALS {
            return Err(BlobError::expected(LiteralRecord::NAME, "at most 4096 records"));
        }
        let fits = |literal: &LiteralRecord<'_>| {
            let targets = match literal.kind {
                LiteralKind::Context => MAX_CONTEXTS,
                LiteralKind::Pattern | LiteralKind::Words | LiteralKind::Field => self.detectors.len(),
            };
            let text = literal.text;
            (1..=LONGEST_LITERAL).contains(&text.len())
                && !text.bytes().any(|byte| byte.is_ascii_uppercase())
                && (!literal.kind.has_gaps() || is_phrase(text))
                && usize::from(literal.target) < targets
        };
        if !self.literals.iter().all(fits) {
            return Err(BlobError::expected(
                LiteralRecord::NAME,
                "1 to 96 bytes in lower case, with few single spaces between words, and targets that exist",
            ));
        }
        if !self.literals.is_sorted_by(|one, next| one.text <= next.text) {
            return Err(BlobError::expected(LiteralRecord::NAME, "literals in order"));
        }
        Ok(())
    }

    fn has_detectors(&self, set: DetectorBits) -> bool {
        set.iter().all(|detector| detector < self.detectors.len())
    }
}
