//! The decision: read the cells, score, judge, and write what follows, as one transaction.
//!
//! Each page is written only if nobody changed it since it was read. A conflict means that the facts may have changed, so
//! the decision is made again with the new page; what was written before stays and is not counted twice. That is why a
//! limit holds however many workers try at once.

use super::counts::counts;
use super::plan::plan;
use super::record::Record;
use super::subject::{Subject, threat_of};
use super::{Decided, Finished, Reply, Surroundings, failure_of, session};
use crate::blob::counters::{Counter, Source, Storage};
use crate::blob::rules::ConditionCode;
use crate::metrics::{Failure, Metric};
use crate::state::pool::{MAX_TRIES, StateError};
use crate::state::store::Written;
use crate::verdict::{Action, Cause, Facts, Reason, Verdict, judge, score};
use crate::vocabulary::{CounterKey, Event, Mode, Threat};

/// What kind of decision it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A login before its credentials are known: only what the client did before counts, and only a refusal is
    /// written.
    Before,
    /// The decision.
    Now,
}

/// Decides, and makes what follows: the filter's own reply, or the request as it goes on.
pub(crate) fn conclude(mut subject: Box<Subject>, surroundings: &mut Surroundings<'_, '_>) -> Decided {
    decide(&mut subject, Stage::Now, surroundings);
    settle_verdict(subject, surroundings)
}

pub(crate) fn settle_verdict(mut subject: Box<Subject>, surroundings: &mut Surroundings<'_, '_>) -> Decided {
    let policy = surroundings.policy;
    super::findings::judge_url(&mut subject, policy);
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
    if subject.is_refused() {
        let reply = Reply::refusal(&subject, policy, &surroundings.worker.learnt);
        return Decided::Refused(Box::new(Finished { subject: *subject }), reply);
    }
    let headers = Record::upstream_headers(&subject, policy);
    let mut changes = std::mem::take(&mut subject.changes);
    changes.set.extend(headers);
    Decided::Forwarded(Box::new(super::AwaitReply::new(subject)), changes)
}

/// Judges the exchange and writes what follows from it.
pub(crate) fn decide(subject: &mut Subject, stage: Stage, surroundings: &mut Surroundings<'_, '_>) {
    if subject.is_exempt() {
        return;
    }
    subject.decided_at = surroundings.now;
    if stage == Stage::Before {
        // Which account it is will be known with the body; until then a genuine device is trusted.
        subject.circumstances.is_known_device = subject.recognition.device.is_some();
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
            subject.verdict.would = subject.verdict.would.max(Action::Throttle);
            subject.retry_after = 1;
        }
    }
    if subject.is_refused() {
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
        if stage == Stage::Before && !subject.is_refused() {
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

pub(super) fn facts<'f>(subject: &'f Subject, counts: &'f [u32]) -> Facts<'f> {
    Facts {
        counts,
        address: subject.address,
        app: subject.app,
        route: subject.route,
        is_login: subject.login.is_some(),
        exempt: subject.exempt,
        circumstances: &subject.circumstances,
        reply_values: 0,
    }
}

fn evaluate(subject: &mut Subject, stage: Stage, surroundings: &mut Surroundings<'_, '_>) -> Verdict {
    let policy = surroundings.policy;
    circumstances(subject, surroundings);
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
        // What others did from the same address must not lock out who was here before.
        let holds = ban.since >= not_before && !subject.circumstances.is_known_device;
        banned = (holds && ban.enforced_until > now, holds && ban.reported_until > now);
        for threat in Threat::ALL.into_iter().filter(|threat| !subject.is_exempt_from(*threat)) {
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
    if let Some((pot, honeypot)) = hit.filter(|(_, pot)| !subject.is_exempt_from(pot.threat)) {
        reasons.push(Reason { cause: Cause::Honeypot(pot), points: honeypot.points, enforced: true });
    }
    judge(policy, subject.mode, reasons, |cause| threat_of(policy, cause), banned)
}

/// Judges once more when a reply is over and its values were counted: for the record, the metrics and what the next request
/// meets. What was done to this exchange stays.
pub(super) fn rejudge(subject: &mut Subject, values: u32, surroundings: &mut Surroundings<'_, '_>) {
    let policy = surroundings.policy;
    let of_values = |counter: &Counter<'_>| counter.source.is_of_sensitive_values();
    let counts_values = policy.counters.iter().any(of_values);
    if !counts_values && !policy.conditions.iter().any(|step| step.code == ConditionCode::ReplyValues) {
        return;
    }
    let reading = subject.reading(surroundings.now);
    let mut counts = std::mem::take(&mut subject.counts);
    counts.resize(policy.counters.len(), 0);
    for touched in &subject.cells {
        let concerns = |counter: &Counter<'_>| touched.roles.has(counter.key) && of_values(counter);
        if !policy.counters.iter().any(concerns) {
            continue;
        }
        let mut pool = surroundings.pool();
        let Ok(loaded) = pool.load(touched.address) else { continue };
        let Some(cell) = pool.cell(&loaded) else { continue };
        for (counter, count) in
            policy.counters.iter().zip(&mut counts).filter(|(counter, _)| concerns(counter))
        {
            *count = match counter.source {
                Source::Distinct(_) => cell.distinct(counter, None, reading),
                Source::Count(_) => cell.count(counter, reading),
            };
        }
    }
    let facts = Facts { reply_values: values, ..facts(subject, &counts) };
    let known = |reason: &Reason| subject.verdict.reasons.iter().any(|known| known.cause == reason.cause);
    let new: Vec<Reason> = score(policy, facts).into_iter().filter(|reason| !known(reason)).collect();
    subject.counts = counts;
    if new.is_empty() {
        return;
    }
    for reason in &new {
        if let Cause::Rule(rule) = reason.cause {
            let enforced = reason.enforced && subject.mode == Mode::Enforce;
            surroundings.worker.tally.add(Metric::Rule { rule, enforced }, 1);
        }
    }
    let mut reasons = subject.verdict.reasons.clone();
    reasons.extend(new);
    let judged = judge(policy, subject.mode, reasons, |cause| threat_of(policy, cause), (false, false));
    let verdict = &mut subject.verdict;
    verdict.would = verdict.would.max(judged.would);
    verdict.scores = judged.scores;
    verdict.reasons = judged.reasons;
}

/// What the loaded cells say beyond counts.
fn circumstances(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    session::compare(subject, surroundings);
    let now = surroundings.now;
    let pool = surroundings.pool();
    let route = subject.cells.iter().find(|touched| touched.roles.has(CounterKey::Route));
    let is_under_attack = route.is_some_and(|touched| {
        let cell = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded));
        cell.zip(pool.shape(touched.address)).is_some_and(|(cell, shape)| cell.is_under_attack(shape, now))
    });
    subject.circumstances.is_under_attack = is_under_attack && subject.login.is_some();
}

/// Turns a throttle into "tag" where the request keeps its distance from the one before.
fn throttle(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    if subject.verdict.action != Action::Throttle {
        return;
    }
    let now = surroundings.now;
    let pool = surroundings.pool();
    let Some(touched) = subject.client_cell().and_then(|index| subject.cells.get(index)) else {
        // Nobody to keep distances for: better let it pass than refuse everybody.
        subject.verdict.action = Action::Tag;
        return;
    };
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

pub(super) fn throttle_interval(verdict: &Verdict, surroundings: &Surroundings<'_, '_>) -> u64 {
    let step = verdict.step.and_then(|step| surroundings.policy.steps.get(step as usize));
    step.filter(|step| step.action == crate::blob::ladders::StepAction::Throttle)
        .map_or(0, |step| 60_000 / u64::from(step.value.max(1)))
}

fn write(
    subject: &mut Subject,
    index: usize,
    surroundings: &mut Surroundings<'_, '_>,
) -> Result<Written, StateError> {
    let admitted = !subject.is_refused();
    let written_as = subject.cells.get(index).and_then(|touched| touched.written_as);
    // A decision that turned from refused to admitted is written again, the other way around [`release`] undoes it.
    if written_as == Some(true) || written_as == Some(admitted) {
        return Ok(Written::Yes);
    }
    let change = plan(subject, index, surroundings);
    let now = surroundings.now;
    let reading = subject.reading(now);
    let policy = surroundings.policy;
    let Some(touched) = subject.cells.get_mut(index) else { return Ok(Written::Yes) };
    let address = touched.address;
    if !change.must_write() && surroundings.worker.deltas.add(address, change.requests, change.logins) {
        touched.counted_request |= change.requests.is_some();
        touched.counted_attempt |= change.logins.is_some();
        touched.written_as = Some(admitted);
        return Ok(Written::Yes);
    }
    let Some(loaded) = touched.loaded.as_mut() else { return Ok(Written::Yes) };
    let gathered = surroundings.worker.deltas.take_page(address.page);
    let mut reservation = None;
    let pool = surroundings.pool();
    let decisive = change.ban.is_some() || change.mark.is_some();
    let mut turns = pool.give(loaded, &gathered, now);
    let found_room = pool.change(loaded, now, decisive, |cell, shape| {
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
                && counter.storage != Storage::Intervals
                && change.requests.is_some_and(|roles| roles.get(counter.key as usize) == Some(&true))
        };
        for counter in policy.counters.iter().filter(counted) {
            cell.add(counter, now, 1);
        }
        if let Some(logins) = change.logins {
            turns.extend(logins.apply(cell, shape, &policy.counters, now));
        }
        if let Some(session) = change.session {
            cell.set_session(shape, session);
        }
        if let Some(milestone) = change.milestone {
            cell.pass(shape, milestone, now);
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
        touched.counted_attempt |= change.reserve || !change.attempts.is_empty() || change.logins.is_some();
        touched.written_as = Some(admitted);
        touched.reservation = reservation;
        surroundings.worker.tell_of(turns);
        // Its version is no longer the stored one; a decision that is made again reads it anew.
        touched.loaded = None;
        if !found_room {
            // Told by the tick: a flood of invented clients must not make every request expensive.
            surroundings.worker.tally.add(Metric::Error(Failure::Capacity), 1);
        }
    } else {
        surroundings.worker.deltas.put_back(gathered);
    }
    written
}

/// Gives back what was reserved before a conflict turned the decision into a refusal.
fn release(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    let now = surroundings.now;
    let policy = surroundings.policy;
    let circumstances = &subject.circumstances;
    for touched in &mut subject.cells {
        let Some(reservation) = touched.reservation.take() else { continue };
        let roles = touched.roles;
        // A reservation that cannot be given back expires by itself.
        let _ = surroundings.pool().update(touched.address, now, false, |cell, shape| {
            cell.settle(shape, reservation);
            let attempts = |counter: &&Counter<'_>| {
                let own = !counter.key.is_aggregate() && roles.has(counter.key);
                own && counter.source == Source::Count(Event::LoginAttempt)
                    && circumstances.are_counted_by(counter)
            };
            for counter in policy.counters.iter().filter(attempts) {
                cell.take_back(counter, now);
            }
        });
    }
}
