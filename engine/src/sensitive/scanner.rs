//! Scans a stream chunk by chunk.

use std::ops::Range;

use super::mask::{self, Span};
use super::text::{CONTEXT, Text};
use super::{DetectorSet, Findings, ScanSettings, email, numbers};
use crate::vocabulary::Detector;

/// The most bytes that stay open from one chunk to the next. What is needed is less: an e-mail address of 320 bytes.
pub const OPEN_LIMIT: usize = 512;

/// Scans one stream.
///
/// Values that are only counted never hold anything back: their chunks pass as they came, and the scanner keeps a copy
/// of the open end. Only where a value may have to be overwritten does its open end wait for the next chunk.
#[derive(Debug)]
pub struct Scanner {
    settings: ScanSettings,
    findings: Findings,
    /// The open end of what has been pushed, as it came.
    tail: Vec<u8>,
    /// How much of the tail has been handed out already.
    released: usize,
    /// What has been decided about the rest of the tail.
    spans: Vec<Span>,
    /// What stood in front of the tail, at most [`CONTEXT`] bytes.
    before: Vec<u8>,
    /// Where the passes go on in the tail.
    numbers_from: usize,
    emails_from: usize,
    kind: Kind,
}

/// What the stream looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Only white space so far.
    Unknown,
    Json,
    Other,
}

/// What goes on now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// The former open end and the chunk, masked, without the new open end.
    pub output: Vec<u8>,
    /// Whether the output differs from the chunk in any byte or in length. Where it does not, nothing has to be written.
    pub changed: bool,
}

impl Scanner {
    /// A scanner at the beginning of a stream.
    #[must_use]
    pub fn new(settings: ScanSettings) -> Self {
        Self {
            settings,
            findings: Findings::default(),
            tail: Vec::new(),
            released: 0,
            spans: Vec::new(),
            before: Vec::new(),
            numbers_from: 0,
            emails_from: 0,
            kind: Kind::Unknown,
        }
    }

    /// Scans on. With `end`, nothing stays open; an empty chunk may end a stream.
    #[must_use]
    pub fn push(&mut self, chunk: Vec<u8>, end: bool) -> Scanned {
        let held_before = self.open_tail();
        let mut bytes = if self.tail.is_empty() {
            chunk
        } else {
            let mut joined = std::mem::take(&mut self.tail);
            joined.extend_from_slice(&chunk);
            joined
        };
        let open = self.scan(&bytes, end);

        let held_from = open.held.max(self.released);
        let kept_from = open.kept.min(held_from);
        let tail = bytes.get(kept_from..).unwrap_or_default().to_vec();
        self.remember(bytes.get(..kept_from).unwrap_or_default());
        let masked = self.apply(&mut bytes, held_from, kept_from);
        let changed = masked || held_before > 0 || held_from < bytes.len();
        bytes.truncate(held_from);
        if self.released > 0 {
            bytes.drain(..self.released.min(bytes.len()));
        }
        self.released = held_from.saturating_sub(kept_from);
        self.numbers_from = self.numbers_from.saturating_sub(kept_from);
        self.emails_from = self.emails_from.saturating_sub(kept_from);
        self.tail = tail;
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
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    #[cfg(test)]
    pub(super) fn tail_length(&self) -> usize {
        self.tail.len()
    }

    /// Scans what is there and says what stays open.
    fn scan(&mut self, bytes: &[u8], end: bool) -> Open {
        self.kind = self.kind.after(bytes);
        let text = Text { bytes, before: &self.before, end, json: self.kind == Kind::Json };
        let settings = self.settings;
        let mut sink = Sink { settings, findings: &mut self.findings, spans: &mut self.spans };

        let mut open = Open { held: bytes.len(), kept: bytes.len() };
        if !settings.detectors.intersection(NUMBERS).is_empty() {
            self.numbers_from = numbers::scan(&text, self.numbers_from, |detector, value| {
                sink.number(&text, detector, value);
            });
            open.at(self.numbers_from, !settings.masked().intersection(NUMBERS).is_empty());
        }
        if settings.detectors.contains(Detector::Email) {
            let progress =
                email::scan(&text, self.emails_from, |whole, domain| sink.email(&text, whole, domain));
            self.emails_from = progress.cursor;
            open.at(progress.open_from, settings.masked().contains(Detector::Email));
        }
        if end { Open { held: bytes.len(), kept: bytes.len() } } else { open }
    }

    /// Overwrites what goes on now and keeps what is decided about the rest.
    fn apply(&mut self, bytes: &mut [u8], held_from: usize, kept_from: usize) -> bool {
        let mut masked = false;
        for span in &self.spans {
            masked |= span.start < held_from;
            span.apply(bytes, self.released..held_from);
        }
        let rest = std::mem::take(&mut self.spans);
        self.spans = rest.iter().filter_map(|span| span.after(held_from, kept_from)).collect();
        masked
    }

    fn remember(&mut self, bytes: &[u8]) {
        let new = bytes.get(bytes.len().saturating_sub(CONTEXT)..).unwrap_or_default();
        let old = self.before.len().saturating_add(new.len()).saturating_sub(CONTEXT);
        self.before.drain(..old.min(self.before.len()));
        self.before.extend_from_slice(new);
    }
}

/// The detectors of the pass over numbers.
const NUMBERS: DetectorSet =
    DetectorSet::EMPTY.with(Detector::PaymentCard).with(Detector::Iban).with(Detector::UsSsn);

impl ScanSettings {
    fn masked(&self) -> DetectorSet {
        self.mask.intersection(self.detectors)
    }

    fn keep_last(&self, detector: Detector) -> u8 {
        self.keep_last.get(detector as usize).copied().unwrap_or(0)
    }
}

/// Where what stays open begins.
struct Open {
    /// What must not go on yet.
    held: usize,
    /// What must be seen again.
    kept: usize,
}

impl Open {
    fn at(&mut self, position: usize, held: bool) {
        self.kept = self.kept.min(position);
        if held {
            self.held = self.held.min(position);
        }
    }
}

impl Kind {
    fn after(self, bytes: &[u8]) -> Self {
        if self != Self::Unknown {
            return self;
        }
        // A byte order mark counts as white space.
        let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
        match bytes.iter().find(|byte| !blank(byte)) {
            None => Self::Unknown,
            Some(b'{' | b'[') => Self::Json,
            Some(_) => Self::Other,
        }
    }
}

/// Where the passes report to.
struct Sink<'a> {
    settings: ScanSettings,
    findings: &'a mut Findings,
    spans: &'a mut Vec<Span>,
}

impl Sink<'_> {
    fn number(&mut self, text: &Text<'_>, detector: Detector, value: Range<usize>) {
        if !self.count(detector) {
            return;
        }
        let keep_last = self.settings.keep_last(detector);
        let plain = text.bytes.get(value.clone()).is_some_and(|bytes| bytes.iter().all(u8::is_ascii_digit));
        if plain && mask::is_json_number(text, &value) {
            mask::digits(value, keep_last, self.spans);
        } else {
            mask::stars(text, value, keep_last, self.spans);
        }
    }

    /// Of an address the `@` and the dots stay, and the last letters of its domain; never any of the local part.
    fn email(&mut self, text: &Text<'_>, whole: Range<usize>, domain: Range<usize>) {
        if self.count(Detector::Email) {
            mask::stars(text, whole.start..domain.start, 0, self.spans);
            mask::stars(text, domain, self.settings.keep_last(Detector::Email), self.spans);
        }
    }

    /// Counts a value; whether it is to be overwritten.
    fn count(&mut self, detector: Detector) -> bool {
        let masked = self.settings.masked().contains(detector);
        if self.settings.detectors.contains(detector) {
            self.findings.count(detector, masked);
        }
        masked
    }
}
