//! What the counters stand at for an exchange.

use super::Surroundings;
use super::decide::Stage;
use super::subject::Subject;
use crate::blob::counters::{Counter, Source, Storage};
use crate::state::cell::Cell;
use crate::state::crowd::is_gathered;
use crate::verdict::Circumstances;
use crate::vocabulary::{Event, Moment, Whose};

impl Circumstances {
    /// Whether a counter counts this login.
    pub(super) fn are_counted_by(&self, counter: &Counter<'_>) -> bool {
        counter.whose == Whose::Anybody || self.is_stranger
    }
}

impl Subject {
    /// Whether a counter counts this login.
    pub(super) fn is_counted_by(&self, counter: &Counter<'_>) -> bool {
        self.circumstances.are_counted_by(counter)
    }

    pub(super) fn value_of(&self, counter: usize) -> Option<u64> {
        self.values.iter().find(|(position, _)| usize::from(*position) == counter).map(|(_, value)| *value)
    }
}

/// What the counters stand at, this exchange included.
///
/// Twice: with attempts whose outcome is open, which decide what is admitted, and without those of others, which decide
/// what follows a client to its next requests. Counts that many clients share know nothing of open attempts.
pub(super) fn counts(
    subject: &Subject,
    stage: Stage,
    surroundings: &mut Surroundings<'_, '_>,
) -> [Vec<u32>; 2] {
    let now = surroundings.now;
    let reading = subject.reading(now);
    let attempt = subject.login.is_some() && stage == Stage::Now;
    let policy = surroundings.policy;
    let mut counts = vec![0; policy.counters.len()];
    let mut settled = counts.clone();
    for touched in &subject.cells {
        let waiting = surroundings.worker.deltas.waiting(touched.address);
        let crowd = surroundings.worker.deltas.crowd(touched.address);
        let pool = surroundings.pool();
        let Some(shape) = pool.shape(touched.address) else { continue };
        let cell = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded));
        // A key without a cell has counted nothing yet.
        let cell = cell.unwrap_or(Cell(&[]));
        let this_request = u32::from(!touched.counted_request);
        let this_attempt = u32::from(attempt && !touched.counted_attempt);
        // Attempts of others whose outcome is open, and this one where it is not reserved yet.
        let pending = if attempt { cell.pending(shape, now) } else { 0 };
        let unreserved = u32::from(attempt && touched.reservation.is_none());
        for (position, counter) in policy.counters.iter().enumerate() {
            if !touched.roles.has(counter.key) {
                continue;
            }
            let counts_this = attempt && subject.is_counted_by(counter);
            let waits_for_outcomes = counts_this && !counter.key.is_aggregate();
            let open =
                |is_open: bool| if is_open && waits_for_outcomes { (pending, unreserved) } else { (0, 0) };
            let gathered = match counter.source {
                Source::Count(event) if is_gathered(counter) => crowd.count(event, counter.whose),
                _ => 0,
            };
            let (count, (of_others, own)) = match counter.source {
                _ if counter.storage == Storage::Intervals => (cell.count(counter, reading), (0, 0)),
                Source::Count(Event::Request) => {
                    let waits = waiting.by_role.get(counter.key as usize).copied().unwrap_or(0);
                    (cell.count(counter, reading).saturating_add(waits), (0, this_request))
                }
                Source::Count(Event::LoginAttempt) => {
                    let own = if counts_this { this_attempt } else { 0 };
                    (cell.count(counter, reading).saturating_add(gathered), (0, own))
                }
                Source::Count(Event::LoginFailure | Event::LoginSuccess) => {
                    (cell.count(counter, reading).saturating_add(gathered), open(true))
                }
                Source::Count(_) => (cell.count(counter, reading), (0, 0)),
                Source::Distinct(_) => {
                    let takes = counter.moment != Moment::Success && (counts_this || !counter.is_of_logins());
                    let value = if takes { subject.value_of(position) } else { None };
                    let (of_others, _) = open(counter.moment == Moment::Failure);
                    (cell.distinct(counter, value, reading), (of_others, 0))
                }
            };
            let total = count.saturating_add(of_others).saturating_add(own);
            let open_failures =
                if matches!(counter.source, Source::Count(Event::LoginAttempt)) { 0 } else { of_others };
            if let Some((count_slot, settled_slot)) = counts.get_mut(position).zip(settled.get_mut(position))
            {
                *count_slot = total;
                *settled_slot = total.saturating_sub(open_failures);
            }
        }
    }
    if let Some(sprayed) = subject.sprayed.filter(|_| attempt)
        && let Some((count_slot, settled_slot)) =
            counts.get_mut(sprayed.counter).zip(settled.get_mut(sprayed.counter))
    {
        (*count_slot, *settled_slot) = (sprayed.accounts, sprayed.accounts);
    }
    [counts, settled]
}
