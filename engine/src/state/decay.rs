//! A count of events that fades: each is worth half after every half-life.
//!
//! It holds what comes too slowly for a window: with a half-life of twelve hours, three tries a day add up to about three.
//! Eight bytes serve any half-life, where a window of the same reach would need buckets.
//!
//! Layout: `f32` the sum, `u32` its moment in seconds. A clock that steps back means the same moment; further back than a
//! half-life, the sum starts over, so that a clock that ran ahead does not freeze it.

use super::bytes::{read_u32, write_u32};
use crate::clock::Millis;

/// Bytes of a fading count.
pub const DECAY_LEN: usize = 8;

/// More than any policy compares with, and far below what `f32` holds.
const MOST: f32 = 1e9;

/// What the events are worth now; between 0 and 10⁹. A half-life is in milliseconds; zero means one.
#[must_use]
pub fn read(bytes: &[u8], half_life_ms: u32, now: Millis) -> f32 {
    let sum = f32::from_bits(read_u32(bytes, 0));
    // Bytes that are no sum, such as NaN, count as none.
    if !(sum > 0.0 && sum <= MOST) {
        return 0.0;
    }
    let half_life = f64::from(half_life_ms.max(1));
    let elapsed = (f64::from(now.seconds()) - f64::from(read_u32(bytes, 4))) * 1000.0;
    if elapsed < -half_life {
        return 0.0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let share = (-elapsed.max(0.0) / half_life).exp2() as f32;
    sum * share
}

/// Adds events that happened now.
pub fn add(bytes: &mut [u8], half_life_ms: u32, now: Millis, events: f32) {
    change(bytes, half_life_ms, now, events.max(0.0));
}

/// Takes back what so many events are worth that happened now; never below nothing.
pub fn take(bytes: &mut [u8], half_life_ms: u32, now: Millis, events: f32) {
    change(bytes, half_life_ms, now, -events.max(0.0));
}

/// The moment of the last change, to the second; 0 where there was none. All that was counted happened until then.
#[must_use]
pub fn last_change(bytes: &[u8]) -> Millis {
    Millis(u64::from(read_u32(bytes, 4)) * 1000)
}

fn change(bytes: &mut [u8], half_life_ms: u32, now: Millis, by: f32) {
    let sum = (read(bytes, half_life_ms, now) + by).clamp(0.0, MOST);
    let last = last_change(bytes);
    let is_same_moment = last.0.saturating_sub(now.0) <= u64::from(half_life_ms.max(1));
    let moment = if is_same_moment { last.seconds().max(now.seconds()) } else { now.seconds() };
    write_u32(bytes, 0, sum.to_bits());
    write_u32(bytes, 4, moment);
}

#[cfg(test)]
mod tests {
    use super::{DECAY_LEN, MOST, add, last_change, read, take};
    use crate::clock::Millis;
    use proptest::prelude::*;

    const HALF_LIFE: u32 = 43_200_000;
    const START: Millis = Millis(1_700_000_000_000);

    #[test]
    fn events_of_one_moment_are_counted_exactly() {
        let mut bytes = [0; DECAY_LEN];
        for events in 1..=1000_u16 {
            add(&mut bytes, HALF_LIFE, START, 1.0);
            assert_eq!(read(&bytes, HALF_LIFE, START), f32::from(events));
        }
    }

    #[test]
    fn an_event_is_worth_half_after_each_half_life_however_often_it_is_looked_at() {
        for step in [1_000, 60_000, 3_600_000, HALF_LIFE] {
            let mut bytes = [0; DECAY_LEN];
            add(&mut bytes, HALF_LIFE, START, 8.0);
            let mut now = START;
            while now < START.plus(3 * u64::from(HALF_LIFE)) {
                now = now.plus(u64::from(step));
                add(&mut bytes, HALF_LIFE, now, 0.0);
            }
            let left = read(&bytes, HALF_LIFE, START.plus(3 * u64::from(HALF_LIFE)));
            assert!((left - 1.0).abs() < 0.01, "{left} with steps of {step} ms");
        }
    }

    #[test]
    fn two_tries_a_half_life_settle_near_what_the_series_says() {
        let mut bytes = [0; DECAY_LEN];
        for number in 0..200 {
            add(&mut bytes, HALF_LIFE, START.plus(number * u64::from(HALF_LIFE) / 2), 1.0);
        }
        let sum = read(&bytes, HALF_LIFE, START.plus(199 * u64::from(HALF_LIFE) / 2));
        assert!((sum - 3.414).abs() < 0.01, "{sum}");
    }

    #[test]
    fn what_is_taken_back_never_leaves_less_than_nothing() {
        let mut bytes = [0; DECAY_LEN];
        add(&mut bytes, HALF_LIFE, START, 3.0);
        take(&mut bytes, HALF_LIFE, START, 1.0);
        assert_eq!(read(&bytes, HALF_LIFE, START), 2.0);
        take(&mut bytes, HALF_LIFE, START, 9.0);
        assert_eq!(read(&bytes, HALF_LIFE, START), 0.0);
    }

    #[test]
    fn a_clock_that_steps_back_means_the_same_moment() {
        let mut bytes = [0; DECAY_LEN];
        add(&mut bytes, HALF_LIFE, START, 4.0);
        let earlier = Millis(START.0 - 3_600_000);
        add(&mut bytes, HALF_LIFE, earlier, 1.0);
        assert_eq!(read(&bytes, HALF_LIFE, earlier), 5.0);
        assert_eq!(read(&bytes, HALF_LIFE, START), 5.0);
        assert_eq!(last_change(&bytes), START);
    }

    #[test]
    fn a_clock_that_ran_ahead_for_long_is_forgotten_when_it_comes_back() {
        let mut bytes = [0; DECAY_LEN];
        add(&mut bytes, HALF_LIFE, START.plus(10 * u64::from(HALF_LIFE)), 4.0);
        add(&mut bytes, HALF_LIFE, START, 1.0);
        assert_eq!(read(&bytes, HALF_LIFE, START), 1.0);
        assert_eq!(last_change(&bytes), START);
    }

    #[test]
    fn a_cell_without_the_count_reads_as_none() {
        add(&mut [], HALF_LIFE, START, 1.0);
        assert_eq!(read(&[], HALF_LIFE, START), 0.0);
    }

    proptest! {
        #[test]
        fn foreign_bytes_and_numbers_give_a_sum_within_bounds(
            bytes in any::<[u8; DECAY_LEN]>(), half_life in any::<u32>(), now in any::<u64>(), events in any::<f32>()
        ) {
            let mut bytes = bytes;
            let now = Millis(now);
            prop_assert!((0.0..=MOST).contains(&read(&bytes, half_life, now)));
            add(&mut bytes, half_life, now, events);
            prop_assert!((0.0..=MOST).contains(&read(&bytes, half_life, now)));
            take(&mut bytes, half_life, now, events);
            prop_assert!((0.0..=MOST).contains(&read(&bytes, half_life, now)));
        }

        #[test]
        fn the_sum_is_that_of_every_event_by_its_age(
            gaps in prop::collection::vec(0_u64..20_000_000, 1..60)
        ) {
            let mut bytes = [0; DECAY_LEN];
            let mut events = Vec::new();
            let mut now = START;
            for gap in gaps {
                now = now.plus(gap);
                add(&mut bytes, HALF_LIFE, now, 1.0);
                events.push(now);
            }
            let exact: f64 =
                events.iter().map(|at| (-((now.0 - at.0) as f64) / f64::from(HALF_LIFE)).exp2()).sum();
            prop_assert!((f64::from(read(&bytes, HALF_LIFE, now)) - exact).abs() < 0.005 * exact);
        }
    }
}
