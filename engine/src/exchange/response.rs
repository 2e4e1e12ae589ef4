//! The reply's head: how a login ended, and what is done with the body.

use super::decoy::Capture;
use super::outcome::{OutcomeWatch, Read};
use super::recognition::device_cookie;
use super::replying::Replying;
use super::settlement::{accept_offered, count_status, note_issued, settle};
use super::subject::{Finished, Subject};
use super::{Headers, Surroundings, header, starts_with_ignoring_case};
use crate::blob::Policy;
use crate::blob::counters::Source;
use crate::metrics::{LoginOutcome, Uninspected};
use crate::sensitive::{DetectorSet, ScanSettings, Scanner};
use crate::vocabulary::{Detector, Event, Mode};

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
        let authenticated = subject.route.and_then(|route| policy.routes.get(route as usize));
        let accepts =
            authenticated.is_some_and(|route| route.authenticated) && !policy.client_keys.is_empty();
        subject.login.is_some()
            || subject.search.detectors != 0
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
        let wants_body = watch.is_some() || capture.is_some() || self.subject.search.detectors != 0;
        let unreadable =
            if bodiless || !wants_body { None } else { unreadable(&self.subject, headers, status) };
        if let Some(reason) = unreadable {
            self.subject.skip(reason, surroundings);
            capture = None;
            if let Some(open) = watch.take() {
                settle(&mut self.subject, open.conclude(policy, Read::Nothing), surroundings);
            }
        }
        let search = self.subject.search;
        let scanner = (search.detectors != 0 && !bodiless && unreadable.is_none())
            .then(|| Scanner::new(scan_settings(&self.subject)));
        let mut plan = ResponsePlan {
            read_body: watch.is_some() || capture.is_some() || scanner.is_some(),
            ..ResponsePlan::default()
        };
        if self.subject.outcome == Some(LoginOutcome::Success) {
            plan.add.extend(device_cookie(&self.subject, surroundings));
        }
        let enforced = self.subject.mode == Mode::Enforce;
        if scanner.is_some() && enforced && search.mask != 0 {
            // A digest of what the upstream sent would not fit what the client gets.
            let stale = ["content-md5", "digest", "content-digest", "repr-digest"];
            plan.remove = stale.into_iter().filter(|name| header(headers, name).is_some()).collect();
        }
        let length =
            header(headers, "content-length").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let may_block = scanner.is_some() && enforced && search.block != 0;
        // The head gets the device's cookie only if the body proves a success.
        let may_add = watch.is_some() && surroundings.device_keys.is_some() && !policy.devices.is_empty();
        plan.hold = (may_block || may_add)
            && surroundings.settings.hold_headers
            && length.is_some_and(|length: u64| length <= surroundings.settings.longest_held());
        let is_held = plan.hold;
        let replying = Replying::new(self.subject, watch, scanner, capture, is_held);
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
    // By the reply, never by what the request claims to be: a header must not switch inspection off.
    if subject.is_tunnel
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
