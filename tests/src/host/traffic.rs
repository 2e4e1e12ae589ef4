//! Driving traffic through a process: step by step, or a whole exchange with a scripted upstream.

use std::time::Duration;

use super::EmulatedEnvoy;
use super::exchange::{Delivered, Direction, Exchange, LocalReply, Surroundings};
use super::maps::HeaderMap;
use super::stream::StreamRules;
use super::vm::Vm;

/// A stream of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId {
    /// Which worker serves it.
    pub worker: usize,
    /// Its context in that worker's machine.
    pub context: u32,
}

/// A request to play.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Its head, pseudo headers included.
    pub head: HeaderMap,
    /// Parts of its body; a last empty part makes an empty final chunk. None: the head ends it.
    pub chunks: Vec<Vec<u8>>,
    /// Its trailers.
    pub trailers: Option<HeaderMap>,
    /// Facts about the connection.
    pub surroundings: Surroundings,
}

/// A reply of the upstream.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Its head with `:status`.
    pub head: HeaderMap,
    /// Parts of its body, as in a request.
    pub chunks: Vec<Vec<u8>>,
    /// Its trailers.
    pub trailers: Option<HeaderMap>,
    /// Whether it breaks off behind what is there instead of ending.
    pub breaks_off: bool,
}

impl Reply {
    /// A reply of this status without a body.
    pub fn status(status: u16) -> Self {
        Self { head: HeaderMap::of([(":status", status.to_string())]), ..Self::default() }
    }
}

impl EmulatedEnvoy {
    /// A request's head arrives on a worker.
    pub fn request_head(
        &mut self,
        worker: usize,
        surroundings: Surroundings,
        head: HeaderMap,
        end: bool,
    ) -> StreamId {
        let worker = worker.checked_rem(self.workers.len()).unwrap_or(0);
        self.reload(worker);
        let context = self.next_context();
        let (rules, root, began) = (self.rules(), self.root, self.process().now);
        let stream = StreamId { worker, context };
        if let Some(vm) = self.workers.get_mut(worker) {
            *vm.exchange(context) = Exchange { surroundings, root, began, ..Exchange::default() };
            open(vm, &rules, context, root, head, end);
        }
        stream
    }

    /// A part of the request's body arrives.
    pub fn request_body(&mut self, stream: StreamId, data: &[u8], end: bool) {
        self.with(stream, |vm, rules| vm.data(rules, stream.context, Direction::Request, data, end));
    }

    /// The request's trailers arrive.
    pub fn request_trailers(&mut self, stream: StreamId, trailers: HeaderMap) {
        self.with(stream, |vm, rules| vm.trailers(rules, stream.context, Direction::Request, trailers));
    }

    /// The upstream's head arrives.
    pub fn response_head(&mut self, stream: StreamId, head: HeaderMap, end: bool) {
        self.with(stream, |vm, rules| vm.head(rules, stream.context, Direction::Response, head, end));
    }

    /// A part of the reply's body arrives.
    pub fn response_body(&mut self, stream: StreamId, data: &[u8], end: bool) {
        self.with(stream, |vm, rules| vm.data(rules, stream.context, Direction::Response, data, end));
    }

    /// The reply's trailers arrive.
    pub fn response_trailers(&mut self, stream: StreamId, trailers: HeaderMap) {
        self.with(stream, |vm, rules| vm.trailers(rules, stream.context, Direction::Response, trailers));
    }

    /// The client resets the stream.
    pub fn client_reset(&mut self, stream: StreamId) {
        self.with(stream, |vm, rules| vm.client_reset(rules, stream.context));
    }

    /// The upstream resets the stream.
    pub fn upstream_reset(&mut self, stream: StreamId) {
        self.with(stream, |vm, rules| vm.upstream_reset(rules, stream.context));
    }

    /// The client keeps its window shut: the reply's end does not end the exchange until [`Self::client_reset`].
    pub fn hold_window(&mut self, stream: StreamId) {
        if let Some(exchange) = self.exchange_of(stream) {
            exchange.slow_client = true;
        }
    }

    /// A stream that dies before the filter chain sees its head: only the last callbacks run.
    pub fn log_only(&mut self, worker: usize) -> StreamId {
        let context = self.next_context();
        let (rules, root) = (self.rules(), self.root);
        if let Some(vm) = self.workers.get_mut(worker) {
            vm.exchange(context).root = root;
            vm.enter(context, "proxy_on_context_create", &[context, root]);
            vm.finish(&rules, context);
        }
        StreamId { worker, context }
    }

    /// What is known of a stream so far.
    pub fn look(&mut self, stream: StreamId) -> Exchange {
        self.exchange_of(stream).cloned().unwrap_or_default()
    }

    /// Ends the book-keeping of a finished stream and gives what became of it.
    pub fn take(&mut self, stream: StreamId) -> Exchange {
        let exchange = self.look(stream);
        if exchange.finished
            && let Some(vm) = self.workers.get_mut(stream.worker)
        {
            vm.state().exchanges.remove(&stream.context);
        }
        exchange
    }

    /// Sends a whole request.
    pub fn send(&mut self, worker: usize, request: &Request) -> StreamId {
        let without_body = request.chunks.is_empty() && request.trailers.is_none();
        let stream =
            self.request_head(worker, request.surroundings.clone(), request.head.clone(), without_body);
        for (last, chunk) in parts(&request.chunks) {
            self.request_body(stream, chunk, last && request.trailers.is_none());
        }
        if let Some(trailers) = &request.trailers {
            self.request_trailers(stream, trailers.clone());
        }
        stream
    }

    /// Plays a whole reply.
    pub fn answer(&mut self, stream: StreamId, reply: &Reply) {
        let has_end = !reply.breaks_off;
        let without_body = reply.chunks.is_empty() && reply.trailers.is_none();
        self.response_head(stream, reply.head.clone(), without_body && has_end);
        for (last, chunk) in parts(&reply.chunks) {
            self.response_body(stream, chunk, last && has_end && reply.trailers.is_none());
        }
        if reply.breaks_off {
            self.upstream_reset(stream);
            return;
        }
        if let Some(trailers) = &reply.trailers {
            self.response_trailers(stream, trailers.clone());
        }
    }

    /// Plays a whole exchange: `upstream` sees what reached it and replies, if the whole request did.
    ///
    /// An exchange that the filter holds for ever comes back unfinished.
    pub fn exchange(
        &mut self,
        worker: usize,
        request: &Request,
        upstream: impl FnOnce(&Delivered) -> Reply,
    ) -> Exchange {
        let stream = self.send(worker, request);
        let seen = self.look(stream);
        if !seen.finished && seen.upstream.complete {
            self.answer(stream, &upstream(&seen.upstream));
        }
        self.take(stream)
    }

    /// Advances the clock from tick to tick. Of more than two hours only the last two have ticks.
    pub fn pass_time(&mut self, duration: Duration) {
        let ticking = duration.min(MOST_TICKING);
        self.sleep(duration.saturating_sub(ticking));
        let end = self.process().now.saturating_add(nanoseconds(ticking));
        loop {
            let now = self.process().now;
            let next = self.next_tick().map_or(end, |next| next.clamp(now, end));
            self.advance(Duration::from_nanos(next.saturating_sub(now)));
            if next >= end {
                return;
            }
        }
    }

    fn with(&mut self, stream: StreamId, act: impl FnOnce(&mut Vm, &StreamRules)) {
        let rules = self.rules();
        if let Some(vm) = self.workers.get_mut(stream.worker) {
            act(vm, &rules);
        }
    }
}

fn open(vm: &mut Vm, rules: &StreamRules, context: u32, root: u32, head: HeaderMap, end: bool) {
    if vm.failure().is_some() {
        vm.exchange(context).bypassed = true;
        if !rules.fail_open {
            vm.exchange(context).request.head = Some(head);
            let (details, body, headers) = ("wasm_fail_stream".to_owned(), Vec::new(), HeaderMap::new());
            vm.reply(rules, context, LocalReply { status: 503, details, body, headers });
            return;
        }
    } else {
        vm.enter(context, "proxy_on_context_create", &[context, root]);
    }
    vm.head(rules, context, Direction::Request, head, end);
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// How much of a long time is played tick by tick.
const MOST_TICKING: Duration = Duration::from_secs(2 * 3600);

fn parts(chunks: &[Vec<u8>]) -> impl Iterator<Item = (bool, &Vec<u8>)> {
    let last = chunks.len().saturating_sub(1);
    chunks.iter().enumerate().map(move |(index, chunk)| (index == last, chunk))
}
