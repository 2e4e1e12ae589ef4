//! The reply: how a login ended, what its body holds, and what is done about it.

use super::identity::key_cell;
use super::outcome::OutcomeWatch;
use super::subject::{Finished, Subject};
use super::{Headers, Reply, Surroundings, all_headers, failure_of, header, starts_with_ignoring_case};
use crate::blob::Policy;
use crate::blob::client::ClientKeyKind;
use crate::blob::counters::{Counter, Source};
use crate::http::cookie::set_cookie;
use crate::metrics::{LoginOutcome, Metric, Uninspected};
use crate::sensitive::{DetectorSet, ScanSettings, Scanner};
use crate::state::pool::CellAddress;
use crate::verdict::Action;
use crate::vocabulary::{Detector, Event, Mode};

/// How long a client key counts after the upstream issued or accepted it, in seconds.
const VOUCHED_SECONDS: u32 = 86_400;

/// A request that went to the upstream.
#[derive(Debug)]
pub struct AwaitReply {
    subject: Box<Subject>,
}

/// What is done with a reply's head, and with its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponsePlan {
    /// Header fields to remove.
    pub remove: Vec<&'static str>,
    /// Whether the body is to be given to [`Replying::body`].
    pub read_body: bool,
    /// Whether the head is to be held until the body was read; only where the host can.
    pub hold: bool,
}

impl AwaitReply {
    pub(crate) const fn new(subject: Box<Subject>) -> Self {
        Self { subject }
    }

    /// Whether the reply's head must be read. Where not, the host need not be asked for it.
    #[must_use]
    pub fn needs_head(&self, policy: &Policy<'_>) -> bool {
        let subject = &self.subject;
        let counts_status = policy.counters.iter().any(|counter| {
            matches!(counter.source, Source::Count(Event::ResponseStatus(_)))
                && subject.cells.iter().any(|cell| cell.roles.has(counter.key))
        });
        let issues = policy.client_keys.iter().any(|key| key.kind == ClientKeyKind::IssuedCookie);
        subject.login.is_some()
            || subject.search.detectors != 0
            || !subject.offered.is_empty()
            || (counts_status && subject.exempt != 0b1111)
            || issues
    }

    /// Reads the reply's head.
    #[must_use]
    pub fn response_head(
        mut self,
        headers: &Headers,
        end_of_stream: bool,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> (Replying, ResponsePlan) {
        let policy = surroundings.policy;
        let status = header(headers, ":status").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let status: u16 = status.unwrap_or(0);
        count_status(&self.subject, status, surroundings);
        vouch(&mut self.subject, headers, status, surroundings);
        let bodiless =
            end_of_stream || self.subject.is_head || status == 204 || status == 304 || status < 200;
        let mut watch = self.subject.login.map(|login| OutcomeWatch::new(policy, login, headers));
        if let Some(outcome) = watch.as_ref().and_then(|watch| watch.proven_by_head(policy)) {
            watch = None;
            settle(&mut self.subject, outcome, surroundings);
        }
        if bodiless && let Some(open) = watch.take() {
            settle(&mut self.subject, open.conclude(policy, true), surroundings);
        }
        let wants_body = watch.is_some() || self.subject.search.detectors != 0;
        let unreadable =
            if bodiless || !wants_body { None } else { unreadable(&self.subject, headers, status) };
        if let Some(reason) = unreadable {
            self.subject.skip(reason, surroundings);
            if let Some(open) = watch.take() {
                settle(&mut self.subject, open.conclude(policy, false), surroundings);
            }
        }
        let search = self.subject.search;
        let scanner = (search.detectors != 0 && !bodiless && unreadable.is_none())
            .then(|| Scanner::new(scan_settings(&self.subject)));
        let mut plan =
            ResponsePlan { read_body: watch.is_some() || scanner.is_some(), ..ResponsePlan::default() };
        let enforced = self.subject.mode == Mode::Enforce;
        if scanner.is_some() && enforced && search.mask != 0 {
            // A digest of what the upstream sent would not fit what the client gets.
            let stale = ["content-md5", "digest", "content-digest", "repr-digest"];
            plan.remove = stale.into_iter().filter(|name| header(headers, name).is_some()).collect();
        }
        let length =
            header(headers, "content-length").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        plan.hold = scanner.is_some()
            && enforced
            && search.block != 0
            && surroundings.settings.hold_headers
            && length.is_some_and(|length: u64| length <= surroundings.settings.longest_held());
        let is_held = plan.hold;
        let replying = Replying {
            subject: self.subject,
            watch,
            scanner,
            is_held,
            held: Vec::new(),
            is_changed: false,
            is_over: false,
        };
        (replying, plan)
    }

    /// What there is to tell when no reply came, or none was needed to be read.
    #[must_use]
    pub fn finish(self) -> Finished {
        Finished { subject: *self.subject }
    }
}

fn scan_settings(subject: &Subject) -> ScanSettings {
    let masks = if subject.mode == Mode::Enforce { subject.search.mask } else { 0 };
    let set = |bits: u16| {
        let chosen = Detector::ALL.into_iter().filter(|detector| bits & (1 << *detector as u16) != 0);
        chosen.fold(DetectorSet::default(), DetectorSet::with)
    };
    ScanSettings {
        detectors: set(subject.search.detectors),
        mask: set(masks),
        keep_last: subject.search.keep_last,
    }
}

/// Why a body cannot be read, where it cannot.
fn unreadable(subject: &Subject, headers: &Headers, status: u16) -> Option<Uninspected> {
    let kind = header(headers, "content-type").unwrap_or_default();
    let is = |prefix| starts_with_ignoring_case(kind, prefix);
    if subject.is_stream
        || status == 101
        || is("text/event-stream")
        || is("application/grpc")
        || is("multipart/x-mixed-replace")
    {
        Some(Uninspected::Streamed)
    } else if header(headers, "content-encoding")
        .is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity"))
    {
        Some(Uninspected::Compressed)
    } else if status == 206 {
        Some(Uninspected::Partial)
    } else if ["image/", "audio/", "video/", "font/", "application/octet-stream", "application/zip"]
        .into_iter()
        .any(is)
    {
        Some(Uninspected::Binary)
    } else {
        None
    }
}

fn count_status(subject: &Subject, status: u16, surroundings: &mut Surroundings<'_, '_>) {
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
fn count(
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
        let written = surroundings.pool().update(touched.address, now, |cell, _| {
            for counter in policy.counters.iter().filter(applies) {
                cell.add(counter, now, events);
            }
        });
        if let Err(error) = written {
            surroundings.worker.tally.add_now(Metric::Error(failure_of(error)), 1);
        }
    }
}

/// Lets cookies that the upstream issued, and headers that it accepted, name a client from now on.
fn vouch(subject: &mut Subject, headers: &Headers, status: u16, surroundings: &mut Surroundings<'_, '_>) {
    let policy = surroundings.policy;
    let mut vouched: Vec<CellAddress> = Vec::new();
    for key in policy.client_keys.iter().filter(|key| key.kind == ClientKeyKind::IssuedCookie) {
        let issued = all_headers(headers, "set-cookie").into_iter().filter_map(set_cookie);
        for (_, value) in issued.filter(|(name, value)| *name == key.name.as_bytes() && !value.is_empty()) {
            vouched.push(key_cell(key.kind, key.name, value, surroundings).1);
        }
    }
    let authenticated = subject.route.and_then(|route| policy.routes.get(route as usize));
    if (200..300).contains(&status) && authenticated.is_some_and(|route| route.authenticated) {
        vouched.append(&mut subject.offered);
    }
    let now = surroundings.now;
    for address in vouched {
        let mut pool = surroundings.pool();
        let until = pool
            .load(address)
            .ok()
            .and_then(|loaded| Some(pool.cell(&loaded)?.vouched_until(pool.shape(address)?)));
        // Renewed when half of it is over, so that most requests write nothing.
        if until.unwrap_or(0) > now.seconds().saturating_add(VOUCHED_SECONDS / 2) {
            continue;
        }
        let written = pool.update(address, now, |cell, shape| {
            cell.vouch(shape, now.seconds().saturating_add(VOUCHED_SECONDS));
        });
        if let Err(error) = written {
            surroundings.worker.tally.add_now(Metric::Error(failure_of(error)), 1);
        }
    }
}

/// Writes how a login ended, and gives its reservations back.
fn settle(subject: &mut Subject, outcome: LoginOutcome, surroundings: &mut Surroundings<'_, '_>) {
    subject.outcome = Some(outcome);
    surroundings.worker.tally.add_now(Metric::Login { app: subject.app, outcome }, 1);
    let policy = surroundings.policy;
    let now = surroundings.now;
    let event = match outcome {
        LoginOutcome::Success => Some(Event::LoginSuccess),
        LoginOutcome::Failure => Some(Event::LoginFailure),
        LoginOutcome::Unknown => None,
    };
    let mut failed = None;
    for touched in &mut subject.cells {
        let Some(reservation) = touched.reservation.take() else { continue };
        let roles = touched.roles;
        let counts = |counter: &&Counter<'_>| {
            roles.has(counter.key) && event.is_some_and(|event| counter.source == Source::Count(event))
        };
        let written = surroundings.pool().update(touched.address, now, |cell, shape| {
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

/// What is done with a chunk of a reply's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyStep {
    /// It goes on as it is.
    Pass,
    /// This takes its place.
    Write(Vec<u8>),
    /// It waits: the head is still held.
    Wait,
    /// This takes the place of the whole reply, whose head is still held.
    Refuse(Reply),
}

/// What is done when trailers end a reply's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailersStep {
    /// They go on.
    Continue,
    /// The end of the body waits in the filter and the host has no way to send it any more: the reply is reset.
    Reset,
}

/// A reply whose body is passing through.
#[derive(Debug)]
pub struct Replying {
    subject: Box<Subject>,
    watch: Option<OutcomeWatch>,
    scanner: Option<Scanner>,
    is_held: bool,
    /// What a held reply becomes; at most [`crate::settings::Settings::longest_held`] bytes.
    held: Vec<u8>,
    /// Whether what is held differs from what came.
    is_changed: bool,
    is_over: bool,
}

impl Replying {
    /// The head could not be held after all: findings are overwritten as they pass.
    pub const fn let_go(&mut self) {
        self.is_held = false;
    }

    /// Reads the next bytes of the body. While the head is held, every chunk is given once, without those before it.
    pub fn body(&mut self, chunk: Vec<u8>, end: bool, surroundings: &mut Surroundings<'_, '_>) -> BodyStep {
        if let Some(watch) = &mut self.watch {
            watch.body(&chunk);
        }
        if end || self.watch.as_ref().is_some_and(|watch| !watch.wants_more()) {
            self.conclude_outcome(surroundings);
        }
        let Some(scanner) = &mut self.scanner else { return BodyStep::Pass };
        let length = chunk.len() as u64;
        let scanned = scanner.push(chunk, end);
        self.note_findings(surroundings);
        self.is_over |= end;
        if !self.is_held {
            return if scanned.changed { BodyStep::Write(scanned.output) } else { BodyStep::Pass };
        }
        self.held.extend_from_slice(&scanned.output);
        self.is_changed |= scanned.changed;
        // The host promised a length. One that sends more is not held any longer than agreed.
        let too_long = (self.held.len() as u64).saturating_add(length) > surroundings.settings.buffer_limit;
        if end || too_long { self.release(surroundings) } else { BodyStep::Wait }
    }

    fn release(&mut self, surroundings: &mut Surroundings<'_, '_>) -> BodyStep {
        self.is_held = false;
        let blocked = Detector::ALL
            .into_iter()
            .zip(self.subject.found)
            .any(|(detector, count)| count > 0 && self.subject.search.block & (1 << detector as u16) != 0);
        if blocked {
            self.subject.withheld = true;
            self.subject.verdict.action = Action::Block;
            self.scanner = None;
            let app = self.subject.app;
            let mode = self.subject.mode;
            let decision = Metric::Decision { app, mode, would: Action::Block, action: Action::Block };
            surroundings.worker.tally.add_now(decision, 1);
            return BodyStep::Refuse(Reply::withheld(&self.subject));
        }
        // What was cut between chunks is whole again here, so only masked values make a difference.
        let masked = self.is_changed && self.subject.masked.iter().any(|count| *count > 0);
        let held = std::mem::take(&mut self.held);
        if masked { BodyStep::Write(held) } else { BodyStep::Pass }
    }

    /// Trailers end the body.
    pub fn trailers(&mut self, surroundings: &mut Surroundings<'_, '_>) -> (BodyStep, TrailersStep) {
        self.conclude_outcome(surroundings);
        let Some(scanner) = &mut self.scanner else { return (BodyStep::Pass, TrailersStep::Continue) };
        if self.is_held {
            let scanned = scanner.push(Vec::new(), true);
            self.held.extend_from_slice(&scanned.output);
            self.is_changed |= scanned.changed;
            self.note_findings(surroundings);
            return (self.release(surroundings), TrailersStep::Continue);
        }
        if scanner.open_tail() > 0 && !self.is_over {
            self.subject.skip(Uninspected::Trailers, surroundings);
            return (BodyStep::Pass, TrailersStep::Reset);
        }
        (BodyStep::Pass, TrailersStep::Continue)
    }

    fn conclude_outcome(&mut self, surroundings: &mut Surroundings<'_, '_>) {
        if let Some(watch) = self.watch.take() {
            let outcome = watch.conclude(surroundings.policy, true);
            settle(&mut self.subject, outcome, surroundings);
        }
    }

    /// Counts what was found since the last time.
    fn note_findings(&mut self, surroundings: &mut Surroundings<'_, '_>) {
        let Some(scanner) = &self.scanner else { return };
        let findings = *scanner.findings();
        let app = self.subject.app;
        let mut new = 0;
        for detector in Detector::ALL {
            let slot = detector as usize;
            let of = |counts: &[u32; Detector::ALL.len()]| counts.get(slot).copied().unwrap_or(0);
            let found = findings.found(detector).saturating_sub(of(&self.subject.found));
            let masked = findings.masked(detector).saturating_sub(of(&self.subject.masked));
            if found > 0 {
                surroundings.worker.tally.add_now(Metric::Found { app, detector }, u64::from(found));
                new += found;
            }
            if masked > 0 {
                surroundings.worker.tally.add_now(Metric::Masked { app, detector }, u64::from(masked));
            }
            if let Some(count) = self.subject.found.get_mut(slot) {
                *count = findings.found(detector);
            }
            if let Some(count) = self.subject.masked.get_mut(slot) {
                *count = findings.masked(detector);
            }
        }
        if new == 0 {
            return;
        }
        let search = self.subject.search;
        let any = |bits: u16| {
            let found = self.subject.found;
            Detector::ALL.into_iter().zip(found).any(|(of, count)| count > 0 && bits & (1 << of as u16) != 0)
        };
        let would = if any(search.block) {
            Action::Block
        } else if any(search.mask) {
            Action::Mask
        } else {
            Action::Tag
        };
        let masked = self.subject.masked.iter().any(|count| *count > 0);
        let enforced = self.subject.mode == Mode::Enforce;
        let action = if masked {
            Action::Mask
        } else if enforced {
            Action::Tag
        } else {
            Action::None
        };
        let verdict = &mut self.subject.verdict;
        verdict.would = verdict.would.max(would);
        verdict.action = verdict.action.max(action);
        if self.subject.exempt != 0b1111 {
            count(&self.subject, surroundings, new, |event| event == Event::SensitiveFound);
        }
    }

    /// What there is to tell.
    #[must_use]
    pub fn finish(self) -> Finished {
        Finished { subject: *self.subject }
    }
}
