//! What is counted, and where in a cell each count lies.

use super::detectors::DetectorBits;
use super::error::BlobError;
use super::field::{Field, Fields, record, word_field};
#[cfg(feature = "write")]
use super::writer::RecordWriter;
use crate::vocabulary::{CounterKey, Event, Moment, Value, Whose};

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
    /// Networks of addresses.
    Network = 3,
    /// Fingerprints of request heads.
    Fingerprint = 4,
    /// What successful logins came with: no cells, a filter in each page, see [`crate::state::seen`].
    Seen = 5,
    /// Passwords: no cells, a sketch in each page, see [`crate::state::sketch`].
    Password = 6,
}
word_field!(
    CellKind,
    "a known kind of cell",
    CellKind::Caller,
    CellKind::Account,
    CellKind::Route,
    CellKind::Network,
    CellKind::Fingerprint,
    CellKind::Seen,
    CellKind::Password
);

impl CellKind {
    /// All kinds by number.
    pub const ALL: [Self; 7] = [
        Self::Caller,
        Self::Account,
        Self::Route,
        Self::Network,
        Self::Fingerprint,
        Self::Seen,
        Self::Password,
    ];

    /// The table in which a counter with this key is kept.
    #[must_use]
    pub const fn of(key: CounterKey) -> Self {
        match key {
            CounterKey::Address | CounterKey::Client => Self::Caller,
            CounterKey::LoginUsername => Self::Account,
            CounterKey::Route => Self::Route,
            CounterKey::Network => Self::Network,
            CounterKey::Fingerprint => Self::Fingerprint,
            CounterKey::LoginPassword => Self::Password,
        }
    }

    /// The name in `inspect` and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Account => "account",
            Self::Route => "route",
            Self::Network => "network",
            Self::Fingerprint => "fingerprint",
            Self::Seen => "seen",
            Self::Password => "password",
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
    /// A number that fades: 8 bytes.
    Decay = 3,
    /// Mean and variance of intervals: 16 bytes.
    Intervals = 4,
    /// Nothing in a cell: a sketch holds it.
    Sketch = 5,
}
word_field!(
    Storage,
    "a known storage",
    Storage::Buckets,
    Storage::ExactSet,
    Storage::Bitmap,
    Storage::Decay,
    Storage::Intervals,
    Storage::Sketch
);

/// What a counter counts, as the blob says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Occurrences.
    Count(Event),
    /// Different values.
    Distinct(Value),
}

impl Source {
    /// Whether replies are compared with what is usual for their route.
    #[must_use]
    pub fn asks_usual(self) -> bool {
        self == Self::Count(Event::SensitiveUnusual)
    }

    /// Whether it counts sensitive values in replies.
    #[must_use]
    pub fn is_of_sensitive_values(self) -> bool {
        matches!(
            self,
            Self::Count(Event::SensitiveFound | Event::SensitiveUnusual)
                | Self::Distinct(Value::SensitiveValue)
        )
    }
}

const EVENTS: [(u16, Event); 7] = [
    (1, Event::Request),
    (2, Event::LoginAttempt),
    (3, Event::LoginSuccess),
    (4, Event::LoginFailure),
    (5, Event::SensitiveFound),
    (6, Event::LoginNewDevice),
    (7, Event::SensitiveUnusual),
];
const VALUES: [(u16, Value); 9] = [
    (0x101, Value::LoginUsername),
    (0x102, Value::LoginPassword),
    (0x103, Value::Client),
    (0x104, Value::Address),
    (0x105, Value::Path),
    (0x106, Value::PathParameter),
    (0x107, Value::Network),
    (0x108, Value::Fingerprint),
    (0x109, Value::SensitiveValue),
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
        /// Its sliding window in milliseconds; of [`Storage::Decay`] the half-life.
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
        /// Which logins count.
        whose: Whose,
        /// When a login's value is taken.
        moment: Moment,
        /// Of sensitive values: which detectors' count; none for all.
        finds: DetectorBits,
    }
}

impl Counter<'_> {
    /// Whether it counts logins only.
    #[must_use]
    pub fn is_of_logins(&self) -> bool {
        match self.source {
            Source::Count(event) => matches!(
                event,
                Event::LoginAttempt | Event::LoginSuccess | Event::LoginFailure | Event::LoginNewDevice
            ),
            Source::Distinct(value) => {
                matches!(value, Value::LoginUsername | Value::LoginPassword)
                    || self.whose == Whose::Strangers
                    || self.moment != Moment::Request
            }
        }
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
        /// A login route's own past, [`crate::state::pulse`]; 0 where absent, as for the following.
        pulse: u16,
        /// What a session is bound to: `u32` when it began in seconds, `u32` network, `u32` fingerprint, `u32` when it began
        /// if its device was new.
        session: u16,
        /// When each of the policy's milestones was last passed: `u32` in seconds each.
        milestones: u16,
        /// How many sensitive values the replies of a route usually hold, [`USUAL_LEN`] bytes.
        usual: u16,
    }
}

impl<'p> CellShape<'p> {
    /// The shape of a table that a policy does not use.
    pub(crate) const fn unused(kind: CellKind) -> Self {
        Self {
            kind,
            len: CELL_HEAD_LEN,
            definitions: 0,
            ban: ABSENT,
            vouched: ABSENT,
            throttle: ABSENT,
            pending: ABSENT,
            marks: [ABSENT; 4],
            pulse: 0,
            session: 0,
            milestones: 0,
            usual: 0,
            blob: std::marker::PhantomData,
        }
    }
}

/// Bytes of a session in a cell.
pub const SESSION_LEN: u16 = 16;

/// Bytes of a route's usual number of sensitive values in a cell.
pub const USUAL_LEN: u16 = 40;

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
