//! What a reply proves is written at once: how a login ended, how often something happened, who is vouched for.

use super::identity::key_cell;
use super::subject::Subject;
use super::{Headers, Surroundings, all_headers, failure_of};
use crate::blob::client::ClientKeyKind;
use crate::blob::counters::{Counter, Source};
use crate::http::cookie::set_cookie;
use crate::metrics::{LoginOutcome, Metric};
use crate::state::pool::CellAddress;
use crate::vocabulary::Event;

/// How long a client key counts after the upstream issued or accepted it, in seconds.
const VOUCHED_SECONDS: u32 = 86_400;

/// Writes how a login ended, and gives its reservations back.
pub(crate) fn settle(subject: &mut Subject, outcome: LoginOutcome, surroundings: &mut Surroundings<'_, '_>) {
    subject.outcome = Some(outcome);
    surroundings.worker.tally.add_now(Metric::Login { app: subject.app, outcome }, 1);
    let policy = surroundings.policy;
    let now = surroundings.now;
    let event = match outcome {
        LoginOutcome::Success => Some(Event::LoginSuccess),
        LoginOutcome::Failure => Some(Event::LoginFailure),
        LoginOutcome::Unknown => None,
    };
    let issued = std::mem::take(&mut subject.issued);
    if outcome == LoginOutcome::Success {
        vouch(issued, surroundings);
    }
    let mut failed = None;
    for touched in &mut subject.cells {
        let Some(reservation) = touched.reservation.take() else { continue };
        let roles = touched.roles;
        let counts = |counter: &&Counter<'_>| {
            roles.has(counter.key) && event.is_some_and(|event| counter.source == Source::Count(event))
        };
        let written = surroundings.pool().update(touched.address, now, true, |cell, shape| {
            cell.settle(shape, reservation);
            for counter in policy.counters.iter().filter(counts) {
                cell.add(counter, now, 1);
            }
        });
        failed = failed.or(written.err());
    }
    if let Some(error) = failed {
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
    let policy = surroundings.policy;
    let now = surroundings.now;
    let matches = |counter: &Counter<'_>| matches!(counter.source, Source::Count(event) if counts(event));
    for touched in &subject.cells {
        let applies = |counter: &&Counter<'_>| touched.roles.has(counter.key) && matches(counter);
        if !policy.counters.iter().any(|counter| applies(&counter)) {
            continue;
        }
        let written = surroundings.pool().update(touched.address, now, false, |cell, _| {
            for counter in policy.counters.iter().filter(applies) {
                cell.add(counter, now, events);
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
        let accepted = subject.offered.drain(..).chain(subject.issued.drain(..)).collect();
        vouch(accepted, surroundings);
    }
}

fn vouch(cells: Vec<CellAddress>, surroundings: &mut Surroundings<'_, '_>) {
    let now = surroundings.now;
    for address in cells {
        let mut pool = surroundings.pool();
        let until = pool
            .load(address)
            .ok()
            .and_then(|loaded| Some(pool.cell(&loaded)?.vouched_until(pool.shape(address)?)));
        // Renewed when half of it is over, so that most requests write nothing.
        if until.unwrap_or(0) > now.seconds().saturating_add(VOUCHED_SECONDS / 2) {
            continue;
        }
        let written = pool.update(address, now, true, |cell, shape| {
            cell.vouch(shape, now.seconds().saturating_add(VOUCHED_SECONDS));
        });
        if let Err(error) = written {
            surroundings.worker.tally.add_now(Metric::Error(failure_of(error)), 1);
        }
    }
}
