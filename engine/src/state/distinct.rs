//! Different values within a sliding window.
//!
//! Few: a set of 24-bit hashes, each stamped with its bucket (an eighth of the window). Layout: `u32` number of the newest
//! bucket, then entries of `u32`: hash above, the low byte of the bucket below; 0 is free.
//!
//! Many: linear counting (Whang, Vander-Zanden and Taylor, 1990) over four bitmaps of a quarter of the window each.
//! Layout: `u32` number of the newest quarter, then four bitmaps. A reading covers between three quarters of the window
//! and all of it; its standard error is below 5 % up to half as many values as bits.

use super::bytes::{read_u32, write_u32};
use crate::clock::Millis;

/// A set of stamped hashes.
pub(crate) struct ExactSet<'a> {
    pub(crate) entries: usize,
    pub(crate) window_ms: u32,
    pub(crate) now: Millis,
    pub(crate) not_before: Millis,
    pub(crate) bytes: &'a [u8],
}

const STAMPS: u64 = 8;

impl ExactSet<'_> {
    fn length(&self) -> u64 {
        u64::from(self.window_ms) / STAMPS
    }

    fn current(&self) -> u64 {
        let current = self.now.0 / self.length();
        let newest = u64::from(read_u32(self.bytes, 0));
        // A clock that steps back means the newest bucket; further than a window, the set starts over. Above 2^32 buckets
        // only the low half is stored.
        let low = current & 0xFFFF_FFFF;
        if low < newest && newest - low <= STAMPS { current - low + newest } else { current }
    }

    /// Whether a stored entry still counts at the moment of the reading.
    fn is_live(&self, entry: u32, current: u64) -> bool {
        let newest = u64::from(read_u32(self.bytes, 0));
        let since_written = (current & 0xFFFF_FFFF).wrapping_sub(newest) & 0xFFFF_FFFF;
        if entry == 0 || since_written >= STAMPS {
            return false;
        }
        let age = (current.wrapping_sub(u64::from(entry & 0xFF))) & 0xFF;
        age < STAMPS && current.saturating_sub(age).saturating_mul(self.length()) >= self.not_before.0
    }

    /// How many different values there are, and whether this one is among them.
    pub(crate) fn read(&self, value: Option<u64>) -> (u32, bool) {
        let current = self.current();
        let mut count = 0;
        let mut known = false;
        for index in 0..self.entries {
            let entry = read_u32(self.bytes, 4 + index * 4);
            if self.is_live(entry, current) {
                count += 1;
                known |= value.is_some_and(|value| entry >> 8 == hash24(value));
            }
        }
        (count, known)
    }

    /// Whether this value is there with the newest stamp, so that adding it would change nothing.
    pub(crate) fn is_fresh(&self, value: u64) -> bool {
        let current = self.current();
        let stamp = u32::try_from(current & 0xFF).unwrap_or(0);
        let entry = (hash24(value) << 8) | stamp;
        self.is_live(entry, current)
            && (0..self.entries).any(|index| read_u32(self.bytes, 4 + index * 4) == entry)
    }

    /// Adds a value to `bytes`, which must be the same bytes that this set reads.
    pub(crate) fn added(&self, value: u64) -> Vec<u8> {
        let current = self.current();
        let stamp = u32::try_from(current & 0xFF).unwrap_or(0);
        let mut bytes = self.bytes.to_vec();
        let mut target = None;
        let mut oldest = (0, 0);
        for index in 0..self.entries {
            let at = 4 + index * 4;
            let entry = read_u32(&bytes, at);
            if !self.is_live(entry, current) {
                write_u32(&mut bytes, at, 0);
                target = target.or(Some(at));
                continue;
            }
            if entry >> 8 == hash24(value) {
                target = Some(at);
                break;
            }
            let age = (current.wrapping_sub(u64::from(entry & 0xFF))) & 0xFF;
            if oldest.0 == 0 || age > oldest.1 {
                oldest = (at, age);
            }
        }
        // A full set already says "more than ever compared with"; the newest value takes the oldest one's place.
        write_u32(&mut bytes, target.unwrap_or(oldest.0.max(4)), (hash24(value) << 8) | stamp);
        write_u32(&mut bytes, 0, u32::try_from(current & 0xFFFF_FFFF).unwrap_or(0));
        bytes
    }
}

/// The same set without a value.
impl ExactSet<'_> {
    pub(crate) fn without(&self, value: u64) -> Vec<u8> {
        let mut bytes = self.bytes.to_vec();
        for index in 0..self.entries {
            let at = 4 + index * 4;
            if read_u32(&bytes, at) >> 8 == hash24(value) {
                write_u32(&mut bytes, at, 0);
            }
        }
        bytes
    }
}

/// Never zero, so that zero can mean "free".
fn hash24(value: u64) -> u32 {
    u32::try_from(value & 0x00FF_FFFF).unwrap_or(0).max(1)
}

/// Bitmaps for linear counting.
pub(crate) struct Bitmaps<'a> {
    pub(crate) bits: usize,
    pub(crate) window_ms: u32,
    pub(crate) now: Millis,
    pub(crate) not_before: Millis,
    pub(crate) bytes: &'a [u8],
}

const QUARTERS: u64 = 4;

impl Bitmaps<'_> {
    fn length(&self) -> u64 {
        u64::from(self.window_ms) / QUARTERS
    }

    fn current(&self) -> u64 {
        let current = self.now.0 / self.length();
        let newest = u64::from(read_u32(self.bytes, 0));
        let low = current & 0xFFFF_FFFF;
        if low < newest && newest - low <= QUARTERS { current - low + newest } else { current }
    }

    fn elapsed(&self, current: u64) -> u64 {
        (current & 0xFFFF_FFFF).wrapping_sub(u64::from(read_u32(self.bytes, 0))) & 0xFFFF_FFFF
    }

    fn map(&self, number: u64) -> std::ops::Range<usize> {
        let len = self.bits / 8;
        let start = 4 + usize::try_from(number % QUARTERS).unwrap_or(0) * len;
        start..start + len
    }

    fn place(&self, value: u64) -> (usize, u8) {
        let bit = usize::try_from(value % self.bits as u64).unwrap_or(0);
        (bit / 8, 1 << (bit % 8))
    }

    /// The estimate of how many different values there are, this one included where given, and whether it was new.
    pub(crate) fn read(&self, value: Option<u64>) -> (u32, bool) {
        let current = self.current();
        let elapsed = self.elapsed(current);
        let newest = current.saturating_sub(elapsed);
        let mut union = vec![0_u8; self.bits / 8];
        for age in elapsed..QUARTERS {
            let number = newest.saturating_sub(age - elapsed);
            if number.saturating_mul(self.length()) < self.not_before.0 {
                continue;
            }
            let map = self.bytes.get(self.map(number)).unwrap_or_default();
            for (sum, byte) in union.iter_mut().zip(map) {
                *sum |= byte;
            }
        }
        let mut known = false;
        if let Some(value) = value {
            let (byte, mask) = self.place(value);
            if let Some(byte) = union.get_mut(byte) {
                known = *byte & mask != 0;
                *byte |= mask;
            }
        }
        (estimate(self.bits, union.iter().map(|byte| byte.count_ones()).sum()), known)
    }

    /// Whether the newest bitmap already has this value.
    pub(crate) fn is_fresh(&self, value: u64) -> bool {
        let current = self.current();
        let (byte, mask) = self.place(value);
        let map = self.bytes.get(self.map(current)).unwrap_or_default();
        self.elapsed(current) == 0 && map.get(byte).is_some_and(|byte| byte & mask != 0)
    }

    /// Adds a value.
    pub(crate) fn added(&self, value: u64) -> Vec<u8> {
        let current = self.current();
        let elapsed = self.elapsed(current);
        let mut bytes = self.bytes.to_vec();
        for step in 0..elapsed.min(QUARTERS) {
            let map = self.map(current.saturating_sub(step));
            bytes.get_mut(map).unwrap_or_default().fill(0);
        }
        let (byte, mask) = self.place(value);
        if let Some(byte) = bytes.get_mut(self.map(current)).unwrap_or_default().get_mut(byte) {
            *byte |= mask;
        }
        write_u32(&mut bytes, 0, u32::try_from(current & 0xFFFF_FFFF).unwrap_or(0));
        bytes
    }
}

/// `-m ln(z/m)`, where `z` of `m` bits are still zero; a full map is taken as one with a single zero bit.
fn estimate(bits: usize, ones: u32) -> u32 {
    let size = f64::from(u32::try_from(bits).unwrap_or(u32::MAX));
    let zeros = (size - f64::from(ones)).max(1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and bits times ln(bits)"
    )]
    let estimate = (-size * (zeros / size).ln()).round() as u32;
    estimate
}

#[cfg(test)]
mod tests {
    use super::{Bitmaps, ExactSet};
    use crate::clock::Millis;
    use crate::keyed_hash::{HashKey, Role};

    const WINDOW: u32 = 80_000;
    const START: u64 = 1_700_000_000_000;

    fn value(number: u64) -> u64 {
        HashKey::from_bytes([7; 16]).hash(Role::Path, &[&number.to_le_bytes()])
    }

    fn set(bytes: &[u8], now: u64) -> ExactSet<'_> {
        ExactSet { entries: 9, window_ms: WINDOW, now: Millis(now), not_before: Millis(0), bytes }
    }

    #[test]
    fn the_same_value_counts_once_and_others_add_up() {
        let mut bytes = vec![0; 40];
        for number in [1, 2, 1, 3, 2, 1] {
            bytes = set(&bytes, START).added(value(number));
        }
        assert_eq!(set(&bytes, START).read(Some(value(2))), (3, true));
        assert_eq!(set(&bytes, START).read(Some(value(9))), (3, false));
    }

    #[test]
    fn values_are_forgotten_after_the_window_unless_they_return() {
        let mut bytes = set(&[0; 40], START).added(value(1));
        bytes = set(&bytes, START).added(value(2));
        bytes = set(&bytes, START + 60_000).added(value(1));
        assert_eq!(set(&bytes, START + 85_000).read(None).0, 1);
        // Long after, stamps have wrapped around; nothing may come back to life.
        for later in (START + 160_000..START + 10_000_000).step_by(9_999) {
            assert_eq!(set(&bytes, later).read(None).0, 0, "at {later}");
        }
    }

    #[test]
    fn a_full_set_stays_full_while_new_values_come() {
        let mut bytes = vec![0; 40];
        for number in 0..50 {
            bytes = set(&bytes, START + number).added(value(number));
        }
        assert_eq!(set(&bytes, START + 50).read(None).0, 9);
    }

    #[test]
    fn many_values_are_estimated_within_a_tenth() {
        let maps = |bytes: &[u8], now| {
            let read =
                Bitmaps { bits: 512, window_ms: WINDOW, now: Millis(now), not_before: Millis(0), bytes };
            read.read(None).0
        };
        let mut bytes = vec![0; 4 + 4 * 64];
        for number in 0..200 {
            let now = START + number * 100;
            let set = Bitmaps {
                bits: 512,
                window_ms: WINDOW,
                now: Millis(now),
                not_before: Millis(0),
                bytes: &bytes,
            };
            bytes = set.added(value(number));
        }
        let estimate = maps(&bytes, START + 20_000);
        assert!((180..=220).contains(&estimate), "{estimate}");
        assert_eq!(maps(&bytes, START + 101_000), 0);
    }
}
