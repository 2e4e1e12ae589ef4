use super::{PULSE_LEN, PulseEvent, is_under_attack, note, settle};
use crate::clock::Millis;
use crate::state::bloom::place;
use proptest::prelude::*;

/// Midnight.
const START: Millis = Millis(1_700_006_400_000);
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const STEP: u64 = 1000;

/// A route and the strangers who log in to it; while it is under attack all of them are refused.
struct Route {
    bytes: [u8; PULSE_LEN],
    now: Millis,
    seed: u64,
    drawn: u64,
}

/// Tries a minute, and how many of a hundred fail.
type Traffic = (f64, u64);

impl Route {
    fn new(seed: u64) -> Self {
        Self { bytes: [0; PULSE_LEN], now: START, seed, drawn: 0 }
    }

    fn is_under_attack(&self) -> bool {
        is_under_attack(&self.bytes, self.now)
    }

    fn chance(&mut self, of: usize) -> u64 {
        self.drawn += 1;
        place(self.seed, self.drawn, of) as u64
    }

    fn tries(&mut self, (rate, failing): Traffic) {
        let per_million = (rate * 1_000_000.0 * STEP as f64 / MINUTE as f64) as u64;
        let tries = per_million / 1_000_000 + u64::from(self.chance(1_000_000) < per_million % 1_000_000);
        for _ in 0..tries {
            let is_refused = self.is_under_attack();
            note(&mut self.bytes, PulseEvent::Offered, self.now);
            if !is_refused {
                let fails = self.chance(100) < failing;
                let outcome = if fails { PulseEvent::Failed } else { PulseEvent::Succeeded };
                note(&mut self.bytes, outcome, self.now.plus(100));
            }
        }
    }

    /// Goes on for at most so long, or until the route is under attack or not as asked for. The time it took.
    fn until(&mut self, attacked: bool, most: u64, traffic: impl Fn(Millis) -> Vec<Traffic>) -> Option<u64> {
        let began = self.now;
        while self.now < began.plus(most) {
            self.now = self.now.plus(STEP);
            for kind in traffic(self.now) {
                self.tries(kind);
            }
            if self.is_under_attack() == attacked {
                return Some(self.now.0 - began.0);
            }
        }
        None
    }
}

/// Strangers among a route's customers: from 0.07 a minute at night to 0.72 at the daily peak, with 4 % typing errors.
fn customers(now: Millis) -> Traffic {
    let hour = (now.0 % DAY) as f64 / HOUR as f64;
    let daylight = (1.0 - (hour * std::f64::consts::TAU / 24.0).cos()) / 2.0;
    (0.07 + 0.65 * daylight, 4)
}

fn after_a_week(seed: u64, hour: u64) -> Route {
    let mut route = Route::new(seed);
    let entered = route.until(true, 7 * DAY + hour * HOUR, |now| vec![customers(now)]);
    assert_eq!(entered, None, "seed {seed}: a clean week is no attack");
    route
}

#[test]
fn a_clean_week_is_no_attack_whatever_the_route_sees() {
    for seed in 1..=6 {
        after_a_week(seed, 0);
        for (rate, failing) in [(0.05, 50), (0.4, 15), (5.0, 10), (30.0, 10)] {
            let entered = Route::new(seed).until(true, DAY, |_| vec![(rate, failing)]);
            assert_eq!(entered, None, "seed {seed}: {rate} a minute of which {failing} % fail");
        }
    }
}

#[test]
fn four_failures_a_minute_are_an_attack_within_five_minutes() {
    for quiet_days in [0, 1, 7] {
        let mut bytes = [0; PULSE_LEN];
        settle(&mut bytes, START);
        let begins = START.plus(quiet_days * DAY);
        let entered = (0..60).find(|number| {
            let now = begins.plus(number * 15_000);
            note(&mut bytes, PulseEvent::Offered, now);
            note(&mut bytes, PulseEvent::Failed, now);
            is_under_attack(&bytes, now)
        });
        let entered = entered.map(|number| number * 15);
        println!("after {quiet_days} quiet days: {entered:?} seconds");
        assert!(entered.is_some_and(|seconds| seconds <= 300), "{entered:?} seconds");
    }
}

#[test]
fn an_attack_among_customers_is_seen_by_night_and_at_the_daily_peak() {
    for (rate, hour, most) in [(4.0, 0, 8), (4.0, 12, 15), (20.0, 12, 4), (240.0, 12, 1)] {
        for seed in 1..=6 {
            let mut route = after_a_week(seed, hour);
            let entered = route.until(true, HOUR, |now| vec![customers(now), (rate, 99)]);
            println!(
                "{rate} a minute at {hour} h, seed {seed}: {:?} s",
                entered.map(|entered| entered / 1000)
            );
            assert!(
                entered.is_some_and(|entered| entered <= most * MINUTE),
                "{rate} at {hour} h, seed {seed}"
            );
        }
    }
}

#[test]
fn twenty_times_the_volume_with_the_usual_errors_is_no_attack() {
    for seed in 1..=6 {
        let mut route = after_a_week(seed, 12);
        let mail = |now| {
            let (rate, failing) = customers(now);
            vec![(20.0 * rate, failing)]
        };
        assert_eq!(route.until(true, 6 * HOUR, mail), None, "seed {seed}");
        assert_eq!(route.until(true, DAY, |now| vec![customers(now)]), None, "seed {seed}: afterwards");
    }
}

#[test]
fn an_attack_lasts_as_long_as_its_tries_and_is_over_within_an_hour_and_a_half() {
    for (rate, hour) in [(4.0, 0), (4.0, 12), (20.0, 6), (240.0, 0), (240.0, 12)] {
        for seed in 1..=3 {
            let mut route = after_a_week(seed, hour);
            assert!(route.until(true, HOUR, |now| vec![customers(now), (rate, 99)]).is_some());
            // All tries are refused; only their number is known.
            let left = route.until(false, 3 * DAY, |now| vec![customers(now), (rate, 99)]);
            assert_eq!(left, None, "{rate} a minute, seed {seed}");
            let left = route.until(false, 3 * HOUR, |now| vec![customers(now)]);
            println!(
                "{rate} a minute until {hour} h, seed {seed}: over after {:?} min",
                left.map(|left| left / MINUTE)
            );
            assert!(left.is_some_and(|left| left <= 90 * MINUTE), "{rate} a minute, seed {seed}: {left:?}");
            assert_eq!(
                route.until(true, DAY, |now| vec![customers(now)]),
                None,
                "{rate}, seed {seed}: again"
            );
        }
    }
}

#[test]
fn a_route_that_was_attacked_from_its_first_minute_is_let_out_too() {
    for seed in 1..=3 {
        let mut route = Route::new(seed);
        let everyone = (24.0, 4);
        assert!(route.until(true, HOUR, |_| vec![everyone, (216.0, 99)]).is_some());
        assert_eq!(route.until(false, DAY, |_| vec![everyone, (216.0, 99)]), None, "seed {seed}");
        let left = route.until(false, 3 * HOUR, |_| vec![everyone]);
        assert!(left.is_some_and(|left| left <= 90 * MINUTE), "seed {seed}: {left:?}");
    }
}

#[test]
fn what_is_usual_is_not_learnt_from_an_attack() {
    let mut route = after_a_week(1, 0);
    for _ in 0..10 {
        assert!(route.until(true, HOUR, |now| vec![customers(now), (20.0, 99)]).is_some());
        assert_eq!(route.until(false, 6 * HOUR, |now| vec![customers(now), (20.0, 99)]), None);
        assert!(route.until(false, 2 * HOUR, |now| vec![customers(now)]).is_some());
    }
    let entered = route.until(true, HOUR, |now| vec![customers(now), (4.0, 99)]);
    assert!(entered.is_some_and(|entered| entered <= 20 * MINUTE), "{entered:?}");
}

#[test]
fn an_attack_that_grows_tenfold_a_day_is_seen_before_it_comes_to_four_tries_a_minute() {
    for seed in 1..=6 {
        let mut route = after_a_week(seed, 0);
        let began = route.now;
        let growing = |now: Millis| 0.05 * 10_f64.powf((now.0 - began.0) as f64 / DAY as f64);
        let entered = route.until(true, 2 * DAY, |now| vec![customers(now), (growing(now), 99)]);
        assert!(entered.is_some() && growing(route.now) < 4.0, "seed {seed}: {entered:?}");
    }
}

#[test]
fn a_silence_of_any_length_ends_an_attack_and_a_reading_says_so_by_itself() {
    for silence in [2 * HOUR, DAY, 400 * DAY, u64::MAX] {
        let mut route = after_a_week(1, 0);
        assert!(route.until(true, HOUR, |_| vec![(20.0, 99)]).is_some());
        let later = route.now.plus(silence);
        assert!(!is_under_attack(&route.bytes, later), "{silence}");
        settle(&mut route.bytes, later);
        assert!(!is_under_attack(&route.bytes, later), "{silence}");
    }
}

#[test]
fn a_clock_that_steps_back_means_the_same_moment() {
    let mut bytes = [0; PULSE_LEN];
    for number in 0..12 {
        // Each worker's clock is a little off.
        note(&mut bytes, PulseEvent::Failed, Millis(START.0 - number * 60_000));
    }
    assert!(is_under_attack(&bytes, START));
    assert!(is_under_attack(&bytes, Millis(START.0 - 10 * DAY)), "nothing is lost");
}

#[test]
fn a_clock_that_ran_ahead_freezes_nothing_when_it_comes_back() {
    let mut bytes = [0; PULSE_LEN];
    for _ in 0..12 {
        note(&mut bytes, PulseEvent::Failed, START.plus(100 * DAY));
    }
    settle(&mut bytes, START);
    assert!(is_under_attack(&bytes, START));
    assert!(!is_under_attack(&bytes, START.plus(2 * HOUR)));
}

#[test]
fn a_cell_without_the_past_is_never_under_attack() {
    note(&mut [], PulseEvent::Failed, START);
    settle(&mut [], START);
    assert!(!is_under_attack(&[], START));
}

proptest! {
    #[test]
    fn foreign_bytes_do_no_harm_and_are_overcome(
        bytes in prop::collection::vec(any::<u8>(), PULSE_LEN),
        times in prop::collection::vec(any::<u64>(), 1..40),
    ) {
        let mut bytes = bytes;
        for time in times {
            for event in [PulseEvent::Offered, PulseEvent::Failed, PulseEvent::Succeeded] {
                note(&mut bytes, event, Millis(time));
            }
        }
        settle(&mut bytes, START);
        settle(&mut bytes, START.plus(30 * DAY));
        prop_assert!(!is_under_attack(&bytes, START.plus(30 * DAY)));
    }

    #[test]
    fn how_often_it_is_settled_makes_no_difference(
        gaps in prop::collection::vec((0_u64..2 * HOUR, 0_u8..4), 1..150)
    ) {
        let (mut often, mut seldom) = ([0; PULSE_LEN], [0; PULSE_LEN]);
        let mut now = START;
        for (gap, event) in gaps {
            for step in 1..=4 {
                settle(&mut often, now.plus(gap * step / 5));
            }
            now = now.plus(gap);
            let event = match event {
                0 => PulseEvent::Succeeded,
                1 => PulseEvent::Offered,
                _ => PulseEvent::Failed,
            };
            note(&mut often, event, now);
            note(&mut seldom, event, now);
            prop_assert_eq!(is_under_attack(&often, now), is_under_attack(&seldom, now));
            // From its end on an attack's route learns again, and only settling tells when that is.
            if is_under_attack(&often, now) {
                break;
            }
        }
    }
}
