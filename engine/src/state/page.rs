//! One page: a header, small cells for the many keys that did little, and large cells for the few that earned them.
//!
//! Layout of the 2048 bytes: magic `BZPG`, layout 2, kind, two bytes unused, `u64` definitions, `u32` epoch, unused to 32;
//! 90 small cells of 8 bytes to 752; large cells.
//!
//! While a page has free large cells every key gets one at its first event, so counts are exact up to the capacity. In a
//! full page a new key lives in a small cell first. Its second event within a day earns it the large cell that was written
//! longest ago, never a protected one. What the evicted cell had counted stays in its key's small cell as a share of the
//! lowest threshold, halved about every 17 minutes, and is given back, at most half a threshold, with the key's next event:
//! to be evicted is no way out.

use super::bytes::{read_u32, read_u64, write_u32, write_u64};
use super::cell::{Cell, Reading};
use super::small::{self, FULL_PRESSURE, SMALL_CELL_LEN};
use crate::blob::counters::{CellKind, CellShape, Counter, PAGE_CELLS_LEN, Storage};
use crate::clock::Millis;
use std::ops::Range;

/// Bytes of a page.
pub const PAGE_LEN: usize = 2048;
const MAGIC: [u8; 4] = *b"BZPG";
const LAYOUT: u8 = 2;
const HEADER: usize = 32;
const SMALL_CELLS: Range<usize> = HEADER..PAGE_LEN - PAGE_CELLS_LEN as usize;

/// How many small cells a page holds, whatever the policy.
pub const SMALL_CELLS_PER_PAGE: u32 = 90;

const _: () = assert!(
    SMALL_CELLS.end - SMALL_CELLS.start == SMALL_CELLS_PER_PAGE as usize * SMALL_CELL_LEN,
    "cells fill the page"
);

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

    fn range(shape: &CellShape<'_>, index: u32) -> Range<usize> {
        let len = usize::from(shape.len);
        let start = SMALL_CELLS.end + index as usize * len;
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
            None => self.victim(shape, tag, now, decisive)?,
        };
        let inherited = small::take(self.small_cells(), tag, now);
        self.leave_behind(shape, counters, index, now);
        let mut cell = self.cell_mut(shape, index);
        cell.assign(tag);
        cell.touch(now);
        for counter in own(shape, counters).filter(|_| inherited > 0) {
            let share = counter.lowest_threshold.saturating_mul(inherited) / FULL_PRESSURE;
            cell.add(counter, now, share.min(counter.lowest_threshold / 2));
        }
        Some(index)
    }

    /// The large cell written longest ago, on the key's second event, or at once for something decisive.
    fn victim(&mut self, shape: &CellShape<'_>, tag: u32, now: Millis, decisive: bool) -> Option<u32> {
        if small::note(self.small_cells(), tag, now) < 2 && !decisive {
            return None;
        }
        let seconds = now.seconds();
        (0..shape.cells_per_page())
            .filter(|index| self.cell(shape, *index).protected_until() <= seconds)
            .min_by_key(|index| self.cell(shape, *index).seen())
    }

    /// What a large cell had counted goes into its key's small cell; nothing of a free one.
    fn leave_behind(&mut self, shape: &CellShape<'_>, counters: &[Counter<'_>], index: u32, now: Millis) {
        let leaving = self.cell(shape, index);
        let tag = leaving.tag();
        if tag == 0 {
            return;
        }
        let reading = Reading { now, not_before: Millis(0) };
        let pressure = own(shape, counters).map(|counter| {
            leaving.count(counter, reading).saturating_mul(FULL_PRESSURE) / counter.lowest_threshold.max(1)
        });
        let pressure = pressure.max().unwrap_or(0);
        small::leave(self.small_cells(), tag, pressure, now);
    }

    fn small_cells(&mut self) -> &mut [u8] {
        self.bytes.get_mut(SMALL_CELLS).unwrap_or_default()
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

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
