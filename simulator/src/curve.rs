//! The daily curve: how many customers log in at each time of day.

use crate::random::Random;

/// Milliseconds of a second.
pub const SECOND: u64 = 1000;
/// Milliseconds of a minute.
pub const MINUTE: u64 = 60 * SECOND;
/// Milliseconds of an hour.
pub const HOUR: u64 = 60 * MINUTE;
/// Milliseconds of a day.
pub const DAY: u64 = 24 * HOUR;

/// The time of day with the most logins.
const PEAK: u64 = 16 * HOUR;

/// A smooth curve between a rate at night, at 04:00, and one at the peak, at 16:00.
#[derive(Clone, Copy, Debug)]
pub struct DailyCurve {
    /// Events per second at night.
    pub night: f64,
    /// Events per second at the peak.
    pub peak: f64,
}

impl DailyCurve {
    /// Events per second at a time since 1970.
    #[must_use]
    pub fn rate(&self, at: u64) -> f64 {
        let since_peak = (at + DAY - PEAK) % DAY;
        let angle = since_peak as f64 / DAY as f64 * std::f64::consts::TAU;
        self.night + (self.peak - self.night) * libm::cos(angle).mul_add(0.5, 0.5)
    }

    /// When the next event is, in milliseconds: a Poisson process, thinned from the peak's rate (Lewis and Shedler, 1979).
    pub fn next(&self, after: f64, random: &mut Random) -> f64 {
        let mut at = after;
        loop {
            at += random.exponential(SECOND as f64 / self.peak);
            if random.unit() * self.peak < self.rate(at as u64) {
                return at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY, DailyCurve, HOUR, PEAK};
    use crate::random::Random;

    #[test]
    fn it_has_its_extremes_and_its_mean() {
        let curve = DailyCurve { night: 2.0, peak: 20.0 };
        assert!((curve.rate(PEAK) - 20.0).abs() < 1e-9);
        assert!((curve.rate(4 * HOUR) - 2.0).abs() < 1e-9);
        let mut random = Random::new(3, 0);
        let (mut at, mut events) = (0.0, 0_u32);
        while at < DAY as f64 {
            at = curve.next(at, &mut random);
            events += 1;
        }
        // 11 a second for 86,400 seconds, with a standard deviation of about 975.
        assert!(events.abs_diff(950_400) < 5000, "{events}");
    }
}
