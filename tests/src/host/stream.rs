//! How messages move past the filter: Envoy's filter manager around one wasm filter.

use super::exchange::{Direction, Iteration, OpenBuffer};
use super::local_reply::plain_reply;
use super::maps::HeaderMap;
use super::vm::{AfterCall, Vm};

/// The switches of a plugin and listener that decide how messages move.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreamRules {
    /// `allow_on_headers_stop_iteration`.
    pub stop_iteration_in_headers: bool,
    /// `per_connection_buffer_limit_bytes`.
    pub buffer_limit: usize,
    /// Whether a failed machine lets messages pass.
    pub fail_open: bool,
}

/// What a callback's answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Continue,
    /// Stop; what comes next depends on the phase.
    Stop(u32),
    /// The machine has failed and the policy is to refuse.
    Failed,
}

impl Vm {
    /// A head arrives.
    pub(super) fn head(
        &mut self,
        rules: &StreamRules,
        context: u32,
        direction: Direction,
        head: HeaderMap,
        end: bool,
    ) {
        if self.over(context, direction) {
            return;
        }
        let count = head.len();
        let exchange = self.exchange(context);
        if direction == Direction::Response && !exchange.replied {
            exchange.details = Some("via_upstream".to_owned());
        }
        let flow = exchange.flow(direction);
        flow.head = Some(head);
        flow.head_open = true;
        flow.complete = end;
        flow.end_of_stream = end;
        let callback = match direction {
            Direction::Request => "proxy_on_request_headers",
            Direction::Response => "proxy_on_response_headers",
        };
        let answer = self.ask(rules, context, callback, &[context, word(count), u32::from(end)]);
        if self.over(context, direction) {
            return;
        }
        match answer {
            Answer::Failed => self.fail(rules, context),
            // 2 is a status of Envoy that no answer maps to: it continues.
            Answer::Continue | Answer::Stop(2) => {
                self.exchange(context).flow(direction).head_open = false;
                self.pass_head(rules, context, direction, end);
            }
            Answer::Stop(1) if rules.stop_iteration_in_headers => {
                self.exchange(context).flow(direction).iteration = Iteration::StopSingle;
            }
            Answer::Stop(answer) => {
                self.exchange(context).flow(direction).iteration =
                    Iteration::StopAll { limited: answer == 3 };
            }
        }
    }

    /// A part of a body arrives.
    pub(super) fn data(
        &mut self,
        rules: &StreamRules,
        context: u32,
        direction: Direction,
        data: &[u8],
        end: bool,
    ) {
        if self.over(context, direction) {
            return;
        }
        let flow = self.exchange(context).flow(direction);
        flow.complete |= end;
        if let Iteration::StopAll { limited } = flow.iteration {
            let buffered = flow.buffered.get_or_insert_default();
            buffered.extend_from_slice(data);
            if limited && buffered.len() > rules.buffer_limit {
                self.too_large(rules, context, direction);
            }
            return;
        }
        self.filter_data(rules, context, direction, data, end);
    }

    /// Trailers arrive: the end of the message.
    pub(super) fn trailers(
        &mut self,
        rules: &StreamRules,
        context: u32,
        direction: Direction,
        trailers: HeaderMap,
    ) {
        if self.over(context, direction) {
            return;
        }
        let flow = self.exchange(context).flow(direction);
        flow.complete = true;
        flow.trailers = Some(trailers);
        if !matches!(flow.iteration, Iteration::StopAll { .. }) {
            self.filter_trailers(rules, context, direction);
        }
    }

    /// The client goes away.
    pub(super) fn client_reset(&mut self, rules: &StreamRules, context: u32) {
        self.exchange(context).client.reset = true;
        self.finish(rules, context);
    }

    /// Every client goes away.
    pub(super) fn abandon(&mut self, rules: &StreamRules) {
        let contexts: Vec<u32> = self.view().exchanges.keys().copied().collect();
        for context in contexts {
            if !self.exchange(context).finished {
                self.client_reset(rules, context);
            }
        }
    }

    /// The upstream goes away: 503 if no reply began, otherwise the client's stream is cut.
    pub(super) fn upstream_reset(&mut self, rules: &StreamRules, context: u32) {
        if self.exchange(context).response.head.is_some() {
            self.exchange(context).client.reset = true;
            self.finish(rules, context);
            return;
        }
        let body = b"upstream connect error or disconnect/reset before headers".to_vec();
        self.reply(rules, context, plain_reply(503, "upstream_reset_before_response_started", body));
    }

    /// Runs a root callback and what it asked for.
    pub(super) fn root_callback(&mut self, rules: &StreamRules, root: u32, callback: &str) {
        self.ask(rules, root, callback, &[root]);
    }

    /// The last callbacks, in Envoy's order.
    pub(super) fn finish(&mut self, rules: &StreamRules, context: u32) {
        let now = self.view().process.borrow().now;
        let exchange = self.exchange(context);
        if exchange.finished {
            return;
        }
        exchange.finished = true;
        exchange.ended = now;
        if exchange.upstream.head.is_some() && !(exchange.upstream.complete && exchange.response.complete) {
            exchange.upstream.reset = true;
        }
        if exchange.bypassed {
            return;
        }
        exchange.logging = true;
        self.ask(rules, context, "proxy_on_log", &[context]);
        self.exchange(context).logging = false;
        self.ask(rules, context, "proxy_on_done", &[context]);
        self.ask(rules, context, "proxy_on_delete", &[context]);
    }

    pub(super) fn filter_data(
        &mut self,
        rules: &StreamRules,
        context: u32,
        direction: Direction,
        data: &[u8],
        end: bool,
    ) {
        let mut too_late = false;
        let flow = self.exchange(context).flow(direction);
        if flow.buffering {
            let buffered = flow.buffered.get_or_insert_default();
            buffered.extend_from_slice(data);
            flow.open_buffer = OpenBuffer::Buffered;
            if buffered.len() > rules.buffer_limit {
                if direction == Direction::Response {
                    self.too_large(rules, context, direction);
                    return;
                }
                // The 413 is decided, but the filter still sees this part; a reply of its own comes too late.
                too_late = true;
                self.exchange(context).replied = true;
            }
        } else {
            flow.chunk = data.to_vec();
            flow.open_buffer = OpenBuffer::Chunk;
        }
        let flow = self.exchange(context).flow(direction);
        flow.end_of_stream = end;
        let readable = word(flow.open_body().map_or(0, |body| body.len()));
        let callback = match direction {
            Direction::Request => "proxy_on_request_body",
            Direction::Response => "proxy_on_response_body",
        };
        let answer = self.ask(rules, context, callback, &[context, readable, u32::from(end)]);
        if self.over(context, direction) {
            return;
        }
        if too_late {
            self.exchange(context).replied = false;
            self.too_large(rules, context, direction);
            return;
        }
        let flow = self.exchange(context).flow(direction);
        flow.buffering = false;
        match answer {
            Answer::Failed => self.fail(rules, context),
            Answer::Continue => {
                flow.open_buffer = OpenBuffer::Nothing;
                if flow.iteration == Iteration::StopSingle {
                    flow.keep_chunk();
                    self.release(rules, context, direction);
                } else {
                    let chunk = std::mem::take(&mut flow.chunk);
                    self.pass_data(rules, context, direction, chunk, end);
                }
            }
            Answer::Stop(1) => {
                flow.buffering = true;
                flow.iteration = Iteration::StopSingle;
                flow.keep_chunk();
                if flow.buffered.as_ref().is_some_and(|buffered| buffered.len() > rules.buffer_limit) {
                    self.too_large(rules, context, direction);
                }
            }
            Answer::Stop(2) => {
                flow.iteration = Iteration::StopSingle;
                flow.keep_chunk();
            }
            Answer::Stop(_) => {
                flow.iteration = Iteration::StopSingle;
                flow.chunk.clear();
                flow.buffered.get_or_insert_default();
            }
        }
    }

    pub(super) fn filter_trailers(&mut self, rules: &StreamRules, context: u32, direction: Direction) {
        let flow = self.exchange(context).flow(direction);
        flow.trailers_open = true;
        flow.end_of_stream = true;
        let count = word(flow.trailers.as_ref().map_or(0, HeaderMap::len));
        let callback = match direction {
            Direction::Request => "proxy_on_request_trailers",
            Direction::Response => "proxy_on_response_trailers",
        };
        let answer = self.ask(rules, context, callback, &[context, count]);
        if self.over(context, direction) {
            return;
        }
        let flow = self.exchange(context).flow(direction);
        match answer {
            Answer::Failed => self.fail(rules, context),
            Answer::Continue => {
                flow.trailers_open = false;
                if flow.iteration == Iteration::StopSingle {
                    self.release(rules, context, direction);
                } else {
                    self.pass_trailers(rules, context, direction);
                }
            }
            Answer::Stop(_) => flow.iteration = Iteration::StopSingle,
        }
    }

    /// Calls the filter, does what it asked for, and says what its answer means.
    fn ask(&mut self, rules: &StreamRules, context: u32, callback: &str, arguments: &[u32]) -> Answer {
        if self.exchange_is_bypassed(context) {
            return Answer::Continue;
        }
        let failed_before = self.failure().is_some();
        let Some(answer) = self.enter(context, callback, arguments) else {
            // The stream whose callback trapped fails whatever the policy says.
            return if failed_before && rules.fail_open { Answer::Continue } else { Answer::Failed };
        };
        let stopped = std::mem::take(&mut self.state().stop_iteration);
        let mut replied = Vec::new();
        for action in std::mem::take(&mut self.state().after_call) {
            match action {
                // Only the first of one callback counts.
                AfterCall::Reply(context, _) if replied.contains(&context) => {}
                AfterCall::Reply(context, reply) => {
                    replied.push(context);
                    self.reply(rules, context, reply);
                }
                AfterCall::Resume(context, direction) => self.resume(rules, context, direction),
                AfterCall::Close(context) => {
                    let exchange = self.exchange(context);
                    exchange.details.get_or_insert_with(|| "wasm_close_stream".to_owned());
                    exchange.client.reset = true;
                    self.finish(rules, context);
                }
            }
        }
        match answer {
            _ if stopped => Answer::Stop(u32::MAX),
            0 => Answer::Continue,
            answer => Answer::Stop(answer),
        }
    }

    /// Whether nothing of this direction reaches the filter any more.
    pub(super) fn over(&mut self, context: u32, direction: Direction) -> bool {
        let exchange = self.exchange(context);
        exchange.finished || exchange.flow(direction).aborted
    }

    fn exchange_is_bypassed(&self, context: u32) -> bool {
        self.view().exchanges.get(&context).is_some_and(|exchange| exchange.bypassed)
    }
}

impl super::exchange::Flow {
    fn keep_chunk(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        self.buffered.get_or_insert_default().extend_from_slice(&chunk);
    }
}

fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
