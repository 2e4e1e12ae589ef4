//! The pool of pages: which page holds a key, and how a page is loaded and written.

use super::cell::Cell;
use super::crowd::Turn;
use super::delta::{DeltaTable, Gathered, Waiting};
use super::page::{Identity, Page, Standing};
use super::store::{PageStore, StoreUnavailable, Version, Written};
use crate::blob::Policy;
use crate::blob::counters::{CellKind, CellShape, Counter, Source, Storage};
use crate::blob::tables::Tables;
use crate::clock::Millis;
use crate::vocabulary::{CounterKey, Event};

/// The fewest pages that a pool may have.
pub const MIN_PAGES: u32 = 64;
/// The most: 128 MiB.
pub const MAX_PAGES: u32 = 65_536;
/// How often a write is tried again after another writer was faster.
pub const MAX_TRIES: u32 = 64;

/// Where a key's cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellAddress {
    /// The page.
    pub page: u32,
    /// What tells the key's cell from others in the page; never 0.
    pub tag: u32,
    /// Which table, by its number; follows from the page.
    pub kind: u8,
}

impl CellAddress {
    pub(crate) const FIRST: Self = Self { page: 0, tag: 0, kind: 0 };
    pub(crate) const LAST: Self = Self { page: u32::MAX, tag: u32::MAX, kind: u8::MAX };
}

/// For which of the counters' keys a cell stands in an exchange; the cell of a client known by its address stands for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(pub [bool; CounterKey::WITH_CELLS]);

impl Roles {
    /// One role.
    #[must_use]
    pub fn only(key: CounterKey) -> Self {
        Self::default().and(key)
    }

    /// One more role.
    #[must_use]
    pub fn and(mut self, key: CounterKey) -> Self {
        if let Some(role) = self.0.get_mut(key as usize) {
            *role = true;
        }
        self
    }

    /// Whether counters with this key apply.
    #[must_use]
    pub fn has(self, key: CounterKey) -> bool {
        self.0.get(key as usize).copied().unwrap_or(false)
    }
}

/// The page and tag of a key.
#[must_use]
pub fn locate(tables: &Tables, kind: CellKind, hash: u64, total: u32) -> CellAddress {
    let pages = tables.pages_of(kind, total);
    let share = (hash >> 32) * u64::from(pages.end.saturating_sub(pages.start));
    let page = pages.start.saturating_add(u32::try_from(share >> 32).unwrap_or(0));
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the tag")]
    let tag = (hash as u32).max(1);
    CellAddress { page, tag, kind: kind as u8 }
}

/// Pages as one configuration sees them.
pub struct Pool<'a, 'p> {
    /// The policy that gives bytes their meaning.
    pub policy: &'a Policy<'p>,
    /// How many pages there are.
    pub pages: u32,
    /// Tells hash keys apart.
    pub key_id: u32,
    /// This configuration's number.
    pub epoch: u32,
    /// Where pages are kept.
    pub store: &'a mut dyn PageStore,
}

/// A page that was loaded for one cell.
#[derive(Debug)]
pub struct Loaded {
    /// The cell's address.
    pub address: CellAddress,
    /// The page.
    pub page: Page,
    version: Option<Version>,
    standing: Standing,
}

impl Loaded {
    /// Whether the page was written by something else.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.standing == Standing::Foreign
    }

    /// Whether a newer configuration took the page over.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        self.standing == Standing::Superseded
    }
}

/// Why state could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
    /// The store refuses.
    Unavailable,
    /// Other writers were faster too many times.
    Contention,
}

impl From<StoreUnavailable> for StateError {
    fn from(_: StoreUnavailable) -> Self {
        Self::Unavailable
    }
}

impl<'p> Pool<'_, 'p> {
    /// The shape of the cells of an address.
    #[must_use]
    pub fn shape(&self, address: CellAddress) -> Option<&CellShape<'p>> {
        self.policy.shapes.get(usize::from(address.kind))
    }

    fn identity(&self, address: CellAddress) -> Option<Identity> {
        let shape = self.shape(address)?;
        // Under another hash key the same tag is another client.
        // And in a pool of another size the same key lies elsewhere.
        let pool = u64::from(self.key_id) << 32 | u64::from(self.pages);
        // Other tables share the pool out in another way.
        let pool = pool ^ self.policy.tables.layout().rotate_right(8);
        let definitions = shape.definitions ^ pool.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Some(Identity { kind: shape.kind, definitions, epoch: self.epoch })
    }

    /// Loads the page of a cell.
    ///
    /// # Errors
    ///
    /// When the store refuses.
    pub fn load(&mut self, address: CellAddress) -> Result<Loaded, StateError> {
        let identity = self.identity(address).ok_or(StateError::Unavailable)?;
        let stored = self.store.load(address.page)?;
        let version = stored.as_ref().map(|stored| stored.version);
        let (page, standing) = Page::open(stored.map(|stored| stored.bytes), identity);
        Ok(Loaded { address, page, version, standing })
    }

    /// Writes a loaded page if nobody else did meanwhile. A page of a newer configuration is left as it is.
    ///
    /// # Errors
    ///
    /// When the store refuses.
    pub fn save(&mut self, loaded: &Loaded) -> Result<Written, StateError> {
        if loaded.standing == Standing::Superseded {
            return Ok(Written::Yes);
        }
        Ok(self.store.store(loaded.address.page, loaded.page.bytes(), loaded.version)?)
    }

    /// The cell of a loaded page, for reading.
    #[must_use]
    pub fn cell<'l>(&self, loaded: &'l Loaded) -> Option<Cell<&'l [u8]>> {
        let shape = self.shape(loaded.address)?;
        let index = loaded.page.find(shape, loaded.address.tag)?;
        Some(loaded.page.cell(shape, index))
    }

    /// Gives the cells of a page what waits for them, and says which attacks began or ended with it. What finds no room in
    /// the page is dropped.
    #[inline(never)]
    pub fn give(&self, loaded: &mut Loaded, gathered: &Gathered, now: Millis) -> Vec<Turn> {
        let mut turns = Vec::new();
        let Some(shape) = self.shape(loaded.address) else { return turns };
        let counters = &self.policy.counters;
        for (address, waiting) in &gathered.requests {
            if let Some(index) = loaded.page.claim(shape, counters, address.tag, now, false) {
                let mut cell = loaded.page.cell_mut(shape, index);
                cell.touch(now);
                apply_requests(&mut cell, counters, waiting, now);
            }
        }
        for (address, events) in &gathered.logins {
            let decisive = events.has_outcomes();
            if let Some(index) = loaded.page.claim(shape, counters, address.tag, now, decisive) {
                let mut cell = loaded.page.cell_mut(shape, index);
                cell.touch(now);
                turns.extend(events.apply(&mut cell, shape, counters, now));
            }
        }
        // What is not written turns nothing.
        if loaded.is_superseded() {
            turns.clear();
        }
        turns
    }

    /// Changes a cell. `false` where the page had no room for the key. What is `decisive`, such as a ban, need not come twice
    /// to get a cell in a full page.
    pub fn change(
        &self,
        loaded: &mut Loaded,
        now: Millis,
        decisive: bool,
        change: impl FnOnce(&mut Cell<&mut [u8]>, &CellShape<'p>),
    ) -> bool {
        let Some(shape) = self.shape(loaded.address) else { return false };
        let Some(index) = loaded.page.claim(shape, &self.policy.counters, loaded.address.tag, now, decisive)
        else {
            return false;
        };
        let mut cell = loaded.page.cell_mut(shape, index);
        cell.touch(now);
        change(&mut cell, shape);
        true
    }

    /// Loads, changes and writes a cell until no other writer was faster; `decisive` as in [`Pool::change`].
    ///
    /// # Errors
    ///
    /// When the store refuses, or after [`MAX_TRIES`] conflicts.
    pub fn update(
        &mut self,
        address: CellAddress,
        now: Millis,
        decisive: bool,
        mut change: impl FnMut(&mut Cell<&mut [u8]>, &CellShape<'p>),
    ) -> Result<(), StateError> {
        for _ in 0..MAX_TRIES {
            let mut loaded = self.load(address)?;
            self.change(&mut loaded, now, decisive, &mut change);
            if self.save(&loaded)? == Written::Yes {
                return Ok(());
            }
        }
        Err(StateError::Contention)
    }

    /// Loads, changes and writes what is in a page without cells, until no other writer was faster. Nothing is written where
    /// `change` says that nothing changed.
    ///
    /// # Errors
    ///
    /// When the store refuses, or after [`MAX_TRIES`] conflicts.
    pub fn update_body(
        &mut self,
        address: CellAddress,
        mut change: impl FnMut(&mut [u8]) -> bool,
    ) -> Result<(), StateError> {
        for _ in 0..MAX_TRIES {
            let mut loaded = self.load(address)?;
            if !change(loaded.page.body_mut()) || self.save(&loaded)? == Written::Yes {
                return Ok(());
            }
        }
        Err(StateError::Contention)
    }

    /// Writes what waits for a page, and says which attacks began or ended with it. What could not be written waits on.
    ///
    /// # Errors
    ///
    /// When the store refuses, or after [`MAX_TRIES`] conflicts.
    pub fn flush(
        &mut self,
        deltas: &mut DeltaTable,
        page: u32,
        now: Millis,
    ) -> Result<Vec<Turn>, StateError> {
        let gathered = deltas.take_page(page);
        let Some(address) = gathered.any_cell() else { return Ok(Vec::new()) };
        let mut outcome = Err(StateError::Contention);
        for _ in 0..MAX_TRIES {
            let written = self.load(address).and_then(|mut loaded| {
                let turns = self.give(&mut loaded, &gathered, now);
                Ok((self.save(&loaded)?, turns))
            });
            match written {
                Ok((Written::Yes, turns)) => return Ok(turns),
                Ok((Written::Conflict, _)) => {}
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        deltas.put_back(gathered);
        outcome
    }
}

fn apply_requests(cell: &mut Cell<&mut [u8]>, counters: &[Counter<'_>], waiting: &Waiting, now: Millis) {
    let counts = |counter: &&Counter<'_>| {
        counter.source == Source::Count(Event::Request) && counter.storage != Storage::Intervals
    };
    for counter in counters.iter().filter(counts) {
        let events = waiting.by_role.get(counter.key as usize).copied().unwrap_or(0);
        if events > 0 {
            cell.add(counter, now, events);
        }
    }
}
