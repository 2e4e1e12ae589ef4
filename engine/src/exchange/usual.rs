//! What a route's replies usually carry: gathered in the worker, kept in the route's cell.

use super::open::route_cell;
use super::subject::Subject;
use super::{Surroundings, failure_of, settlement};
use crate::metrics::Metric;
use crate::state::pool::CellAddress;
use crate::state::usual::{Replies, class_of, is_unusual};
use crate::vocabulary::Event;

/// Routes whose replies a worker gathers at most; the others are never unusual there.
const MOST_ROUTES: usize = 256;

/// What a worker knows of the routes' replies.
#[derive(Debug, Default)]
pub(super) struct UsualReplies {
    routes: Vec<RouteReplies>,
    /// Whose turn it is to be written.
    next: usize,
}

#[derive(Debug)]
struct RouteReplies {
    address: CellAddress,
    /// What the route's cell said when it was last written.
    known: Replies,
    /// What came since.
    new: Replies,
    is_due: bool,
}

/// Notes a reply and counts it where it carries far more than is usual.
pub(super) fn note(subject: &Subject, values: u32, surroundings: &mut Surroundings<'_, '_>) {
    let policy = surroundings.policy;
    if !policy.counters.iter().any(|counter| counter.source.asks_usual()) {
        return;
    }
    let address = route_cell(subject, surroundings);
    let routes = &mut surroundings.worker.usual.routes;
    let position = match routes.iter().position(|known| known.address == address) {
        Some(position) => position,
        None if routes.len() < MOST_ROUTES => {
            let (known, new) = (Replies::default(), Replies::default());
            routes.push(RouteReplies { address, known, new, is_due: false });
            routes.len() - 1
        }
        None => return,
    };
    let Some(route) = routes.get_mut(position) else { return };
    let mut seen = route.known;
    for (count, more) in seen.iter_mut().zip(route.new) {
        *count = count.saturating_add(more);
    }
    if let Some(count) = route.new.get_mut(class_of(values)) {
        *count = count.saturating_add(1);
    }
    route.is_due = true;
    if is_unusual(&seen, values) {
        settlement::count(subject, surroundings, 1, |event| event == Event::SensitiveUnusual);
    }
}

impl Surroundings<'_, '_> {
    /// Writes what was gathered of the routes' replies, at most so many routes.
    pub(super) fn flush_usual(&mut self, most: usize) {
        let now = self.now;
        let (mut pool, worker) = self.pool_and_worker();
        let usual = &mut worker.usual;
        let count = usual.routes.len();
        usual.routes.rotate_left(usual.next.min(count));
        usual.next = 0;
        let (mut looked_at, mut left) = (0, most);
        for route in &mut usual.routes {
            looked_at += 1;
            if !route.is_due {
                continue;
            }
            if left == 0 {
                break;
            }
            left -= 1;
            let mut known = None;
            let written = pool.update(route.address, now, true, |cell, shape| {
                known = cell.add_usual(shape, &route.new, now);
            });
            usual.next = looked_at;
            match (written, known) {
                (Ok(()), Some(known)) => {
                    (route.known, route.new, route.is_due) = (known, Replies::default(), false);
                }
                (Ok(()), None) => route.is_due = false,
                (Err(error), _) => {
                    worker.tally.add_now(Metric::Error(failure_of(error)), 1);
                    return;
                }
            }
        }
    }
}
