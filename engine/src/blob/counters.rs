//! What is counted, and where in a cell each count lies.

use super::error::BlobError;
use super::field::{Field, Fields, record, word_field};
#[cfg(feature = "write")]
use super::writer::RecordWriter;
use crate::vocabulary::{CounterKey, Event, Value};

/// The tables of the state: each has cells of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CellKind {
    /// Addresses and clients. A client that is known by its address only has one cell for both.
    Caller = 0,
    /// Accounts, by the user name of a login.
    Account = 1,
    /// Routes, all clients together.
    Route = 2,
}
word_field!(CellKind, "a known kind of cell", CellKind::Caller, CellKind::Account, CellKind::Route);

impl CellKind {
    /// All kinds by number.
    pub const ALL: [Self; 3] = [Self::Caller, Self::Account, Self::Route];

    /// The table in which a counter with this key is kept.
    #[must_use]
    pub const fn of(key: CounterKey) -> Self {
        match key {
            CounterKey::Address | CounterKey::Client => Self::Caller,
            CounterKey::LoginUsername => Self::Account,
            CounterKey::Route => Self::Route,
        }
    }

    /// The name in `inspect` and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Account => "account",
            Self::Route => "route",
        }
    }
}

/// How a counter is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Storage {
    /// Eight buckets of u16: 20 bytes.
    Buckets = 0,
    /// A set of stamped 24-bit hashes: 4 bytes each, `size` of them, and 4.
    ExactSet = 1,
    /// Four bitmaps for linear counting, `size` bits each, and 4 bytes.
    Bitmap = 2,
}
word_field!(Storage, "a known storage", Storage::Buckets, Storage::ExactSet, Storage::Bitmap);

/// What a counter counts, as the blob says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Occurrences.
    Count(Event),
    /// Different values.
    Distinct(Value),
}

const EVENTS: [(u16, Event); 5] = [
    (1, Event::Request),
    (2, Event::LoginAttempt),
    (3, Event::LoginSuccess),
    (4, Event::LoginFailure),
    (5, Event::SensitiveFound),
];
const VALUES: [(u16, Value); 6] = [
    (0x101, Value::LoginUsername),
    (0x102, Value::LoginPassword),
    (0x103, Value::Client),
    (0x104, Value::Address),
    (0x105, Value::Path),
    (0x106, Value::PathParameter),
];
const STATUS: u16 = 0x1000;

impl<'p> Field<'p> for Source {
    const LEN: usize = 2;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError> {
        let code = u16::read(fields)?;
        let event = EVENTS.iter().find(|(number, _)| *number == code).map(|(_, event)| Self::Count(*event));
        let value =
            VALUES.iter().find(|(number, _)| *number == code).map(|(_, value)| Self::Distinct(*value));
        let status =
            code.checked_sub(STATUS).filter(|status| (1..=5).contains(status) || (100..600).contains(status));
        let status = status.map(|status| Self::Count(Event::ResponseStatus(status)));
        event.or(value).or(status).ok_or(fields.expected("a known source of a counter"))
    }
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>) {
        let code = match self {
            Self::Count(Event::ResponseStatus(status)) => STATUS + status,
            Self::Count(event) => {
                EVENTS.iter().find(|(_, known)| known == event).map_or(0, |(code, _)| *code)
            }
            Self::Distinct(value) => {
                VALUES.iter().find(|(_, known)| known == value).map_or(0, |(code, _)| *code)
            }
        };
        code.write(out);
    }
}

record! {
    /// A counter.
    Counter in "counters" as 7 {
        /// Its name in the policy.
        name: &'p str,
        /// What it counts.
        source: Source,
        /// The path parameter it tells apart, else empty.
        parameter: &'p str,
        /// What it is kept for.
        key: CounterKey,
        /// Its sliding window in milliseconds.
        window_ms: u32,
        /// The highest number it is compared with.
        highest_threshold: u32,
        /// The lowest number it is compared with, 0 where none.
        lowest_threshold: u32,
        /// How many events a worker may hold back.
        flush_at: u16,
        /// How it is stored.
        storage: Storage,
        /// Entries of a set, bits of a bitmap, 0 for buckets.
        size: u16,
        /// Where in the cell.
        offset: u16,
    }
}

/// The offset of a part that a cell does not have.
pub const ABSENT: u16 = u16::MAX;

record! {
    /// The shape of the cells of one table.
    CellShape in "cells" as 8 {
        /// Which table.
        kind: CellKind,
        /// Bytes of one cell.
        len: u16,
        /// Hash over everything that gives the bytes of a cell their meaning.
        definitions: u64,
        /// Until when the client is refused: `u32` enforced, `u32` reported, `u32` since when, in seconds.
        ban: u16,
        /// Until when the client key is vouched for: `u32` in seconds.
        vouched: u16,
        /// When the next throttled request may pass: `u64` in milliseconds.
        throttle: u16,
        /// Attempts whose outcome is not known yet: four `u16` and their number of ten seconds.
        pending: u16,
        /// Points of honeypots, by threat: `u32` until when, `u16` points, `u16` of them enforced, `u32` since when.
        marks: [u16; 4],
    }
}

/// What every cell starts with: tag, last seen, protected until; `u32` each, times in seconds.
pub const CELL_HEAD_LEN: u16 = 12;
/// Bytes of a page that hold large cells; the rest is the page's own.
pub const PAGE_CELLS_LEN: u16 = 1296;

impl CellShape<'_> {
    /// How many cells a page holds.
    #[must_use]
    pub fn cells_per_page(&self) -> u32 {
        u32::from(PAGE_CELLS_LEN / self.len.max(CELL_HEAD_LEN))
    }
}

#[cfg(feature = "write")]
pub(crate) use layout::lay_out;

#[cfg(feature = "write")]
mod layout {
    use super::{ABSENT, CELL_HEAD_LEN, CellKind, CellShape, Counter, Source, Storage};
    use crate::blob::draft::{ActionDraft, CounterSource, PolicyDraft};
    use crate::vocabulary::{Event, Threat};
    use sha2::{Digest as _, Sha256};
    use std::marker::PhantomData;

    /// Above this many, distinct values are estimated.
    const EXACT_UP_TO: u32 = 32;

    /// Gives every counter its place in its cell.
    pub(crate) fn lay_out(draft: &PolicyDraft) -> (Vec<Counter<'_>>, Vec<CellShape<'static>>) {
        let mut shapes: Vec<CellShape<'static>> = CellKind::ALL.map(|kind| empty_shape(kind, draft)).into();
        let mut counters = Vec::new();
        for counter in &draft.counters {
            let (source, parameter) = match &counter.source {
                CounterSource::Count(event) => (Source::Count(*event), ""),
                CounterSource::Distinct(value, name) => {
                    (Source::Distinct(*value), name.as_deref().unwrap_or_default())
                }
            };
            let (storage, size, len) = storage(source, counter.highest_threshold);
            let shape = shapes.iter_mut().find(|shape| shape.kind == CellKind::of(counter.key));
            let offset = shape.map_or(ABSENT, |shape| {
                if matches!(
                    source,
                    Source::Count(Event::LoginFailure | Event::LoginSuccess | Event::LoginAttempt)
                ) && shape.pending == ABSENT
                {
                    shape.pending = place(shape, 12);
                }
                place(shape, len)
            });
            let lowest = draft.lowest_threshold(counter);
            counters.push(Counter {
                name: &counter.name,
                source,
                parameter,
                key: counter.key,
                window_ms: counter.window_ms,
                highest_threshold: counter.highest_threshold,
                lowest_threshold: lowest,
                flush_at: counter.flush_at.max(1),
                storage,
                size,
                offset,
                blob: PhantomData,
            });
        }
        for shape in &mut shapes {
            shape.definitions = definitions(shape, &counters);
        }
        (counters, shapes)
    }

    const fn place(shape: &mut CellShape<'_>, len: u16) -> u16 {
        let offset = shape.len;
        shape.len = shape.len.saturating_add(len);
        offset
    }

    fn storage(source: Source, highest: u32) -> (Storage, u16, u16) {
        match source {
            Source::Count(_) => (Storage::Buckets, 0, 20),
            Source::Distinct(_) if highest <= EXACT_UP_TO => {
                // One more than is compared with, so that "over" can be told.
                let entries = u16::try_from(highest).unwrap_or(u16::MAX).saturating_add(1);
                (Storage::ExactSet, entries, entries.saturating_mul(4).saturating_add(4))
            }
            Source::Distinct(_) => {
                // Twice the number keeps the standard error of linear counting under 5 %.
                let bits = highest.saturating_mul(2).next_power_of_two().clamp(64, 1024);
                let bits = u16::try_from(bits).unwrap_or(1024);
                (Storage::Bitmap, bits, (bits / 8).saturating_mul(4).saturating_add(4))
            }
        }
    }

    fn empty_shape(kind: CellKind, draft: &PolicyDraft) -> CellShape<'static> {
        let mut shape = CellShape {
            kind,
            len: CELL_HEAD_LEN,
            definitions: 0,
            ban: ABSENT,
            vouched: ABSENT,
            throttle: ABSENT,
            pending: ABSENT,
            marks: [ABSENT; 4],
            blob: PhantomData,
        };
        if kind != CellKind::Caller {
            return shape;
        }
        let actions = || draft.ladders.iter().flat_map(|ladder| ladder.steps.iter().map(|step| &step.action));
        if actions().any(|action| matches!(action, ActionDraft::Block { for_ms: 1.., .. })) {
            shape.ban = place(&mut shape, 12);
        }
        if !draft.client.keys.is_empty() {
            shape.vouched = place(&mut shape, 4);
        }
        if actions().any(|action| matches!(action, ActionDraft::Throttle { .. })) {
            shape.throttle = place(&mut shape, 8);
        }
        for threat in Threat::ALL {
            let trapped =
                |app: &crate::blob::draft::AppDraft| app.honeypots.iter().any(|pot| pot.threat == threat);
            if draft.apps.iter().any(trapped) {
                let offset = place(&mut shape, 12);
                if let Some(mark) = shape.marks.get_mut(threat as usize) {
                    *mark = offset;
                }
            }
        }
        shape
    }

    /// Everything that gives the bytes of a cell their meaning; a policy with other text for the same counts keeps them.
    fn definitions(shape: &CellShape<'_>, counters: &[Counter<'_>]) -> u64 {
        let mut digest = Sha256::new();
        digest.update([shape.kind as u8]);
        for part in [shape.len, shape.ban, shape.vouched, shape.throttle, shape.pending] {
            digest.update(part.to_le_bytes());
        }
        for mark in shape.marks {
            digest.update(mark.to_le_bytes());
        }
        for counter in counters.iter().filter(|counter| CellKind::of(counter.key) == shape.kind) {
            digest.update(format!("{:?}", (counter.source, counter.parameter, counter.key, counter.storage)));
            digest.update(counter.window_ms.to_le_bytes());
            digest.update(counter.size.to_le_bytes());
            digest.update(counter.offset.to_le_bytes());
        }
        let digest: [u8; 32] = digest.finalize().into();
        digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}
