//! From detector drafts to the tables of the blob: only what is used, every list of context words once.

use super::detectors::{
    AT_LITERALS, AutomataByte, DetectorBits, DetectorRecord, LiteralKind, LiteralRecord, MAX_CONTEXTS,
    MAX_DETECTORS, MAX_LITERALS, NO_CONTEXT, NO_PATTERN, PatternRecord,
};
use super::draft::{DetectorDraft, PolicyDraft};
use super::write::{WriteError, number, small};
use super::writer::BlobWriter;
use crate::vocabulary::Detector;
use std::marker::PhantomData;

/// The detectors that something looks for or counts, in the draft's order.
pub(crate) struct UsedDetectors<'d> {
    drafts: Vec<&'d DetectorDraft>,
    /// For each position in the draft: the position in the blob.
    positions: Vec<Option<usize>>,
}

impl<'d> UsedDetectors<'d> {
    pub(crate) fn of(draft: &'d PolicyDraft) -> Self {
        let searched = draft.apps.iter().flat_map(|app| app.sensitive.iter().flat_map(|search| &search.find));
        let counted = draft.counters.iter().flat_map(|counter| &counter.finds);
        let mut is_used = vec![false; draft.detectors.len()];
        for position in searched.chain(counted) {
            if let Some(used) = is_used.get_mut(*position) {
                *used = true;
            }
        }
        let mut used = Self { drafts: Vec::new(), positions: Vec::new() };
        for (detector, is_used) in draft.detectors.iter().zip(is_used) {
            used.positions.push(is_used.then_some(used.drafts.len()));
            if is_used {
                used.drafts.push(detector);
            }
        }
        used
    }

    /// The set of these positions in the draft; what is not used is not in it.
    pub(crate) fn bits(&self, positions: &[usize]) -> DetectorBits {
        positions.iter().filter_map(|position| self.positions.get(*position).copied().flatten()).collect()
    }

    /// The same as older readers know it.
    pub(crate) fn old_bits(&self, positions: &[usize]) -> u16 {
        let names = self.bits(positions);
        let is_in = |detector: &Detector| names.iter().any(|position| self.name(position) == detector.name());
        let known = Detector::ALL.into_iter().filter(is_in);
        known.fold(0, |bits, detector| bits | (1 << detector as u16))
    }

    /// The name of the detector at this position of the blob.
    pub(crate) fn name(&self, position: usize) -> &str {
        self.drafts.get(position).map_or("", |detector| &detector.name)
    }

    pub(crate) fn write(&self, blob: &mut BlobWriter) -> Result<(), WriteError> {
        if self.drafts.len() > MAX_DETECTORS {
            return Err(WriteError::TooManyDetectors(self.drafts.len()));
        }
        let mut tables = Tables::default();
        for (position, detector) in self.drafts.iter().enumerate() {
            tables.add(small(position), detector);
        }
        if tables.contexts.len() > MAX_CONTEXTS {
            return Err(WriteError::TooManyContexts(tables.contexts.len()));
        }
        if tables.literals.len() > MAX_LITERALS {
            return Err(WriteError::TooManyLiterals(tables.literals.len()));
        }
        tables.literals.sort_by(|one, other| {
            let key = |literal: &LiteralRecord<'_>| (literal.kind, literal.target);
            one.text.cmp(other.text).then_with(|| key(one).cmp(&key(other)))
        });
        blob.section(&tables.detectors);
        blob.section(&tables.patterns);
        blob.section(&tables.automata);
        blob.section(&tables.literals);
        Ok(())
    }
}

#[derive(Default)]
struct Tables<'d> {
    detectors: Vec<DetectorRecord<'d>>,
    patterns: Vec<PatternRecord<'d>>,
    automata: Vec<AutomataByte<'d>>,
    literals: Vec<LiteralRecord<'d>>,
    contexts: Vec<&'d [String]>,
}

impl<'d> Tables<'d> {
    fn add(&mut self, position: u16, detector: &'d DetectorDraft) {
        let mut triggers = 0;
        let mut pattern = NO_PATTERN;
        if let Some(draft) = &detector.pattern {
            pattern = small(self.patterns.len());
            triggers = draft.triggers;
            self.patterns.push(PatternRecord {
                offset: number(self.automata.len()),
                len: number(draft.automaton.len()),
                longest: draft.longest,
                follows: draft.follows,
                tail: draft.tail,
                tail_most: draft.tail_most,
                blob: PhantomData,
            });
            let bytes = draft.automaton.iter();
            self.automata.extend(bytes.map(|byte| AutomataByte { byte: *byte, blob: PhantomData }));
            self.place(&draft.literals, LiteralKind::Pattern, position);
        }
        if !detector.words.is_empty() {
            triggers |= AT_LITERALS;
            self.place(&detector.words, LiteralKind::Words, position);
        }
        self.place(&detector.fields, LiteralKind::Field, position);
        let context = self.context(&detector.context);
        self.detectors.push(DetectorRecord {
            name: &detector.name,
            class: &detector.class,
            finder: detector.finder,
            validator: detector.validator,
            alone: detector.alone,
            near: detector.near,
            context,
            pattern,
            triggers,
            blob: PhantomData,
        });
    }

    /// The number of a list of context words.
    fn context(&mut self, words: &'d [String]) -> u8 {
        if words.is_empty() {
            return NO_CONTEXT;
        }
        let known = self.contexts.iter().position(|known| *known == words);
        let context = known.unwrap_or(self.contexts.len());
        if known.is_none() {
            self.contexts.push(words);
            self.place(words, LiteralKind::Context, small(context));
        }
        // More than fit are refused before anything is written.
        u8::try_from(context).unwrap_or(NO_CONTEXT)
    }

    fn place(&mut self, texts: &'d [String], kind: LiteralKind, target: u16) {
        let literals = texts.iter().map(|text| LiteralRecord {
            text,
            kind,
            target,
            ends_word: match kind {
                LiteralKind::Pattern => false,
                LiteralKind::Words | LiteralKind::Field | LiteralKind::Context => true,
            },
            blob: PhantomData,
        });
        self.literals.extend(literals);
    }
}
