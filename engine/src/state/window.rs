//! Counts over a sliding window of eight buckets.
//!
//! Layout: `u32` number of the newest bucket, then eight `u16`. A bucket is an eighth of the window; a reading adds the
//! eight newest, so that it covers between seven eighths of the window and all of it: an event never counts for longer
//! than the window, and may be forgotten an eighth early. A clock that steps back means "same bucket".

use super::bytes::{read_u16, read_u32, write_u16, write_u32};
use crate::clock::Millis;

const BUCKETS: u64 = 8;

/// The number of the bucket that a moment falls into.
const fn bucket(now: Millis, window_ms: u32) -> u64 {
    now.0 / (window_ms as u64 / BUCKETS)
}

fn slot(number: u64) -> usize {
    4 + usize::try_from(number % BUCKETS).unwrap_or(0) * 2
}

/// How many buckets have begun since the newest one was written; 0 where the clock stepped back.
fn elapsed(bytes: &[u8], current: u64) -> u64 {
    let newest = read_u32(bytes, 0);
    #[expect(clippy::cast_possible_truncation, reason = "bucket numbers are compared modulo 2^32")]
    let difference = (current as u32).wrapping_sub(newest);
    if difference <= u32::MAX / 2 {
        return u64::from(difference);
    }
    // The upper half of the circle is the future: the clock stepped back, or, further than a window, the cell is new or
    // was written under a clock that ran ahead; then it starts over.
    if u64::from(difference.wrapping_neg()) <= BUCKETS { 0 } else { BUCKETS }
}

/// What was counted within the window, nothing from before `not_before`.
pub(crate) fn sum(bytes: &[u8], window_ms: u32, now: Millis, not_before: Millis) -> u32 {
    let current = bucket(now, window_ms);
    let elapsed = elapsed(bytes, current);
    let newest = current.saturating_sub(elapsed);
    let length = u64::from(window_ms) / BUCKETS;
    (elapsed..BUCKETS)
        .map(|age| newest.saturating_sub(age.saturating_sub(elapsed)))
        .filter(|number| number.saturating_mul(length) >= not_before.0)
        .map(|number| u32::from(read_u16(bytes, slot(number))))
        .sum()
}

/// Counts so many events now.
pub(crate) fn add(bytes: &mut [u8], window_ms: u32, now: Millis, events: u32) {
    let current = bucket(now, window_ms);
    let elapsed = elapsed(bytes, current);
    let newest = current.saturating_sub(elapsed);
    for step in 1..=elapsed.min(BUCKETS) {
        write_u16(bytes, slot(current.saturating_sub(elapsed.min(BUCKETS)).saturating_add(step)), 0);
    }
    let target = if elapsed == 0 { newest_slot(bytes, newest) } else { current };
    let count = u32::from(read_u16(bytes, slot(target))).saturating_add(events);
    write_u16(bytes, slot(target), u16::try_from(count).unwrap_or(u16::MAX));
    #[expect(clippy::cast_possible_truncation, reason = "bucket numbers are compared modulo 2^32")]
    write_u32(bytes, 0, if elapsed == 0 { read_u32(bytes, 0) } else { current as u32 });
}

/// Where the clock stepped back, events belong to the newest bucket that was written, not to an older number.
fn newest_slot(bytes: &[u8], newest: u64) -> u64 {
    let written = u64::from(read_u32(bytes, 0));
    newest - newest % BUCKETS + written % BUCKETS
}

/// Takes one event of the newest buckets back.
pub(crate) fn take_back(bytes: &mut [u8], window_ms: u32, now: Millis) {
    let current = bucket(now, window_ms);
    let newest = newest_slot(bytes, current.saturating_sub(elapsed(bytes, current)));
    for age in 0..2 {
        let at = slot(newest.saturating_sub(age));
        let count = read_u16(bytes, at);
        if count > 0 {
            write_u16(bytes, at, count - 1);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{add, sum, take_back};
    use crate::clock::Millis;
    use proptest::prelude::*;

    const WINDOW: u32 = 80_000;
    const START: u64 = 1_700_000_000_000;

    #[test]
    fn an_event_counts_for_at_least_seven_eighths_of_the_window_and_never_longer_than_it() {
        for offset in (0..10_000).step_by(777) {
            let mut bytes = [0_u8; 20];
            let at = Millis(START + offset);
            add(&mut bytes, WINDOW, at, 1);
            assert_eq!(sum(&bytes, WINDOW, at.plus(69_999), Millis(0)), 1, "offset {offset}");
            assert_eq!(sum(&bytes, WINDOW, at.plus(80_000), Millis(0)), 0, "offset {offset}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_means_the_same_bucket() {
        let mut bytes = [0_u8; 20];
        add(&mut bytes, WINDOW, Millis(START), 3);
        add(&mut bytes, WINDOW, Millis(START - 50_000), 2);
        assert_eq!(sum(&bytes, WINDOW, Millis(START - 50_000), Millis(0)), 5);
        assert_eq!(sum(&bytes, WINDOW, Millis(START), Millis(0)), 5);
    }

    #[test]
    fn what_happened_before_a_given_moment_can_be_left_out() {
        let mut bytes = [0_u8; 20];
        add(&mut bytes, WINDOW, Millis(START), 3);
        add(&mut bytes, WINDOW, Millis(START + 30_000), 2);
        assert_eq!(sum(&bytes, WINDOW, Millis(START + 30_000), Millis(START + 15_000)), 2);
    }

    #[test]
    fn windows_of_every_length_start_empty_and_forget() {
        for window in (1000..=10_000).step_by(500).chain([60_000, 3_600_000, 86_400_000]) {
            for start in [START, 1_790_000_000_000, 1_795_315_000_123] {
                let mut bytes = [0_u8; 20];
                let read = |bytes: &[u8], after| sum(bytes, window, Millis(start).plus(after), Millis(0));
                assert_eq!(read(&bytes, 0), 0, "window {window}");
                add(&mut bytes, window, Millis(start), 5);
                assert_eq!(read(&bytes, 1), 5, "window {window}");
                assert_eq!(read(&bytes, u64::from(window)), 0, "window {window}");
            }
        }
    }

    #[test]
    fn a_clock_that_ran_ahead_for_long_is_forgotten_when_it_comes_back() {
        let mut bytes = [0_u8; 20];
        add(&mut bytes, WINDOW, Millis(START + 86_400_000), 9);
        add(&mut bytes, WINDOW, Millis(START), 1);
        assert_eq!(sum(&bytes, WINDOW, Millis(START), Millis(0)), 1);
    }

    #[test]
    fn an_event_can_be_taken_back() {
        let mut bytes = [0_u8; 20];
        add(&mut bytes, WINDOW, Millis(START), 2);
        take_back(&mut bytes, WINDOW, Millis(START + 1));
        assert_eq!(sum(&bytes, WINDOW, Millis(START + 1), Millis(0)), 1);
    }

    proptest! {
        #[test]
        fn a_reading_lies_between_the_exact_counts_of_seven_eighths_and_of_the_whole_window(
            gaps in prop::collection::vec(0_u64..40_000, 1..60)
        ) {
            let mut bytes = [0_u8; 20];
            let mut now = START;
            let mut events = Vec::new();
            for gap in gaps {
                now += gap;
                add(&mut bytes, WINDOW, Millis(now), 1);
                events.push(now);
                let within = |span: u64| events.iter().filter(|at| now - **at < span).count() as u32;
                let reading = sum(&bytes, WINDOW, Millis(now), Millis(0));
                prop_assert!(reading >= within(70_000) && reading <= within(80_000));
            }
        }
    }
}
