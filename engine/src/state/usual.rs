//! How many sensitive values the replies of a route usually carry.
//!
//! A histogram over powers of two, kept in the route's cell. A reply is unusual where it carries far more than nearly all
//! replies of the same route: more than four times the upper end of the class that the 99th percentile falls into, and at
//! least eight values. Until there were fifty replies nothing is unusual. (Per-endpoint percentiles with a least number of
//! sessions are what Cloudflare's volumetric abuse detection works with.)
//!
//! Counts are halved as they grow and once a day, so that a route's habits may change. Whoever makes more than one in a
//! hundred of a route's replies large makes them usual: limits per client are for those.

use super::bytes::{read_u16, read_u32, write_u16, write_u32};
use crate::clock::Millis;

/// Classes: no value, one, two to three, four to seven, ...
pub const CLASSES: usize = 16;
/// Replies without which nothing is usual.
const LEAST_REPLIES: u32 = 50;
/// Fewer values are never unusual.
const LEAST_VALUES: u32 = 8;
/// How many times the usual is unusual.
const FACTOR: u32 = 4;
/// When a class is this full, all are halved.
const FULL: u16 = 30_000;
/// How often all are halved.
const DAY_SECONDS: u32 = 86_400;
/// Where the time of the last halving stands.
const HALVED_AT: usize = CLASSES * 2;

/// How many replies had how many values, by class.
pub type Replies = [u16; CLASSES];

/// The class of a number of values.
#[must_use]
pub fn class_of(values: u32) -> usize {
    let bits = u32::BITS.saturating_sub(values.leading_zeros());
    (bits as usize).min(CLASSES - 1)
}

/// Adds replies to a cell's histogram and gives back what it says now.
pub fn add(bytes: &mut [u8], replies: &Replies, now: Millis) -> Replies {
    let halved = read_u32(bytes, HALVED_AT);
    let is_due = now.seconds().saturating_sub(halved) >= DAY_SECONDS;
    if is_due {
        write_u32(bytes, HALVED_AT, now.seconds());
    }
    let mut counts = read(bytes);
    let halves = is_due && halved != 0 || counts.iter().any(|count| *count >= FULL);
    for (count, more) in counts.iter_mut().zip(replies) {
        if halves {
            *count /= 2;
        }
        *count = count.saturating_add(*more);
    }
    for (class, count) in counts.iter().enumerate() {
        write_u16(bytes, class.saturating_mul(2), *count);
    }
    counts
}

/// A cell's histogram.
#[must_use]
pub fn read(bytes: &[u8]) -> Replies {
    let mut counts = Replies::default();
    for (class, count) in counts.iter_mut().enumerate() {
        *count = read_u16(bytes, class.saturating_mul(2));
    }
    counts
}

/// Whether so many values are far more than usual.
#[must_use]
pub fn is_unusual(replies: &Replies, values: u32) -> bool {
    let total: u32 = replies.iter().map(|count| u32::from(*count)).sum();
    if total < LEAST_REPLIES || values < LEAST_VALUES {
        return false;
    }
    let mut left = total.div_ceil(100);
    for (class, count) in replies.iter().enumerate().rev() {
        // The 99th percentile lies in the highest class that is not filled by the uppermost hundredth alone.
        if u32::from(*count) >= left {
            let highest = 1_u32.checked_shl(u32::try_from(class).unwrap_or(u32::MAX)).unwrap_or(u32::MAX);
            return values > highest.saturating_sub(1).saturating_mul(FACTOR);
        }
        left = left.saturating_sub(u32::from(*count));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Millis = Millis(1_700_000_000_000);

    fn noted(values: &[u32]) -> Replies {
        let mut replies = Replies::default();
        for value in values {
            replies[class_of(*value)] += 1;
        }
        replies
    }

    #[test]
    fn a_reply_is_unusual_where_nearly_all_others_carry_far_less() {
        let one_each = noted(&[1; 200]);
        assert!(!is_unusual(&one_each, 7));
        assert!(is_unusual(&one_each, 8));
        let lists = noted(&[25; 200]);
        assert!(!is_unusual(&lists, 100));
        assert!(is_unusual(&lists, 500));
        assert!(!is_unusual(&noted(&[1; 49]), 5000), "too few replies to know");
    }

    #[test]
    fn one_large_reply_in_a_hundred_is_not_yet_usual() {
        let mut values = vec![1; 199];
        values.push(1000);
        assert!(is_unusual(&noted(&values), 1000));
        values.extend([1000; 10]);
        assert!(!is_unusual(&noted(&values), 1000));
    }

    #[test]
    fn habits_fade_with_days() {
        let mut bytes = [0; 40];
        add(&mut bytes, &noted(&[25; 200]), START);
        let mut now = START;
        for _ in 0..10 {
            now = now.plus(86_400_000);
            add(&mut bytes, &noted(&[1; 100]), now);
        }
        assert!(is_unusual(&read(&bytes), 25));
        assert!(read(&bytes).iter().map(|count| u32::from(*count)).sum::<u32>() < 250);
    }

    #[test]
    fn a_full_class_halves_all() {
        let mut bytes = [0; 40];
        for _ in 0..10 {
            add(&mut bytes, &[10_000; CLASSES], START);
        }
        assert!(read(&bytes).iter().all(|count| *count < u16::MAX));
    }
}
