//! How many accounts a password was tried on: a count-min sketch that fills a page.
//!
//! Four rows of 128 counters of one byte for each half of the window, changed by conservative update (Estan and Varghese,
//! 2002), and for each half a Bloom filter of the pairs of account and password that were counted, so that one person who
//! tries a wrong password again and again counts once. All that a try changes lies in one page: one compare-and-swap.
//!
//! A reading is the least of a password's four counters, both halves added, less the noise of the page: the median of all
//! its counters, which is 0 until half of them are in use. So the passwords of a crowded page do not take on one another's
//! counts; what a page with too many of them loses is sight of the small counts. 40 accounts among 600 other pairs read as
//! about 37, among 2,400 as about 25, and among 20,000 in one page as none; a password that was not tried reads as 1 at
//! most, or 2. A reading covers between half the window and all of it. A counter stops at 255.
//!
//! Layout of the body: `u64` number of the newest half; the counters of the even halves to 520, of the odd ones to 1032;
//! pairs of the even halves to 1524, of the odd ones to 2016.
//!
//! A clock that steps back means the newest half; further back than a window, the page starts over.

use super::bloom;
use super::bytes::{read_u64, write_u64};
use crate::clock::Millis;
use std::ops::Range;

/// Bytes of a page behind its header of 32 bytes.
pub const BODY_LEN: usize = 2016;

/// Rows of counters for each half of the window.
pub const ROWS: u64 = 4;
/// Counters of a row.
pub const WIDTH: usize = 128;
/// How many pairs of account and password a page counts within a window so that 40 accounts read as at least nine tenths of
/// that (measured, see the table in `docs/state.md`).
pub const WINDOW_PAIRS: u32 = 600;
/// Bits of the Bloom filter of pairs for each half of the window.
pub const PAIR_BITS: usize = PAIRS * 8;

const COUNTERS: usize = 4 * WIDTH;
const PAIRS: usize = 492;
const PAIR_PLACES: u64 = 3;

const _: () = assert!(8 + 2 * COUNTERS + 2 * PAIRS == BODY_LEN, "counters and pairs fill the body");

/// On how many different accounts the password was tried within the window, in milliseconds.
#[must_use]
pub fn estimate(body: &[u8], password_hash: u64, window_ms: u32, now: Millis) -> u32 {
    let halves = Halves::at(body, window_ms, now);
    let mut sums = [0_u16; COUNTERS];
    for half in halves.live() {
        for (sum, count) in sums.iter_mut().zip(body.get(counters(half)).unwrap_or_default()) {
            *sum += u16::from(*count);
        }
    }
    let least = cells(password_hash).filter_map(|cell| sums.get(cell).copied()).min().unwrap_or(0);
    let (_, noise, _) = sums.select_nth_unstable(COUNTERS / 2);
    u32::from(least.saturating_sub(*noise))
}

/// Whether the pair of account and password was counted within the window. Of pairs that were not, about one in sixty is
/// taken for one that was where a page counted 300 in each half of the window, one in ten where it counted 600.
#[must_use]
pub fn has_pair(body: &[u8], pair_hash: u64, window_ms: u32, now: Millis) -> bool {
    Halves::at(body, window_ms, now)
        .live()
        .any(|half| body.get(pairs(half)).is_some_and(|map| bloom::contains(map, pair_hash, PAIR_PLACES)))
}

/// Counts an account for the password, unless the pair was counted within the window. `false` where the body did not
/// change: the pair was counted already, or the body is shorter than [`BODY_LEN`].
pub fn add(body: &mut [u8], password_hash: u64, pair_hash: u64, window_ms: u32, now: Millis) -> bool {
    if body.len() < BODY_LEN || has_pair(body, pair_hash, window_ms, now) {
        return false;
    }
    let halves = Halves::at(body, window_ms, now);
    for half in [halves.current, halves.current.wrapping_sub(1)] {
        if !halves.live().any(|live| live == half) {
            body.get_mut(counters(half)).unwrap_or_default().fill(0);
            body.get_mut(pairs(half)).unwrap_or_default().fill(0);
        }
    }
    write_u64(body, 0, halves.current);
    bloom::insert(body.get_mut(pairs(halves.current)).unwrap_or_default(), pair_hash, PAIR_PLACES);
    let counts = body.get_mut(counters(halves.current)).unwrap_or_default();
    let least = cells(password_hash).filter_map(|cell| counts.get(cell).copied()).min().unwrap_or(0);
    for cell in cells(password_hash) {
        if let Some(count) = counts.get_mut(cell) {
            *count = (*count).max(least.saturating_add(1));
        }
    }
    true
}

/// The halves of windows that a moment sees.
#[derive(Clone, Copy)]
struct Halves {
    /// The number of the half that the moment lies in.
    current: u64,
    /// The newest half that was written.
    newest: u64,
}

impl Halves {
    fn at(body: &[u8], window_ms: u32, now: Millis) -> Self {
        let current = now.0 / u64::from((window_ms / 2).max(1));
        let newest = read_u64(body, 0);
        let is_step_back = newest > current && newest - current <= 2;
        Self { current: if is_step_back { newest } else { current }, newest }
    }

    /// The halves that have counts which still matter.
    fn live(self) -> impl Iterator<Item = u64> {
        let is_seen =
            move |half: &u64| *half <= self.newest && self.newest - *half < 2 && self.current >= self.newest;
        [Some(self.current), self.current.checked_sub(1)].into_iter().flatten().filter(is_seen)
    }
}

fn counters(half: u64) -> Range<usize> {
    let start = 8 + parity(half) * COUNTERS;
    start..start + COUNTERS
}

fn pairs(half: u64) -> Range<usize> {
    let start = 8 + 2 * COUNTERS + parity(half) * PAIRS;
    start..start + PAIRS
}

fn parity(half: u64) -> usize {
    usize::from(half % 2 == 1)
}

/// A password's counters, one in each row.
fn cells(password_hash: u64) -> impl Iterator<Item = usize> {
    (0..ROWS)
        .zip((0..).step_by(WIDTH))
        .map(move |(row, start)| start + bloom::place(password_hash, row, WIDTH))
}

#[cfg(test)]
mod tests {
    use super::{BODY_LEN, add, estimate, has_pair};
    use crate::clock::Millis;
    use crate::keyed_hash::{HashKey, Role};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    const WINDOW: u32 = 3_600_000;
    const HALF: u64 = 1_800_000;
    /// The beginning of a half.
    const START: Millis = Millis(1_700_001_000_000);

    fn hash(seed: u64, parts: &[u64]) -> u64 {
        let parts: Vec<_> = parts.iter().map(|part| part.to_le_bytes()).collect();
        let parts: Vec<_> = parts.iter().map(<[u8; 8]>::as_slice).collect();
        HashKey::from_bytes([seed as u8; 16]).hash(Role::Password, &parts) >> 10
    }

    /// A page under test, with readable passwords and accounts.
    struct Page {
        body: Vec<u8>,
        seed: u64,
    }

    impl Page {
        fn new(seed: u64) -> Self {
            Self { body: vec![0; BODY_LEN], seed }
        }
        fn add(&mut self, password: u64, account: u64, now: Millis) -> bool {
            let pair = hash(self.seed, &[password, account]);
            add(&mut self.body, hash(self.seed, &[password]), pair, WINDOW, now)
        }
        fn estimate(&self, password: u64, now: Millis) -> u32 {
            estimate(&self.body, hash(self.seed, &[password]), WINDOW, now)
        }
        fn has(&self, password: u64, account: u64, now: Millis) -> bool {
            has_pair(&self.body, hash(self.seed, &[password, account]), WINDOW, now)
        }
    }

    #[test]
    fn a_password_counts_each_account_once() {
        let mut page = Page::new(1);
        for account in 0..40 {
            assert!(page.add(7, account, START));
            assert!(!page.add(7, account, START.plus(account)), "account {account} again");
            assert!(page.has(7, account, START));
        }
        assert_eq!(page.estimate(7, START), 40);
        assert_eq!(page.estimate(8, START), 0);
        assert!(!page.has(8, 1, START));
    }

    #[test]
    fn a_reading_covers_at_least_half_the_window_and_never_more_than_it() {
        for offset in [0, HALF / 3, HALF - 1] {
            let mut page = Page::new(1);
            let now = START.plus(offset);
            page.add(7, 1, now);
            assert_eq!(page.estimate(7, now.plus(HALF)), 1, "offset {offset}");
            assert_eq!(page.estimate(7, now.plus(2 * HALF)), 0, "offset {offset}");
            page.add(7, 2, now.plus(HALF));
            assert_eq!(page.estimate(7, now.plus(HALF)), 2, "offset {offset}");
            assert_eq!(page.estimate(7, now.plus(2 * HALF)), 1, "offset {offset}");
            assert!(page.add(7, 1, now.plus(2 * HALF)), "the first pair is forgotten");
            assert_eq!(page.estimate(7, now.plus(50 * HALF)), 0, "offset {offset}");
            assert!(!page.has(7, 1, now.plus(50 * HALF)), "offset {offset}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_means_the_newest_half_and_one_that_ran_ahead_is_forgotten() {
        let mut page = Page::new(1);
        page.add(7, 1, START);
        let earlier = Millis(START.0 - 2 * HALF);
        assert!(page.add(7, 2, earlier) && !page.add(7, 1, earlier));
        assert_eq!((page.estimate(7, earlier), page.estimate(7, START)), (2, 2));
        let long_before = Millis(START.0 - 9 * HALF);
        assert_eq!(page.estimate(7, long_before), 0);
        assert!(page.add(7, 3, long_before));
        assert_eq!(page.estimate(7, long_before), 1);
    }

    /// What a page reads after so many other pairs, spread over both halves of the window, each with its own password.
    fn crowd(seed: u64, pairs: u64, sprayed: u64) -> (u32, Vec<u32>) {
        let mut page = Page::new(seed);
        for number in 0..pairs {
            let now = if number < pairs / 2 { START } else { START.plus(HALF) };
            page.add(1000 + number, number, now);
            if number * sprayed / pairs != (number + 1) * sprayed / pairs {
                page.add(7, number, now);
            }
        }
        let now = START.plus(HALF);
        let strangers = (5_000_000..5_001_000).map(|password| page.estimate(password, now)).collect();
        (page.estimate(7, now), strangers)
    }

    #[test]
    fn a_sprayed_password_stands_out_of_a_crowd_and_others_do_not() {
        // Pairs in the page, and what 40 accounts read as for the least.
        for (pairs, least) in [(100, 38), (300, 37), (600, 35), (1_200, 30), (2_400, 20)] {
            for seed in 1..=8 {
                let (sprayed, strangers) = crowd(seed, pairs, 40);
                let highest = strangers.into_iter().max().unwrap();
                println!("{pairs} pairs, seed {seed}: 40 read as {sprayed}, strangers at most {highest}");
                assert!((least..=41).contains(&sprayed), "{pairs} pairs, seed {seed}: {sprayed}");
                assert!(highest <= 2, "{pairs} pairs, seed {seed}: {highest}");
            }
        }
    }

    #[test]
    fn a_flood_of_other_passwords_hides_a_sprayed_one_but_accuses_nobody() {
        for seed in 1..=8 {
            let (sprayed, strangers) = crowd(seed, 20_000, 40);
            assert!(sprayed <= 5 && strangers.iter().all(|count| *count <= 2), "seed {seed}: {sprayed}");
        }
    }

    #[test]
    fn a_count_stops_where_a_counter_does() {
        let mut page = Page::new(1);
        for account in 0..2_000 {
            page.add(7, account, START);
        }
        assert!((200..=255).contains(&page.estimate(7, START)), "{}", page.estimate(7, START));
    }

    #[test]
    fn a_body_of_another_length_holds_nothing() {
        for len in [0, 7, 8, 500, BODY_LEN - 1] {
            let mut body = vec![0; len];
            assert!(!add(&mut body, 1, 2, WINDOW, START), "length {len}");
            assert_eq!(estimate(&body, 1, WINDOW, START), 0, "length {len}");
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_no_harm(
            bytes in prop::collection::vec(any::<u8>(), BODY_LEN),
            events in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 1..40),
            window in any::<u32>(),
        ) {
            let mut body = bytes;
            for (password, pair, now) in events {
                let now = Millis(now);
                add(&mut body, password, pair, window, now);
                prop_assert!(has_pair(&body, pair, window, now));
                prop_assert!(estimate(&body, password, window, now) <= 510);
            }
        }

        #[test]
        fn in_a_page_with_room_the_exact_number_of_accounts_is_read(
            seed in 0_u64..200,
            tries in prop::collection::vec((0_u64..10, 0_u64..12, 0_u64..HALF / 30), 1..60),
        ) {
            let mut page = Page::new(seed);
            let mut now = START;
            let mut exact = BTreeMap::<_, BTreeSet<_>>::new();
            for (password, account, gap) in tries {
                // Within one half nothing is forgotten.
                now = now.plus(gap).min(START.plus(HALF - 1));
                page.add(password, account, now);
                exact.entry(password).or_default().insert(account);
                for (password, accounts) in &exact {
                    let (read, exact) = (page.estimate(*password, now), accounts.len() as u32);
                    prop_assert!(read <= exact + 1 && read + 1 >= exact, "{read} for {exact}");
                }
            }
        }
    }
}
