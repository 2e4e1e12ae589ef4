//! What was found becomes counts, a verdict and rows for the operator, in the callback in which it was found.

use super::search::Place;
use super::subject::Subject;
use super::{Surroundings, settlement};
use crate::blob::Policy;
use crate::blob::counters::{Counter, Source};
use crate::exposure::Exposed;
use crate::metrics::{Found as FoundMetric, Metric};
use crate::sensitive::Findings;
use crate::verdict::Action;
use crate::vocabulary::{Event, Mode, Value};

/// Takes over what was found since the last time.
pub(super) fn note(
    subject: &mut Subject,
    place: Place,
    mut new: Findings,
    surroundings: &mut Surroundings<'_, '_>,
) {
    if new.is_empty() {
        return;
    }
    let policy = surroundings.policy;
    let app = subject.app;
    for found in new.found() {
        let detector = found.detector;
        let counts = [
            (found.high, FoundMetric::High),
            (found.likely, FoundMetric::Likely),
            (found.expected, FoundMetric::Expected),
        ];
        for (count, how) in counts.into_iter().filter(|(count, _)| *count > 0) {
            surroundings.worker.tally.add_now(Metric::Found { app, detector, how }, u64::from(count));
        }
        if found.masked > 0 {
            surroundings.worker.tally.add_now(Metric::Masked { app, detector }, u64::from(found.masked));
        }
    }
    let masked = new.found().iter().any(|found| found.masked > 0);
    let values = new.take_values();
    if place != Place::Url {
        count_values(subject, &new, &values, surroundings);
    }
    subject.found_at(place).merge(new);
    raise_verdict(subject, policy, place, masked);
}

/// Adds to a verdict what the request's address holds: it is told, and nobody is refused for it.
pub(super) fn judge_url(subject: &mut Subject, policy: &Policy<'_>) {
    raise_verdict(subject, policy, Place::Url, false);
}

/// Adds to a verdict what was found in a place, and whether any of it was overwritten.
fn raise_verdict(subject: &mut Subject, policy: &Policy<'_>, place: Place, masked: bool) {
    let would = subject.search.would(policy, place, subject.found_in(place));
    let action = match (masked, subject.mode) {
        _ if would == Action::None => Action::None,
        (true, _) => Action::Mask,
        (false, Mode::Enforce) => Action::Tag,
        (false, Mode::Report) => Action::None,
    };
    let verdict = &mut subject.verdict;
    verdict.would = verdict.would.max(would);
    verdict.action = verdict.action.max(action);
}

/// Adds to the counters of sensitive values, in every cell of the exchange.
fn count_values(
    subject: &Subject,
    new: &Findings,
    values: &[(u16, u64)],
    surroundings: &mut Surroundings<'_, '_>,
) {
    if subject.is_exempt() {
        return;
    }
    let now = surroundings.now;
    let reading = subject.reading(now);
    let wants = |counter: &Counter<'_>, detector: u16| {
        counter.finds.is_empty() || counter.finds.contains(usize::from(detector))
    };
    let events = |counter: &Counter<'_>| {
        let counted = new.found().iter().filter(|found| wants(counter, found.detector));
        counted.fold(0, |sum: u32, found| sum.saturating_add(found.total()))
    };
    let applies = |counter: &Counter<'_>| match counter.source {
        Source::Count(Event::SensitiveFound) => events(counter) > 0,
        Source::Distinct(Value::SensitiveValue) => {
            values.iter().any(|(detector, _)| wants(counter, *detector))
        }
        _ => false,
    };
    settlement::change_counters(subject, surroundings, applies, |cell, counter| {
        if counter.source == Source::Count(Event::SensitiveFound) {
            cell.add(counter, now, events(counter));
            return;
        }
        for (_, value) in values.iter().filter(|(detector, _)| wants(counter, *detector)) {
            cell.add_distinct(counter, *value, reading);
        }
    });
}

/// What follows when a reply is over: whether it carried more than is usual, what scores now, what the operator is told.
pub(super) fn conclude(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    if subject.is_concluded {
        return;
    }
    subject.is_concluded = true;
    let values = subject.found_in(Place::Body).all_values();
    if subject.is_inspected && !subject.is_exempt() {
        super::usual::note(subject, values, surroundings);
    }
    if values > 0 && !subject.is_exempt() {
        super::decide::rejudge(subject, values, surroundings);
    }
    expose(subject, surroundings);
    mute(subject, surroundings);
}

/// Notes what left through this route, and to whom.
fn expose(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    let recipient = subject.recipient();
    let now = surroundings.now;
    let mut since = Vec::new();
    for place in [Place::Body, Place::Headers] {
        for found in subject.found_in(place).found().iter().filter(|found| found.total() > 0) {
            let exposed = Exposed {
                app: subject.app,
                route: subject.route,
                detector: found.detector,
                values: found.total(),
                masked: found.masked,
                shape: &found.shape,
                recipient,
            };
            since.push((found.detector, surroundings.worker.exposures.note(exposed, now)));
        }
    }
    subject.known_since = since;
}

/// How many records of findings were told in the current minute.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    minute: u64,
    all: u32,
    /// Of what stood in the request's address alone.
    of_addresses: u32,
}

/// Of what anyone can write into an address, a fourth of the records may tell: it must not silence what leaves with replies.
const SHARE_OF_ADDRESSES: u32 = 4;

/// A flood of findings must not become a flood of records: beyond so many a minute they are only counted.
fn mute(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    if !subject.is_notable_by_findings_only() {
        return;
    }
    let most = surroundings.settings.finding_records_per_minute;
    let minute = surroundings.now.0 / 60_000;
    let is_of_address = [Place::Body, Place::Headers]
        .into_iter()
        .all(|place| subject.found_in(place).found().iter().all(|found| found.total() == 0));
    let told = &mut surroundings.worker.findings_told;
    if told.minute != minute {
        *told = Told { minute, ..Told::default() };
    }
    let is_too_much =
        told.all >= most || (is_of_address && told.of_addresses >= most.div_ceil(SHARE_OF_ADDRESSES));
    if is_too_much {
        subject.is_muted = true;
        surroundings.worker.tally.add(Metric::RecordsMuted, 1);
    } else {
        told.all = told.all.saturating_add(1);
        told.of_addresses = told.of_addresses.saturating_add(u32::from(is_of_address));
    }
}
