//! One stream: the host's callbacks as phases of an exchange.

use crate::carry_out::{add_to_reply, change_reply, change_request, change_trailers, send};
use crate::configuration::Records;
use crate::host;
use crate::root::Loaded;
use crate::watchdog::{Direction, Watchdog};
use bartizan_engine::clock::Millis;
use bartizan_engine::exchange::{
    AwaitCredentials, AwaitReply, BodyStep, Decided, Finished, Opened, Reply, Replying, RequestHead,
    TrailersStep, open,
};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// Whether a head is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// It went on.
    No,
    /// It should be, and no body callback came yet.
    Asked,
    /// It is.
    Yes,
}

impl Hold {
    /// What a body callback tells: where the watchdog was faster the head is gone.
    fn on_body(self, watchdog: &mut Watchdog, context: u32, direction: Direction) -> Self {
        match self {
            Self::Asked if watchdog.body_came((context, direction)) => Self::Yes,
            Self::Asked | Self::No => Self::No,
            Self::Yes => Self::Yes,
        }
    }
}

/// Where the exchange is.
enum Phase {
    /// Nothing came yet, or nothing is ours to do.
    Idle,
    /// A login's body is being read; `fed` bytes of what the host buffers were.
    Login { login: Box<AwaitCredentials>, hold: Hold, fed: usize },
    /// The upstream has the request.
    AwaitReply(Box<AwaitReply>),
    /// A reply's body passes through.
    Replying { replying: Box<Replying>, hold: Hold, fed: usize },
    /// It is refused, and the reply waits among the slow ones.
    Refused { finished: Box<Finished>, has_gone_on: bool },
    /// Only the record is left.
    Finished(Box<Finished>),
}

/// A stream's context.
pub(crate) struct Stream {
    context: u32,
    loaded: Option<Rc<Loaded>>,
    phase: Phase,
    /// The last reading of the clock.
    now: Millis,
    /// Whether the reply's time matters. A reading is a hostcall; most exchanges need one only.
    needs_clock: bool,
}

impl Stream {
    pub(crate) const fn new(context: u32, loaded: Option<Rc<Loaded>>) -> Self {
        Self { context, loaded, phase: Phase::Idle, now: Millis(0), needs_clock: true }
    }

    /// The time, read again where it matters.
    fn now(&mut self) -> Millis {
        if self.needs_clock {
            self.now = host::now();
        }
        self.now
    }

    fn take_phase(&mut self) -> Phase {
        std::mem::replace(&mut self.phase, Phase::Idle)
    }

    fn carry_out(&mut self, loaded: &Loaded, decided: Decided, can_change_head: bool) -> Action {
        match decided {
            Decided::Refused(finished, reply) => {
                self.phase = match loaded.keep(self.context, reply, self.now) {
                    Ok(()) => Phase::Refused { finished, has_gone_on: !can_change_head },
                    Err(reply) => {
                        send(&reply);
                        Phase::Finished(finished)
                    }
                };
                Action::Pause
            }
            Decided::Forwarded(exchange, changes) => {
                if can_change_head {
                    change_request(&changes);
                }
                self.phase = Phase::AwaitReply(exchange);
                Action::Continue
            }
        }
    }

    /// Replies in place of what is here.
    fn answer_now(&mut self, finished: Box<Finished>, reply: &Reply) -> Action {
        self.phase = Phase::Finished(finished);
        send(reply);
        Action::Pause
    }

    /// Decides a login, at the last reading of the clock.
    fn end_of_credentials(&mut self, login: Box<AwaitCredentials>, is_held: bool) -> Action {
        let Some(loaded) = self.loaded.clone() else { return Action::Continue };
        let decided = loaded.run(self.now, |surroundings| login.decide(surroundings));
        self.carry_out(&loaded, decided, is_held)
    }
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        if let Some(loaded) = &self.loaded {
            loaded.watchdog.borrow_mut().forget(self.context);
            // A client that went away leaves its place to others.
            loaded.slow_replies.borrow_mut().take(self.context);
        }
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let Some(loaded) = self.loaded.clone() else { return Action::Continue };
        let headers = host::request_headers();
        let now = host::now();
        self.now = now;
        let head = RequestHead {
            headers: &headers,
            source_address: &host::source_address,
            verified_claim: &host::verified_claim,
            end_of_stream,
        };
        let decided = match loaded.run(now, |surroundings| open(head, surroundings)) {
            Opened::Untouched(changes) => {
                change_request(&changes);
                return Action::Continue;
            }
            Opened::Refused(finished, reply) => Decided::Refused(finished, reply),
            Opened::Forwarded(exchange, changes) => Decided::Forwarded(exchange, changes),
            Opened::Login(login, changes) => {
                change_request(&changes);
                let mut watchdog = loaded.watchdog.borrow_mut();
                let is_held = loaded.settings().hold_headers && login.may_hold() && watchdog.may_hold(now);
                self.phase =
                    Phase::Login { login, hold: if is_held { Hold::Asked } else { Hold::No }, fed: 0 };
                if is_held {
                    watchdog.hold((self.context, Direction::Request), now);
                    return Action::Pause;
                }
                return Action::Continue;
            }
        };
        self.carry_out(&loaded, decided, true)
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some(loaded) = self.loaded.clone() else { return Action::Continue };
        match self.take_phase() {
            Phase::Login { mut login, hold, fed } => {
                let hold = hold.on_body(&mut loaded.watchdog.borrow_mut(), self.context, Direction::Request);
                let is_held = hold == Hold::Yes;
                // While the head is held the host keeps all bytes and says how many there are together.
                let chunk = host::request_body(fed, size.saturating_sub(fed));
                self.now = host::now();
                loaded.run(self.now, |surroundings| login.body(&chunk, surroundings));
                if end_of_stream || (!is_held && login.is_complete()) {
                    let action = self.end_of_credentials(login, is_held);
                    if matches!(self.phase, Phase::Refused { .. }) {
                        host::drop_request_body(size);
                    }
                    return action;
                }
                let fed = if is_held { fed.saturating_add(chunk.len()) } else { 0 };
                self.phase = Phase::Login { login, hold, fed };
                if is_held { Action::Pause } else { Action::Continue }
            }
            // Nobody will read it, so it must not fill the host's buffer until the reply is due.
            phase @ Phase::Refused { .. } => {
                self.phase = phase;
                host::drop_request_body(size);
                Action::Pause
            }
            phase => {
                self.phase = phase;
                Action::Continue
            }
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        match self.take_phase() {
            Phase::Login { login, hold, .. } => {
                let Some(loaded) = self.loaded.clone() else { return Action::Continue };
                let hold = hold.on_body(&mut loaded.watchdog.borrow_mut(), self.context, Direction::Request);
                self.now = host::now();
                self.end_of_credentials(login, hold == Hold::Yes)
            }
            phase @ Phase::Refused { .. } => {
                self.phase = phase;
                Action::Pause
            }
            phase => {
                self.phase = phase;
                Action::Continue
            }
        }
    }

    fn on_http_response_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let Some(loaded) = self.loaded.clone() else { return Action::Continue };
        let exchange = match self.take_phase() {
            Phase::AwaitReply(exchange) => exchange,
            // Something else in the proxy answered a login that the upstream has not seen: nothing to count.
            Phase::Login { login, hold: Hold::Asked | Hold::Yes, .. } => {
                self.phase = Phase::Finished(Box::new(login.abandon()));
                return Action::Continue;
            }
            // The upstream answered before the body's end. It may have understood enough of it, so this is a login like any
            // other; otherwise an attacker would never send the end.
            Phase::Login { login, hold: Hold::No, .. } => {
                match loaded.run(host::now(), |surroundings| login.decide(surroundings)) {
                    Decided::Forwarded(exchange, _) => exchange,
                    // Not a moment later: what is here is the upstream's reply to what is refused.
                    Decided::Refused(finished, reply) => return self.answer_now(finished, &reply),
                }
            }
            Phase::Refused { finished, has_gone_on } => {
                let waiting = loaded.slow_replies.borrow_mut().take(self.context);
                if let Some(reply) = waiting.filter(|_| has_gone_on) {
                    // The upstream answered what is refused, while the reply waited.
                    return self.answer_now(finished, &reply);
                }
                // Our own reply, or the host's: a request that the upstream never saw can time out here.
                self.phase = Phase::Finished(finished);
                return Action::Continue;
            }
            // Our own reply comes back through these callbacks.
            phase => {
                self.phase = phase;
                return Action::Continue;
            }
        };
        if !exchange.needs_head(loaded.policy()) {
            let finished = loaded.run(exchange.decided_at(), |surroundings| exchange.finish(surroundings));
            self.phase = Phase::Finished(Box::new(finished));
            return Action::Continue;
        }
        self.needs_clock = exchange.needs_clock(loaded.policy());
        let headers = host::response_headers();
        let now = self.now();
        let (replying, plan) =
            loaded.run(now, |surroundings| exchange.response_head(&headers, end_of_stream, surroundings));
        for name in &plan.remove {
            host::remove_response_header(name);
        }
        add_to_reply(&plan.add);
        change_reply(&plan.change);
        if !plan.read_body && !plan.read_trailers {
            self.phase =
                Phase::Finished(Box::new(loaded.run(now, |surroundings| replying.finish(surroundings))));
            return Action::Continue;
        }
        let mut watchdog = loaded.watchdog.borrow_mut();
        let is_held = plan.hold && watchdog.may_hold(now);
        let mut replying = Box::new(replying);
        if plan.hold && !is_held {
            replying.let_go();
        }
        self.phase = Phase::Replying { replying, hold: if is_held { Hold::Asked } else { Hold::No }, fed: 0 };
        if is_held {
            watchdog.hold((self.context, Direction::Response), now);
            return Action::Pause;
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some(loaded) = self.loaded.clone() else { return Action::Continue };
        let (mut replying, hold, fed) = match self.take_phase() {
            Phase::Replying { replying, hold, fed } => (replying, hold, fed),
            phase => {
                self.phase = phase;
                return Action::Continue;
            }
        };
        let was_asked = hold == Hold::Asked;
        let hold = hold.on_body(&mut loaded.watchdog.borrow_mut(), self.context, Direction::Response);
        if was_asked && hold == Hold::No {
            replying.let_go();
        }
        let now = self.now();
        let unread = if replying.reads_body() { size.saturating_sub(fed) } else { 0 };
        let chunk = host::response_body(fed, unread);
        let fed = fed.saturating_add(chunk.len());
        let step = loaded.run(now, |surroundings| replying.body(chunk, end_of_stream, surroundings));
        let mut still_held = false;
        if hold == Hold::Yes && matches!(step, BodyStep::Pass | BodyStep::Write(_)) {
            add_to_reply(&replying.headers_to_add());
        }
        let action = match step {
            BodyStep::Pass => Action::Continue,
            BodyStep::Write(bytes) => {
                host::replace_response_body(size, &bytes);
                Action::Continue
            }
            BodyStep::Wait => {
                still_held = true;
                Action::Pause
            }
            BodyStep::Refuse(reply) => {
                send(&reply);
                Action::Pause
            }
        };
        self.phase = if end_of_stream {
            Phase::Finished(Box::new(loaded.run(now, |surroundings| replying.finish(surroundings))))
        } else {
            let hold = if still_held { Hold::Yes } else { Hold::No };
            Phase::Replying { replying, hold, fed: if still_held { fed } else { 0 } }
        };
        action
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        let Some(loaded) = self.loaded.clone() else { return Action::Continue };
        let (mut replying, hold) = match self.take_phase() {
            Phase::Replying { replying, hold, .. } => (replying, hold),
            phase => {
                self.phase = phase;
                return Action::Continue;
            }
        };
        let hold = hold.on_body(&mut loaded.watchdog.borrow_mut(), self.context, Direction::Response);
        let trailers = if replying.searches_trailers() { host::response_trailers() } else { Vec::new() };
        let plan = loaded.run(self.now(), |surroundings| replying.trailers(&trailers, surroundings));
        let late_fields = replying.headers_to_add();
        let finished = loaded.run(self.now(), |surroundings| replying.finish(surroundings));
        self.phase = Phase::Finished(Box::new(finished));
        match (plan.body, plan.step) {
            (BodyStep::Refuse(reply), _) => {
                send(&reply);
                Action::Pause
            }
            // What was held cannot be rewritten once trailers came: better no reply than one that leaks.
            (BodyStep::Write(_), _) | (_, TrailersStep::Reset) => {
                host::reset_response();
                Action::Pause
            }
            (BodyStep::Pass | BodyStep::Wait, TrailersStep::Continue) => {
                if hold == Hold::Yes {
                    add_to_reply(&late_fields);
                }
                change_trailers(&plan.change);
                Action::Continue
            }
        }
    }

    fn on_log(&mut self) {
        let Some(loaded) = self.loaded.clone() else { return };
        let finished = match self.take_phase() {
            Phase::Idle => return,
            Phase::Login { login, .. } => Box::new(login.abandon()),
            Phase::AwaitReply(exchange) => {
                let now = exchange.decided_at();
                Box::new(loaded.run(now, |surroundings| exchange.finish(surroundings)))
            }
            Phase::Replying { replying, .. } => {
                Box::new(loaded.run(self.now(), |surroundings| replying.finish(surroundings)))
            }
            Phase::Refused { finished, .. } | Phase::Finished(finished) => finished,
        };
        let wanted = match loaded.records {
            Records::None => false,
            Records::Findings => finished.is_notable(),
            Records::All => true,
        };
        if wanted && let Ok(record) = serde_json::to_vec(&finished.record(loaded.policy())) {
            host::publish_record(&record);
        }
    }
}
