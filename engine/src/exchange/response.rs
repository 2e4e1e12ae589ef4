//! The reply's head: how a login ended, and what is done with the body.

use super::decoy::Capture;
use super::fields;
use super::inspection::Inspection;
use super::outcome::{OutcomeWatch, Read};
use super::recognition::device_cookie;
use super::replying::Replying;
use super::search::Place;
use super::settlement::{accept_offered, count_status, note_issued, settle};
use super::subject::{Finished, Subject};
use super::{Headers, Surroundings, header};
use crate::blob::Policy;
use crate::blob::counters::Source;
use crate::clock::Millis;
use crate::http::coding::Coding;
use crate::metrics::{LoginOutcome, Uninspected};
use crate::sensitive::{BodyKind, ScanSettings};
use crate::vocabulary::{Event, Mode};

/// The most memory that the decoders of one worker hold together: 256 replies in gzip, or seven in brotli.
pub(crate) const MOST_DECODING: usize = 16 * 1024 * 1024;

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
    /// Header fields to append, beside those of the same name.
    pub add: Vec<(&'static str, String)>,
    /// Header fields whose values are overwritten.
    pub change: Vec<FieldChange>,
    /// Whether the body is to be given to [`Replying::body`].
    pub read_body: bool,
    /// Whether the trailers are to be given to [`Replying::trailers`], where some follow.
    pub read_trailers: bool,
    /// Whether the head is to be held until the body was read; only where the host can.
    pub hold: bool,
}

/// A header field or trailer whose values take the place of those that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name.
    pub name: String,
    /// All its values, in their order.
    pub values: Vec<Vec<u8>>,
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
        let authenticated = subject.route.and_then(|route| policy.routes.get(route as usize));
        let accepts =
            authenticated.is_some_and(|route| route.authenticated) && !policy.client_keys.is_empty();
        subject.login.is_some()
            || subject.search.is_of_reply()
            || (counts_status && !subject.is_exempt())
            || accepts
    }

    /// Whether what the reply shows is written with its time. Where not, the request's time serves as well.
    #[must_use]
    pub fn needs_clock(&self, policy: &Policy<'_>) -> bool {
        let counts_replies = |counter: &crate::blob::counters::Counter<'_>| {
            matches!(counter.source, Source::Count(Event::ResponseStatus(_) | Event::SensitiveFound))
        };
        self.subject.login.is_some()
            || !policy.client_keys.is_empty()
            || policy.counters.iter().any(counts_replies)
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
        note_issued(&mut self.subject, headers, surroundings);
        accept_offered(&mut self.subject, status, surroundings);
        let bodiless =
            end_of_stream || self.subject.is_head || status == 204 || status == 304 || status < 200;
        let mut watch = self.subject.login.map(|login| OutcomeWatch::new(policy, login, headers));
        if let Some(outcome) = watch.as_ref().and_then(|watch| watch.proven_by_head(policy)) {
            watch = None;
            settle(&mut self.subject, outcome, surroundings);
        }
        let mut capture = Capture::new(&self.subject, headers, status, surroundings);
        if bodiless && let Some(open) = watch.take() {
            settle(&mut self.subject, open.conclude(policy, Read::Whole), surroundings);
        }
        let decided = self.subject.outcome;
        let is_over = bodiless || decided.is_some_and(|outcome| outcome != LoginOutcome::Failure);
        if is_over
            && let Some(capture) = capture.take()
            && decided == Some(LoginOutcome::Failure)
        {
            capture.learn(&self.subject, surroundings);
        }
        let searches = !self.subject.search.body.is_empty();
        let wants_body = watch.is_some() || capture.is_some() || searches;
        let body = if bodiless || !wants_body {
            Err(None)
        } else {
            readable(&self.subject, headers, status).map_err(Some)
        };
        let coding =
            header(headers, "content-encoding").filter(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        let unreadable =
            body.err().flatten().or_else(|| coding.filter(|_| body.is_ok()).map(|_| Uninspected::Compressed));
        if unreadable.is_some() {
            capture = None;
            if let Some(open) = watch.take() {
                settle(&mut self.subject, open.conclude(policy, Read::Nothing), surroundings);
            }
        }
        let enforced = self.subject.mode == Mode::Enforce;
        let settings = searches.then(|| self.subject.search.settings(policy, Place::Body, enforced));
        let changes = settings.as_ref().is_some_and(ScanSettings::changes_something);
        let removes = settings.as_ref().is_some_and(ScanSettings::removes_something);
        let inspection = match (settings, body, coding.map(Coding::of)) {
            (Some(settings), Ok(kind), None) => Some(Inspection::new(settings, kind, None)),
            (Some(settings), Ok(kind), Some(Some(coding))) => {
                self.decoded(settings, kind, coding, surroundings)
            }
            _ => None,
        };
        if let Some(reason) = unreadable.filter(|_| inspection.is_none()) {
            self.subject.skip(reason, surroundings);
        }
        self.subject.is_inspected = inspection.is_some();
        let mut plan = ResponsePlan {
            read_body: watch.is_some() || capture.is_some() || inspection.is_some(),
            read_trailers: !bodiless && !self.subject.search.headers.is_empty(),
            change: fields::search(&mut self.subject, headers, surroundings),
            ..ResponsePlan::default()
        };
        if self.subject.outcome == Some(LoginOutcome::Success) {
            plan.add.extend(device_cookie(&self.subject, surroundings));
        }
        let is_direct = inspection.as_ref().is_some_and(Inspection::is_direct);
        if is_direct && changes {
            // A digest or validator of what the upstream sent would not fit what the client gets.
            let stale = ["content-md5", "digest", "content-digest", "repr-digest", "etag"];
            plan.remove = stale.into_iter().filter(|name| header(headers, name).is_some()).collect();
        }
        let length =
            header(headers, "content-length").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        if is_direct && removes && length.is_some() {
            plan.remove.push("content-length");
        }
        let may_block = inspection.is_some() && enforced && self.subject.search.may_block(policy);
        // The head gets the device's cookie only if the body proves a success.
        let may_add = watch.is_some() && surroundings.device_keys.is_some() && !policy.devices.is_empty();
        plan.hold = (may_block || may_add)
            && surroundings.settings.hold_headers
            && length.is_some_and(|length: u64| length <= surroundings.settings.longest_held());
        let is_held = plan.hold;
        let replying = Replying::new(self.subject, watch, inspection, capture, is_held);
        (replying, plan)
    }

    /// Begins to read a compressed body, where the worker has memory for it.
    fn decoded(
        &mut self,
        settings: ScanSettings,
        kind: BodyKind,
        coding: Coding,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> Option<Inspection> {
        let needs = coding.most_memory();
        if surroundings.worker.decoding.saturating_add(needs) > MOST_DECODING {
            self.subject.skip(Uninspected::Busy, surroundings);
            return None;
        }
        surroundings.worker.decoding = surroundings.worker.decoding.saturating_add(needs);
        self.subject.decoding = needs;
        Some(Inspection::new(settings, kind, Some(coding)))
    }

    /// When the request was decided.
    #[must_use]
    pub const fn decided_at(&self) -> Millis {
        self.subject.decided_at
    }

    /// What there is to tell when no reply came, or none was needed to be read.
    #[must_use]
    pub fn finish(mut self, surroundings: &mut Surroundings<'_, '_>) -> Finished {
        super::findings::conclude(&mut self.subject, surroundings);
        Finished { subject: *self.subject }
    }
}

/// How a body is read, or why it is not.
fn readable(subject: &Subject, headers: &Headers, status: u16) -> Result<BodyKind, Uninspected> {
    // By the reply, never by what the request claims to be: a header must not switch inspection off.
    if subject.is_tunnel || status == 101 {
        return Err(Uninspected::Streamed);
    }
    if status == 206 {
        return Err(Uninspected::Partial);
    }
    BodyKind::of(header(headers, "content-type").unwrap_or_default())
}
