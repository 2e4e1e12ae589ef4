//! Frequent counts, gathered in the worker before they are written.
//!
//! A clean request costs no write of its own: its count waits here until the cell has gathered as many as the counter's
//! `flush_at`, or until the next tick. A reading adds what waits in this worker, so that only other workers see it late:
//! a limit can be overshot by at most the number of workers times `flush_at`. The table holds a fixed number of cells;
//! when it is full, counts are written at once.

use super::pool::CellAddress;
use crate::clock::Millis;
use std::collections::BTreeMap;

/// Cells that a worker gathers for at most. An entry takes about 48 bytes.
pub const MAX_CELLS: usize = 1024;

/// What waits for one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Requests for the counters of each role, see [`crate::state::pool::Roles`]; by the role's bit.
    pub by_role: [u32; 4],
    /// When the first of them came.
    pub since: Millis,
}

impl Waiting {
    /// The most that waits for any role.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.by_role.into_iter().max().unwrap_or(0)
    }
}

/// What waits in this worker.
#[derive(Clone, Debug, Default)]
pub struct DeltaTable {
    cells: BTreeMap<CellAddress, Waiting>,
}

impl DeltaTable {
    /// What waits for a cell.
    #[must_use]
    pub fn waiting(&self, cell: CellAddress) -> Waiting {
        self.cells.get(&cell).copied().unwrap_or_default()
    }

    /// Adds a request for some roles. `false` where the table is full: the caller writes it at once.
    #[must_use]
    pub fn add(&mut self, cell: CellAddress, roles: [bool; 4], now: Millis) -> bool {
        if self.cells.len() >= MAX_CELLS && !self.cells.contains_key(&cell) {
            return false;
        }
        let waiting = self.cells.entry(cell).or_insert(Waiting { since: now, ..Waiting::default() });
        for (count, counts) in waiting.by_role.iter_mut().zip(roles) {
            *count = count.saturating_add(u32::from(counts));
        }
        true
    }

    /// Takes out what waits for the cells of one page.
    pub fn take_page(&mut self, page: u32) -> Vec<(CellAddress, Waiting)> {
        let range = CellAddress { page, ..CellAddress::FIRST }..=CellAddress { page, ..CellAddress::LAST };
        let cells: Vec<_> = self.cells.range(range).map(|(cell, waiting)| (*cell, *waiting)).collect();
        for (cell, _) in &cells {
            self.cells.remove(cell);
        }
        cells
    }

    /// Puts back what could not be written.
    pub fn put_back(&mut self, cells: Vec<(CellAddress, Waiting)>) {
        for (cell, waiting) in cells {
            let entry =
                self.cells.entry(cell).or_insert(Waiting { since: waiting.since, ..Waiting::default() });
            for (count, more) in entry.by_role.iter_mut().zip(waiting.by_role) {
                *count = count.saturating_add(more);
            }
        }
    }

    /// Pages for which something waits, those that waited longest first.
    #[must_use]
    pub fn pages_by_age(&self) -> Vec<u32> {
        let mut pages: Vec<_> = self.cells.iter().map(|(cell, waiting)| (waiting.since, cell.page)).collect();
        pages.sort_unstable();
        let mut seen = std::collections::BTreeSet::new();
        pages.into_iter().map(|(_, page)| page).filter(|page| seen.insert(*page)).collect()
    }
}
