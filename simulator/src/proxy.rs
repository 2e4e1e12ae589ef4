//! The proxy: the real engine over a real page store, driven as the filter drives it.

use bartizan_engine::blob::Policy;
use bartizan_engine::clock::Millis;
use bartizan_engine::device::DeviceKeys;
use bartizan_engine::exchange::{
    AwaitReply, Decided, Finished, Headers, Opened, RequestHead, Surroundings, Worker, open,
};
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::leaked::NoLeakedPages;
use bartizan_engine::settings::Settings;
use bartizan_engine::state::delta::MAX_CELLS;
use bartizan_engine::state::store::MemoryStore;

use crate::curve::SECOND;
use crate::random::mix;
use crate::world::networks::text;

/// How many pages a tick of the filter writes at most.
const PAGES_PER_TICK: usize = 20;
/// Bytes of a key in shared data (`bartizan/v1/<instance>/<n>`) and of what the host keeps beside each entry.
const KEY_BYTES: usize = 24 + 64;
/// Bytes of an entry of a worker's table of counts that wait.
const WAITING_BYTES: usize = 56;
/// Bytes of everything else that a worker keeps.
const WORKER_BYTES: usize = 64 * 1024;

/// What the filter said about one try.
#[derive(Clone, Debug, Default)]
pub struct Judgement<'p> {
    /// What was done.
    pub action: &'static str,
    /// The account-takeover score.
    pub score: u16,
    /// The rules that scored, `honeypot` or `banned`.
    pub rules: Vec<&'p str>,
    /// From where the login came: `known_device`, `known_network` or `stranger`, where that was asked.
    pub from: Option<&'static str>,
}

/// What became of a request.
#[derive(Debug)]
pub enum Sent<'p> {
    /// The filter answered.
    Refused(Judgement<'p>),
    /// It waits for the app's answer.
    Forwarded(Forwarded),
    /// The policy does not take it for a login.
    NoLogin,
}

/// A request that the app got.
#[derive(Debug)]
pub struct Forwarded {
    exchange: Box<AwaitReply>,
    worker: usize,
}

/// How the app answers.
#[derive(Clone, Copy, Debug)]
pub enum AppAnswer {
    /// 302, with a session cookie of this value.
    In {
        /// The session.
        session: u64,
    },
    /// 401.
    Out,
}

/// The filter with all its workers.
pub struct Proxy<'p> {
    policy: &'p Policy<'p>,
    settings: Settings,
    key: HashKey,
    device_keys: Option<DeviceKeys>,
    store: MemoryStore,
    workers: Vec<Worker>,
    requests: u64,
    next_tick: u64,
    /// Whether what was let through is judged too: the record costs time.
    pub judges_all: bool,
}

impl<'p> Proxy<'p> {
    /// A proxy that has seen nothing.
    #[must_use]
    pub fn new(policy: &'p Policy<'p>, settings: Settings, workers: u64, seed: u64) -> Self {
        let secret = mix(seed ^ 0x6b65_7973);
        let bytes: Vec<u8> = [secret, mix(secret)].iter().flat_map(|word| word.to_le_bytes()).collect();
        let key = <[u8; 16]>::try_from(bytes.as_slice()).unwrap_or_default();
        let device_keys = DeviceKeys::new(&bytes, None);
        Self::with_keys(policy, settings, workers, HashKey::from_bytes(key), device_keys)
    }

    /// A proxy that has seen nothing, with keys that another one has too.
    #[must_use]
    pub fn with_keys(
        policy: &'p Policy<'p>,
        settings: Settings,
        workers: u64,
        key: HashKey,
        device_keys: Option<DeviceKeys>,
    ) -> Self {
        Self {
            policy,
            settings,
            key,
            device_keys,
            store: MemoryStore::default(),
            workers: (0..workers.max(1)).map(Worker::new).collect(),
            requests: 0,
            next_tick: 0,
            judges_all: false,
        }
    }

    /// A second proxy with the same memory.
    #[must_use]
    pub fn fork(&self) -> Self {
        let worker = |(number, original): (usize, &Worker)| {
            let mut worker = Worker::new(number as u64);
            worker.deltas = original.deltas.clone();
            worker
        };
        Self {
            policy: self.policy,
            settings: self.settings.clone(),
            key: self.key.clone(),
            device_keys: self.device_keys.clone(),
            store: self.store.clone(),
            workers: self.workers.iter().enumerate().map(worker).collect(),
            requests: self.requests,
            next_tick: self.next_tick,
            judges_all: self.judges_all,
        }
    }

    /// What the shared data and the workers' memory take, in bytes: pages with their keys, and the table of waiting counts
    /// of each worker as if it was full.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        self.shared_bytes() + self.workers.len() * (MAX_CELLS * WAITING_BYTES + WORKER_BYTES)
    }

    /// What the shared data take, in bytes: pages with their keys.
    #[must_use]
    pub fn shared_bytes(&self) -> usize {
        let pages = self.store.bytes();
        pages + pages / bartizan_engine::state::page::PAGE_LEN * KEY_BYTES
    }

    /// Sends a login try.
    pub fn send(&mut self, now: u64, headers: &Headers, address: u128, body: &[u8]) -> Sent<'p> {
        self.tick(now);
        self.requests += 1;
        // Every try may come over another connection, and so to another worker.
        let spread = mix(self.requests ^ mix(u64::try_from(address & u128::from(u64::MAX)).unwrap_or(0)));
        let worker = usize::try_from(spread % self.workers.len().max(1) as u64).unwrap_or(0);
        let source = || Some(format!("{}:40000", text(address)).into_bytes());
        let head = RequestHead {
            headers,
            source_address: &source,
            verified_claim: &|_, _| None,
            end_of_stream: false,
        };
        let outcome = self.on(worker, now, |surroundings| match open(head, surroundings) {
            Opened::Login(mut login, _) => {
                login.body(body, surroundings);
                Some(login.decide(surroundings))
            }
            Opened::Refused(finished, reply) => Some(Decided::Refused(finished, reply)),
            // A login whose credentials the policy reads elsewhere.
            Opened::Forwarded(exchange, changes) => Some(Decided::Forwarded(exchange, changes)),
            Opened::Untouched(_) => None,
        });
        match outcome {
            Some(Some(Decided::Refused(finished, _))) => Sent::Refused(self.judgement(&finished)),
            Some(Some(Decided::Forwarded(exchange, _))) => Sent::Forwarded(Forwarded { exchange, worker }),
            _ => Sent::NoLogin,
        }
    }

    /// The app answers. Every `set-cookie` that reaches the client is given to `cookies`.
    pub fn answer(
        &mut self,
        now: u64,
        forwarded: Forwarded,
        answer: AppAnswer,
        mut cookies: impl FnMut(&[u8]),
    ) -> Judgement<'p> {
        self.tick(now);
        let Forwarded { exchange, worker } = forwarded;
        let (headers, body) = answer.message();
        let finished = self.on(worker, now, |surroundings| {
            let (mut replying, plan) = exchange.response_head(&headers, body.is_empty(), surroundings);
            let own = headers.iter().filter(|(name, _)| name == "set-cookie");
            own.for_each(|(_, value)| cookies(value));
            let mut added = plan.add;
            if plan.read_body && !body.is_empty() {
                let _ = replying.body(body.to_vec(), true, surroundings);
                added.extend(replying.headers_to_add());
            }
            let added = added.iter().filter(|(name, _)| *name == "set-cookie");
            added.for_each(|(_, value)| cookies(value.as_bytes()));
            replying.finish(surroundings)
        });
        match finished {
            Some(finished) if self.judges_all => self.judgement(&finished),
            _ => Judgement::default(),
        }
    }

    fn on<T>(
        &mut self,
        worker: usize,
        now: u64,
        work: impl FnOnce(&mut Surroundings<'_, 'p>) -> T,
    ) -> Option<T> {
        let worker = self.workers.get_mut(worker)?;
        let mut surroundings = Surroundings {
            policy: self.policy,
            settings: &self.settings,
            key: &self.key,
            epoch: 1,
            device_keys: self.device_keys.as_ref(),
            leaked: &mut NoLeakedPages,
            store: &mut self.store,
            worker,
            now: Millis(now),
        };
        Some(work(&mut surroundings))
    }

    /// What the filter does once a second: writes what waits.
    fn tick(&mut self, now: u64) {
        if now < self.next_tick {
            return;
        }
        self.next_tick = now - now % SECOND + SECOND;
        for worker in 0..self.workers.len() {
            let _ = self.on(worker, now, |surroundings| surroundings.flush(PAGES_PER_TICK));
        }
    }

    fn judgement(&self, finished: &Finished) -> Judgement<'p> {
        let record = finished.record(self.policy);
        Judgement {
            action: record.action,
            score: record.scores.get("account-takeover").copied().unwrap_or(0),
            rules: record.reasons.iter().map(|reason| reason.rule).collect(),
            from: record.from,
        }
    }
}

impl AppAnswer {
    /// The answer as the filter sees it: its head, `:status` included, and its body.
    #[must_use]
    pub fn message(self) -> (Vec<(String, Vec<u8>)>, &'static [u8]) {
        let field = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        match self {
            Self::In { session } => {
                let cookie =
                    format!("sid={session:016x}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=1800");
                let headers = vec![
                    field(":status", "302"),
                    field("location", "/account"),
                    field("set-cookie", &cookie),
                    field("content-length", "0"),
                ];
                (headers, b"")
            }
            Self::Out => {
                let headers = vec![
                    field(":status", "401"),
                    field("content-type", "application/json"),
                    field("content-length", "27"),
                ];
                (headers, b"{\"error\":\"bad_credentials\"}")
            }
        }
    }
}
