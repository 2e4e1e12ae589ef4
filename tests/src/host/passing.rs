//! What goes past the filter: released, resumed, or simply continued.

use super::exchange::{Direction, Iteration, OpenBuffer};
use super::stream::StreamRules;
use super::vm::Vm;

impl Vm {
    /// `continue_stream`: closes the maps and moves on what is held.
    pub(super) fn resume(&mut self, rules: &StreamRules, context: u32, direction: Direction) {
        if self.over(context, direction) {
            return;
        }
        let flow = self.exchange(context).flow(direction);
        flow.head_open = false;
        flow.trailers_open = false;
        flow.open_buffer = OpenBuffer::Nothing;
        flow.buffering = false;
        match flow.iteration {
            Iteration::Continue => {}
            Iteration::StopSingle => self.release(rules, context, direction),
            // Data that were kept away from the filter go to it first.
            Iteration::StopAll { .. } => {
                flow.iteration = Iteration::Continue;
                let buffered = flow.buffered.take();
                let (complete, trailers) = (flow.complete, flow.trailers.is_some());
                self.pass_head(rules, context, direction, complete && buffered.is_none() && !trailers);
                if let Some(buffered) = buffered {
                    self.filter_data(rules, context, direction, &buffered, complete && !trailers);
                }
                if trailers && !self.over(context, direction) {
                    self.filter_trailers(rules, context, direction);
                }
            }
        }
    }

    /// Moves on what the filter held: head, body, trailers.
    pub(super) fn release(&mut self, rules: &StreamRules, context: u32, direction: Direction) {
        let flow = self.exchange(context).flow(direction);
        flow.iteration = Iteration::Continue;
        let buffered = flow.buffered.take();
        let (complete, trailers, passed) = (flow.complete, flow.trailers.is_some(), flow.head_passed);
        if !passed {
            self.pass_head(rules, context, direction, complete && buffered.is_none() && !trailers);
        }
        if let Some(buffered) = buffered {
            self.pass_data(rules, context, direction, buffered, complete && !trailers);
        }
        if trailers {
            self.pass_trailers(rules, context, direction);
        }
    }

    pub(super) fn pass_head(&mut self, rules: &StreamRules, context: u32, direction: Direction, end: bool) {
        let exchange = self.exchange(context);
        let flow = exchange.flow(direction);
        flow.head_passed = true;
        let head = flow.head.clone();
        exchange.delivered(direction).head = head;
        if end {
            self.passed_all(rules, context, direction);
        }
    }

    pub(super) fn pass_data(
        &mut self,
        rules: &StreamRules,
        context: u32,
        direction: Direction,
        data: Vec<u8>,
        end: bool,
    ) {
        if !data.is_empty() {
            self.exchange(context).delivered(direction).chunks.push(data);
        }
        if end && self.exchange(context).flow(direction).trailers.is_some() {
            // The filter made trailers in the last body callback; they do not come back to it.
            self.pass_trailers(rules, context, direction);
        } else if end {
            self.passed_all(rules, context, direction);
        }
    }

    pub(super) fn pass_trailers(&mut self, rules: &StreamRules, context: u32, direction: Direction) {
        let exchange = self.exchange(context);
        let trailers = exchange.flow(direction).trailers.clone();
        exchange.delivered(direction).trailers = trailers;
        self.passed_all(rules, context, direction);
    }

    fn passed_all(&mut self, rules: &StreamRules, context: u32, direction: Direction) {
        let exchange = self.exchange(context);
        exchange.delivered(direction).complete = true;
        if direction == Direction::Response && !exchange.slow_client {
            self.finish(rules, context);
        }
    }
}
