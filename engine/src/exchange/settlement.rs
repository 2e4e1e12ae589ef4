//! What a reply proves is written at once: how a login ended, how often something happened, who is vouched for.

use super::identity::key_cell;
use super::recognition::{is_new_device, teach};
use super::subject::Subject;
use super::{Headers, Surroundings, all_headers, failure_of, session};
use crate::blob::client::ClientKeyKind;
use crate::blob::counters::{Counter, Source, Storage};
use crate::http::cookie::set_cookie;
use crate::metrics::{LoginOutcome, Metric};
use crate::state::cell::Cell;
use crate::state::crowd::{CrowdEvents, is_gathered};
use crate::state::pool::CellAddress;
use crate::state::pulse::PulseEvent;
use crate::state::session::Session;
use crate::state::sketch;
use crate::vocabulary::{CounterKey, Event, Moment, Value, Whose};

/// How long a client key counts after the upstream issued or accepted it, in seconds.
const VOUCHED_SECONDS: u32 = 86_400;

/// Writes how a login ended, and gives its reservations back.
pub(crate) fn settle(subject: &mut Subject, outcome: LoginOutcome, surroundings: &mut Surroundings<'_, '_>) {
    subject.outcome = Some(outcome);
    surroundings.worker.tally.add(Metric::Login { app: subject.app, outcome }, 1);
    let policy = surroundings.policy;
    let now = surroundings.now;
    let mut is_heard = false;
    let issued = std::mem::take(&mut subject.issued);
    let from_new_device = outcome == LoginOutcome::Success && is_new_device(subject, surroundings);
    if outcome == LoginOutcome::Success {
        let session = policy.tables.asks_session.then(|| session::begin(subject, now, from_new_device));
        vouch(issued, session, surroundings);
        is_heard = teach(subject, surroundings);
    }
    if outcome == LoginOutcome::Failure {
        count_password(subject, surroundings);
    }
    let reading = subject.reading(now);
    let pulse = match outcome {
        LoginOutcome::Success if is_heard => Some(PulseEvent::Succeeded),
        LoginOutcome::Failure => Some(PulseEvent::Failed),
        LoginOutcome::Success | LoginOutcome::Unknown => None,
    };
    let pulse = pulse.filter(|_| subject.circumstances.is_stranger);
    let ending = Ending { outcome, from_new_device, is_heard };
    let mut cells = std::mem::take(&mut subject.cells);
    let mut failed = None;
    for touched in &mut cells {
        let reservation = touched.reservation.take();
        let roles = touched.roles;
        let changes = |position: usize, counter: &Counter<'_>| {
            if roles.has(counter.key) { change_of(subject, position, counter, ending) } else { None }
        };
        let counters = || policy.counters.iter().enumerate();
        let mut logins = CrowdEvents::of_phase(now, subject.place());
        let mut must_write = reservation.is_some();
        for (position, counter) in counters() {
            match changes(position, counter) {
                Some(Change::Gather(event)) if logins.count(event, Whose::Anybody) == 0 => {
                    logins.add(event, subject.circumstances.is_stranger);
                }
                Some(Change::Gather(_)) | None => {}
                Some(_) => must_write = true,
            }
        }
        let shape = policy.shapes.get(usize::from(touched.address.kind));
        if let Some(event) = pulse.filter(|_| shape.is_some_and(|shape| shape.pulse != 0)) {
            logins.add_pulse(event);
        }
        if !must_write {
            let waiting = surroundings.worker.deltas.crowd(touched.address);
            let most = surroundings.settings.gather_logins;
            // A login that comes in writes what waits for less: it has read the page.
            let is_due = most <= 1 || waiting.is_due(most.saturating_mul(2), now);
            if logins.is_empty()
                || (!is_due && surroundings.worker.deltas.add(touched.address, None, Some(logins)))
            {
                continue;
            }
        }
        // It is written anyway, so what waits for this crowd goes with it.
        let waiting = surroundings.worker.deltas.take_crowd(touched.address);
        if let Some(waiting) = &waiting {
            logins.merge(waiting);
        }
        let mut turn = None;
        let written = surroundings.pool().update(touched.address, now, true, |cell, shape| {
            if let Some(reservation) = reservation {
                cell.settle(shape, reservation);
            }
            turn = logins.apply(cell, shape, &policy.counters, now);
            for (position, counter) in counters() {
                match changes(position, counter) {
                    Some(Change::Add) => cell.add(counter, now, 1),
                    Some(Change::AddValue(value)) => cell.add_distinct(counter, value, reading),
                    Some(Change::Forgive(value)) => cell.forgive(counter, value, reading),
                    Some(Change::Clear) => cell.clear(counter),
                    Some(Change::Gather(_)) | None => {}
                }
            }
        });
        match written {
            Ok(()) => surroundings.worker.tell_of(turn),
            Err(error) => {
                if let Some(waiting) = &waiting {
                    surroundings.worker.deltas.put_back_crowd(touched.address, waiting);
                }
                failed = failed.or(Some(error));
            }
        }
    }
    subject.cells = cells;
    if let Some(error) = failed {
        subject.fail(failure_of(error), surroundings);
    }
}

/// How a login ended.
#[derive(Clone, Copy)]
struct Ending {
    outcome: LoginOutcome,
    from_new_device: bool,
    /// Whether a success speaks for the crowd that it belongs to, see [`teach`].
    is_heard: bool,
}

/// What an outcome does to one counter.
enum Change {
    Add,
    /// Counted with what waits for a crowd.
    Gather(Event),
    AddValue(u64),
    Forgive(u64),
    Clear,
}

fn change_of(subject: &Subject, position: usize, counter: &Counter<'_>, ending: Ending) -> Option<Change> {
    let Ending { outcome, from_new_device, is_heard } = ending;
    let counts = subject.is_counted_by(counter);
    let value = || subject.value_of(position);
    let add = |event| if is_gathered(counter) { Change::Gather(event) } else { Change::Add };
    match (counter.source, outcome) {
        (Source::Count(event @ Event::LoginSuccess), LoginOutcome::Success) => {
            (counts && (is_heard || !counter.key.is_aggregate())).then_some(add(event))
        }
        (Source::Count(Event::LoginNewDevice), LoginOutcome::Success) => {
            (counts && from_new_device).then_some(Change::Add)
        }
        (Source::Count(event @ Event::LoginFailure), LoginOutcome::Failure) => counts.then_some(add(event)),
        // Who gets in after all has only mistyped: the account's failures are forgotten.
        (Source::Count(Event::LoginFailure), LoginOutcome::Success) => {
            (counts && counter.key == CounterKey::LoginUsername && counter.storage == Storage::Buckets)
                .then_some(Change::Clear)
        }
        (Source::Distinct(_), LoginOutcome::Failure) if counter.moment == Moment::Failure => {
            value().filter(|_| counts).map(Change::AddValue)
        }
        (Source::Distinct(_), LoginOutcome::Success) if counter.moment == Moment::Success => {
            value().filter(|_| counts).map(Change::AddValue)
        }
        // Only this account: an attacker must not wash off others by logging in to one of its own.
        (Source::Distinct(Value::LoginUsername), LoginOutcome::Success)
            if counter.moment == Moment::Failure =>
        {
            value().map(Change::Forgive)
        }
        _ => None,
    }
}

/// Counts the account among those with which this password failed.
fn count_password(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    let Some(sprayed) = subject.sprayed else { return };
    let now = surroundings.now;
    let counter = surroundings.policy.counters.get(sprayed.counter);
    let Some(window) =
        counter.filter(|counter| subject.is_counted_by(counter)).map(|counter| counter.window_ms)
    else {
        return;
    };
    let written = surroundings
        .pool()
        .update_body(sprayed.address, |body| sketch::add(body, sprayed.password, sprayed.pair, window, now));
    if let Err(error) = written {
        subject.fail(failure_of(error), surroundings);
    }
}

pub(crate) fn count_status(subject: &Subject, status: u16, surroundings: &mut Surroundings<'_, '_>) {
    count(subject, surroundings, 1, |event| match event {
        Event::ResponseStatus(of) => {
            if of < 10 {
                status / 100 == of
            } else {
                status == of
            }
        }
        _ => false,
    });
}

/// Adds events to every counter that counts them, in every cell of the exchange.
pub(crate) fn count(
    subject: &Subject,
    surroundings: &mut Surroundings<'_, '_>,
    events: u32,
    counts: impl Fn(Event) -> bool,
) {
    let now = surroundings.now;
    let applies = |counter: &Counter<'_>| matches!(counter.source, Source::Count(event) if counts(event));
    change_counters(subject, surroundings, applies, |cell, counter| cell.add(counter, now, events));
}

/// Changes every counter for which it applies, in every cell of the exchange. Cells without such a counter are not touched.
pub(super) fn change_counters(
    subject: &Subject,
    surroundings: &mut Surroundings<'_, '_>,
    applies: impl Fn(&Counter<'_>) -> bool,
    change: impl Fn(&mut Cell<&mut [u8]>, &Counter<'_>),
) {
    let policy = surroundings.policy;
    let now = surroundings.now;
    for touched in &subject.cells {
        let applies = |counter: &&Counter<'_>| touched.roles.has(counter.key) && applies(counter);
        if !policy.counters.iter().any(|counter| applies(&counter)) {
            continue;
        }
        let written = surroundings.pool().update(touched.address, now, false, |cell, _| {
            for counter in policy.counters.iter().filter(applies) {
                change(cell, counter);
            }
        });
        if let Err(error) = written {
            surroundings.worker.tally.add_now(Metric::Error(failure_of(error)), 1);
        }
    }
}

/// Notes the cookies that name a client and that the reply issues. They count once the login is known to have succeeded: any
/// other visitor can have as many cookies as it likes.
pub(crate) fn note_issued(subject: &mut Subject, headers: &Headers, surroundings: &Surroundings<'_, '_>) {
    for key in surroundings.policy.client_keys.iter().filter(|key| key.kind == ClientKeyKind::IssuedCookie) {
        let issued = all_headers(headers, "set-cookie").into_iter().filter_map(set_cookie);
        for (_, value) in issued.filter(|(name, value)| *name == key.name.as_bytes() && !value.is_empty()) {
            subject.issued.push(key_cell(key.kind, key.name, value, surroundings).1);
        }
    }
}

/// Lets the keys that came with a request name its client, if the reply proves that the upstream accepted them.
pub(crate) fn accept_offered(subject: &mut Subject, status: u16, surroundings: &mut Surroundings<'_, '_>) {
    let route = subject.route.and_then(|route| surroundings.policy.routes.get(route as usize));
    if (200..300).contains(&status) && route.is_some_and(|route| route.authenticated) {
        // A cookie that is renewed here belongs to the same client.
        let offered = subject.offered.drain(..).collect();
        vouch(offered, None, surroundings);
        // The renewed cookie goes on with the session of the one before.
        let session = subject.session.filter(|session| session.began != 0);
        vouch(subject.issued.drain(..).collect(), session, surroundings);
    }
}

fn vouch(cells: Vec<CellAddress>, session: Option<Session>, surroundings: &mut Surroundings<'_, '_>) {
    let now = surroundings.now;
    for address in cells {
        let mut pool = surroundings.pool();
        let until = pool
            .load(address)
            .ok()
            .and_then(|loaded| Some(pool.cell(&loaded)?.vouched_until(pool.shape(address)?)));
        // Renewed when half of it is over, so that most requests write nothing.
        if session.is_none() && until.unwrap_or(0) > now.seconds().saturating_add(VOUCHED_SECONDS / 2) {
            continue;
        }
        let written = pool.update(address, now, true, |cell, shape| {
            cell.vouch(shape, now.seconds().saturating_add(VOUCHED_SECONDS));
            if let Some(session) = session {
                cell.set_session(shape, session);
            }
        });
        if let Err(error) = written {
            surroundings.worker.tally.add_now(Metric::Error(failure_of(error)), 1);
        }
    }
}
