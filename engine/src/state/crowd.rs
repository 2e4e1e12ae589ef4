//! What logins do to the cell of a crowd, which is a route, a network or a fingerprint: gathered in the worker, written
//! together.
//!
//! Nothing is reserved in such cells and no single client is judged by them alone, so a count may be seen late by other
//! workers; see [`crate::state::delta`].

use super::cell::Cell;
use super::pulse::PulseEvent;
use crate::blob::counters::{CellKind, CellShape, Counter, Source, Storage};
use crate::clock::Millis;
use crate::vocabulary::{Event, Whose};

/// After this long what was gathered is written with the next login, whatever the tick did.
const LONGEST_MS: u64 = 2_000;

/// Whether a counter's events are gathered: how many logins of a crowd were tried, failed or succeeded.
#[must_use]
pub fn is_gathered(counter: &Counter<'_>) -> bool {
    let is_of_outcomes = matches!(
        counter.source,
        Source::Count(Event::LoginAttempt | Event::LoginFailure | Event::LoginSuccess)
    );
    is_of_outcomes && counter.key.is_aggregate() && counter.storage != Storage::Intervals
}

/// Events of logins in one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrowdEvents {
    /// Tried, failed and succeeded; of strangers, and of others.
    counts: [[u16; 2]; 3],
    /// What the route's pulse is to be told: offered, succeeded, failed.
    pulse: [u16; 3],
    /// How many phases of exchanges these events come from.
    phases: u16,
    /// When the first one came.
    since: Millis,
    /// The route's app and position, for the operator's counters of attacks.
    route: Option<(u16, u32)>,
}

/// An attack on a route began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The app's position.
    pub app: u16,
    /// The route's position.
    pub route: u32,
    /// Whether it began.
    pub began: bool,
}

const fn slot(event: Event) -> Option<usize> {
    match event {
        Event::LoginAttempt => Some(0),
        Event::LoginFailure => Some(1),
        Event::LoginSuccess => Some(2),
        _ => None,
    }
}

impl CrowdEvents {
    /// None yet; of one phase of an exchange on this route.
    #[must_use]
    pub fn of_phase(now: Millis, route: Option<(u16, u32)>) -> Self {
        Self { phases: 1, since: now, route, ..Self::default() }
    }

    /// Whether there is anything to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pulse == [0; 3] && self.counts == [[0; 2]; 3]
    }

    /// Whether logins ended with them: what is proven need not come twice to get a cell in a full page.
    #[must_use]
    pub fn has_outcomes(&self) -> bool {
        let [_, failures, successes] = self.counts;
        let [_, succeeded, failed] = self.pulse;
        failures != [0; 2] || successes != [0; 2] || succeeded != 0 || failed != 0
    }

    /// One more event of a login.
    pub fn add(&mut self, event: Event, by_stranger: bool) {
        let counts = slot(event).and_then(|slot| self.counts.get_mut(slot));
        if let Some(count) = counts.and_then(|counts| counts.get_mut(usize::from(!by_stranger))) {
            *count = count.saturating_add(1);
        }
    }

    /// One more event for the route's pulse.
    pub fn add_pulse(&mut self, event: PulseEvent) {
        let [offered, succeeded, failed] = &mut self.pulse;
        let count = match event {
            PulseEvent::Offered => offered,
            PulseEvent::Succeeded => succeeded,
            PulseEvent::Failed => failed,
        };
        *count = count.saturating_add(1);
    }

    /// More events of the same cell.
    #[inline(never)]
    pub fn merge(&mut self, other: &Self) {
        let counts = self.counts.iter_mut().flatten().zip(other.counts.iter().flatten());
        for (count, more) in counts.chain(self.pulse.iter_mut().zip(&other.pulse)) {
            *count = count.saturating_add(*more);
        }
        self.since = if self.phases == 0 { other.since } else { self.since.min(other.since) };
        self.phases = self.phases.saturating_add(other.phases);
        self.route = self.route.or(other.route);
    }

    /// How often an event came, for counters of these logins.
    #[must_use]
    pub fn count(&self, event: Event, whose: Whose) -> u32 {
        let Some([strangers, others]) = slot(event).and_then(|slot| self.counts.get(slot)) else { return 0 };
        match whose {
            Whose::Strangers => u32::from(*strangers),
            Whose::Anybody => u32::from(*strangers) + u32::from(*others),
        }
    }

    /// Whether one more phase makes them as many as are gathered at most, or they wait for long.
    #[must_use]
    pub fn is_due(&self, most: u32, now: Millis) -> bool {
        let waits = self.phases > 0 && now.0.abs_diff(self.since.0) >= LONGEST_MS;
        waits || u32::from(self.phases).saturating_add(1) >= most
    }

    /// Writes them into their cell. Says when an attack began or ended with them.
    #[inline(never)]
    pub fn apply(
        &self,
        cell: &mut Cell<&mut [u8]>,
        shape: &CellShape<'_>,
        counters: &[Counter<'_>],
        now: Millis,
    ) -> Option<Turn> {
        for counter in
            counters.iter().filter(|counter| CellKind::of(counter.key) == shape.kind && is_gathered(counter))
        {
            let Source::Count(event) = counter.source else { continue };
            let events = self.count(event, counter.whose);
            if events > 0 {
                cell.add(counter, now, events);
            }
        }
        let began = cell.note_pulse(shape, self.pulse, now)?;
        self.route.map(|(app, route)| Turn { app, route, began })
    }
}

#[cfg(test)]
mod tests {
    use super::CrowdEvents;
    use crate::clock::Millis;
    use crate::state::pulse::PulseEvent;
    use crate::vocabulary::{Event, Whose};

    const NOW: Millis = Millis(1_700_000_000_000);

    fn failure(of_stranger: bool, now: Millis) -> CrowdEvents {
        let mut events = CrowdEvents::of_phase(now, Some((3, 7)));
        events.add(Event::LoginFailure, of_stranger);
        events.add_pulse(PulseEvent::Failed);
        events
    }

    #[test]
    fn events_add_up_and_strangers_are_told_from_others() {
        let mut events = CrowdEvents::default();
        assert!(events.is_empty());
        for number in 0..10 {
            events.merge(&failure(number < 4, NOW));
        }
        assert!(!events.is_empty());
        assert_eq!(events.count(Event::LoginFailure, Whose::Strangers), 4);
        assert_eq!(events.count(Event::LoginFailure, Whose::Anybody), 10);
        assert_eq!(events.count(Event::LoginSuccess, Whose::Anybody), 0);
        assert_eq!(events.count(Event::Request, Whose::Anybody), 0);
        assert_eq!(events.pulse, [0, 0, 10]);
        assert_eq!(events.route, Some((3, 7)));
    }

    #[test]
    fn they_are_due_when_there_are_enough_or_the_first_waits_for_long() {
        let mut events = CrowdEvents::default();
        assert!(events.is_due(1, NOW), "nothing is gathered");
        assert!(!events.is_due(3, NOW));
        events.merge(&failure(true, NOW));
        assert!(!events.is_due(3, NOW));
        events.merge(&failure(true, NOW.plus(1_500)));
        assert!(events.is_due(3, NOW.plus(1_500)));
        assert!(!events.is_due(4, NOW.plus(1_999)));
        assert!(events.is_due(4, NOW.plus(2_000)), "since the first");
        assert!(events.is_due(4, Millis(NOW.0 - 3_600_000)), "also after the clock was set back");
    }

    #[test]
    fn a_count_stops_where_it_cannot_grow() {
        let mut events = failure(true, NOW);
        for _ in 0..20 {
            let before = events;
            events.merge(&before);
        }
        assert_eq!(events.count(Event::LoginFailure, Whose::Strangers), u32::from(u16::MAX));
    }
}
