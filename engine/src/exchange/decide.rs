//! The decision: read the cells, score, judge, and write what follows, as one transaction.
//!
//! Each page is written only if nobody changed it since it was read. A conflict means that the facts may have changed, so
//! the decision is made again with the new page; what was written before stays and is not counted twice. That is why a
//! limit holds however many workers try at once.

use super::record::Record;
use super::subject::{Subject, threat_of};
use super::{Decided, Finished, Reply, Surroundings, failure_of};
use crate::blob::counters::{ABSENT, Counter, Source};
use crate::metrics::{Failure, Metric};
use crate::state::cell::{Ban, Cell, Mark};
use crate::state::delta::Waiting;
use crate::state::pool::{MAX_TRIES, StateError};
use crate::state::store::Written;
use crate::verdict::{Action, Cause, Facts, Reason, Verdict, judge, score};
use crate::vocabulary::{CounterKey, Event, Mode, Threat};

/// What kind of decision it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A login before its credentials are known: only what the client did before counts, and nothing is written.
    Before,
    /// The decision.
    Now,
}

const ALL_THREATS: u8 = 0b1111;
/// How long a client that scored is kept from eviction at least, in seconds.
const PROTECTION_SECONDS: u32 = 600;

/// Decides, and makes what follows: the filter's own reply, or the request as it goes on.
pub(crate) fn conclude(mut subject: Box<Subject>, surroundings: &mut Surroundings<'_, '_>) -> Decided {
    decide(&mut subject, Stage::Now, surroundings);
    settle_verdict(subject, surroundings)
}

pub(crate) fn settle_verdict(mut subject: Box<Subject>, surroundings: &mut Surroundings<'_, '_>) -> Decided {
    let policy = surroundings.policy;
    let verdict = &subject.verdict;
    let tally = &mut surroundings.worker.tally;
    let decision = Metric::Decision {
        app: subject.app,
        mode: subject.mode,
        would: verdict.would,
        action: if subject.failed_closed { Action::Block } else { verdict.action },
    };
    if verdict.would == Action::None && verdict.reasons.is_empty() {
        tally.add(decision, 1);
    } else {
        tally.add_now(decision, 1);
    }
    for (rule, enforced) in Record::scored_rules(&subject) {
        tally.add(Metric::Rule { rule, enforced: enforced && subject.mode == Mode::Enforce }, 1);
    }
    if subject.failed_closed || verdict.action.refuses() {
        let reply = Reply::refusal(&subject, policy);
        return Decided::Refused(Box::new(Finished { subject: *subject }), reply);
    }
    let headers = Record::upstream_headers(&subject, policy);
    let mut changes = std::mem::take(&mut subject.changes);
    changes.set.extend(headers);
    Decided::Forwarded(Box::new(super::AwaitReply::new(subject)), changes)
}

/// Judges the exchange and writes what follows from it.
pub(crate) fn decide(subject: &mut Subject, stage: Stage, surroundings: &mut Surroundings<'_, '_>) {
    if subject.exempt == ALL_THREATS {
        return;
    }
    let outcome = transact(subject, stage, surroundings);
    for cell in &mut subject.cells {
        cell.loaded = None;
    }
    if let Err(error) = outcome {
        subject.fail(failure_of(error), surroundings);
        if error == StateError::Contention && subject.login.is_some() && subject.mode == Mode::Enforce {
            // So many tries at once on one page are an attack or a stampede; passing them unreserved would be a way in.
            subject.verdict.action = Action::Throttle;
            subject.retry_after = 1;
        }
    }
    if subject.verdict.action.refuses() {
        release(subject, surroundings);
    }
}

fn transact(
    subject: &mut Subject,
    stage: Stage,
    surroundings: &mut Surroundings<'_, '_>,
) -> Result<(), StateError> {
    'again: for _ in 0..MAX_TRIES {
        load(subject, surroundings)?;
        subject.verdict = evaluate(subject, stage, surroundings);
        throttle(subject, surroundings);
        // Before the credentials are known only a refusal has consequences.
        if stage == Stage::Before && !subject.verdict.action.refuses() {
            return Ok(());
        }
        for index in 0..subject.cells.len() {
            if write(subject, index, surroundings)? == Written::Conflict {
                if let Some(cell) = subject.cells.get_mut(index) {
                    cell.loaded = None;
                }
                continue 'again;
            }
        }
        return Ok(());
    }
    Err(StateError::Contention)
}

fn load(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) -> Result<(), StateError> {
    let (mut foreign, mut superseded) = (false, false);
    for cell in subject.cells.iter_mut().filter(|cell| cell.loaded.is_none()) {
        let loaded = surroundings.pool().load(cell.address)?;
        foreign |= loaded.is_foreign();
        superseded |= loaded.is_superseded();
        cell.loaded = Some(loaded);
    }
    if foreign {
        subject.fail(Failure::ForeignPage, surroundings);
    }
    if superseded {
        subject.fail(Failure::Superseded, surroundings);
    }
    Ok(())
}

/// What the counters stand at, this exchange included.
///
/// Twice: with attempts whose outcome is open, which decide what is admitted, and without those of others, which decide
/// what follows a client to its next requests.
fn counts(subject: &Subject, stage: Stage, surroundings: &mut Surroundings<'_, '_>) -> [Vec<u32>; 2] {
    let now = surroundings.now;
    let reading = subject.reading(now);
    let attempt = subject.login.is_some() && stage == Stage::Now;
    let policy = surroundings.policy;
    let mut counts = vec![0; policy.counters.len()];
    let mut settled = counts.clone();
    for touched in &subject.cells {
        let waiting = surroundings.worker.deltas.waiting(touched.address);
        let pool = surroundings.pool();
        let Some(shape) = pool.shape(touched.address) else { continue };
        let cell = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded));
        // A key without a cell has counted nothing yet.
        let cell = cell.unwrap_or(Cell(&[]));
        let this_request = u32::from(!touched.counted_request);
        let this_attempt = u32::from(attempt && !touched.counted_attempt);
        for (position, counter) in policy.counters.iter().enumerate() {
            if !touched.roles.has(counter.key) {
                continue;
            }
            let count = match counter.source {
                Source::Count(Event::Request) => {
                    let waits = waiting.by_role.get(counter.key as usize).copied().unwrap_or(0);
                    cell.count(counter, reading).saturating_add(waits).saturating_add(this_request)
                }
                Source::Count(Event::LoginAttempt) => {
                    cell.count(counter, reading).saturating_add(this_attempt)
                }
                Source::Count(Event::LoginFailure | Event::LoginSuccess) => {
                    let open =
                        if attempt { cell.pending(shape, now).saturating_add(this_attempt) } else { 0 };
                    cell.count(counter, reading).saturating_add(open)
                }
                Source::Count(_) => cell.count(counter, reading),
                Source::Distinct(_) => cell.distinct(counter, subject.value_of(position), reading),
            };
            let open = match counter.source {
                Source::Count(Event::LoginFailure | Event::LoginSuccess) if attempt => {
                    cell.pending(shape, now)
                }
                _ => 0,
            };
            if let Some((count_slot, settled_slot)) = counts.get_mut(position).zip(settled.get_mut(position))
            {
                *count_slot = count;
                *settled_slot = count.saturating_sub(open);
            }
        }
    }
    [counts, settled]
}

impl Subject {
    fn value_of(&self, counter: usize) -> Option<u64> {
        self.values.iter().find(|(position, _)| usize::from(*position) == counter).map(|(_, value)| *value)
    }
}

fn facts<'f>(subject: &Subject, counts: &'f [u32]) -> Facts<'f> {
    Facts {
        counts,
        address: subject.address,
        app: subject.app,
        route: subject.route,
        is_login: subject.login.is_some(),
        exempt: subject.exempt,
    }
}

fn evaluate(subject: &mut Subject, stage: Stage, surroundings: &mut Surroundings<'_, '_>) -> Verdict {
    let policy = surroundings.policy;
    let [counts, settled] = counts(subject, stage, surroundings);
    let mut reasons = score(policy, facts(subject, &counts));
    subject.counts = counts;
    subject.settled = settled;
    let now = surroundings.now.seconds();
    let not_before = subject.not_before.seconds();
    let mut banned = (false, false);
    let hit = subject.honeypot.and_then(|pot| Some((pot, policy.honeypots.get(pot as usize)?)));
    let pool = surroundings.pool();
    if let Some(touched) = subject.client_cell().and_then(|index| subject.cells.get(index))
        && let Some(shape) = pool.shape(touched.address)
        && let Some(cell) = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded))
    {
        let ban = cell.ban(shape);
        let holds = ban.since >= not_before;
        banned = (holds && ban.enforced_until > now, holds && ban.reported_until > now);
        for threat in Threat::ALL.into_iter().filter(|threat| subject.exempt & (1 << *threat as u8) == 0) {
            let mark = cell.mark(shape, threat);
            // A trap that this request steps into counts once, as itself.
            let again = hit.is_some_and(|(_, pot)| pot.threat == threat && pot.points >= mark.points);
            if mark.until > now && mark.since >= not_before && !again {
                let cause = Cause::Mark(threat);
                if mark.enforced > 0 {
                    reasons.push(Reason { cause, points: mark.enforced, enforced: true });
                }
                if mark.points > mark.enforced {
                    reasons.push(Reason { cause, points: mark.points - mark.enforced, enforced: false });
                }
            }
        }
    }
    if let Some((pot, honeypot)) = hit.filter(|(_, pot)| subject.exempt & (1 << pot.threat as u8) == 0) {
        reasons.push(Reason { cause: Cause::Honeypot(pot), points: honeypot.points, enforced: true });
    }
    judge(policy, subject.mode, reasons, |cause| threat_of(policy, cause), banned)
}

/// Turns a throttle into "tag" where the request keeps its distance from the one before.
fn throttle(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    if subject.verdict.action != Action::Throttle {
        return;
    }
    let now = surroundings.now;
    let pool = surroundings.pool();
    let Some(touched) = subject.client_cell().and_then(|index| subject.cells.get(index)) else { return };
    let cell = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded));
    let until = pool.shape(touched.address).zip(cell).map(|(shape, cell)| cell.throttled_until(shape));
    let wait = until.unwrap_or_default().0.saturating_sub(now.0);
    // A clock that stepped back must not lock anyone out: nobody waits longer than one interval.
    let interval = throttle_interval(&subject.verdict, surroundings);
    let wait = wait.min(interval);
    if wait == 0 || touched.written_as == Some(true) {
        subject.verdict.action = Action::Tag;
    } else {
        subject.retry_after = u32::try_from(wait.div_ceil(1000)).unwrap_or(u32::MAX);
    }
}

fn throttle_interval(verdict: &Verdict, surroundings: &Surroundings<'_, '_>) -> u64 {
    let step = verdict.step.and_then(|step| surroundings.policy.steps.get(step as usize));
    step.filter(|step| step.action == crate::blob::ladders::StepAction::Throttle)
        .map_or(0, |step| 60_000 / u64::from(step.value.max(1)))
}

/// What one cell gets from this exchange.
#[derive(Clone, Debug, Default)]
struct Change {
    reserve: bool,
    attempts: Vec<usize>,
    values: Vec<(usize, u64)>,
    ban: Option<Ban>,
    mark: Option<(Threat, Mark)>,
    throttled_until: Option<crate::clock::Millis>,
    protect_until: Option<u32>,
    requests: Option<[bool; 4]>,
    flush: bool,
}

impl Change {
    const fn must_write(&self) -> bool {
        self.reserve
            || !self.attempts.is_empty()
            || !self.values.is_empty()
            || self.ban.is_some()
            || self.mark.is_some()
            || self.throttled_until.is_some()
            || self.protect_until.is_some()
            || self.flush
    }
}

fn write(
    subject: &mut Subject,
    index: usize,
    surroundings: &mut Surroundings<'_, '_>,
) -> Result<Written, StateError> {
    let change = plan(subject, index, surroundings);
    let now = surroundings.now;
    let reading = subject.reading(now);
    let policy = surroundings.policy;
    let admitted = !subject.verdict.action.refuses();
    let Some(touched) = subject.cells.get_mut(index) else { return Ok(Written::Yes) };
    // A decision that turned from refused to admitted is written again, the other way around [`release`] undoes it.
    if touched.written_as == Some(true) || touched.written_as == Some(admitted) {
        return Ok(Written::Yes);
    }
    let address = touched.address;
    if !change.must_write() {
        let fits = change.requests.is_none_or(|roles| surroundings.worker.deltas.add(address, roles));
        if fits {
            touched.counted_request |= change.requests.is_some();
            touched.written_as = Some(admitted);
            return Ok(Written::Yes);
        }
    }
    let Some(loaded) = touched.loaded.as_mut() else { return Ok(Written::Yes) };
    let waiting: Vec<(_, Waiting)> = surroundings.worker.deltas.take_page(address.page);
    let mut reservation = None;
    let pool = surroundings.pool();
    let decisive = change.ban.is_some() || change.mark.is_some();
    let found_room = pool.change(loaded, &waiting, now, decisive, |cell, shape| {
        if change.reserve {
            reservation = Some(cell.reserve(shape, now));
        }
        let counter = |position: &usize| policy.counters.get(*position);
        for counter in change.attempts.iter().filter_map(counter) {
            cell.add(counter, now, 1);
        }
        for (position, value) in &change.values {
            if let Some(counter) = counter(position) {
                cell.add_distinct(counter, *value, reading);
            }
        }
        let counted = |counter: &&Counter<'_>| {
            counter.source == Source::Count(Event::Request)
                && change.requests.is_some_and(|roles| roles.get(counter.key as usize) == Some(&true))
        };
        for counter in policy.counters.iter().filter(counted) {
            cell.add(counter, now, 1);
        }
        if let Some(ban) = change.ban {
            cell.set_ban(shape, ban);
        }
        if let Some((threat, mark)) = change.mark {
            cell.set_mark(shape, threat, mark);
        }
        if let Some(until) = change.throttled_until {
            cell.set_throttled_until(shape, until);
        }
        if let Some(until) = change.protect_until {
            cell.protect(until);
        }
    });
    let mut pool = surroundings.pool();
    let written = pool.save(loaded);
    if written == Ok(Written::Yes) {
        touched.counted_request |= change.requests.is_some();
        touched.counted_attempt = change.reserve || !change.attempts.is_empty();
        touched.written_as = Some(admitted);
        touched.reservation = reservation;
        // Its version is no longer the stored one; a decision that is made again reads it anew.
        touched.loaded = None;
        if !found_room {
            // Told by the tick: a flood of invented clients must not make every request expensive.
            surroundings.worker.tally.add(Metric::Error(Failure::Capacity), 1);
        }
    } else {
        surroundings.worker.deltas.put_back(waiting);
    }
    written
}

fn plan(subject: &Subject, index: usize, surroundings: &mut Surroundings<'_, '_>) -> Change {
    let mut change = Change::default();
    let Some(touched) = subject.cells.get(index) else { return change };
    let policy = surroundings.policy;
    let now = surroundings.now;
    let reading = subject.reading(now);
    let waiting = surroundings.worker.deltas.waiting(touched.address);
    let admitted = !subject.verdict.action.refuses();
    let pool = surroundings.pool();
    let Some(shape) = pool.shape(touched.address) else { return change };
    let cell = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded)).unwrap_or(Cell(&[]));
    let attempt = subject.login.is_some();
    change.reserve = attempt && admitted && shape.pending != ABSENT;
    let mut roles = [false; 4];
    for (position, counter) in policy.counters.iter().enumerate() {
        if !touched.roles.has(counter.key) {
            continue;
        }
        match counter.source {
            // What the filter refused must not raise the score of who was refused, or a ban would feed itself. A route's
            // volume counts everything, or an attack would seem over because blocking works.
            Source::Count(Event::Request) if admitted || counter.key == CounterKey::Route => {
                if let Some(role) = roles.get_mut(counter.key as usize) {
                    *role = true;
                }
                change.flush |= waiting.most().saturating_add(1) >= u32::from(counter.flush_at);
            }
            Source::Count(Event::LoginAttempt)
                if attempt && (admitted || counter.key == CounterKey::Route) =>
            {
                change.attempts.push(position);
            }
            Source::Distinct(_) if admitted => {
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
    if subject.verdict.is_hot && is_evidence && !touched.roles.has(CounterKey::Route) {
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
    loaded: Option<&crate::state::pool::Loaded>,
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
        && subject.exempt & (1 << pot.threat as u8) == 0
    {
        let before = cell.mark(shape, pot.threat);
        let live = before.until > seconds && before.since >= subject.not_before.seconds();
        let before = if live { before } else { Mark::default() };
        let enforced = if subject.mode == Mode::Enforce { pot.points } else { 0 };
        let mark = Mark {
            until: before.until.max(seconds.saturating_add(pot.for_ms / 1000)),
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
    let block = |step: Option<u32>| {
        let step = step.and_then(|step| policy.steps.get(step as usize))?;
        let is_block = step.action == crate::blob::ladders::StepAction::Block && step.value > 0;
        is_block.then(|| seconds.saturating_add(step.value.div_ceil(1000)))
    };
    let ban = cell.ban(shape);
    let live = ban.since >= subject.not_before.seconds();
    let before = if live { ban } else { Ban::default() };
    // A ban needs what is proven: attempts that are still open may all turn out well.
    let earned = |step: &u32, enforced_only| {
        let proven = score(policy, facts(subject, &subject.settled));
        let traps = verdict.reasons.iter().filter(|reason| !matches!(reason.cause, Cause::Rule(_)));
        let reasons: Vec<_> = proven.into_iter().chain(traps.copied()).collect();
        crate::verdict::is_earned(policy, &reasons, *step, enforced_only)
    };
    let enforced = block(verdict.step.filter(|step| earned(step, true)));
    let enforced = enforced.filter(|_| verdict.action == Action::Block);
    let reported = block(verdict.would_step.filter(|step| earned(step, false)));
    let reported = reported.filter(|_| verdict.would == Action::Block);
    let starts_enforced = enforced.is_some() && before.enforced_until <= seconds;
    let starts_reported = reported.is_some() && before.reported_until <= seconds;
    if shape.ban != ABSENT && (starts_enforced || starts_reported) {
        change.ban = Some(Ban {
            enforced_until: enforced.filter(|_| starts_enforced).unwrap_or(before.enforced_until),
            reported_until: reported.filter(|_| starts_reported).unwrap_or(before.reported_until),
            since: seconds,
        });
    }
    if interval > 0 && verdict.action == Action::Tag {
        change.throttled_until = Some(now.plus(interval));
    }
}

/// Gives back what was reserved before a conflict turned the decision into a refusal.
fn release(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    let now = surroundings.now;
    let policy = surroundings.policy;
    for touched in &mut subject.cells {
        let Some(reservation) = touched.reservation.take() else { continue };
        let roles = touched.roles;
        // A reservation that cannot be given back expires by itself.
        let _ = surroundings.pool().update(touched.address, now, false, |cell, shape| {
            cell.settle(shape, reservation);
            let attempts = |counter: &&Counter<'_>| {
                let own = counter.key != CounterKey::Route && roles.has(counter.key);
                own && counter.source == Source::Count(Event::LoginAttempt)
            };
            for counter in policy.counters.iter().filter(attempts) {
                cell.take_back(counter, now);
            }
        });
    }
}
