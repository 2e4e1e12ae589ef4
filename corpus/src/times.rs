//! Moments, as APIs write them.

use crate::random::Random;

/// A moment of 2024 to 2026.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Microseconds since 1970.
    microseconds: u64,
}

/// 2024-01-01T00:00:00Z, and the seconds of three years.
const BEGIN: u64 = 1_704_067_200;
const SPAN: u32 = 94_608_000;
const DAY: u64 = 86_400;

impl Moment {
    pub(crate) fn any(random: &mut Random) -> Self {
        let seconds = BEGIN.wrapping_add(u64::from(random.below(SPAN)));
        Self {
            microseconds: seconds.wrapping_mul(1_000_000).wrapping_add(u64::from(random.below(1_000_000))),
        }
    }

    /// At most this many seconds later.
    pub(crate) fn later(self, random: &mut Random, seconds: u32) -> Self {
        let more = u64::from(random.below(seconds)).wrapping_mul(1_000_000);
        Self { microseconds: self.microseconds.wrapping_add(more) }
    }

    pub(crate) const fn seconds(self) -> u64 {
        self.microseconds / 1_000_000
    }

    pub(crate) const fn milliseconds(self) -> u64 {
        self.microseconds / 1_000
    }

    /// Sixteen digits, as ids have.
    pub(crate) const fn microseconds(self) -> u64 {
        self.microseconds
    }

    pub(crate) const fn nanoseconds(self) -> u64 {
        self.microseconds.wrapping_mul(1_000)
    }

    /// `2026-03-01`.
    pub(crate) fn date(self) -> String {
        let (year, month, day) = civil(self.seconds() / DAY);
        format!("{year}-{month:02}-{day:02}")
    }

    /// `2026-03-01T09:30:00Z`.
    pub(crate) fn iso(self) -> String {
        format!("{}T{}Z", self.date(), self.clock())
    }

    /// `2026-03-01T09:30:00.123-04:00`.
    pub(crate) fn iso_with_zone(self) -> String {
        format!("{}T{}.{:03}-04:00", self.date(), self.clock(), self.milliseconds() % 1000)
    }

    /// `2026-03-01T09:30:00.123456Z`.
    pub(crate) fn iso_exact(self) -> String {
        format!("{}T{}.{:06}Z", self.date(), self.clock(), self.microseconds % 1_000_000)
    }

    fn clock(self) -> String {
        let second = self.seconds() % DAY;
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }
}

/// Year, month and day of a day since 1970 (the days of civil calendars by Howard Hinnant, for days after 1970).
const fn civil(day: u64) -> (u64, u64, u64) {
    let day = day.wrapping_add(719_468);
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn moments_are_written_as_dates() {
        for (seconds, expected) in
            [(1_704_067_200, "2024-01-01"), (1_709_164_800, "2024-02-29"), (1_798_675_199, "2026-12-30")]
        {
            assert_eq!(Moment { microseconds: seconds * 1_000_000 }.date(), expected);
        }
    }
}
