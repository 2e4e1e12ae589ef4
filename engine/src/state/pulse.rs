//! A login route's own recent past, and whether the route is under attack.
//!
//! It sees an attack in which no client is suspicious: a million addresses with a try each. Only strangers are looked at
//! (tries that come neither from a known device nor from a network from which this account logged in before), because
//! customers at home hardly ever are; what is left is quiet, and an attack cannot hide in it.
//!
//! **Entered** by failures. Each failure of a stranger adds one to a surplus that drains at three times the rate that is
//! usual for this route, but at least by 0.05 a minute: a CUSUM (Page, 1954), as Javed and Paxson (CCS'13) use it for
//! distributed guessing. The route is under attack when the surplus reaches 12 while failures are at least half of the
//! strangers' outcomes of the last half hour or so. So twenty times the usual volume with the usual share of typing errors
//! is a good day, not an attack.
//!
//! **Left** by volume, because tries that are refused have no outcome: when it has lasted for half an hour and strangers'
//! tries, refused ones included, have fallen below 2.5 times the usual rate (a day's peak is about twice its mean), or
//! below 0.5 a minute, or below an eighth of the most there was. The last lets a route out that knows of no usual rate,
//! and bounds the time that a very loud attack rings on.
//!
//! The usual rates are means that fade with a half-life of a day, learnt only outside of attacks and used from ten minutes
//! of observation on; the surplus that led into an attack is taken out of them.
//!
//! Two limits follow. An attack that grows by less than fourfold a day is learnt as usual, so one that takes three days to
//! come to four tries a minute is not seen here. And a route on which most strangers fail from its first minute on is
//! under attack until they stop: there is no better past to compare with.
//!
//! All steps are in closed form, so a silence of any length costs nothing. A clock that steps back means the same moment;
//! further back than an hour, time goes on from there, and nothing that was learnt is lost.
//!
//! Layout: `u64` its moment, `u64` since when it is under attack or 0, both in milliseconds; then `f64`: surplus, failures,
//! successes, tries, the most tries of this attack, usual failures, usual tries, minutes of observation.

use super::bytes::{read_u64, write_u64};
use crate::clock::Millis;

/// Bytes of a route's past.
pub const PULSE_LEN: usize = 80;

/// Surplus failures that make an attack.
const ENTER_AT: f64 = 12.0;
/// The surplus drains at so many times the usual rate.
const USUAL_TIMES: f64 = 3.0;
/// And at least at this rate, in failures a minute.
const LEAST_DRAIN: f64 = 0.05;
/// An attack lasts while tries come at more than so many times the usual rate.
const CALM_TIMES: f64 = 2.5;
/// Below this rate, in tries a minute, there is no attack.
const LEAST_CALM: f64 = 0.5;
/// Nor below this share of the attack's own peak.
const CALM_SHARE_OF_PEAK: f64 = 0.125;
/// How long an attack lasts at least, in milliseconds: the rate of tries follows slower than failures are counted.
const HOLD_MS: u64 = 30 * 60_000;
/// Half-lives in minutes.
const OUTCOMES_HALF_LIFE: f64 = 30.0;
const OFFERED_HALF_LIFE: f64 = 15.0;
const USUAL_HALF_LIFE: f64 = 24.0 * 60.0;
/// From so many minutes of observation on, the usual rates are known.
const LEARNT_AFTER: f64 = 10.0;
/// A clock that steps back by less, in milliseconds, is expected to catch up.
const STEP_BACK_MS: u64 = 3_600_000;
/// More than any route has.
const MOST: f64 = 1e12;

/// What happened on the route, by a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PulseEvent {
    /// A try came in, whether or not it is refused.
    Offered,
    /// A try that went upstream failed.
    Failed,
    /// A try that went upstream succeeded.
    Succeeded,
}

/// Whether the route is under attack at this moment.
#[must_use]
pub fn is_under_attack(bytes: &[u8], now: Millis) -> bool {
    Pulse::read(bytes).at(now).attacked_since != 0
}

/// Whether the route was under attack when something was last noted.
#[must_use]
pub fn was_under_attack(bytes: &[u8]) -> bool {
    Pulse::read(bytes).attacked_since != 0
}

/// Notes what happened now.
pub fn note(bytes: &mut [u8], event: PulseEvent, now: Millis) {
    Pulse::read(bytes).at(now).with(event).write(bytes);
}

/// Notes how many tries came in, succeeded and failed until now.
pub fn note_all(bytes: &mut [u8], [offered, succeeded, failed]: [u16; 3], now: Millis) {
    let events =
        [(PulseEvent::Offered, offered), (PulseEvent::Succeeded, succeeded), (PulseEvent::Failed, failed)];
    let mut pulse = Pulse::read(bytes).at(now);
    for (event, times) in events {
        for _ in 0..times {
            pulse = pulse.with(event);
        }
    }
    pulse.write(bytes);
}

/// Brings the route's past up to date, as every [`note`] does: for a route on which nothing happens any more. Reading
/// without it is right too; but the time until the next event of a route whose attack is over is not learnt from.
pub fn settle(bytes: &mut [u8], now: Millis) {
    Pulse::read(bytes).at(now).write(bytes);
}

#[derive(Clone, Copy)]
struct Pulse {
    moment: u64,
    attacked_since: u64,
    surplus: f64,
    failed: f64,
    succeeded: f64,
    offered: f64,
    most_offered: f64,
    usual_failed: f64,
    usual_offered: f64,
    observed: f64,
}

impl Pulse {
    fn read(bytes: &[u8]) -> Self {
        let number = |at| {
            let number = f64::from_bits(read_u64(bytes, at));
            if (0.0..=MOST).contains(&number) { number } else { 0.0 }
        };
        Self {
            moment: read_u64(bytes, 0),
            attacked_since: read_u64(bytes, 8),
            surplus: number(16),
            failed: number(24),
            succeeded: number(32),
            offered: number(40),
            most_offered: number(48),
            usual_failed: number(56),
            usual_offered: number(64),
            observed: number(72),
        }
    }

    fn write(self, bytes: &mut [u8]) {
        write_u64(bytes, 0, self.moment);
        write_u64(bytes, 8, self.attacked_since);
        let numbers = [
            self.surplus,
            self.failed,
            self.succeeded,
            self.offered,
            self.most_offered,
            self.usual_failed,
            self.usual_offered,
            self.observed,
        ];
        for (at, number) in (16..).step_by(8).zip(numbers) {
            write_u64(bytes, at, number.to_bits());
        }
    }

    /// What it is at a later moment, if nothing happened until then.
    fn at(mut self, now: Millis) -> Self {
        let minutes = self.advance(now);
        self.failed *= left(minutes, OUTCOMES_HALF_LIFE);
        self.succeeded *= left(minutes, OUTCOMES_HALF_LIFE);
        self.offered *= left(minutes, OFFERED_HALF_LIFE);
        if self.attacked_since == 0 {
            self.surplus = (self.surplus - self.drain() * minutes).max(0.0);
            self.usual_failed *= left(minutes, USUAL_HALF_LIFE);
            self.usual_offered *= left(minutes, USUAL_HALF_LIFE);
            let share = (-minutes * std::f64::consts::LN_2 / USUAL_HALF_LIFE).exp_m1();
            // Fading minutes, so that fading events over them are a rate from the first minute on.
            self.observed += share * (self.observed - lifetime(USUAL_HALF_LIFE));
        } else if self.moment.saturating_sub(self.attacked_since) >= HOLD_MS && self.is_calm() {
            self.attacked_since = 0;
            self.surplus = 0.0;
            self.most_offered = 0.0;
        }
        self
    }

    /// Sets the moment and says how many minutes have passed.
    fn advance(&mut self, now: Millis) -> f64 {
        // A millisecond after the epoch, so that a moment is never taken for none.
        let now = now.0.max(1);
        let elapsed = if self.moment == 0 { 0 } else { now.saturating_sub(self.moment) };
        if self.moment.saturating_sub(now) < STEP_BACK_MS {
            self.moment = self.moment.max(now);
        } else {
            self.moment = now;
        }
        self.attacked_since = self.attacked_since.min(self.moment);
        elapsed as f64 / 60_000.0
    }

    fn with(mut self, event: PulseEvent) -> Self {
        let is_calm = self.attacked_since == 0;
        match event {
            PulseEvent::Offered => {
                self.offered += 1.0;
                self.most_offered = self.most_offered.max(self.offered);
                self.usual_offered += f64::from(is_calm);
            }
            PulseEvent::Succeeded => self.succeeded += 1.0,
            PulseEvent::Failed => {
                self.failed += 1.0;
                if is_calm {
                    self.usual_failed += 1.0;
                    self.surplus = (self.surplus + 1.0).min(ENTER_AT);
                    self.enter_if_due();
                }
            }
        }
        self
    }

    fn enter_if_due(&mut self) {
        if self.surplus < ENTER_AT || self.failed < self.succeeded {
            return;
        }
        self.attacked_since = self.moment;
        self.most_offered = self.offered;
        self.usual_failed = (self.usual_failed - self.surplus).max(0.0);
        self.usual_offered = (self.usual_offered - self.surplus).max(0.0);
    }

    /// How fast the surplus drains, in failures a minute.
    fn drain(&self) -> f64 {
        (USUAL_TIMES * self.usual(self.usual_failed)).max(LEAST_DRAIN)
    }

    fn is_calm(&self) -> bool {
        let rate = self.offered / lifetime(OFFERED_HALF_LIFE);
        let peak = self.most_offered / lifetime(OFFERED_HALF_LIFE);
        let calm = (CALM_TIMES * self.usual(self.usual_offered)).max(LEAST_CALM);
        rate < calm.max(CALM_SHARE_OF_PEAK * peak)
    }

    /// A usual rate a minute; 0 until enough was observed.
    fn usual(&self, events: f64) -> f64 {
        if self.observed < LEARNT_AFTER { 0.0 } else { events / self.observed }
    }
}

/// What is left after so many minutes.
fn left(minutes: f64, half_life: f64) -> f64 {
    (-minutes / half_life).exp2()
}

/// How many minutes' worth of events a fading sum holds.
fn lifetime(half_life: f64) -> f64 {
    half_life / std::f64::consts::LN_2
}

#[cfg(test)]
#[path = "pulse_tests.rs"]
mod tests;
