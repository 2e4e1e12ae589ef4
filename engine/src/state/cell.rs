//! What is kept for one key: its counts, its ban, its marks.
//!
//! A part that the policy does not need is absent from the cell; it reads as zero and ignores writes.

use super::bytes::{read_u16, read_u32, read_u64, write_u16, write_u32, write_u64};
use super::distinct::{Bitmaps, ExactSet};
use super::session::Session;
use super::{decay, intervals, pulse, usual, window};
use crate::blob::counters::{CellShape, Counter, SESSION_LEN, Storage, USUAL_LEN};
use crate::clock::Millis;
use crate::vocabulary::Threat;

// An attempt without an outcome stays reserved for the three slots after its own: 30 to 40 seconds.
const PENDING_SLOT_MS: u64 = 10_000;
const PENDING_SLOTS: u64 = 4;

/// Since when and until when something is read: counts before `not_before` were forgiven.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Now.
    pub now: Millis,
    /// What happened before this does not count.
    pub not_before: Millis,
}

/// A cell's bytes, borrowed for reading (`&[u8]`) or for writing (`&mut [u8]`).
#[derive(Debug)]
pub struct Cell<B>(pub B);

/// Until when a client is refused, in seconds; 0 for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ban {
    /// Earned where the policy enforces.
    pub enforced_until: u32,
    /// Earned anywhere.
    pub reported_until: u32,
    /// When it was last earned, in seconds.
    pub since: u32,
}

/// What is left of a trap's points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Until when they last, in seconds.
    pub until: u32,
    /// All points.
    pub points: u16,
    /// Those that were earned where the policy enforces.
    pub enforced: u16,
    /// When they were last earned, in seconds.
    pub since: u32,
}

/// A place among the reservations, to give back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation(u32);

impl<B: AsRef<[u8]>> Cell<B> {
    fn at(&self, offset: u16) -> &[u8] {
        self.0.as_ref().get(usize::from(offset)..).unwrap_or_default()
    }

    /// The tag of the key; 0 for a free cell.
    #[must_use]
    pub fn tag(&self) -> u32 {
        read_u32(self.0.as_ref(), 0)
    }

    /// When it was last written, in seconds.
    #[must_use]
    pub fn seen(&self) -> u32 {
        read_u32(self.0.as_ref(), 4)
    }

    /// Until when it may not be given to another key, in seconds.
    #[must_use]
    pub fn protected_until(&self) -> u32 {
        read_u32(self.0.as_ref(), 8)
    }

    /// The client's ban.
    #[must_use]
    pub fn ban(&self, shape: &CellShape<'_>) -> Ban {
        let bytes = self.at(shape.ban);
        Ban {
            enforced_until: read_u32(bytes, 0),
            reported_until: read_u32(bytes, 4),
            since: read_u32(bytes, 8),
        }
    }

    /// Until when the client key is vouched for, in seconds.
    #[must_use]
    pub fn vouched_until(&self, shape: &CellShape<'_>) -> u32 {
        read_u32(self.at(shape.vouched), 0)
    }

    /// When the next throttled request may pass.
    #[must_use]
    pub fn throttled_until(&self, shape: &CellShape<'_>) -> Millis {
        Millis(read_u64(self.at(shape.throttle), 0))
    }

    /// What is left of the points for a threat.
    #[must_use]
    pub fn mark(&self, shape: &CellShape<'_>, threat: Threat) -> Mark {
        let offset = shape.marks.get(threat as usize).copied().unwrap_or(crate::blob::counters::ABSENT);
        let bytes = self.at(offset);
        Mark {
            until: read_u32(bytes, 0),
            points: read_u16(bytes, 4),
            enforced: read_u16(bytes, 6),
            since: read_u32(bytes, 8),
        }
    }

    /// How many attempts wait for their outcome.
    #[must_use]
    pub fn pending(&self, shape: &CellShape<'_>, now: Millis) -> u32 {
        let bytes = self.at(shape.pending);
        let newest = read_u32(bytes, 0);
        let current = pending_now(newest, now);
        let first = current.saturating_sub(u32::try_from(PENDING_SLOTS).unwrap_or(4) - 1);
        (first..=current)
            .filter(|slot| newest.saturating_sub(*slot) < 4 && *slot <= newest)
            .map(|slot| u32::from(read_u16(bytes, pending_at(slot))))
            .sum()
    }

    /// What a counter of occurrences stands at.
    #[must_use]
    pub fn count(&self, counter: &Counter<'_>, reading: Reading) -> u32 {
        let bytes = self.at(counter.offset);
        match counter.storage {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates, never negative"
            )]
            Storage::Decay => decay::read(bytes, counter.window_ms, reading.now).round() as u32,
            Storage::Intervals => intervals::regularity(bytes),
            _ => window::sum(bytes, counter.window_ms, reading.now, reading.not_before),
        }
    }

    /// What the client's session began with.
    #[must_use]
    pub fn session(&self, shape: &CellShape<'_>) -> Session {
        if shape.session == 0 { Session::default() } else { Session::read(self.at(shape.session)) }
    }

    /// When a milestone was last passed, in seconds; 0 for never.
    #[must_use]
    pub fn milestone(&self, shape: &CellShape<'_>, milestone: usize) -> u32 {
        if shape.milestones == 0 { 0 } else { read_u32(self.at(shape.milestones), milestone * 4) }
    }

    /// Whether the login route is under attack.
    #[must_use]
    pub fn is_under_attack(&self, shape: &CellShape<'_>, now: Millis) -> bool {
        shape.pulse != 0 && pulse::is_under_attack(self.at(shape.pulse), now)
    }

    /// How many different values a counter has seen, the given one included.
    #[must_use]
    pub fn distinct(&self, counter: &Counter<'_>, value: Option<u64>, reading: Reading) -> u32 {
        if counter.storage == Storage::ExactSet {
            let (count, known) = exact(counter, reading, self.at(counter.offset)).read(value);
            count.saturating_add(u32::from(value.is_some() && !known))
        } else {
            bitmaps(counter, reading, self.at(counter.offset)).read(value).0
        }
    }

    /// Whether adding this value would change nothing.
    #[must_use]
    pub fn has_fresh(&self, counter: &Counter<'_>, value: u64, reading: Reading) -> bool {
        if counter.storage == Storage::ExactSet {
            exact(counter, reading, self.at(counter.offset)).is_fresh(value)
        } else {
            bitmaps(counter, reading, self.at(counter.offset)).is_fresh(value)
        }
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Cell<B> {
    fn at_mut(&mut self, offset: u16) -> &mut [u8] {
        self.0.as_mut().get_mut(usize::from(offset)..).unwrap_or_default()
    }

    /// Empties the cell and gives it to a key.
    pub fn assign(&mut self, tag: u32) {
        self.0.as_mut().fill(0);
        write_u32(self.0.as_mut(), 0, tag);
    }

    /// Notes that it was written now.
    pub fn touch(&mut self, now: Millis) {
        write_u32(self.0.as_mut(), 4, now.seconds());
    }

    /// Keeps it from other keys until then, in seconds.
    pub fn protect(&mut self, until: u32) {
        let until = self.protected_until().max(until);
        write_u32(self.0.as_mut(), 8, until);
    }

    /// Refuses the client until then, in seconds.
    pub fn set_ban(&mut self, shape: &CellShape<'_>, ban: Ban) {
        let bytes = self.at_mut(shape.ban);
        write_u32(bytes, 0, ban.enforced_until);
        write_u32(bytes, 4, ban.reported_until);
        write_u32(bytes, 8, ban.since);
    }

    /// Vouches for the client key until then, in seconds.
    pub fn vouch(&mut self, shape: &CellShape<'_>, until: u32) {
        write_u32(self.at_mut(shape.vouched), 0, until);
    }

    /// Sets when the next throttled request may pass.
    pub fn set_throttled_until(&mut self, shape: &CellShape<'_>, until: Millis) {
        write_u64(self.at_mut(shape.throttle), 0, until.0);
    }

    /// Sets the points for a threat.
    pub fn set_mark(&mut self, shape: &CellShape<'_>, threat: Threat, mark: Mark) {
        let offset = shape.marks.get(threat as usize).copied().unwrap_or(crate::blob::counters::ABSENT);
        let bytes = self.at_mut(offset);
        write_u32(bytes, 0, mark.until);
        write_u16(bytes, 4, mark.points);
        write_u16(bytes, 6, mark.enforced);
        write_u32(bytes, 8, mark.since);
    }

    /// Reserves an attempt.
    pub fn reserve(&mut self, shape: &CellShape<'_>, now: Millis) -> Reservation {
        let bytes = self.at_mut(shape.pending);
        let mut newest = read_u32(bytes, 0);
        let current = pending_now(newest, now);
        if current < newest {
            // Written under a clock that ran ahead: it starts over.
            newest = 0;
        }
        if current > newest {
            for slot in current.saturating_sub(3).max(newest.saturating_add(1))..=current {
                write_u16(bytes, pending_at(slot), 0);
            }
            write_u32(bytes, 0, current);
        }
        let slot = current.max(newest);
        let count = read_u16(bytes, pending_at(slot)).saturating_add(1);
        write_u16(bytes, pending_at(slot), count);
        Reservation(slot)
    }

    /// Gives a reservation back; one that has expired is gone already.
    pub fn settle(&mut self, shape: &CellShape<'_>, reservation: Reservation) {
        let bytes = self.at_mut(shape.pending);
        let newest = read_u32(bytes, 0);
        if newest.saturating_sub(reservation.0) < 4 {
            let at = pending_at(reservation.0);
            let count = read_u16(bytes, at).saturating_sub(1);
            write_u16(bytes, at, count);
        }
    }

    /// Counts occurrences.
    pub fn add(&mut self, counter: &Counter<'_>, now: Millis, events: u32) {
        let bytes = self.at_mut(counter.offset);
        match counter.storage {
            #[expect(clippy::cast_precision_loss, reason = "events of one exchange are few")]
            Storage::Decay => decay::add(bytes, counter.window_ms, now, events as f32),
            Storage::Intervals => intervals::note(bytes, now),
            _ => window::add(bytes, counter.window_ms, now, events),
        }
    }

    /// Sets what the client's session began with.
    pub fn set_session(&mut self, shape: &CellShape<'_>, session: Session) {
        if shape.session != 0 {
            let bytes = self.at_mut(shape.session).get_mut(..usize::from(SESSION_LEN));
            session.write(bytes.unwrap_or_default());
        }
    }

    /// Notes that a milestone was passed.
    pub fn pass(&mut self, shape: &CellShape<'_>, milestone: usize, now: Millis) {
        if shape.milestones != 0 {
            write_u32(self.at_mut(shape.milestones), milestone * 4, now.seconds());
        }
    }

    /// Tells the login route's own past how often strangers tried, succeeded and failed. Gives back whether the route is
    /// under attack now, where that changed.
    pub fn note_pulse(&mut self, shape: &CellShape<'_>, events: [u16; 3], now: Millis) -> Option<bool> {
        if shape.pulse == 0 || events == [0; 3] {
            return None;
        }
        let bytes = self.at_mut(shape.pulse);
        let before = pulse::was_under_attack(bytes);
        pulse::note_all(bytes, events, now);
        let after = pulse::was_under_attack(bytes);
        (before != after).then_some(after)
    }

    /// Adds to how many values the route's replies usually carry, and gives back what is known now.
    pub fn add_usual(
        &mut self,
        shape: &CellShape<'_>,
        replies: &usual::Replies,
        now: Millis,
    ) -> Option<usual::Replies> {
        let bytes = self.at_mut(shape.usual).get_mut(..usize::from(USUAL_LEN));
        bytes.filter(|_| shape.usual != 0).map(|bytes| usual::add(bytes, replies, now))
    }

    /// Forgets everything that a counter counted.
    pub fn clear(&mut self, counter: &Counter<'_>) {
        let len = match counter.storage {
            Storage::Buckets => 20,
            Storage::Decay => decay::DECAY_LEN,
            Storage::ExactSet => usize::from(counter.size) * 4 + 4,
            Storage::Bitmap | Storage::Intervals | Storage::Sketch => 0,
        };
        if let Some(bytes) = self.at_mut(counter.offset).get_mut(..len) {
            bytes.fill(0);
        }
    }

    /// Takes a value out of an exact set; an estimate cannot forget one.
    pub fn forgive(&mut self, counter: &Counter<'_>, value: u64, reading: Reading) {
        if counter.storage != Storage::ExactSet {
            return;
        }
        let changed = exact(counter, reading, self.at(counter.offset)).without(value);
        if let Some(slot) = self.at_mut(counter.offset).get_mut(..changed.len()) {
            slot.copy_from_slice(&changed);
        }
    }

    /// Takes one occurrence back.
    pub fn take_back(&mut self, counter: &Counter<'_>, now: Millis) {
        let bytes = self.at_mut(counter.offset);
        match counter.storage {
            Storage::Decay => decay::take(bytes, counter.window_ms, now, 1.0),
            Storage::Intervals => {}
            _ => window::take_back(bytes, counter.window_ms, now),
        }
    }

    /// Adds a value to a counter of different values.
    pub fn add_distinct(&mut self, counter: &Counter<'_>, value: u64, reading: Reading) {
        let bytes = self.at(counter.offset);
        let changed = if counter.storage == Storage::ExactSet {
            exact(counter, reading, bytes).added(value)
        } else {
            bitmaps(counter, reading, bytes).added(value)
        };
        if let Some(slot) = self.at_mut(counter.offset).get_mut(..changed.len()) {
            slot.copy_from_slice(&changed);
        }
    }
}

fn pending_slot(now: Millis) -> u32 {
    u32::try_from(now.0 / PENDING_SLOT_MS).unwrap_or(u32::MAX)
}

/// A clock that steps back means the newest slot, unless it steps back further than reservations last.
fn pending_now(newest: u32, now: Millis) -> u32 {
    let current = pending_slot(now);
    if newest.saturating_sub(current) <= 4 { current.max(newest) } else { current }
}

fn pending_at(slot: u32) -> usize {
    4 + usize::try_from(u64::from(slot) % PENDING_SLOTS).unwrap_or(0) * 2
}

fn exact<'a>(counter: &Counter<'_>, reading: Reading, bytes: &'a [u8]) -> ExactSet<'a> {
    let entries = usize::from(counter.size);
    ExactSet {
        entries,
        window_ms: counter.window_ms,
        now: reading.now,
        not_before: reading.not_before,
        bytes: bytes.get(..4 + entries * 4).unwrap_or_default(),
    }
}

fn bitmaps<'a>(counter: &Counter<'_>, reading: Reading, bytes: &'a [u8]) -> Bitmaps<'a> {
    let bits = usize::from(counter.size);
    Bitmaps {
        bits,
        window_ms: counter.window_ms,
        now: reading.now,
        not_before: reading.not_before,
        bytes: bytes.get(..4 + bits / 8 * 4).unwrap_or_default(),
    }
}
