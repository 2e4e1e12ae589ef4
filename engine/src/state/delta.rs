//! Frequent counts, gathered in the worker before they are written.
//!
//! A clean request costs no write of its own: its count waits here until the cell has gathered as many as the counter's
//! `flush_at`, or until the next tick. A reading adds what waits in this worker, so that only other workers see it late:
//! a limit can be overshot by at most the number of workers times `flush_at`. The table holds a fixed number of cells;
//! when it is full, counts are written at once.

use super::pool::CellAddress;
use crate::vocabulary::CounterKey;
use std::collections::BTreeMap;

/// Cells that a worker gathers for at most. An entry takes about 56 bytes.
pub const MAX_CELLS: usize = 16384;

/// What waits for one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Requests for the counters of each role, see [`crate::state::pool::Roles`]; by the role's bit.
    pub by_role: [u32; CounterKey::WITH_CELLS],
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
    /// The page that was looked at last by [`DeltaTable::next_pages`].
    last: u32,
}

impl DeltaTable {
    /// What waits for a cell.
    #[must_use]
    pub fn waiting(&self, cell: CellAddress) -> Waiting {
        self.cells.get(&cell).copied().unwrap_or_default()
    }

    /// Adds a request for some roles. `false` where the table is full: the caller writes it at once.
    #[must_use]
    pub fn add(&mut self, cell: CellAddress, roles: [bool; CounterKey::WITH_CELLS]) -> bool {
        if self.cells.len() >= MAX_CELLS && !self.cells.contains_key(&cell) {
            return false;
        }
        let waiting = self.cells.entry(cell).or_default();
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
            let entry = self.cells.entry(cell).or_default();
            for (count, more) in entry.by_role.iter_mut().zip(waiting.by_role) {
                *count = count.saturating_add(more);
            }
        }
    }

    /// The next pages in turn for which something waits, at most so many. Every page has its turn before one has a second.
    pub fn next_pages(&mut self, most: usize) -> Vec<u32> {
        let mut pages: Vec<u32> = Vec::new();
        let mut from = self.last.wrapping_add(1);
        let mut has_wrapped = false;
        while pages.len() < most {
            let first = CellAddress { page: from, ..CellAddress::FIRST };
            match self.cells.range(first..).next() {
                Some((cell, _)) if pages.first() == Some(&cell.page) => break,
                Some((cell, _)) => {
                    pages.push(cell.page);
                    from = cell.page.saturating_add(1);
                }
                None if has_wrapped => break,
                None => {
                    has_wrapped = true;
                    from = 0;
                }
            }
        }
        self.last = pages.last().copied().unwrap_or(self.last);
        pages
    }

    /// How many cells wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::DeltaTable;
    use crate::state::pool::CellAddress;

    #[test]
    fn every_page_has_its_turn_before_one_has_a_second() {
        let mut table = DeltaTable::default();
        for page in [3, 9, 4, 9, 700] {
            let cell = CellAddress { page, tag: page + 1, kind: 0 };
            assert!(table.add(cell, [true, false, false, false, false, false]));
        }
        assert_eq!(table.next_pages(2), [3, 4]);
        assert_eq!(table.next_pages(2), [9, 700]);
        assert_eq!(table.next_pages(9), [3, 4, 9, 700]);
        assert_eq!(table.len(), 4);
        assert_eq!(table.take_page(9).len(), 1);
        assert_eq!(table.next_pages(9), [3, 4, 700]);
    }
}
