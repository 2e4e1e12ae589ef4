//! A reply's body on its way: watched for a login's outcome, searched, and changed.

use super::decoy::Capture;
use super::inspection::Inspection;
use super::outcome::{OutcomeWatch, Read};
use super::recognition::device_cookie;
use super::search::Place;
use super::settlement::settle;
use super::subject::{Finished, Subject};
use super::{FieldChange, Headers, Reply, Surroundings, fields, findings};
use crate::metrics::{LoginOutcome, Metric, Uninspected};
use crate::sensitive::ScanWorld;
use crate::verdict::Action;

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

/// What is done when trailers end a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailersPlan {
    /// What becomes of what is held of the body.
    pub body: BodyStep,
    /// What becomes of the trailers.
    pub step: TrailersStep,
    /// Trailers whose values are overwritten.
    pub change: Vec<FieldChange>,
}

/// A reply whose body is passing through.
#[derive(Debug)]
pub struct Replying {
    pub(super) subject: Box<Subject>,
    pub(super) watch: Option<OutcomeWatch>,
    inspection: Option<Inspection>,
    /// What may become a decoy.
    capture: Option<Capture>,
    /// How much of a body that is not searched was held.
    waited: u64,
    pub(super) is_held: bool,
    /// What a held reply becomes; at most [`crate::settings::Settings::longest_held`] bytes.
    held: Vec<u8>,
    /// Whether what is held differs from what came.
    is_changed: bool,
    /// What a login that turned out well adds to the head, while it can be changed.
    pub(super) add: Vec<(&'static str, String)>,
}

impl Replying {
    pub(super) fn new(
        subject: Box<Subject>,
        watch: Option<OutcomeWatch>,
        inspection: Option<Inspection>,
        capture: Option<Capture>,
        is_held: bool,
    ) -> Self {
        Self {
            subject,
            watch,
            inspection,
            capture,
            waited: 0,
            is_held,
            held: Vec::new(),
            is_changed: false,
            add: Vec::new(),
        }
    }

    /// Header fields to append to a head that was held and is let go now.
    pub fn headers_to_add(&mut self) -> Vec<(&'static str, String)> {
        std::mem::take(&mut self.add)
    }

    /// The head could not be held after all: findings are overwritten as they pass.
    pub const fn let_go(&mut self) {
        self.is_held = false;
    }

    /// Reads the next bytes of the body. While the head is held, every chunk is given once, without those before it.
    #[inline(never)]
    pub fn body(&mut self, chunk: Vec<u8>, end: bool, surroundings: &mut Surroundings<'_, '_>) -> BodyStep {
        if let Some(watch) = &mut self.watch {
            watch.body(&chunk);
        }
        if let Some(capture) = &mut self.capture {
            capture.body(&chunk);
        }
        if end {
            self.conclude_outcome(Read::Whole, surroundings);
        } else if self.watch.as_ref().is_some_and(|watch| !watch.wants_more()) {
            self.conclude_outcome(Read::Beginning, surroundings);
        }
        let length = chunk.len() as u64;
        let Some(inspection) = &mut self.inspection else {
            self.waited = self.waited.saturating_add(length);
            // Held only for what its outcome adds to the head.
            self.is_held &= !end && self.watch.is_some() && self.waited <= surroundings.settings.buffer_limit;
            return if self.is_held { BodyStep::Wait } else { BodyStep::Pass };
        };
        let world = ScanWorld { policy: surroundings.policy, key: surroundings.key };
        let (scanned, uninspected) = inspection.push(chunk, end, world);
        self.note_findings(surroundings);
        if let Some(reason) = uninspected {
            self.subject.skip(reason, surroundings);
            self.give_back(surroundings);
        }
        if end {
            findings::conclude(&mut self.subject, surroundings);
        }
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
        let policy = surroundings.policy;
        let subject = &self.subject;
        let blocked =
            subject.search.would(policy, Place::Body, subject.found_in(Place::Body)) == Action::Block;
        if blocked {
            self.subject.verdict.action = Action::Block;
            self.inspection = None;
            let app = self.subject.app;
            let mode = self.subject.mode;
            let decision = Metric::Decision { app, mode, would: Action::Block, action: Action::Block };
            surroundings.worker.tally.add_now(decision, 1);
            return BodyStep::Refuse(Reply::withheld(&self.subject));
        }
        let held = std::mem::take(&mut self.held);
        let is_over = self.inspection.as_ref().is_some_and(Inspection::is_over);
        // What was cut between chunks is whole again at the end, so that only masked values make a difference there.
        let masked = self.subject.found_in(Place::Body).found().iter().any(|found| found.masked > 0);
        if self.is_changed && (masked || !is_over) { BodyStep::Write(held) } else { BodyStep::Pass }
    }

    /// Whether the body is looked at. Where not, it is passed by without its bytes.
    #[must_use]
    pub const fn reads_body(&self) -> bool {
        self.watch.is_some() || self.capture.is_some() || self.inspection.is_some() || self.is_held
    }

    /// Whether the trailers are looked at.
    #[must_use]
    pub fn searches_trailers(&self) -> bool {
        !self.subject.search.headers.is_empty()
    }

    /// Trailers end the body. They are given where [`searches_trailers`](Self::searches_trailers) asks for them.
    #[inline(never)]
    pub fn trailers(&mut self, trailers: &Headers, surroundings: &mut Surroundings<'_, '_>) -> TrailersPlan {
        let change = fields::search(&mut self.subject, trailers, surroundings);
        let (body, step) = self.end_with_trailers(surroundings);
        findings::conclude(&mut self.subject, surroundings);
        TrailersPlan { body, step, change }
    }

    fn end_with_trailers(&mut self, surroundings: &mut Surroundings<'_, '_>) -> (BodyStep, TrailersStep) {
        self.conclude_outcome(Read::Whole, surroundings);
        let Some(inspection) = &mut self.inspection else {
            self.is_held = false;
            return (BodyStep::Pass, TrailersStep::Continue);
        };
        let open = inspection.open_tail();
        // What waits is complete now, and counts; whether it can still be sent is another question.
        let was_over = inspection.is_over();
        let world = ScanWorld { policy: surroundings.policy, key: surroundings.key };
        let (scanned, uninspected) = inspection.push(Vec::new(), true, world);
        self.note_findings(surroundings);
        if let Some(reason) = uninspected {
            self.subject.skip(reason, surroundings);
        }
        if self.is_held {
            self.held.extend_from_slice(&scanned.output);
            self.is_changed |= scanned.changed;
            return (self.release(surroundings), TrailersStep::Continue);
        }
        if open > 0 && !was_over {
            self.subject.skip(Uninspected::Trailers, surroundings);
            return (BodyStep::Pass, TrailersStep::Reset);
        }
        (BodyStep::Pass, TrailersStep::Continue)
    }

    #[inline(never)]
    fn conclude_outcome(&mut self, read: Read, surroundings: &mut Surroundings<'_, '_>) {
        if let Some(watch) = self.watch.take() {
            let outcome = watch.conclude(surroundings.policy, read);
            settle(&mut self.subject, outcome, surroundings);
            if self.is_held && outcome == LoginOutcome::Success {
                self.add.extend(device_cookie(&self.subject, surroundings));
            }
        }
        if let Some(capture) = self.capture.take_if(|_| read == Read::Whole)
            && self.subject.outcome == Some(LoginOutcome::Failure)
        {
            capture.learn(&self.subject, surroundings);
        }
    }

    /// Counts what was found since the last time.
    #[inline(never)]
    fn note_findings(&mut self, surroundings: &mut Surroundings<'_, '_>) {
        let Some(inspection) = &mut self.inspection else { return };
        let found = inspection.take_findings();
        findings::note(&mut self.subject, Place::Body, found, surroundings);
    }

    /// Gives the memory of a decoder that is of no use any more to others.
    fn give_back(&mut self, surroundings: &mut Surroundings<'_, '_>) {
        let decoding = std::mem::take(&mut self.subject.decoding);
        surroundings.worker.decoding = surroundings.worker.decoding.saturating_sub(decoding);
    }

    /// What there is to tell. A login whose reply broke off is judged by what was read of it.
    #[must_use]
    #[inline(never)]
    pub fn finish(mut self, surroundings: &mut Surroundings<'_, '_>) -> Finished {
        self.conclude_outcome(Read::Beginning, surroundings);
        if let Some(inspection) = self.inspection.as_mut().filter(|inspection| !inspection.is_over()) {
            // A reply that was cut: what its last bytes hold has been seen by nobody, or by the client.
            let world = ScanWorld { policy: surroundings.policy, key: surroundings.key };
            let _ = inspection.push(Vec::new(), true, world);
            self.note_findings(surroundings);
        }
        findings::conclude(&mut self.subject, surroundings);
        self.give_back(surroundings);
        Finished { subject: *self.subject }
    }
}
