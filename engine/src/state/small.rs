//! Small cells: what a page knows of the many keys that did little, exactly by their tags.
//!
//! Eight bytes: `u32` tag, `u16` stamp in units of 1024 seconds (about 17 minutes), `u8` events, `u8` pressure. A key that
//! finds no room among a page's large cells lives here until it has earned one, and again after it lost it; then its
//! pressure says how much of a counter's lowest threshold it had reached, in sixteenths, halved with every unit.
//!
//! A key that is not known takes the cell with the least to say: the lowest pressure, and of those a free one, else the one
//! that was written longest ago. So names that are invented push out one another, and a key under pressure last. The cells
//! lie in the order in which they were written, the newest first: a flood is over within a unit, and stamps would be alike.
//!
//! A clock that steps back by less than twelve days means the same unit; a stamp from further ahead counts as old.

use super::bytes::{read_u16, read_u32, write_u16, write_u32};
use crate::clock::Millis;

/// Bytes of a small cell.
pub(crate) const SMALL_CELL_LEN: usize = 8;
/// The pressure of a key that had reached a threshold.
pub(crate) const FULL_PRESSURE: u32 = 16;

const UNIT_SECONDS: u32 = 1024;
/// About a day: events that lie further apart do not add up.
const EVENTS_LAST: u16 = 84;
/// About twelve days.
const STEP_BACK: u16 = 1024;

/// Notes an event of a key. How many there were with this one, each within a day of the one before; at most 255.
pub(crate) fn note(cells: &mut [u8], tag: u32, now: Millis) -> u8 {
    let cell = find_or_replace(cells, tag, now);
    let events = if age(cell, now) <= EVENTS_LAST { events(cell) } else { 0 };
    let events = events.saturating_add(1);
    let pressure = pressure_of(cell, now);
    write(cell, tag, now, events, pressure);
    events
}

/// Leaves behind what a large cell had to say, once the key has lost it. Its next event earns it another.
pub(crate) fn leave(cells: &mut [u8], tag: u32, pressure: u32, now: Millis) {
    let cell = find_or_replace(cells, tag, now);
    let pressure = pressure.max(pressure_of(cell, now));
    write(cell, tag, now, 1, pressure);
}

/// Frees a key's cell and says what its pressure was.
pub(crate) fn take(cells: &mut [u8], tag: u32, now: Millis) -> u32 {
    let Some(position) = position(cells, tag) else { return 0 };
    // To the back, where the next new key looks first.
    let Some(older) = cells.get_mut(position * SMALL_CELL_LEN..) else { return 0 };
    older.rotate_left(SMALL_CELL_LEN);
    let Some(cell) = older.last_chunk_mut::<SMALL_CELL_LEN>() else { return 0 };
    let pressure = pressure_of(cell, now);
    cell.fill(0);
    pressure
}

fn position(cells: &[u8], tag: u32) -> Option<usize> {
    cells.chunks_exact(SMALL_CELL_LEN).position(|cell| tag_of(cell) == tag)
}

/// The cell with the least to say. From the back: of those that have as little, the one written longest ago.
fn least(cells: &[u8], now: Millis) -> Option<usize> {
    let pressures =
        || cells.chunks_exact(SMALL_CELL_LEN).map(|cell| pressure_of(cell, now)).enumerate().rev();
    let chosen = pressures().find(|(_, pressure)| *pressure == 0);
    chosen.or_else(|| pressures().min_by_key(|(_, pressure)| *pressure)).map(|(position, _)| position)
}

/// The key's cell, or an empty one in place of the one with the least to say; moved to the front.
fn find_or_replace(cells: &mut [u8], tag: u32, now: Millis) -> &mut [u8] {
    let known = position(cells, tag);
    let Some(position) = known.or_else(|| least(cells, now)) else { return &mut [] };
    if let Some(newer) = cells.get_mut(..(position + 1) * SMALL_CELL_LEN) {
        newer.rotate_right(SMALL_CELL_LEN);
    }
    let cell = cells.get_mut(..SMALL_CELL_LEN).unwrap_or_default();
    if known.is_none() {
        cell.fill(0);
    }
    cell
}

fn write(cell: &mut [u8], tag: u32, now: Millis, events: u8, pressure: u32) {
    let pressure = u8::try_from(pressure.min(FULL_PRESSURE)).unwrap_or(u8::MAX);
    let stamp = if age(cell, now) == 0 && tag_of(cell) != 0 { read_u16(cell, 4) } else { stamp(now) };
    write_u32(cell, 0, tag);
    write_u16(cell, 4, stamp);
    write_u16(cell, 6, u16::from_le_bytes([events, pressure]));
}

fn tag_of(cell: &[u8]) -> u32 {
    read_u32(cell, 0)
}

fn events(cell: &[u8]) -> u8 {
    let [events, _] = read_u16(cell, 6).to_le_bytes();
    events
}

/// What is left of the pressure.
fn pressure_of(cell: &[u8], now: Millis) -> u32 {
    let [_, pressure] = read_u16(cell, 6).to_le_bytes();
    u32::from(pressure).min(FULL_PRESSURE).checked_shr(u32::from(age(cell, now))).unwrap_or(0)
}

/// How many units ago it was written.
fn age(cell: &[u8], now: Millis) -> u16 {
    let age = stamp(now).wrapping_sub(read_u16(cell, 4));
    if age > u16::MAX - STEP_BACK { 0 } else { age }
}

/// The unit of a moment, modulo 2^16: about two years.
fn stamp(now: Millis) -> u16 {
    u16::try_from(now.seconds() / UNIT_SECONDS % (1 << 16)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{FULL_PRESSURE, SMALL_CELL_LEN, leave, note, tag_of, take};
    use crate::clock::Millis;
    use proptest::prelude::*;

    const START: Millis = Millis(1_700_000_512_000);
    const UNIT: u64 = 1_024_000;
    const CELLS: usize = 90;

    fn empty() -> Vec<u8> {
        vec![0; CELLS * SMALL_CELL_LEN]
    }

    #[test]
    fn as_many_keys_as_there_are_cells_are_told_apart_exactly() {
        let mut cells = empty();
        for round in 1..=255 {
            for tag in 1..=CELLS as u32 {
                assert_eq!(note(&mut cells, tag, START), round, "tag {tag}");
            }
        }
        assert_eq!(note(&mut cells, 1, START), 255, "a count stops");
    }

    #[test]
    fn events_add_up_while_they_come_within_a_day() {
        let mut cells = empty();
        let mut now = START;
        for events in 1..=9 {
            assert_eq!(note(&mut cells, 7, now), events);
            now = now.plus(84 * UNIT);
        }
        now = now.plus(UNIT);
        assert_eq!(note(&mut cells, 7, now), 1);
    }

    #[test]
    fn pressure_is_halved_with_every_unit_and_given_back_once() {
        for (units, left) in [(0, 16), (1, 8), (2, 4), (3, 2), (4, 1), (5, 0), (40, 0), (60_000, 0)] {
            let mut cells = empty();
            leave(&mut cells, 7, 16, START);
            for unit in 0..units.min(50) {
                note(&mut cells, 7, START.plus(unit * UNIT));
            }
            assert_eq!(take(&mut cells, 7, START.plus(units * UNIT)), left, "{units} units");
            assert_eq!(take(&mut cells, 7, START.plus(units * UNIT)), 0);
        }
    }

    #[test]
    fn invented_keys_push_out_one_another_and_a_key_under_pressure_last() {
        let mut cells = empty();
        leave(&mut cells, 1, 16, START);
        leave(&mut cells, 2, 1, START);
        for tag in 1_000..1_000_000 {
            note(&mut cells, tag, START);
        }
        assert_eq!(take(&mut cells, 1, START), 16);
        assert_eq!(take(&mut cells, 2, START), 1);
        for tag in 1_000_000 - CELLS as u32 + 2..1_000_000 {
            assert_eq!(note(&mut cells, tag, START), 2, "the last that came are still there: {tag}");
        }
    }

    #[test]
    fn the_one_that_was_written_longest_ago_goes_first() {
        let mut cells = empty();
        for tag in 1..=CELLS as u32 {
            note(&mut cells, tag, START);
        }
        note(&mut cells, 1, START);
        // Takes the place of the second.
        note(&mut cells, 1_000, START);
        assert_eq!(note(&mut cells, 1, START), 3);
        assert_eq!(note(&mut cells, 3, START), 2);
        assert_eq!(note(&mut cells, 2, START), 1);
    }

    #[test]
    fn a_cell_that_was_freed_is_used_first() {
        let mut cells = empty();
        for tag in 1..=CELLS as u32 {
            note(&mut cells, tag, START);
        }
        take(&mut cells, 50, START);
        note(&mut cells, 1_000, START);
        assert!((1..=CELLS as u32).filter(|tag| *tag != 50).all(|tag| note(&mut cells, tag, START) == 2));
    }

    #[test]
    fn a_clock_that_steps_back_means_the_same_unit() {
        let mut cells = empty();
        leave(&mut cells, 7, 16, START);
        assert_eq!(note(&mut cells, 7, Millis(START.0 - 1_000 * UNIT)), 2);
        assert_eq!(take(&mut cells, 7, START.plus(UNIT)), 8, "and does not renew what fades");
        let mut cells = empty();
        leave(&mut cells, 7, 16, START.plus(3_000 * UNIT));
        assert_eq!(take(&mut cells, 7, START), 0, "a clock that ran ahead for long is forgotten");
    }

    #[test]
    fn without_cells_nothing_is_known() {
        assert_eq!(note(&mut [], 7, START), 1);
        leave(&mut [], 7, 16, START);
        assert_eq!(take(&mut [], 7, START), 0);
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_no_harm(
            bytes in prop::collection::vec(any::<u8>(), CELLS * SMALL_CELL_LEN),
            events in prop::collection::vec((1_u32.., any::<u64>(), any::<u32>()), 1..60),
        ) {
            let mut cells = bytes;
            for (tag, now, pressure) in events {
                let now = Millis(now);
                leave(&mut cells, tag, pressure, now);
                prop_assert!(note(&mut cells, tag, now) >= 2);
                prop_assert_eq!(cells.chunks_exact(SMALL_CELL_LEN).filter(|cell| tag_of(cell) == tag).count(), 1);
                prop_assert!(take(&mut cells, tag, now) <= FULL_PRESSURE);
            }
        }
    }
}
