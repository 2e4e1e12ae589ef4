use super::{Identity, LAYOUT, PAGE_LEN, Page, SMALL_CELLS_PER_PAGE, Standing};
use crate::blob::counters::{ABSENT, CellKind, CellShape, Counter, Source, Storage};
use crate::clock::Millis;
use crate::state::cell::Reading;
use crate::vocabulary::{CounterKey, Event, Moment, Whose};
use std::marker::PhantomData;

const START: Millis = Millis(1_700_000_512_000);
const MINUTE: u64 = 60_000;
const THRESHOLD: u32 = 16;
const IDENTITY: Identity = Identity { kind: CellKind::Caller, definitions: 7, epoch: 3 };

fn shape() -> CellShape<'static> {
    CellShape {
        kind: CellKind::Caller,
        len: 200,
        definitions: IDENTITY.definitions,
        ban: ABSENT,
        vouched: ABSENT,
        throttle: ABSENT,
        pending: ABSENT,
        marks: [ABSENT; 4],
        pulse: 0,
        session: 0,
        milestones: 0,
        usual: 0,
        blob: PhantomData,
    }
}

fn failures() -> Counter<'static> {
    Counter {
        name: "failures",
        source: Source::Count(Event::LoginFailure),
        parameter: "",
        key: CounterKey::Address,
        window_ms: 3_600_000,
        highest_threshold: THRESHOLD,
        lowest_threshold: THRESHOLD,
        flush_at: 1,
        storage: Storage::Buckets,
        size: 0,
        offset: 12,
        whose: Whose::Anybody,
        moment: Moment::Request,
        finds: crate::blob::detectors::DetectorBits::EMPTY,
        blob: PhantomData,
    }
}

/// A page whose large cells are all taken, by keys from 1 on.
struct Full {
    page: Page,
    shape: CellShape<'static>,
    counters: [Counter<'static>; 1],
}

impl Full {
    fn new() -> Self {
        let page = Page::open(None, IDENTITY).0;
        let mut full = Self { page, shape: shape(), counters: [failures()] };
        for tag in full.large() {
            assert!(full.fail(tag, START.plus(u64::from(tag) * 1000), 0, false), "room for {tag}");
        }
        full
    }

    /// The keys that have large cells at first; the first of them was written longest ago.
    fn large(&self) -> std::ops::RangeInclusive<u32> {
        1..=self.shape.cells_per_page()
    }

    /// Counts failures of a key. Whether it has a large cell.
    fn fail(&mut self, tag: u32, now: Millis, times: u32, decisive: bool) -> bool {
        let Some(index) = self.page.claim(&self.shape, &self.counters, tag, now, decisive) else {
            return false;
        };
        let [counter] = &self.counters;
        self.page.cell_mut(&self.shape, index).touch(now);
        self.page.cell_mut(&self.shape, index).add(counter, now, times);
        true
    }

    fn count(&self, tag: u32, now: Millis) -> Option<u32> {
        let index = self.page.find(&self.shape, tag)?;
        let reading = Reading { now, not_before: Millis(0) };
        Some(self.page.cell(&self.shape, index).count(&self.counters[0], reading))
    }

    fn protect(&mut self, tag: u32, until: Millis) {
        let index = self.page.find(&self.shape, tag).unwrap();
        self.page.cell_mut(&self.shape, index).protect(until.seconds());
    }
}

#[test]
fn while_there_is_room_every_key_has_a_large_cell_at_its_first_event() {
    let full = Full::new();
    assert!(full.large().all(|tag| full.count(tag, START.plus(MINUTE)) == Some(0)));
    assert!(full.large().count() >= 6);
}

#[test]
fn in_a_full_page_the_second_event_within_a_day_earns_the_large_cell_that_was_written_longest_ago() {
    let mut full = Full::new();
    let now = START.plus(10 * MINUTE);
    assert!(!full.fail(1_000, now, 1, false));
    assert!(full.fail(1_000, now.plus(20 * 60 * MINUTE), 1, false));
    assert_eq!(full.count(1, now), None);
    assert_eq!(full.count(2, now), Some(0));
    assert!(!full.fail(2_000, now, 1, false));
    assert!(!full.fail(2_000, now.plus(30 * 60 * MINUTE), 1, false), "more than a day apart");
}

#[test]
fn what_is_decisive_has_a_large_cell_at_once() {
    let mut full = Full::new();
    assert!(full.fail(1_000, START.plus(MINUTE), 5, true));
    assert_eq!(full.count(1_000, START.plus(MINUTE)), Some(5));
}

#[test]
fn as_many_keys_as_small_cells_are_known_beside_those_with_large_ones() {
    let mut full = Full::new();
    let now = START.plus(MINUTE);
    for tag in full.large() {
        full.protect(tag, now.plus(MINUTE));
    }
    let small = || 1_000..1_000 + SMALL_CELLS_PER_PAGE;
    assert!(small().all(|tag| !full.fail(tag, now, 1, false)), "all large cells are protected");
    let later = now.plus(2 * MINUTE);
    for tag in small() {
        let mut page = Full { page: full.page.clone(), shape: shape(), counters: [failures()] };
        assert!(page.fail(tag, later, 1, false), "the second event of {tag}");
    }
}

#[test]
fn a_key_that_lost_its_cell_returns_at_once_with_at_most_half_a_threshold() {
    for (counted, minutes, given_back) in
        [(0, 0, 0), (3, 0, 3), (8, 0, 8), (THRESHOLD, 0, 8), (900, 0, 8), (THRESHOLD, 35, 4), (900, 120, 0)]
    {
        let mut full = Full::new();
        let now = START.plus(MINUTE);
        full.fail(1, now, counted, false);
        for tag in full.large().skip(1) {
            full.fail(tag, now.plus(1000), 0, false);
        }
        assert!(full.fail(1_000, now.plus(2000), 0, true));
        assert_eq!(full.count(1, now.plus(2000)), None);
        let later = now.plus(minutes * MINUTE + 3000);
        assert!(full.fail(1, later, 1, false), "{counted} after {minutes} minutes");
        assert_eq!(full.count(1, later), Some(given_back + 1), "{counted} after {minutes} minutes");
    }
}

#[test]
fn invented_keys_take_no_protected_cell_and_do_not_erase_what_an_evicted_one_had_counted() {
    let mut full = Full::new();
    let now = START.plus(MINUTE);
    full.fail(1, now, THRESHOLD, false);
    full.protect(2, now.plus(60 * MINUTE));
    for round in 0..100_000 {
        let tag = 1_000 + round / 2;
        full.fail(tag, now.plus(1000 + u64::from(round) / 100), 0, false);
    }
    assert_eq!(full.count(2, now.plus(2000)), Some(0));
    assert_eq!(full.count(1, now.plus(2000)), None, "pushed out");
    assert!(full.fail(1, now.plus(2000), 0, false));
    assert_eq!(full.count(1, now.plus(2000)), Some(THRESHOLD / 2));
}

#[test]
fn to_come_and_go_neither_loses_nor_gathers_pressure() {
    let mut full = Full::new();
    let mut now = START.plus(MINUTE);
    full.fail(1, now, THRESHOLD, false);
    for round in 1..=20 {
        for tag in full.large() {
            now = now.plus(1000);
            assert!(full.fail(round * 1_000 + tag, now, 0, true));
        }
        assert_eq!(full.count(1, now), None, "round {round}");
        now = now.plus(1000);
        assert!(full.fail(1, now, 0, false), "round {round}");
        assert_eq!(full.count(1, now), Some(THRESHOLD / 2), "round {round}");
    }
}

#[test]
fn a_page_of_another_layout_or_length_is_foreign_and_one_of_another_policy_is_not() {
    let full = Full::new();
    let stored = full.page.bytes().to_vec();
    let reopened = |bytes: &[u8], identity| Page::open(Some(bytes.to_vec()), identity);
    let (page, standing) = reopened(&stored, IDENTITY);
    assert_eq!((page.bytes(), standing), (&stored[..], Standing::Usable));
    for layout in [0, 1, LAYOUT + 1] {
        let mut other = stored.clone();
        other[4] = layout;
        assert_eq!(reopened(&other, IDENTITY).1, Standing::Foreign, "layout {layout}");
    }
    for len in [0, 4, PAGE_LEN - 1] {
        assert_eq!(reopened(&stored[..len], IDENTITY).1, Standing::Foreign, "length {len}");
    }
    let newer = Identity { definitions: 8, epoch: 4, ..IDENTITY };
    let (page, standing) = reopened(&stored, newer);
    assert_eq!((page.find(&full.shape, 1), standing), (None, Standing::Usable));
    let older = Identity { definitions: 8, epoch: 2, ..IDENTITY };
    assert_eq!(reopened(&stored, older).1, Standing::Superseded);
}
