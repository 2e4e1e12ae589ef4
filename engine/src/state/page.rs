//! One page: a header, a doorkeeper, a sketch of what was evicted, and cells.
//!
//! Layout of the 2048 bytes: magic `BZPG`, layout 1, kind, two bytes unused, `u64` definitions, `u32` epoch, unused to 32;
//! a doorkeeper of 64 `u16` to 160; a sketch of 64 pairs of bytes to 288; cells.
//!
//! While a page has free cells every key gets one at its first event, so counts are exact up to the capacity. In a full
//! page a new key must come twice (the doorkeeper remembers the first time), and takes the cell that was written longest
//! ago, never a protected one. What an evicted cell had counted stays in the sketch as a share of the lowest threshold,
//! halved about every 17 minutes, and is given back, at most half a threshold, should the key return: to be evicted is no
//! way out, and to share a sketch slot with an attacker punishes nobody.

use super::bytes::{read_u16, read_u32, read_u64, write_u16, write_u32, write_u64};
use super::cell::{Cell, Reading};
use crate::blob::counters::{CellKind, CellShape, Counter, PAGE_CELLS_LEN, Storage};
use crate::clock::Millis;

/// Bytes of a page.
pub const PAGE_LEN: usize = 2048;
const MAGIC: [u8; 4] = *b"BZPG";
const LAYOUT: u8 = 1;
const HEADER: usize = 32;
const DOORKEEPER: usize = 32;
const SKETCH: usize = 160;
const CELLS: usize = 288;
const SLOTS: u32 = 64;
const PRESSURE_FULL: u32 = 16;

const _: () = assert!(CELLS + PAGE_CELLS_LEN as usize == PAGE_LEN, "cells fill the page");

/// What a page must say of itself to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which table it belongs to.
    pub kind: CellKind,
    /// Hash over the meaning of its bytes, the hash key included.
    pub definitions: u64,
    /// Counts configurations: a newer one may redefine pages, an older one leaves them alone.
    pub epoch: u32,
}

/// What a stored page turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Ours, or new.
    Usable,
    /// Written by something else; it is started over.
    Foreign,
    /// Belongs to a newer configuration that gives its bytes another meaning; not to be written.
    Superseded,
}

/// A page in memory.
#[derive(Clone, Debug)]
pub struct Page {
    bytes: Vec<u8>,
}

impl Page {
    /// Looks at stored bytes and gives a page to work with.
    #[must_use]
    pub fn open(stored: Option<Vec<u8>>, identity: Identity) -> (Self, Standing) {
        let Some(bytes) = stored else { return (Self::fresh(identity), Standing::Usable) };
        let head = (bytes.get(..4), bytes.get(4).copied(), bytes.len());
        if head != (Some(&MAGIC[..]), Some(LAYOUT), PAGE_LEN) {
            return (Self::fresh(identity), Standing::Foreign);
        }
        let same =
            bytes.get(5).copied() == Some(identity.kind as u8) && read_u64(&bytes, 8) == identity.definitions;
        if same {
            return (Self { bytes }, Standing::Usable);
        }
        let superseded = read_u32(&bytes, 16) > identity.epoch;
        (Self::fresh(identity), if superseded { Standing::Superseded } else { Standing::Usable })
    }

    fn fresh(identity: Identity) -> Self {
        let mut bytes = vec![0; PAGE_LEN];
        for (slot, byte) in bytes.iter_mut().zip(MAGIC.into_iter().chain([LAYOUT, identity.kind as u8])) {
            *slot = byte;
        }
        write_u64(&mut bytes, 8, identity.definitions);
        write_u32(&mut bytes, 16, identity.epoch);
        Self { bytes }
    }

    /// What is behind the header of a page without cells, such as a filter.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.bytes.get(HEADER..).unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn body_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(HEADER..).unwrap_or_default()
    }

    /// Its bytes, as they are to be stored.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn range(shape: &CellShape<'_>, index: u32) -> std::ops::Range<usize> {
        let len = usize::from(shape.len);
        let start = CELLS + index as usize * len;
        start..start + len
    }

    /// A cell for reading.
    #[must_use]
    pub fn cell(&self, shape: &CellShape<'_>, index: u32) -> Cell<&[u8]> {
        Cell(self.bytes.get(Self::range(shape, index)).unwrap_or_default())
    }

    /// A cell for writing.
    pub fn cell_mut(&mut self, shape: &CellShape<'_>, index: u32) -> Cell<&mut [u8]> {
        Cell(self.bytes.get_mut(Self::range(shape, index)).unwrap_or_default())
    }

    /// The key's cell, where it has one.
    #[must_use]
    pub fn find(&self, shape: &CellShape<'_>, tag: u32) -> Option<u32> {
        (0..shape.cells_per_page()).find(|index| self.cell(shape, *index).tag() == tag)
    }

    /// The key's cell; one is given to it where it has none and the page has room for it.
    pub fn claim(
        &mut self,
        shape: &CellShape<'_>,
        counters: &[Counter<'_>],
        tag: u32,
        now: Millis,
        decisive: bool,
    ) -> Option<u32> {
        if let Some(index) = self.find(shape, tag) {
            return Some(index);
        }
        let index = match self.find(shape, 0) {
            Some(free) => free,
            None => self.evict(shape, counters, tag, now, decisive)?,
        };
        let inherited = self.pressure(tag, now);
        let mut cell = self.cell_mut(shape, index);
        cell.assign(tag);
        cell.touch(now);
        for counter in own(shape, counters).filter(|_| inherited > 0) {
            let share = counter.lowest_threshold.saturating_mul(inherited) / PRESSURE_FULL;
            cell.add(counter, now, share.min(counter.lowest_threshold / 2));
        }
        Some(index)
    }

    /// The cell written longest ago, on the key's second event, or at once for something decisive.
    fn evict(
        &mut self,
        shape: &CellShape<'_>,
        counters: &[Counter<'_>],
        tag: u32,
        now: Millis,
        decisive: bool,
    ) -> Option<u32> {
        let door = DOORKEEPER + (tag % SLOTS) as usize * 2;
        let fingerprint = u16::try_from(tag >> 16).unwrap_or(0).max(1);
        if !decisive && read_u16(&self.bytes, door) != fingerprint {
            write_u16(&mut self.bytes, door, fingerprint);
            return None;
        }
        let seconds = now.seconds();
        let victim = (0..shape.cells_per_page())
            .filter(|index| self.cell(shape, *index).protected_until() <= seconds)
            .min_by_key(|index| self.cell(shape, *index).seen())?;
        write_u16(&mut self.bytes, door, 0);
        let leaving = self.cell(shape, victim);
        let reading = Reading { now, not_before: Millis(0) };
        let pressure = own(shape, counters)
            .map(|counter| {
                leaving.count(counter, reading).saturating_mul(PRESSURE_FULL)
                    / counter.lowest_threshold.max(1)
            })
            .max()
            .unwrap_or(0)
            .min(PRESSURE_FULL);
        let slot = sketch_slot(leaving.tag());
        let pressure = u8::try_from(pressure.max(self.pressure(leaving.tag(), now))).unwrap_or(16);
        if let Some([share, stamp]) = self.bytes.get_mut(slot..slot + 2) {
            *share = pressure;
            *stamp = sketch_stamp(now);
        }
        Some(victim)
    }

    /// What the sketch remembers of a key, in sixteenths of the lowest threshold.
    fn pressure(&self, tag: u32, now: Millis) -> u32 {
        let slot = sketch_slot(tag);
        let Some([share, stamp]) = self.bytes.get(slot..slot + 2) else { return 0 };
        let age = sketch_stamp(now).wrapping_sub(*stamp);
        u32::from(*share).checked_shr(u32::from(age)).unwrap_or(0)
    }
}

/// Counters of occurrences that lie in this kind of cell and that a rule compares with something.
fn own<'c, 'p>(shape: &CellShape<'_>, counters: &'c [Counter<'p>]) -> impl Iterator<Item = &'c Counter<'p>> {
    let kind = shape.kind;
    counters.iter().filter(move |counter| {
        CellKind::of(counter.key) == kind
            && counter.storage == Storage::Buckets
            && counter.lowest_threshold > 0
    })
}

fn sketch_slot(tag: u32) -> usize {
    SKETCH + ((tag >> 8) % SLOTS) as usize * 2
}

/// A unit of 1024 seconds, modulo 256.
fn sketch_stamp(now: Millis) -> u8 {
    now.seconds().to_le_bytes().get(1).copied().unwrap_or(0) >> 2 | ((now.seconds() >> 16) as u8 & 3) << 6
}
