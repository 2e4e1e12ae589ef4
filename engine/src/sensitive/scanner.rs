//! Scans a stream chunk by chunk.
//!
//! A chunk is cut into blocks; of each block the scanner sees what was left open before, makes a view of it, looks at the
//! places where something may begin, and writes what it masks back into the original. What is not decided at the end of a
//! block stays open and is seen again with the next one.

mod act;

use std::ops::Range;

use super::body::{BodyKind, Sniff, Structure};
use super::context::Context;
use super::events::EventLines;
use super::examine::{Probe, Seen, triggers};
use super::findings::Findings;
use super::mask::Span;
use super::run::Run;
use super::settings::ScanSettings;
use super::text::{CONTEXT, Text};
use super::triggers::{Blocks, Trigger};
use super::view::View;
use super::{email, url_credentials};
use crate::blob::Policy;
use crate::blob::detectors::Finder;
use crate::keyed_hash::HashKey;

/// The most bytes of the original that stay open from one chunk to the next: [`LONGEST_OPEN`] characters, each spelt in
/// twelve bytes as a character reference may be. JSON spells one in six, plain text in one.
pub const OPEN_LIMIT: usize = LONGEST_OPEN * 12;
/// The most characters that stay open: an e-mail address of 320, a pattern of 400, or a token's beginning of 512.
pub const LONGEST_OPEN: usize = 640;
/// How much of a chunk is viewed at once.
const BLOCK: usize = 16 * 1024;

/// What a scan is made with.
#[derive(Clone, Copy)]
pub struct ScanWorld<'a, 'p> {
    /// The policy, whose detectors are asked.
    pub policy: &'a Policy<'p>,
    /// The key of hashes and tokens.
    pub key: &'a HashKey,
}

/// Scans one stream.
///
/// Values that are only counted never hold anything back: their chunks pass as they came, and the scanner keeps a copy
/// of the open end. Only where a value may have to be overwritten does its open end wait for the next chunk.
#[derive(Debug)]
pub struct Scanner {
    settings: ScanSettings,
    kind: BodyKind,
    triggers: Option<Trigger>,
    findings: Findings,
    /// How many places were looked at closely.
    candidates: u64,
    /// The open end of what has been pushed, as it came.
    tail: Vec<u8>,
    /// How much of the tail has been handed out already.
    released: usize,
    /// What has been decided about the rest of the tail, in characters from its beginning.
    spans: Vec<Span>,
    /// What stood in front of the tail, at most [`CONTEXT`] characters.
    before: Vec<u8>,
    /// Where the scan goes on in the tail.
    cursor: usize,
    /// Up to where the tail belongs to a value that was found.
    taken: usize,
    /// Up to where the tail is a context word: in it further context words may begin, and no values.
    word: usize,
    /// Up to where the tail was taken out.
    cut: usize,
    context: Context,
    run: Option<Run>,
    lines: EventLines,
}

/// What goes on now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The former open end and the chunk, masked, without the new open end.
    pub output: Vec<u8>,
    /// Whether the output differs from the chunk in any byte or in length. Where it does not, nothing has to be written.
    pub changed: bool,
}

/// Where the scan stopped.
struct Stop {
    /// Where it goes on.
    cursor: usize,
    /// From where on the text must be seen again.
    kept: usize,
}

/// How a part of a scan ended.
enum Step {
    /// At the end of what is there.
    End,
    /// At something that is not decided.
    Open(usize),
    /// It goes on from here in another way.
    Go(usize),
}

impl Scanner {
    /// A scanner at the beginning of a stream of this kind.
    #[must_use]
    pub fn new(settings: ScanSettings, kind: BodyKind) -> Self {
        Self {
            settings,
            kind,
            triggers: None,
            findings: Findings::default(),
            candidates: 0,
            tail: Vec::new(),
            released: 0,
            spans: Vec::new(),
            before: Vec::new(),
            cursor: 0,
            taken: 0,
            word: 0,
            cut: 0,
            context: Context::new(kind.structure),
            run: None,
            lines: EventLines::default(),
        }
    }

    /// Scans on. With `end`, nothing stays open; an empty chunk may end a stream.
    #[must_use]
    pub fn push(&mut self, chunk: Vec<u8>, end: bool, world: ScanWorld<'_, '_>) -> Scanned {
        let held_before = self.open_tail();
        let chunk_length = chunk.len();
        let mut bytes = if self.tail.is_empty() {
            chunk
        } else {
            let mut joined = std::mem::take(&mut self.tail);
            joined.extend_from_slice(&chunk);
            joined
        };
        let mut cuts = Vec::new();
        let mut masked = false;
        let mut start = 0_usize;
        let mut seen_until = bytes.len().saturating_sub(chunk_length);
        loop {
            let (block_end, is_boundary) = self.block(&bytes, seen_until);
            let is_last = block_end >= bytes.len();
            let block = bytes.get_mut(start..block_end).unwrap_or_default();
            let ends = (is_last && end) || is_boundary;
            let (kept, was_masked) = self.scan_block(block, ends, world, |cut| {
                cuts.push(cut.start.saturating_add(start)..cut.end.saturating_add(start));
            });
            masked |= was_masked;
            start = start.saturating_add(kept);
            seen_until = block_end;
            if is_last {
                break;
            }
        }
        // Without changes nothing has to wait.
        let held_from = if self.settings.changes_something() { start } else { bytes.len() };
        self.tail = bytes.get(start..).unwrap_or_default().to_vec();
        let changed = masked || !cuts.is_empty() || held_before > 0 || held_from < bytes.len();
        bytes.truncate(held_from);
        if !cuts.is_empty() {
            bytes = without(&bytes, &cuts);
        }
        if self.released > 0 {
            bytes.drain(..self.released.min(bytes.len()));
        }
        self.released = held_from.saturating_sub(start);
        Scanned { output: bytes, changed }
    }

    /// How many bytes of the stream have been pushed and not handed out, at most [`OPEN_LIMIT`]. Where a stream ends
    /// without a last chunk, they are lost.
    #[must_use]
    pub fn open_tail(&self) -> usize {
        self.tail.len().saturating_sub(self.released)
    }

    /// What has been found so far.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What has been found so far, to take values out.
    pub const fn findings_mut(&mut self) -> &mut Findings {
        &mut self.findings
    }

    /// How many places were looked at closely so far. For measurements: it depends on the chunks.
    #[must_use]
    pub const fn candidates(&self) -> u64 {
        self.candidates
    }

    #[cfg(test)]
    pub(super) fn tail_length(&self) -> usize {
        self.tail.len()
    }

    /// Where the next block ends, and whether an event ends there.
    fn block(&mut self, bytes: &[u8], from: usize) -> (usize, bool) {
        let limit = bytes.len().min(from.saturating_add(BLOCK));
        if self.kind.structure != Structure::Events {
            return (limit, false);
        }
        match self.lines.event_end(bytes.get(from..limit).unwrap_or_default()) {
            Some(end) => (from.saturating_add(end), true),
            None => (limit, false),
        }
    }

    /// Scans what is there. Returns from where on it stays open, and whether anything was overwritten.
    fn scan_block(
        &mut self,
        block: &mut [u8],
        end: bool,
        world: ScanWorld<'_, '_>,
        mut cut: impl FnMut(Range<usize>),
    ) -> (usize, bool) {
        if self.kind.sniff != Sniff::Nothing {
            match self.kind.sniffed(block, end) {
                Some(kind) => {
                    self.kind = kind;
                    self.context = Context::new(kind.structure);
                }
                // White space alone may be a lot; a byte of a mark is one.
                None if block.len() < 2 && !end => return (0, false),
                None => {}
            }
        }
        let View { bytes, map } = View::of(block, self.kind.spelling, end);
        let before = std::mem::take(&mut self.before);
        let text = Text {
            bytes: &bytes,
            before: &before,
            end,
            json: matches!(self.kind.structure, Structure::Json | Structure::Events),
        };
        let stop = self.scan(text, world);
        let kept = if end { bytes.len() } else { stop.kept };
        self.remember(before, bytes.get(..kept).unwrap_or_default());
        drop(bytes);
        let mut masked = false;
        for span in &self.spans {
            masked |= span.start < kept;
            if let Some(range) = span.apply(&map, block, kept) {
                cut(range);
            }
        }
        self.spans = self.spans.iter().filter_map(|span| span.after(kept)).collect();
        self.cursor = stop.cursor.saturating_sub(kept);
        self.taken = self.taken.saturating_sub(kept);
        self.word = self.word.saturating_sub(kept);
        self.cut = self.cut.saturating_sub(kept);
        self.context.rebase(kept);
        if end && self.kind.structure == Structure::Events {
            // Nothing of one event means anything for the next.
            self.before.clear();
            self.context.close();
            self.run = None;
        }
        (map.raw_start(kept), masked)
    }

    fn remember(&mut self, mut before: Vec<u8>, bytes: &[u8]) {
        let new = bytes.get(bytes.len().saturating_sub(CONTEXT)..).unwrap_or_default();
        let old = before.len().saturating_add(new.len()).saturating_sub(CONTEXT);
        before.drain(..old.min(before.len()));
        before.extend_from_slice(new);
        self.before = before;
    }

    fn scan(&mut self, text: Text<'_>, world: ScanWorld<'_, '_>) -> Stop {
        let settings = std::mem::take(&mut self.settings);
        let probe =
            Probe { policy: world.policy, table: &world.policy.detector_table, settings: &settings, text };
        let triggers = *self.triggers.get_or_insert_with(|| triggers(&probe));
        let mut at = self.cursor;
        let open = loop {
            let step = if self.run.is_some() {
                self.run_on(&probe, at)
            } else if self.context.needs_every_byte(at) {
                self.step_by_step(&probe, at, world.key)
            } else {
                self.skip(&probe, at, triggers, world.key)
            };
            match step {
                Step::End => break text.bytes.len(),
                Step::Open(at) => break at,
                Step::Go(next) => at = next,
            }
        };
        let kept = open.min(trailing(&probe, triggers, text.bytes.len()));
        // What stands around an `@` begins in front of it, and so perhaps in front of what is open.
        let waiting = text.bytes.get(open..).unwrap_or_default();
        let at_sign = waiting.iter().position(|byte| *byte == b'@').map(|offset| open.saturating_add(offset));
        let kept = at_sign.map_or(kept, |at_sign| kept.min(trailing(&probe, triggers, at_sign)));
        let kept = if settings.removes_something() { act::before_comma(&text, kept) } else { kept };
        self.settings = settings;
        Stop { cursor: open, kept }
    }

    /// Goes from place to place where something may begin.
    #[inline(never)]
    fn skip(&mut self, probe: &Probe<'_, '_>, from: usize, triggers: Trigger, key: &HashKey) -> Step {
        let text = &probe.text;
        let front = text.behind(from, 1);
        let mut blocks = Blocks::new(text.bytes, from, front, text.end, triggers);
        while let Some((base, places)) = blocks.next() {
            let literals = probe.words(base, places.words);
            let mut open = literals | places.others;
            while open != 0 {
                let bit = open.trailing_zeros();
                open &= open.wrapping_sub(1);
                let at = base.wrapping_add(bit as usize);
                if at < self.taken && text.at(at) != Some(b'@') {
                    continue;
                }
                if literals >> bit & 1 == 0 && !probe.may_begin_value(at) {
                    continue;
                }
                let seen = probe.look(at, 0);
                self.candidates = self.candidates.wrapping_add(1);
                match self.note(probe, at, seen, key) {
                    Step::End => {}
                    step => return step,
                }
            }
        }
        Step::End
    }

    /// Goes from byte to byte while a context word speaks.
    #[inline(never)]
    fn step_by_step(&mut self, probe: &Probe<'_, '_>, from: usize, key: &HashKey) -> Step {
        let text = &probe.text;
        let mut at = from;
        let mut before = text.behind(at, 1).unwrap_or(b' ');
        while self.context.needs_every_byte(at) {
            let Some(byte) = text.at(at) else { return Step::End };
            // Inside of a word nothing begins and nothing ends.
            if !(byte.is_ascii_lowercase() && before.is_ascii_lowercase()) {
                if begins_something(byte, before) && (at >= self.taken || byte == b'@') {
                    match self.step(probe, at, key) {
                        Step::End => {}
                        step => return step,
                    }
                }
                self.context.pass(byte, at);
            }
            before = byte;
            at = at.saturating_add(1);
        }
        // A value that is found later must not open the window again.
        self.context.close();
        Step::Go(at)
    }

    /// Looks at a place in the window of a context word.
    #[inline(never)]
    fn step(&mut self, probe: &Probe<'_, '_>, at: usize, key: &HashKey) -> Step {
        let context = self.context.bits(at);
        if !probe.is_worth_a_look(at, context) {
            return Step::End;
        }
        let mut seen = probe.look(at, context);
        self.candidates = self.candidates.wrapping_add(1);
        if at < self.word {
            seen.value = None;
        }
        match self.note(probe, at, seen, key) {
            // A context word: its bytes are passed over as any others.
            Step::Go(next) if self.run.is_none() && next == at.saturating_add(1) => Step::End,
            step => step,
        }
    }

    /// Takes over what was seen at a place.
    #[inline(never)]
    fn note(&mut self, probe: &Probe<'_, '_>, at: usize, seen: Seen, key: &HashKey) -> Step {
        if seen.is_open {
            return Step::Open(at);
        }
        let mut next = None;
        if let Some(candidate) = seen.value {
            if let Some(from) = self.record(probe, &candidate, key) {
                return Step::Go(from);
            }
            self.taken = self.taken.max(candidate.value.end);
            self.context.value_ends(candidate.value.end);
        }
        if let Some((bits, end)) = seen.context {
            self.context.open(bits, end);
            self.word = self.word.max(end);
            // Words may lie in one another, those of other detectors too: `secret` in `clientSecret`.
            next = Some(at.saturating_add(1));
        }
        next.map_or(Step::End, Step::Go)
    }
}

/// The bytes that are in none of these ranges, which are in order.
fn without(bytes: &[u8], cuts: &[Range<usize>]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for cut in cuts {
        kept.extend_from_slice(bytes.get(from..cut.start.min(bytes.len())).unwrap_or_default());
        from = from.max(cut.end);
    }
    kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
    kept
}

/// Whether anything at all may begin with this byte, behind that one.
const fn begins_something(byte: u8, before: u8) -> bool {
    match byte {
        b'@' | b'+' | b':' => true,
        b'0'..=b'9' => !before.is_ascii_digit(),
        b'A'..=b'Z' => !before.is_ascii_uppercase() && !before.is_ascii_digit(),
        b'a'..=b'z' => !before.is_ascii_alphanumeric(),
        0x80.. => before < 0x80,
        _ => false,
    }
}

/// From where on the text in front of a position may belong to something whose trigger is there or still to come.
fn trailing(probe: &Probe<'_, '_>, triggers: Trigger, end: usize) -> usize {
    let text = &probe.text;
    if text.end || !triggers.marks {
        return end;
    }
    let wanted = |finder: Finder| probe.looks_for(finder);
    let address = if wanted(Finder::Email) { email::local_run(text, end).unwrap_or(end) } else { end };
    let credentials = if wanted(Finder::UrlCredentials) {
        end.saturating_sub(text.with_behind(end, url_credentials::waiting))
    } else {
        end
    };
    address.min(credentials)
}
