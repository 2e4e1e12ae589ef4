//! What a decision writes into each cell that it concerns.

use super::Surroundings;
use super::decide::{facts, throttle_interval};
use super::session;
use super::subject::Subject;
use crate::blob::counters::{ABSENT, Counter, Source, Storage};
use crate::blob::ladders::StepAction;
use crate::state::cell::{Ban, Cell, Mark};
use crate::state::crowd::{CrowdEvents, is_gathered};
use crate::state::pool::Loaded;
use crate::state::pulse::PulseEvent;
use crate::state::session::Session;
use crate::verdict::{Action, Cause, is_earned, score};
use crate::vocabulary::{CounterKey, Event, Mode, Moment, Threat};

/// How long a client that scored is kept from eviction at least, in seconds.
const PROTECTION_SECONDS: u32 = 600;

/// What one cell gets from this exchange.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) reserve: bool,
    pub(super) attempts: Vec<usize>,
    pub(super) values: Vec<(usize, u64)>,
    pub(super) ban: Option<Ban>,
    pub(super) mark: Option<(Threat, Mark)>,
    pub(super) throttled_until: Option<crate::clock::Millis>,
    pub(super) protect_until: Option<u32>,
    pub(super) requests: Option<[bool; CounterKey::WITH_CELLS]>,
    /// What the login does to a crowd; may wait in the worker.
    pub(super) logins: Option<CrowdEvents>,
    /// Whether what waits is to be written now.
    pub(super) flush: bool,
    /// The client's session begins here.
    pub(super) session: Option<Session>,
    /// The milestone that is passed.
    pub(super) milestone: Option<usize>,
}

impl Change {
    pub(super) const fn must_write(&self) -> bool {
        self.reserve
            || !self.attempts.is_empty()
            || !self.values.is_empty()
            || self.ban.is_some()
            || self.mark.is_some()
            || self.throttled_until.is_some()
            || self.protect_until.is_some()
            || self.flush
            || self.session.is_some()
            || self.milestone.is_some()
    }
}

/// Whether open attempts count in a counter until their outcome is known.
fn reserves(counter: &Counter<'_>) -> bool {
    !counter.key.is_aggregate()
        && match counter.source {
            Source::Count(event) => {
                counter.storage != Storage::Intervals
                    && matches!(event, Event::LoginAttempt | Event::LoginSuccess | Event::LoginFailure)
            }
            Source::Distinct(_) => counter.moment == Moment::Failure,
        }
}

/// Plans what one cell gets.
pub(super) fn plan(subject: &Subject, index: usize, surroundings: &mut Surroundings<'_, '_>) -> Change {
    let mut change = Change::default();
    let Some(touched) = subject.cells.get(index) else { return change };
    let policy = surroundings.policy;
    let now = surroundings.now;
    let reading = subject.reading(now);
    let waiting = surroundings.worker.deltas.waiting(touched.address);
    let admitted = !subject.is_refused();
    let pool = surroundings.pool();
    let Some(shape) = pool.shape(touched.address) else { return change };
    let cell = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded)).unwrap_or(Cell(&[]));
    let attempt = subject.login.is_some();
    let mut roles = [false; CounterKey::WITH_CELLS];
    let mut tried = false;
    for (position, counter) in policy.counters.iter().enumerate() {
        if !touched.roles.has(counter.key) {
            continue;
        }
        let counts_this = subject.is_counted_by(counter);
        let is_let_in = admitted || counter.key.is_aggregate();
        change.reserve |= attempt && admitted && counts_this && reserves(counter) && shape.pending != ABSENT;
        match counter.source {
            Source::Count(event @ (Event::Request | Event::LoginAttempt))
                if counter.storage == Storage::Intervals =>
            {
                let counts = event == Event::Request || (attempt && counts_this);
                let is_due = is_let_in && counts && !touched.counted_attempt;
                change.attempts.extend(is_due.then_some(position));
            }
            // What the filter refused must not raise the score of who was refused, or a ban would feed itself. A route's
            // volume counts everything, or an attack would seem over because blocking works.
            Source::Count(Event::Request) if is_let_in => {
                if let Some(role) = roles.get_mut(counter.key as usize) {
                    *role = true;
                }
                change.flush |= waiting.most().saturating_add(1) >= u32::from(counter.flush_at);
            }
            Source::Count(Event::LoginAttempt)
                if attempt && counts_this && !touched.counted_attempt && is_let_in =>
            {
                if is_gathered(counter) {
                    tried = true;
                } else {
                    change.attempts.push(position);
                }
            }
            Source::Distinct(_)
                if is_let_in
                    && counter.moment == Moment::Request
                    && (!counter.is_of_logins() || (attempt && counts_this)) =>
            {
                let value = subject.value_of(position);
                if let Some(value) = value.filter(|value| !cell.has_fresh(counter, *value, reading)) {
                    change.values.push((position, value));
                }
            }
            _ => {}
        }
    }
    change.requests = (roles.contains(&true) && !touched.counted_request).then_some(roles);
    change.flush &= change.requests.is_some();
    // Who is refused before the credentials are read is a stranger as far as can be told: an attack that is answered by bans
    // goes on all the same.
    let is_offered = if subject.is_credited {
        subject.circumstances.is_stranger
    } else {
        !subject.circumstances.is_known_device
    };
    let mut logins = CrowdEvents::of_phase(now, subject.place());
    if tried {
        logins.add(Event::LoginAttempt, subject.circumstances.is_stranger);
    }
    if shape.pulse != 0 && attempt && is_offered && !touched.counted_attempt {
        logins.add_pulse(PulseEvent::Offered);
    }
    if !logins.is_empty() {
        change.logins = Some(logins);
        let waiting = surroundings.worker.deltas.crowd(touched.address);
        change.flush |= waiting.is_due(surroundings.settings.gather_logins, now);
    }
    if touched.roles.has(CounterKey::Client) {
        plan_client(subject, surroundings, touched.loaded.as_ref(), &mut change);
    }
    // Only a cell that itself holds the evidence is kept: otherwise one hot client could fill the table of accounts with
    // names that it invents.
    let is_evidence = policy.counters.iter().enumerate().any(|(position, counter)| {
        let count = subject.counts.get(position).copied().unwrap_or(0);
        touched.roles.has(counter.key) && counter.lowest_threshold > 0 && count >= counter.lowest_threshold
    });
    let is_evidence = is_evidence || change.ban.is_some() || change.mark.is_some();
    let is_crowd =
        policy.counters.iter().any(|counter| touched.roles.has(counter.key) && counter.key.is_aggregate());
    if subject.verdict.is_hot && is_evidence && !is_crowd {
        let longest = policy.counters.iter().map(|counter| counter.window_ms / 1000).max().unwrap_or(0);
        let protection = longest.max(PROTECTION_SECONDS);
        // Written again only when half of it is over: a refused flood costs reads, not writes.
        if cell.protected_until() < now.seconds().saturating_add(protection / 2) {
            change.protect_until = Some(now.seconds().saturating_add(protection));
        }
    }
    change
}

fn plan_client(
    subject: &Subject,
    surroundings: &mut Surroundings<'_, '_>,
    loaded: Option<&Loaded>,
    change: &mut Change,
) {
    let policy = surroundings.policy;
    let now = surroundings.now;
    let seconds = now.seconds();
    let verdict = &subject.verdict;
    let interval = throttle_interval(verdict, surroundings);
    let pool = surroundings.pool();
    let Some(shape) = loaded.and_then(|loaded| pool.shape(loaded.address)) else { return };
    let cell = loaded.and_then(|loaded| pool.cell(loaded)).unwrap_or(Cell(&[]));
    if let Some(pot) = subject.honeypot.and_then(|pot| policy.honeypots.get(pot as usize))
        && !subject.is_exempt_from(pot.threat)
    {
        let before = cell.mark(shape, pot.threat);
        let live = before.until > seconds && before.since >= subject.not_before.seconds();
        let before = if live { before } else { Mark::default() };
        let enforced = if subject.mode == Mode::Enforce { pot.points } else { 0 };
        let mark = Mark {
            // What only reports must not prolong what is enforced.
            until: if enforced == 0 && before.enforced > 0 {
                before.until
            } else {
                before.until.max(seconds.saturating_add(pot.for_ms / 1000))
            },
            points: before.points.max(pot.points),
            enforced: before.enforced.max(enforced),
            since: seconds,
        };
        let is_new = mark.points != before.points || mark.enforced != before.enforced;
        // A client that keeps stepping into the same trap renews its mark at most every eighth of its time.
        if is_new || mark.until.saturating_sub(before.until) > pot.for_ms / 8000 {
            change.mark = Some((pot.threat, mark));
        }
    }
    let ban = cell.ban(shape);
    let live = ban.since >= subject.not_before.seconds();
    let before = if live { ban } else { Ban::default() };
    // A ban needs what is proven: attempts that are still open may all turn out well.
    let is_earned = |step, enforced_only| {
        let proven = score(policy, facts(subject, &subject.settled));
        let traps = verdict.reasons.iter().filter(|reason| !matches!(reason.cause, Cause::Rule(_)));
        let reasons: Vec<_> = proven.into_iter().chain(traps.copied()).collect();
        is_earned(policy, &reasons, step, enforced_only)
    };
    // Until when a step would ban, if it does; the costly question comes last.
    let ban_until = |action, position: Option<u32>, enforced_only| {
        let position = position.filter(|_| action == Action::Block)?;
        let step = policy.steps.get(position as usize)?;
        let bans = step.action == StepAction::Block && step.value > 0 && is_earned(position, enforced_only);
        bans.then(|| seconds.saturating_add(step.value.div_ceil(1000)))
    };
    let enforced = ban_until(verdict.action, verdict.step, true);
    let reported = ban_until(verdict.would, verdict.would_step, false);
    let starts_enforced = enforced.is_some() && before.enforced_until <= seconds;
    let starts_reported = reported.is_some() && before.reported_until <= seconds;
    if shape.ban != ABSENT && (starts_enforced || starts_reported) {
        change.ban = Some(Ban {
            enforced_until: enforced.filter(|_| starts_enforced).unwrap_or(before.enforced_until),
            reported_until: reported.filter(|_| starts_reported).unwrap_or(before.reported_until),
            since: seconds,
        });
    }
    if subject.is_named && !subject.is_refused() && policy.tables.asks_session {
        let began = cell.session(shape).began;
        if shape.session != 0 && (began == 0 || began < subject.not_before.seconds()) {
            change.session = Some(session::begin(subject, now, false));
        }
        let keeps_milestones = shape.milestones != 0;
        change.milestone = session::milestone(subject, surroundings).filter(|_| keeps_milestones);
    }
    if interval > 0 && verdict.action == Action::Tag {
        change.throttled_until = Some(now.plus(interval));
    }
}
