//! A reply's body on its way: watched for a login's outcome, searched, and changed.

use super::decoy::Capture;
use super::outcome::{OutcomeWatch, Read};
use super::recognition::device_cookie;
use super::settlement::{count, settle};
use super::subject::{Finished, Subject};
use super::{Reply, Surroundings};
use crate::metrics::{LoginOutcome, Metric, Uninspected};
use crate::sensitive::Scanner;
use crate::verdict::Action;
use crate::vocabulary::{Detector, Event, Mode};

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
    pub(super) subject: Box<Subject>,
    pub(super) watch: Option<OutcomeWatch>,
    pub(super) scanner: Option<Scanner>,
    /// What may become a decoy.
    capture: Option<Capture>,
    /// How much of a body that is not searched was held.
    waited: u64,
    pub(super) is_held: bool,
    /// What a held reply becomes; at most [`crate::settings::Settings::longest_held`] bytes.
    held: Vec<u8>,
    /// Whether what is held differs from what came.
    is_changed: bool,
    is_over: bool,
    /// What a login that turned out well adds to the head, while it can be changed.
    pub(super) add: Vec<(&'static str, String)>,
}

impl Replying {
    pub(super) fn new(
        subject: Box<Subject>,
        watch: Option<OutcomeWatch>,
        scanner: Option<Scanner>,
        capture: Option<Capture>,
        is_held: bool,
    ) -> Self {
        Self {
            subject,
            watch,
            scanner,
            capture,
            waited: 0,
            is_held,
            held: Vec::new(),
            is_changed: false,
            is_over: false,
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
        let Some(scanner) = &mut self.scanner else {
            self.waited = self.waited.saturating_add(length);
            // Held only for what its outcome adds to the head.
            self.is_held &= !end && self.watch.is_some() && self.waited <= surroundings.settings.buffer_limit;
            return if self.is_held { BodyStep::Wait } else { BodyStep::Pass };
        };
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
            self.subject.verdict.action = Action::Block;
            self.scanner = None;
            let app = self.subject.app;
            let mode = self.subject.mode;
            let decision = Metric::Decision { app, mode, would: Action::Block, action: Action::Block };
            surroundings.worker.tally.add_now(decision, 1);
            return BodyStep::Refuse(Reply::withheld(&self.subject));
        }
        let held = std::mem::take(&mut self.held);
        // What was cut between chunks is whole again at the end, so that only masked values make a difference there.
        let masked = self.subject.masked.iter().any(|count| *count > 0);
        if self.is_changed && (masked || !self.is_over) { BodyStep::Write(held) } else { BodyStep::Pass }
    }

    /// Trailers end the body.
    #[inline(never)]
    pub fn trailers(&mut self, surroundings: &mut Surroundings<'_, '_>) -> (BodyStep, TrailersStep) {
        self.conclude_outcome(Read::Whole, surroundings);
        let Some(scanner) = &mut self.scanner else {
            self.is_held = false;
            return (BodyStep::Pass, TrailersStep::Continue);
        };
        if self.is_held {
            let scanned = scanner.push(Vec::new(), true);
            self.is_over = true;
            self.held.extend_from_slice(&scanned.output);
            self.is_changed |= scanned.changed;
            self.note_findings(surroundings);
            return (self.release(surroundings), TrailersStep::Continue);
        }
        if self.subject.search.mask == 0 || self.subject.mode == Mode::Report {
            // Nothing is overwritten, so nothing was kept back; only the last candidate is still to be counted.
            let _ = scanner.push(Vec::new(), true);
            self.note_findings(surroundings);
            return (BodyStep::Pass, TrailersStep::Continue);
        }
        if scanner.open_tail() > 0 && !self.is_over {
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
        if !self.subject.is_exempt() {
            count(&self.subject, surroundings, new, |event| event == Event::SensitiveFound);
        }
    }

    /// What there is to tell. A login whose reply broke off is judged by what was read of it.
    #[must_use]
    #[inline(never)]
    pub fn finish(mut self, surroundings: &mut Surroundings<'_, '_>) -> Finished {
        self.conclude_outcome(Read::Beginning, surroundings);
        Finished { subject: *self.subject }
    }
}
