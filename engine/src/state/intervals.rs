//! How regularly something happens: the spread of the gaps between events.
//!
//! A program that sleeps between its requests leaves gaps that are nearly alike; people do not. The measure is the
//! coefficient of variation of the gaps, their standard deviation by their mean: 0 for a clock, about 1 for what comes at
//! random (a Poisson process), and above that for people, who come in bursts. Mean and spread are kept as Welford (1962)
//! does, and over the last hundred gaps or so: older ones fade.
//!
//! Layout: 48 bits the last event in milliseconds, `u16` how many gaps, `f32` their mean in milliseconds, `f32` the sum of
//! their squared distances from it.

use super::bytes::{read_u16, read_u32, read_u64, write_u16, write_u32, write_u64};
use crate::clock::Millis;

/// Bytes of a rhythm.
pub const INTERVALS_LEN: usize = 16;
/// From how many gaps on a regularity is told.
pub const GAPS_NEEDED: u16 = 20;

/// After so long a silence, in milliseconds, another series begins.
const SILENCE_MS: u64 = 3_600_000;
/// How many gaps weigh at most: a client that changes its ways shows within as many.
const GAPS_KEPT: u16 = 100;
const MOMENT: u64 = (1 << 48) - 1;

/// Notes an event. A clock that steps back gives no gap; the next one is measured from where it stands now. A gap of more
/// than an hour starts over.
pub fn note(bytes: &mut [u8], now: Millis) {
    let head = read_u64(bytes, 0);
    let (last, gaps) = (head & MOMENT, read_u16(bytes, 6));
    let now = now.0 & MOMENT;
    let (gaps, mean, squares) = match now.checked_sub(last) {
        None => (gaps, read_f32(bytes, 8), read_f32(bytes, 12)),
        Some(SILENCE_MS..) => (0, 0.0, 0.0),
        Some(gap) => with_gap(gaps, read_f32(bytes, 8), read_f32(bytes, 12), gap),
    };
    write_u64(bytes, 0, now);
    write_u16(bytes, 6, gaps);
    write_u32(bytes, 8, mean.to_bits());
    write_u32(bytes, 12, squares.to_bits());
}

/// How regular the events are, in percent: 100 for a clock, 0 for what comes at random or in bursts, and 0 until there
/// were [`GAPS_NEEDED`] gaps. Events that all come within the same millisecond have no rhythm either.
#[must_use]
pub fn regularity(bytes: &[u8]) -> u32 {
    let (gaps, mean, squares) = (read_u16(bytes, 6), read_f32(bytes, 8), read_f32(bytes, 12));
    if gaps < GAPS_NEEDED || mean < 1.0 {
        return 0;
    }
    let variation = (squares / f32::from(gaps)).sqrt() / mean;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
    let percent = (100.0 - 100.0 * variation).clamp(0.0, 100.0).round() as u32;
    percent
}

/// Welford's step; beyond the gaps that are kept, older ones lose a hundredth of their weight with each.
fn with_gap(gaps: u16, mean: f32, squares: f32, gap: u64) -> (u16, f32, f32) {
    // Below an hour, which `f32` holds to the millisecond.
    let gap = gap as f32;
    let (gaps, kept) = if gaps < GAPS_KEPT { (gaps + 1, squares) } else { (GAPS_KEPT, faded(squares)) };
    let weight = f32::from(gaps);
    let distance = gap - mean;
    (gaps, mean + distance / weight, kept + distance * distance * (weight - 1.0) / weight)
}

fn faded(squares: f32) -> f32 {
    squares * (1.0 - 1.0 / f32::from(GAPS_KEPT))
}

/// A number that is not negative; bytes that are none read as zero.
fn read_f32(bytes: &[u8], at: usize) -> f32 {
    let number = f32::from_bits(read_u32(bytes, at));
    if number.is_finite() && number > 0.0 { number } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::{GAPS_NEEDED, INTERVALS_LEN, note, regularity};
    use crate::clock::Millis;
    use crate::state::bloom::place;
    use proptest::prelude::*;

    const START: Millis = Millis(1_700_000_000_000);

    /// Notes an event and then one after each gap.
    fn rhythm(gaps: impl IntoIterator<Item = u64>) -> [u8; INTERVALS_LEN] {
        let mut bytes = [0; INTERVALS_LEN];
        let mut now = START;
        note(&mut bytes, now);
        for gap in gaps {
            now = now.plus(gap);
            note(&mut bytes, now);
        }
        bytes
    }

    /// A number from 0 below `of`, as if by chance.
    fn chance(seed: u64, number: u64, of: usize) -> u64 {
        place(seed, number, of) as u64
    }

    /// Gaps of a Poisson process.
    fn random_gap(seed: u64, number: u64) -> u64 {
        let uniform = (chance(seed, number, 1_000_000) + 1) as f64 / 1_000_001.0;
        (-10_000.0 * uniform.ln()) as u64
    }

    #[test]
    fn a_clock_is_wholly_regular_and_chance_is_not() {
        for gap in [1, 50, 1_000, 60_000, 3_599_999] {
            assert_eq!(regularity(&rhythm([gap; 40])), 100, "every {gap} ms");
        }
        for seed in 1..=20 {
            let percent = regularity(&rhythm((0..300).map(|number| random_gap(seed, number))));
            assert!(percent <= 30, "{percent} % for seed {seed}");
        }
    }

    #[test]
    fn a_program_that_jitters_by_a_tenth_is_still_regular_and_a_person_who_reads_pages_is_not() {
        for seed in 1..=20 {
            let percent = regularity(&rhythm((0..100).map(|number| 9_000 + chance(seed, number, 2_000))));
            assert!((92..=97).contains(&percent), "{percent} % for seed {seed}");
            // Pages with ten requests each, a while apart.
            let person = (0..300).map(|number| if number % 10 == 0 { random_gap(seed, number) } else { 40 });
            assert_eq!(regularity(&rhythm(person)), 0, "seed {seed}");
        }
    }

    #[test]
    fn nothing_is_told_before_twenty_gaps() {
        for gaps in 0..usize::from(GAPS_NEEDED) {
            assert_eq!(regularity(&rhythm(vec![1_000; gaps])), 0, "{gaps} gaps");
        }
        assert_eq!(regularity(&rhythm([1_000; 20])), 100);
        assert_eq!(regularity(&[]), 0);
    }

    #[test]
    fn a_silence_of_an_hour_starts_over() {
        let gaps = || std::iter::repeat_n(1_000, 40);
        assert_eq!(regularity(&rhythm(gaps().chain([3_600_000]))), 0);
        assert_eq!(regularity(&rhythm(gaps().chain([3_600_000]).chain(std::iter::repeat_n(1_000, 20)))), 100);
    }

    #[test]
    fn a_client_that_changes_its_ways_shows_within_a_few_hundred_gaps() {
        let random = |number| random_gap(3, number);
        let changed = (0..5_000).map(random).chain(std::iter::repeat_n(10_000, 400));
        assert!(regularity(&rhythm(changed)) >= 80);
        let relaxed = std::iter::repeat_n(10_000, 5_000).chain((0..400).map(random));
        assert!(regularity(&rhythm(relaxed)) <= 35);
    }

    #[test]
    fn a_clock_that_steps_back_gives_no_gap() {
        let mut bytes = rhythm([1_000; 30]);
        for step in 0..30 {
            note(&mut bytes, Millis(START.0 - 86_400_000 + step * 1_000));
        }
        assert_eq!(regularity(&bytes), 100);
    }

    #[test]
    fn events_all_at_once_have_no_rhythm() {
        assert_eq!(regularity(&rhythm([0; 50])), 0);
    }

    proptest! {
        #[test]
        fn foreign_bytes_give_a_percentage(
            bytes in any::<[u8; INTERVALS_LEN]>(), times in prop::collection::vec(any::<u64>(), 0..50)
        ) {
            let mut bytes = bytes;
            prop_assert!(regularity(&bytes) <= 100);
            for time in times {
                note(&mut bytes, Millis(time));
                prop_assert!(regularity(&bytes) <= 100);
            }
        }

        #[test]
        fn up_to_a_hundred_gaps_the_spread_is_exact(gaps in prop::collection::vec(1_u64..3_600_000, 20..100)) {
            let count = gaps.len() as f64;
            let mean = gaps.iter().map(|gap| *gap as f64).sum::<f64>() / count;
            let variance = gaps.iter().map(|gap| (*gap as f64 - mean).powi(2)).sum::<f64>() / count;
            let exact = (100.0 - 100.0 * variance.sqrt() / mean).max(0.0);
            prop_assert!((f64::from(regularity(&rhythm(gaps))) - exact).abs() <= 0.6);
        }
    }
}
