//! A small world for the engine: a policy, a store that workers share, requests and replies.

use bartizan_engine::blob::Policy;
use bartizan_engine::blob::detectors::{Confidence, Finder, IN_BODY};
use bartizan_engine::blob::draft::{
    ActionDraft, AddressFrom, AppDraft, ClientDraft, ClientKey, Compression, Condition, CounterDraft,
    CounterSource, DetectorDraft, FieldSource, HoneypotDraft, HostPattern, LadderDraft, LoginDraft,
    MaskStyle, OutcomeCondition, PathPattern, PolicyDraft, ReplyDraft, RouteDraft, RuleDraft, Segment,
    SensitiveAction, SensitiveDraft, StepDraft,
};
use bartizan_engine::clock::Millis;
use bartizan_engine::device::DeviceKeys;
use bartizan_engine::exchange::{
    AwaitReply, Decided, Opened, Reply, RequestHead, Surroundings, Worker, open,
};
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::leaked::NoLeakedPages;
use bartizan_engine::settings::Settings;
use bartizan_engine::state::store::{MemoryStore, PageStore, StoreUnavailable, StoredPage, Version, Written};
use bartizan_engine::vocabulary::{CounterKey, Event, Mode, Moment, OnError, Threat, Value, Whose};

pub(crate) const START: u64 = 1_790_000_000_000;
pub(crate) const FAILURE_LIMIT: u32 = 10;
pub(crate) const PAGE_LIMIT: u32 = 64;
pub(crate) const FLUSH_AT: u16 = 4;

pub(crate) fn path(text: &str) -> PathPattern {
    let segment = |text: &str| match text {
        "*" => Segment::Any,
        "**" => Segment::Rest,
        _ if text.starts_with('{') => Segment::Parameter(text.trim_matches(['{', '}']).to_owned()),
        _ => Segment::Literal(text.to_owned()),
    };
    PathPattern { segments: text.split('/').filter(|part| !part.is_empty()).map(segment).collect() }
}

fn counter(
    name: &str,
    source: CounterSource,
    key: CounterKey,
    window_ms: u32,
    highest: u32,
    flush_at: u16,
) -> CounterDraft {
    CounterDraft {
        name: name.to_owned(),
        source,
        key,
        window_ms,
        highest_threshold: highest,
        flush_at,
        finds: Vec::new(),
        whose: Whose::Anybody,
        moment: Moment::Request,
    }
}

fn rule(id: &str, threat: Threat, when: Condition, points: u16) -> RuleDraft {
    RuleDraft {
        id: id.to_owned(),
        threat,
        when,
        points,
        because: format!("because of {id}"),
        mode: Mode::Enforce,
    }
}

/// A shop that blocks after ten failed logins, throttles fast readers, traps `/wp-login.php` and masks cards.
pub(crate) fn shop(mode: Mode) -> PolicyDraft {
    let over = |counter, over| Condition::CounterOver { counter, over };
    PolicyDraft {
        on_error: OnError::Allow,
        client: ClientDraft {
            address_from: AddressFrom::Envoy,
            ipv6_prefix: 64,
            keys: vec![ClientKey::IssuedCookie("sid".to_owned())],
            fingerprint: Vec::new(),
            country_header: String::new(),
        },
        lists: Vec::new(),
        allow: Vec::new(),
        counters: vec![
            counter(
                "login_failures",
                CounterSource::Count(Event::LoginFailure),
                CounterKey::Client,
                300_000,
                FAILURE_LIMIT,
                1,
            ),
            counter(
                "pages",
                CounterSource::Count(Event::Request),
                CounterKey::Client,
                60_000,
                PAGE_LIMIT,
                FLUSH_AT,
            ),
            counter(
                "users",
                CounterSource::Distinct(Value::LoginUsername, None),
                CounterKey::Address,
                600_000,
                5,
                1,
            ),
            counter(
                "account_failures",
                CounterSource::Count(Event::LoginFailure),
                CounterKey::LoginUsername,
                600_000,
                20,
                1,
            ),
        ],
        rules: vec![
            rule("failures", Threat::AccountTakeover, over(0, FAILURE_LIMIT), 100),
            rule("fast", Threat::Scraping, over(1, PAGE_LIMIT), 40),
            rule("users", Threat::AccountTakeover, over(2, 5), 50),
            rule("account", Threat::AccountTakeover, over(3, 20), 100),
        ],
        ladders: vec![
            LadderDraft {
                threat: Threat::AccountTakeover,
                steps: vec![
                    StepDraft { at: 50, action: ActionDraft::Tag },
                    StepDraft {
                        at: 100,
                        action: ActionDraft::Block { for_ms: 0, reply: ReplyDraft::default() },
                    },
                ],
            },
            LadderDraft {
                threat: Threat::Scraping,
                steps: vec![
                    StepDraft {
                        at: 40,
                        action: ActionDraft::Throttle { per_minute: 6, reply: ReplyDraft::default() },
                    },
                    StepDraft {
                        at: 60,
                        action: ActionDraft::Block { for_ms: 600_000, reply: ReplyDraft::default() },
                    },
                ],
            },
        ],
        devices: None,
        leaked: Vec::new(),
        flows: Vec::new(),
        detectors: vec![DetectorDraft::built_in("payment_card", Finder::PaymentCard)],
        apps: vec![AppDraft {
            name: "shop".to_owned(),
            hosts: vec![HostPattern::Exact("shop.example.com".to_owned())],
            mode,
            owner: String::new(),
            watch: true,
            routes: vec![RouteDraft {
                name: "items".to_owned(),
                methods: vec!["GET".to_owned()],
                path: path("/api/items/{id}"),
                mode,
                authenticated: false,
                expects: Vec::new(),
            }],
            logins: vec![LoginDraft {
                name: "login".to_owned(),
                method: "POST".to_owned(),
                path: path("/login"),
                mode,
                username: FieldSource::Form("email".to_owned()),
                password: Some(FieldSource::Form("password".to_owned())),
                success: OutcomeCondition::All(vec![
                    OutcomeCondition::Status(302),
                    OutcomeCondition::SetsCookie("sid".to_owned()),
                ]),
                failure: OutcomeCondition::Any(vec![
                    OutcomeCondition::Status(401),
                    OutcomeCondition::BodyContains("Invalid password".to_owned()),
                ]),
                only_if: None,
                plus_address: false,
                decoy: None,
            }],
            honeypots: vec![HoneypotDraft {
                path: path("/wp-login.php"),
                threat: Threat::Scraping,
                points: 60,
                for_ms: 3_600_000,
                because: "looked for WordPress".to_owned(),
            }],
            sensitive: vec![SensitiveDraft {
                find: vec![0],
                paths: path("/api/**"),
                action: SensitiveAction::Mask,
                keep_first: 0,
                keep_last: 4,
                style: MaskStyle::Stars,
                confidence: Confidence::High,
                places: IN_BODY,
            }],
            expectations: Vec::new(),
            compression: Compression::Identity,
        }],
    }
}

/// A store that lets another writer be faster every so often.
pub(crate) struct ContendedStore {
    pub(crate) inner: MemoryStore,
    pub(crate) every: u32,
    writes: u32,
}

impl ContendedStore {
    pub(crate) fn new(every: u32) -> Self {
        Self { inner: MemoryStore::default(), every, writes: 0 }
    }
}

impl PageStore for ContendedStore {
    fn load(&mut self, page: u32) -> Result<Option<StoredPage>, StoreUnavailable> {
        self.inner.load(page)
    }

    fn store(
        &mut self,
        page: u32,
        bytes: &[u8],
        expected: Option<Version>,
    ) -> Result<Written, StoreUnavailable> {
        self.writes += 1;
        if self.every > 0 && self.writes.is_multiple_of(self.every) {
            if let Some(stored) = self.inner.load(page)? {
                self.inner.store(page, &stored.bytes, Some(stored.version))?;
            }
            return Ok(Written::Conflict);
        }
        self.inner.store(page, bytes, expected)
    }
}

/// What a request came to.
pub(crate) enum Outcome {
    Refused(Reply),
    Forwarded(Box<AwaitReply>),
    Untouched,
}

impl Outcome {
    pub(crate) fn is_forwarded(&self) -> bool {
        matches!(self, Self::Forwarded(_))
    }
}

pub(crate) struct World<'p, S> {
    pub(crate) policy: &'p Policy<'p>,
    pub(crate) settings: Settings,
    pub(crate) key: HashKey,
    pub(crate) device_keys: Option<DeviceKeys>,
    pub(crate) epoch: u32,
    pub(crate) store: S,
    pub(crate) workers: Vec<Worker>,
    pub(crate) now: u64,
    host: &'static str,
    next: usize,
}

impl<'p, S: PageStore> World<'p, S> {
    pub(crate) fn new(policy: &'p Policy<'p>, store: S, workers: u64) -> Self {
        Self::at(policy, store, workers, "shop.example.com")
    }

    pub(crate) fn at(policy: &'p Policy<'p>, store: S, workers: u64, host: &'static str) -> Self {
        Self {
            policy,
            settings: Settings::default(),
            key: HashKey::from_bytes([9; 16]),
            device_keys: None,
            epoch: 1,
            store,
            workers: (0..workers).map(Worker::new).collect(),
            now: START,
            host,
            next: 0,
        }
    }

    /// Runs something on the next worker in turn.
    pub(crate) fn on_next<T>(&mut self, work: impl FnOnce(&mut Surroundings<'_, 'p>) -> T) -> T {
        self.next = (self.next + 1) % self.workers.len();
        self.on(self.next, work)
    }

    /// Runs something on the worker that had its turn last: an exchange stays on one.
    pub(crate) fn on_same<T>(&mut self, work: impl FnOnce(&mut Surroundings<'_, 'p>) -> T) -> T {
        self.on(self.next, work)
    }

    pub(crate) fn on<T>(&mut self, worker: usize, work: impl FnOnce(&mut Surroundings<'_, 'p>) -> T) -> T {
        let mut surroundings = Surroundings {
            policy: self.policy,
            settings: &self.settings,
            key: &self.key,
            epoch: self.epoch,
            device_keys: self.device_keys.as_ref(),
            leaked: &mut NoLeakedPages,
            store: &mut self.store,
            worker: &mut self.workers[worker],
            now: Millis(self.now),
        };
        work(&mut surroundings)
    }

    pub(crate) fn request(&mut self, from: &str, method: &str, path: &str, more: &[(&str, &str)]) -> Outcome {
        let headers = request_headers(self.host, method, path, more);
        let source = || Some(format!("{from}:40000").into_bytes());
        let head = RequestHead {
            headers: &headers,
            source_address: &source,
            verified_claim: &|_, _| None,
            end_of_stream: true,
        };
        match self.on_next(|surroundings| open(head, surroundings)) {
            Opened::Refused(_, reply) => Outcome::Refused(reply),
            Opened::Forwarded(exchange, _) => Outcome::Forwarded(exchange),
            Opened::Untouched(_) => Outcome::Untouched,
            Opened::Login(..) => panic!("not a login"),
        }
    }

    pub(crate) fn login(&mut self, from: &str, user: &str) -> Outcome {
        let headers = request_headers(self.host, "POST", "/login", &[("content-length", "60")]);
        let source = || Some(format!("{from}:40000").into_bytes());
        let body = format!("email={user}&password=secret");
        let head = RequestHead {
            headers: &headers,
            source_address: &source,
            verified_claim: &|_, _| None,
            end_of_stream: false,
        };
        let decided = self.on_next(|surroundings| match open(head, surroundings) {
            Opened::Login(mut login, _) => {
                login.body(body.as_bytes(), surroundings);
                login.decide(surroundings)
            }
            Opened::Refused(finished, reply) => Decided::Refused(finished, reply),
            _ => panic!("a login"),
        });
        match decided {
            Decided::Refused(_, reply) => Outcome::Refused(reply),
            Decided::Forwarded(exchange, _) => Outcome::Forwarded(exchange),
        }
    }

    pub(crate) fn answer(&mut self, exchange: Box<AwaitReply>, status: &str, more: &[(&str, &str)]) {
        let mut headers = vec![(":status".to_owned(), status.as_bytes().to_vec())];
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
        self.on_next(|surroundings| {
            exchange.response_head(&headers, true, surroundings).0.finish(surroundings)
        });
    }
}

pub(crate) fn request_headers(
    host: &str,
    method: &str,
    path: &str,
    more: &[(&str, &str)],
) -> Vec<(String, Vec<u8>)> {
    let all = [(":authority", host), (":method", method), (":path", path)];
    all.iter().chain(more).map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}
