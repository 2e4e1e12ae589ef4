//! What was seen in successful logins: an aged Bloom filter that fills a page.
//!
//! Two generations of 8032 bits with ten places for each key. A key is inserted into the younger one and found in either,
//! so it is remembered for between 30 and 60 days after it was last inserted. When half of the younger generation's bits
//! are set it turns early: whatever the traffic, a page never answers wrongly for more than about 0.2 % of the keys that
//! it never saw. A generation then holds about 557 keys, and a page between 557 and 1,114 of those that came last.
//!
//! Layout of the body: `u32` when the younger generation began, in seconds, 0 for an empty page; four bytes unused; the
//! younger generation's bits to 1012; the older one's to 2016.
//!
//! A clock that steps back turns nothing. Further back than a generation, the younger one begins anew with its next
//! insertion and keeps its keys.

use super::bloom;
use super::bytes::{read_u32, write_u32};
use crate::clock::Millis;
use std::ops::Range;

/// Bytes of a page behind its header of 32 bytes.
pub const BODY_LEN: usize = 2016;
/// How long a generation lasts, in milliseconds: 30 days.
pub const GENERATION_MS: u64 = 30 * 86_400_000;

/// Bits of a generation's Bloom filter.
pub const GENERATION_BITS: usize = YOUNGER_LEN * 8;
/// About how many keys a generation of a page holds before it turns early: half of the bits are set then, which by the
/// usual estimate for Bloom filters are bits × ln 2 ÷ places keys.
pub const GENERATION_KEYS: u32 = 557;

const PLACES: u64 = 10;
const YOUNGER_LEN: usize = 1004;
const YOUNGER: Range<usize> = 8..8 + YOUNGER_LEN;
const OLDER: Range<usize> = 1012..BODY_LEN;

/// Whether the key was inserted within the last generation or two; `true` for about 0.2 % of other keys at most. A body
/// that is shorter than [`BODY_LEN`] holds nothing.
#[must_use]
pub fn contains(body: &[u8], hash: u64, now: Millis) -> bool {
    match generations_passed(body, now) {
        0 => holds(body, YOUNGER, hash) || holds(body, OLDER, hash),
        1 => holds(body, YOUNGER, hash),
        _ => false,
    }
}

/// Whether the key is in the younger generation, so that to insert it would change nothing.
#[must_use]
pub fn contains_young(body: &[u8], hash: u64, now: Millis) -> bool {
    generations_passed(body, now) == 0 && holds(body, YOUNGER, hash)
}

/// Inserts a key, also one that only the older generation has, so that what is in use is not forgotten. `false` where the
/// body did not change: the key is in the younger generation already, or the body is shorter than [`BODY_LEN`].
pub fn insert(body: &mut [u8], hash: u64, now: Millis) -> bool {
    if body.len() < BODY_LEN {
        return false;
    }
    match generations_passed(body, now) {
        0 => {}
        1 => turn(body, now),
        _ => {
            // What was the younger generation is too old as well.
            turn(body, now);
            turn(body, now);
        }
    }
    if holds(body, YOUNGER, hash) {
        return false;
    }
    let younger = body.get(YOUNGER).unwrap_or_default();
    if bloom::ones(younger) * 2 > younger.len() * 8 {
        turn(body, now);
    }
    if u64::from(began(body).saturating_sub(now.seconds())) > GENERATION_MS / 1000 {
        write_u32(body, 0, now.seconds());
    }
    bloom::insert(body.get_mut(YOUNGER).unwrap_or_default(), hash, PLACES);
    true
}

fn began(body: &[u8]) -> u32 {
    read_u32(body, 0)
}

fn generations_passed(body: &[u8], now: Millis) -> u64 {
    u64::from(now.seconds().saturating_sub(began(body))) / (GENERATION_MS / 1000)
}

fn holds(body: &[u8], generation: Range<usize>, hash: u64) -> bool {
    body.get(generation).is_some_and(|map| bloom::contains(map, hash, PLACES))
}

/// The younger generation becomes the older one, and an empty one begins.
fn turn(body: &mut [u8], now: Millis) {
    body.copy_within(YOUNGER, OLDER.start);
    body.get_mut(YOUNGER).unwrap_or_default().fill(0);
    write_u32(body, 0, now.seconds());
}

const _: () = assert!(OLDER.end - OLDER.start == YOUNGER.end - YOUNGER.start, "generations are alike");

#[cfg(test)]
mod tests {
    use super::{BODY_LEN, GENERATION_MS, OLDER, YOUNGER, bloom, contains, insert};
    use crate::clock::Millis;
    use crate::keyed_hash::{HashKey, Role};
    use proptest::prelude::*;

    const START: Millis = Millis(1_700_000_000_000);

    /// Hashes of one page: the pool picks it by the upper bits.
    fn key(seed: u8, number: u64) -> u64 {
        HashKey::from_bytes([seed; 16]).hash(Role::Username, &[&number.to_le_bytes()]) >> 12
    }

    fn is_half_full(body: &[u8]) -> bool {
        bloom::ones(&body[YOUNGER]) * 2 > (YOUNGER.end - YOUNGER.start) * 8
    }

    #[test]
    fn a_page_at_capacity_holds_more_than_540_keys_a_generation_and_errs_for_under_three_in_a_thousand() {
        for seed in 1..=8 {
            let mut body = [0; BODY_LEN];
            let mut inserted = 0;
            let mut capacities = Vec::new();
            for _ in 0..2 {
                let first = inserted;
                while !is_half_full(&body) {
                    insert(&mut body, key(seed, inserted), START);
                    inserted += 1;
                }
                capacities.push(inserted - first);
                if capacities.len() < 2 {
                    insert(&mut body, key(seed, inserted), START);
                    inserted += 1;
                }
            }
            assert!((0..inserted).all(|number| contains(&body, key(seed, number), START)), "seed {seed}");
            let strangers = 1_000_000..1_100_000;
            let wrong = strangers.filter(|number| contains(&body, key(seed, *number), START)).count();
            println!("seed {seed}: {capacities:?} keys a generation, {wrong} of 100000 strangers known");
            assert!(capacities.iter().all(|keys| (540..580).contains(keys)), "seed {seed}: {capacities:?}");
            assert!((100..300).contains(&wrong), "seed {seed}: {wrong} of 100000");
        }
    }

    #[test]
    fn a_page_that_overflows_forgets_the_oldest_keys_and_stays_trustworthy() {
        let mut body = [0; BODY_LEN];
        for number in 0..20_000 {
            insert(&mut body, key(1, number), START);
        }
        assert!((19_460..20_000).all(|number| contains(&body, key(1, number), START)));
        let wrong = (0..18_000).filter(|number| contains(&body, key(1, *number), START)).count();
        assert!(wrong < 60, "{wrong} of 18000 forgotten keys are still known");
    }

    #[test]
    fn a_key_is_remembered_for_one_generation_at_least_and_two_at_most() {
        let second = 1000;
        for offset in [0, GENERATION_MS / 3, GENERATION_MS - second] {
            let mut body = [0; BODY_LEN];
            insert(&mut body, key(1, 1), START);
            let inserted = START.plus(offset);
            insert(&mut body, key(1, 2), inserted);
            // Something else comes from time to time, as it does in a page.
            let mut now = inserted;
            while now < inserted.plus(GENERATION_MS) {
                assert!(contains(&body, key(1, 2), now), "offset {offset}, now {now:?}");
                insert(&mut body, key(1, 3), now);
                now = now.plus(GENERATION_MS / 7);
            }
            assert!(!contains(&body, key(1, 2), inserted.plus(2 * GENERATION_MS)), "offset {offset}");
            insert(&mut body, key(1, 3), inserted.plus(2 * GENERATION_MS));
            assert!(!contains(&body, key(1, 2), inserted.plus(2 * GENERATION_MS)), "offset {offset}");
        }
    }

    #[test]
    fn a_key_in_use_is_never_forgotten() {
        let mut body = [0; BODY_LEN];
        let mut now = START;
        for _ in 0..40 {
            insert(&mut body, key(1, 1), now);
            now = now.plus(GENERATION_MS - 1000);
            assert!(contains(&body, key(1, 1), now), "{now:?}");
        }
    }

    #[test]
    fn a_change_is_reported_exactly_when_bytes_change() {
        let mut body = [0; BODY_LEN];
        assert!(insert(&mut body, key(1, 1), START));
        assert!(!insert(&mut body, key(1, 1), START.plus(GENERATION_MS - 1000)));
        assert!(insert(&mut body, key(1, 1), START.plus(GENERATION_MS)), "only the older one has it");
        assert!(!insert(&mut body, key(1, 1), START.plus(GENERATION_MS)));
    }

    #[test]
    fn a_clock_that_steps_back_forgets_nothing_and_freezes_nothing() {
        let ahead = START.plus(20 * GENERATION_MS);
        let mut body = [0; BODY_LEN];
        insert(&mut body, key(1, 1), ahead);
        assert!(contains(&body, key(1, 1), START));
        insert(&mut body, key(1, 2), START);
        assert!(contains(&body, key(1, 1), START) && contains(&body, key(1, 2), START));
        let later = START.plus(2 * GENERATION_MS);
        assert!(!contains(&body, key(1, 1), later) && !contains(&body, key(1, 2), later));
    }

    #[test]
    fn a_body_of_another_length_holds_nothing() {
        for len in [0, 1, 8, 100, OLDER.start, BODY_LEN - 1] {
            let mut body = vec![0; len];
            assert!(!insert(&mut body, key(1, 1), START), "length {len}");
            assert!(!contains(&body, key(1, 1), START), "length {len}");
        }
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_no_harm(
            bytes in prop::collection::vec(any::<u8>(), BODY_LEN),
            hashes in prop::collection::vec(any::<u64>(), 1..40),
            times in prop::collection::vec(any::<u64>(), 1..40),
        ) {
            let mut body = bytes;
            for (hash, time) in hashes.iter().zip(&times) {
                insert(&mut body, *hash, Millis(*time));
                prop_assert!(contains(&body, *hash, Millis(*time)));
            }
        }

        #[test]
        fn whatever_came_within_a_generation_is_known(
            steps in prop::collection::vec((0_u64..400, 0_u64..GENERATION_MS / 20), 1..120)
        ) {
            let mut body = [0; BODY_LEN];
            let mut now = START;
            let mut last = std::collections::BTreeMap::new();
            for (number, gap) in steps {
                now = now.plus(gap);
                insert(&mut body, key(2, number), now);
                last.insert(number, now);
                for (number, at) in &last {
                    let is_recent = now < at.plus(GENERATION_MS - 1000);
                    prop_assert!(!is_recent || contains(&body, key(2, *number), now), "{number}");
                }
            }
        }
    }
}
