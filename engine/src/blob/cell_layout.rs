//! Where in a cell each count lies.

use super::counters::{CELL_HEAD_LEN, CellKind, CellShape, Counter, SESSION_LEN, Source, Storage, USUAL_LEN};
use super::draft::{ActionDraft, Condition, CounterDraft, CounterSource, FlowKind, PolicyDraft};
use super::write_detectors::UsedDetectors;
use crate::state::decay::DECAY_LEN;
use crate::state::intervals::INTERVALS_LEN;
use crate::state::pulse::PULSE_LEN;
use crate::vocabulary::{Event, Moment, Threat};
use sha2::{Digest as _, Sha256};
use std::marker::PhantomData;

/// Above this many, distinct values are estimated.
const EXACT_UP_TO: u32 = 32;

/// Gives every counter its place in its cell.
pub(crate) fn lay_out<'d>(
    draft: &'d PolicyDraft,
    used: &UsedDetectors<'_>,
) -> (Vec<Counter<'d>>, Vec<CellShape<'static>>) {
    let mut shapes: Vec<CellShape<'static>> = CellKind::ALL.map(|kind| empty_shape(kind, draft)).into();
    let mut counters = Vec::new();
    for counter in &draft.counters {
        let (source, parameter) = source(counter);
        let (storage, size, len) = storage(counter, source);
        let shape = shapes.iter_mut().find(|shape| shape.kind == CellKind::of(counter.key));
        let offset = shape.map_or(super::counters::ABSENT, |shape| {
            if reserves(counter) && shape.pending == super::counters::ABSENT {
                shape.pending = place(shape, 12);
            }
            place(shape, len)
        });
        counters.push(Counter {
            name: &counter.name,
            source,
            parameter,
            key: counter.key,
            window_ms: counter.window_ms,
            highest_threshold: counter.highest_threshold,
            lowest_threshold: draft.lowest_threshold(counter),
            flush_at: counter.flush_at.max(1),
            storage,
            size,
            offset,
            whose: counter.whose,
            moment: counter.moment,
            finds: used.bits(&counter.finds),
            blob: PhantomData,
        });
    }
    for shape in &mut shapes {
        shape.definitions = definitions(shape, &counters, used);
    }
    (counters, shapes)
}

fn source(counter: &CounterDraft) -> (Source, &str) {
    match &counter.source {
        CounterSource::Count(event) | CounterSource::Slow(event) | CounterSource::Regularity(event) => {
            (Source::Count(*event), "")
        }
        CounterSource::Distinct(value, name) => {
            (Source::Distinct(*value), name.as_deref().unwrap_or_default())
        }
    }
}

/// Whether open attempts count in it until their outcome is known.
fn reserves(counter: &CounterDraft) -> bool {
    let by_outcome = match &counter.source {
        CounterSource::Count(event) | CounterSource::Slow(event) => {
            matches!(event, Event::LoginFailure | Event::LoginSuccess | Event::LoginAttempt)
        }
        CounterSource::Distinct(..) => counter.moment == Moment::Failure,
        CounterSource::Regularity(_) => false,
    };
    by_outcome && !counter.key.is_aggregate()
}

const fn place(shape: &mut CellShape<'_>, len: u16) -> u16 {
    let offset = shape.len;
    shape.len = shape.len.saturating_add(len);
    offset
}

fn storage(counter: &CounterDraft, source: Source) -> (Storage, u16, u16) {
    let highest = counter.highest_threshold;
    if counter.key == crate::vocabulary::CounterKey::LoginPassword {
        return (Storage::Sketch, 0, 0);
    }
    match (&counter.source, source) {
        (CounterSource::Slow(_), _) => (Storage::Decay, 0, small(DECAY_LEN)),
        (CounterSource::Regularity(_), _) => (Storage::Intervals, 0, small(INTERVALS_LEN)),
        (_, Source::Count(_)) => (Storage::Buckets, 0, 20),
        (_, Source::Distinct(_)) if highest <= EXACT_UP_TO => {
            // One more than is compared with, so that "over" can be told.
            let entries = u16::try_from(highest).unwrap_or(u16::MAX).saturating_add(1);
            (Storage::ExactSet, entries, entries.saturating_mul(4).saturating_add(4))
        }
        (_, Source::Distinct(_)) => {
            // Twice the number keeps the standard error of linear counting under 5 %. So does once the number from 256
            // on: the error of a full map of 512 bits is 3.7 %.
            let bits = highest.saturating_mul(2).next_power_of_two().clamp(64, 512);
            let bits = u16::try_from(bits).unwrap_or(512);
            (Storage::Bitmap, bits, (bits / 8).saturating_mul(4).saturating_add(4))
        }
    }
}

fn small(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

fn empty_shape(kind: CellKind, draft: &PolicyDraft) -> CellShape<'static> {
    let mut shape = CellShape::unused(kind);
    match kind {
        CellKind::Caller => place_caller_parts(&mut shape, draft),
        CellKind::Route => {
            if draft.has_condition(|condition| *condition == Condition::UnderAttack) {
                shape.pulse = place(&mut shape, small(PULSE_LEN));
            }
            if draft.counters.iter().any(|counter| source(counter).0.asks_usual()) {
                shape.usual = place(&mut shape, USUAL_LEN);
            }
        }
        _ => {}
    }
    shape
}

fn place_caller_parts(shape: &mut CellShape<'static>, draft: &PolicyDraft) {
    let actions = || draft.ladders.iter().flat_map(|ladder| ladder.steps.iter().map(|step| &step.action));
    if actions().any(|action| matches!(action, ActionDraft::Block { for_ms: 1.., .. })) {
        shape.ban = place(shape, 12);
    }
    if !draft.client.keys.is_empty() {
        shape.vouched = place(shape, 4);
    }
    if actions().any(|action| matches!(action, ActionDraft::Throttle { .. })) {
        shape.throttle = place(shape, 8);
    }
    for threat in Threat::ALL {
        let trapped =
            |app: &crate::blob::draft::AppDraft| app.honeypots.iter().any(|pot| pot.threat == threat);
        if draft.apps.iter().any(trapped) {
            let offset = place(shape, 12);
            if let Some(mark) = shape.marks.get_mut(threat as usize) {
                *mark = offset;
            }
        }
    }
    let asks_session =
        |condition: &Condition| matches!(condition, Condition::SessionMoved(_) | Condition::SessionOlder(_));
    if !draft.flows.is_empty() || draft.has_condition(asks_session) {
        shape.session = place(shape, SESSION_LEN);
    }
    let milestones = small(draft.milestones().len());
    if milestones > 0 {
        shape.milestones = place(shape, milestones.saturating_mul(4));
    }
}

impl PolicyDraft {
    /// Whether any rule asks this, at any depth.
    pub(crate) fn has_condition(&self, asks: impl Fn(&Condition) -> bool) -> bool {
        let mut open: Vec<&Condition> = self.rules.iter().map(|rule| &rule.when).collect();
        while let Some(condition) = open.pop() {
            if asks(condition) {
                return true;
            }
            match condition {
                Condition::All(parts) | Condition::Any(parts) => open.extend(parts),
                Condition::Not(part) => open.push(part),
                _ => {}
            }
        }
        false
    }

    /// The routes whose last visit is kept for flows: positions of app and route, each once.
    pub(crate) fn milestones(&self) -> Vec<(usize, usize)> {
        let mut routes = Vec::new();
        for flow in &self.flows {
            let FlowKind::Without(needed) = &flow.kind else { continue };
            for route in needed {
                if !routes.contains(&(flow.app, *route)) {
                    routes.push((flow.app, *route));
                }
            }
        }
        routes
    }
}

/// Everything that gives the bytes of a cell their meaning; a policy with other text for the same counts keeps them.
fn definitions(shape: &CellShape<'_>, counters: &[Counter<'_>], used: &UsedDetectors<'_>) -> u64 {
    let mut digest = Sha256::new();
    digest.update([shape.kind as u8]);
    for part in [shape.len, shape.ban, shape.vouched, shape.throttle, shape.pending] {
        digest.update(part.to_le_bytes());
    }
    for mark in shape.marks {
        digest.update(mark.to_le_bytes());
    }
    for part in [shape.pulse, shape.session, shape.milestones, shape.usual]
        .into_iter()
        .filter(|part| *part >= CELL_HEAD_LEN)
    {
        digest.update(part.to_le_bytes());
    }
    for counter in counters.iter().filter(|counter| CellKind::of(counter.key) == shape.kind) {
        digest.update(format!("{:?}", (counter.source, counter.parameter, counter.key, counter.storage)));
        digest.update([counter.whose as u8, counter.moment as u8]);
        digest.update(counter.window_ms.to_le_bytes());
        digest.update(counter.size.to_le_bytes());
        digest.update(counter.offset.to_le_bytes());
        // By name: which position a detector has says nothing about what was counted.
        for detector in counter.finds.iter() {
            digest.update(used.name(detector));
            digest.update([0]);
        }
    }
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
