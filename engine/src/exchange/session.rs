//! What a session began with, and whether its steps come as customers take them.

use super::Surroundings;
use super::subject::Subject;
use crate::blob::flows::FlowCode;
use crate::clock::Millis;
use crate::state::session::Session;

/// Hashes are kept as 32 bits, never 0.
fn short(hash: Option<u64>) -> u32 {
    hash.map_or(0, |hash| u32::try_from(hash & 0xFFFF_FFFF).unwrap_or(0).max(1))
}

/// A session that begins with this exchange.
pub(super) fn begin(subject: &Subject, now: Millis, from_new_device: bool) -> Session {
    Session {
        began: now.seconds(),
        network: short(subject.network),
        fingerprint: short(subject.fingerprint),
        new_device: if from_new_device { now.seconds() } else { 0 },
    }
}

/// Compares the exchange with the session that it belongs to. A client without a session of its own, such as one that is
/// only known by its address, has none: nothing holds for it.
pub(super) fn compare(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) {
    let policy = surroundings.policy;
    subject.circumstances.has_moved = [false; 2];
    subject.circumstances.session_age = 0;
    subject.circumstances.flows = 0;
    if !policy.tables.asks_session || !subject.is_named {
        return;
    }
    let now = surroundings.now.seconds();
    let pool = surroundings.pool();
    let Some(touched) = subject.client_cell().and_then(|index| subject.cells.get(index)) else { return };
    let shape = pool.shape(touched.address);
    let cell = touched.loaded.as_ref().and_then(|loaded| pool.cell(loaded));
    let Some((shape, cell)) = shape.zip(cell) else { return };
    let session = cell.session(shape);
    if session.began == 0 || session.began < subject.not_before.seconds() {
        return;
    }
    subject.session = Some(session);
    let moved = |from: u32, to: Option<u64>| from != 0 && to.is_some() && from != short(to);
    let age = now.saturating_sub(session.began);
    let mut flows = 0_u64;
    for (position, flow) in policy.flows.iter().enumerate().take(64) {
        if subject.route != Some(flow.route) {
            continue;
        }
        let within = |since: u32| since > 0 && now.saturating_sub(since) < flow.within_seconds;
        let holds = match flow.code {
            FlowCode::SoonAfterLogin => within(session.began),
            FlowCode::SoonAfterNewDevice => within(session.new_device),
            FlowCode::Without => {
                let steps = policy.flow_steps.get(flow.steps.positions()).unwrap_or_default();
                let times: Vec<u32> =
                    steps.iter().map(|step| cell.milestone(shape, usize::from(step.milestone))).collect();
                !(times.is_sorted() && times.iter().all(|time| *time >= session.began && within(*time)))
            }
        };
        flows |= u64::from(holds) << position;
    }
    let circumstances = &mut subject.circumstances;
    circumstances.has_moved =
        [moved(session.network, subject.network), moved(session.fingerprint, subject.fingerprint)];
    circumstances.session_age = age;
    circumstances.flows = flows;
}

/// The milestone that this exchange passes, by its position.
pub(super) fn milestone(subject: &Subject, surroundings: &Surroundings<'_, '_>) -> Option<usize> {
    let route = subject.route.filter(|_| subject.is_named)?;
    surroundings.policy.milestones.iter().position(|milestone| milestone.route == route)
}
