//! Frequent counts, gathered in the worker before they are written.
//!
//! A clean request costs no write of its own: its count waits here until the cell has gathered as many as the counter's
//! `flush_at`, or until the next tick. A reading adds what waits in this worker, so that only other workers see it late:
//! a limit can be overshot by at most the number of workers times `flush_at`.
//!
//! What logins do to crowds waits here as well, until a cell has gathered as many phases of logins as the host's setting
//! `gather_logins` says, or a login comes two seconds after the first of them, or the next tick.
//!
//! The tables hold a fixed number of cells; when one is full, what comes is written at once.

use super::crowd::CrowdEvents;
use super::pool::CellAddress;
use crate::vocabulary::CounterKey;
use std::collections::BTreeMap;

/// Cells that a worker gathers for at most. An entry takes about 56 bytes.
pub const MAX_CELLS: usize = 16384;
/// Cells of crowds that a worker gathers for at most. An entry takes about 72 bytes.
pub const MAX_CROWDS: usize = 1024;

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

/// What waits for the cells of one page.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Requests.
    pub requests: Vec<(CellAddress, Waiting)>,
    /// Events of logins.
    pub logins: Vec<(CellAddress, CrowdEvents)>,
}

impl Gathered {
    /// A cell of the page; none where nothing waits.
    #[must_use]
    pub fn any_cell(&self) -> Option<CellAddress> {
        let request = self.requests.first().map(|(cell, _)| *cell);
        request.or_else(|| self.logins.first().map(|(cell, _)| *cell))
    }
}

/// What waits in this worker.
#[derive(Clone, Debug, Default)]
pub struct DeltaTable {
    cells: BTreeMap<CellAddress, Waiting>,
    crowds: Crowds,
    /// The pages that were looked at last by [`DeltaTable::next_pages`]: for requests, and for logins.
    last: [u32; 2],
}

impl DeltaTable {
    /// What waits for a cell.
    #[must_use]
    pub fn waiting(&self, cell: CellAddress) -> Waiting {
        self.cells.get(&cell).copied().unwrap_or_default()
    }

    /// What logins left to be written in a crowd's cell.
    #[must_use]
    pub fn crowd(&self, cell: CellAddress) -> CrowdEvents {
        self.crowds.get(cell).unwrap_or_default()
    }

    /// Adds a request for some roles, and events of logins. `false` where a table is full and nothing was added: the caller
    /// writes it at once.
    #[must_use]
    pub fn add(
        &mut self,
        cell: CellAddress,
        roles: Option<[bool; CounterKey::WITH_CELLS]>,
        logins: Option<CrowdEvents>,
    ) -> bool {
        let has_room = self.cells.len() < MAX_CELLS || self.cells.contains_key(&cell);
        if (roles.is_some() && !has_room) || (logins.is_some() && !self.crowds.has_room(cell)) {
            return false;
        }
        if let Some(roles) = roles {
            let waiting = self.cells.entry(cell).or_default();
            for (count, counts) in waiting.by_role.iter_mut().zip(roles) {
                *count = count.saturating_add(u32::from(counts));
            }
        }
        if let Some(logins) = logins {
            self.crowds.add(cell, &logins);
        }
        true
    }

    /// Takes out what logins left to be written in a crowd's cell.
    pub fn take_crowd(&mut self, cell: CellAddress) -> Option<CrowdEvents> {
        self.crowds.take(cell)
    }

    /// Puts back what could not be written.
    pub fn put_back_crowd(&mut self, cell: CellAddress, events: &CrowdEvents) {
        self.crowds.add(cell, events);
    }

    /// Takes out what waits for the cells of one page.
    pub fn take_page(&mut self, page: u32) -> Gathered {
        let range = CellAddress { page, ..CellAddress::FIRST }..=CellAddress { page, ..CellAddress::LAST };
        let requests: Vec<_> = self.cells.range(range).map(|(cell, waiting)| (*cell, *waiting)).collect();
        for (cell, _) in &requests {
            self.cells.remove(cell);
        }
        Gathered { requests, logins: self.crowds.take_page(page) }
    }

    /// Puts back what could not be written.
    pub fn put_back(&mut self, gathered: Gathered) {
        for (cell, waiting) in gathered.requests {
            let entry = self.cells.entry(cell).or_default();
            for (count, more) in entry.by_role.iter_mut().zip(waiting.by_role) {
                *count = count.saturating_add(more);
            }
        }
        for (cell, events) in gathered.logins {
            self.crowds.add(cell, &events);
        }
    }

    /// The next pages in turn for which something waits, at most so many for requests and as many for logins. Every page has
    /// its turn before one has a second.
    pub fn next_pages(&mut self, most: usize) -> Vec<u32> {
        let [last, last_crowd] = &mut self.last;
        let mut pages = next_pages(last_crowd, most, |from| self.crowds.next_page(from));
        let requests = next_pages(last, most, |from| {
            let first = CellAddress { page: from, ..CellAddress::FIRST };
            self.cells.range(first..).next().map(|(cell, _)| cell.page)
        });
        // A page may come twice: what waits for it is written once.
        pages.extend(requests);
        pages
    }

    /// How many cells wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len() + self.crowds.0.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.crowds.0.is_empty()
    }
}

/// Crowds in the order of their addresses; few, so they are searched in halves.
#[derive(Clone, Debug, Default)]
struct Crowds(Vec<(CellAddress, CrowdEvents)>);

impl Crowds {
    fn position(&self, cell: CellAddress) -> usize {
        self.0.partition_point(|(known, _)| *known < cell)
    }

    fn get(&self, cell: CellAddress) -> Option<CrowdEvents> {
        self.0.get(self.position(cell)).filter(|(known, _)| *known == cell).map(|(_, events)| *events)
    }

    fn take(&mut self, cell: CellAddress) -> Option<CrowdEvents> {
        let position = self.position(cell);
        self.get(cell).inspect(|_| {
            self.0.remove(position);
        })
    }

    fn has_room(&self, cell: CellAddress) -> bool {
        self.0.len() < MAX_CROWDS || self.get(cell).is_some()
    }

    #[inline(never)]
    fn add(&mut self, cell: CellAddress, events: &CrowdEvents) {
        let position = self.position(cell);
        match self.0.get_mut(position).filter(|(known, _)| *known == cell) {
            Some((_, waiting)) => waiting.merge(events),
            None => self.0.insert(position, (cell, *events)),
        }
    }

    fn take_page(&mut self, page: u32) -> Vec<(CellAddress, CrowdEvents)> {
        let first = self.position(CellAddress { page, ..CellAddress::FIRST });
        let length = self.0.iter().skip(first).take_while(|(cell, _)| cell.page == page).count();
        self.0.drain(first..first + length).collect()
    }

    /// The first page from this one on for which something waits.
    fn next_page(&self, from: u32) -> Option<u32> {
        let first = self.position(CellAddress { page: from, ..CellAddress::FIRST });
        self.0.get(first).map(|(cell, _)| cell.page)
    }
}

/// Pages in turn; `next` gives the first one from a page on for which something waits.
fn next_pages(last: &mut u32, most: usize, next: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
    let mut pages: Vec<u32> = Vec::new();
    let mut from = last.wrapping_add(1);
    let mut has_wrapped = false;
    while pages.len() < most {
        match next(from) {
            Some(page) if pages.first() == Some(&page) => break,
            Some(page) => {
                pages.push(page);
                from = page.saturating_add(1);
            }
            None if has_wrapped => break,
            None => {
                has_wrapped = true;
                from = 0;
            }
        }
    }
    *last = pages.last().copied().unwrap_or(*last);
    pages
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
            assert!(table.add(cell, Some([true, false, false, false, false, false]), None));
        }
        assert_eq!(table.next_pages(2), [3, 4]);
        assert_eq!(table.next_pages(2), [9, 700]);
        assert_eq!(table.next_pages(9), [3, 4, 9, 700]);
        assert_eq!(table.len(), 4);
        assert_eq!(table.take_page(9).requests.len(), 1);
        assert_eq!(table.next_pages(9), [3, 4, 700]);
    }
}
