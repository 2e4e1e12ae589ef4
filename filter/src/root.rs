//! The root context: configuration in, exchanges out, ticks.

use crate::carry_out::send_to;
use crate::configuration::{Configuration, Records};
use crate::host;
use crate::leaked_pages::SharedLeakedPages;
use crate::policy::OwnedPolicy;
use crate::secrets;
use crate::shared_pages::SharedPages;
use crate::slow_replies::SlowReplies;
use crate::stream::Stream;
use crate::telemetry::Counters;
use crate::warm_up;
use crate::watchdog::Watchdog;
use bartizan_engine::clock::Millis;
use bartizan_engine::device::DeviceKeys;
use bartizan_engine::exchange::{Reply, Surroundings, Worker};
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::settings::Settings;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// How often a worker writes what it gathered.
const TICK: Duration = Duration::from_secs(1);
/// Ticks that come earlier, because a reply waits, leave the rest of the work to one that is about due.
const MOST_OF_A_TICK_MS: u64 = 950;
/// How many lines about what left a tick writes at most.
const EXPOSURES_PER_TICK: usize = 20;
/// How many pages a tick writes at most, to stay out of the way of requests.
const PAGES_PER_TICK: usize = 20;

/// A policy that was loaded, with all that its exchanges share. Streams keep it alive while a newer one takes over.
pub(crate) struct Loaded {
    policy: OwnedPolicy,
    settings: Settings,
    key: HashKey,
    device_keys: Option<DeviceKeys>,
    epoch: u32,
    pub(crate) records: Records,
    parts: RefCell<Parts>,
    pub(crate) watchdog: RefCell<Watchdog>,
    pub(crate) slow_replies: RefCell<SlowReplies>,
}

/// What changes from exchange to exchange.
struct Parts {
    store: SharedPages,
    leaked: SharedLeakedPages,
    worker: Worker,
    counters: Counters,
    /// When a tick last wrote what was gathered.
    written: Millis,
}

impl Loaded {
    fn new(configuration: Configuration) -> Result<Self, String> {
        let Configuration { blob, leaked, settings, instance, records, hash_key_env } = configuration;
        let policy = OwnedPolicy::parse(blob).map_err(|error| error.to_string())?;
        let key = secrets::hash_key(&instance, &hash_key_env)?;
        let hands_out_cookies = !policy.borrow_dependent().devices.is_empty();
        let device_keys = hands_out_cookies.then(secrets::device_keys).flatten();
        let shapes = &policy.borrow_dependent().shapes;
        let definitions =
            shapes.iter().fold(u64::from(key.id()) << 32 | u64::from(settings.state_pages), |sum, shape| {
                sum.rotate_left(13) ^ shape.definitions
            });
        let epoch = secrets::epoch(&instance, definitions);
        let leaked_pages = SharedLeakedPages::new(&instance);
        let moved = leaked_pages.publish(&leaked, policy.borrow_dependent())?;
        if moved > 0 {
            log::info!("moved {moved} pages of leaked lists to shared data");
        }
        let parts = Parts {
            store: SharedPages::new(&instance),
            leaked: leaked_pages,
            worker: Worker::new(secrets::random()),
            counters: Counters::default(),
            written: Millis(0),
        };
        let parts = RefCell::new(parts);
        Ok(Self {
            policy,
            settings,
            key,
            device_keys,
            epoch,
            records,
            parts,
            watchdog: RefCell::default(),
            slow_replies: RefCell::default(),
        })
    }

    /// Runs something of the engine, then gives the operator what should not wait.
    pub(crate) fn run<T>(&self, now: Millis, work: impl FnOnce(&mut Surroundings<'_, '_>) -> T) -> T {
        let Parts { store, leaked, worker, counters, .. } = &mut *self.parts.borrow_mut();
        let policy = self.policy.borrow_dependent();
        let mut surroundings = Surroundings {
            policy,
            settings: &self.settings,
            key: &self.key,
            epoch: self.epoch,
            device_keys: self.device_keys.as_ref(),
            leaked,
            store,
            worker,
            now,
        };
        let result = work(&mut surroundings);
        if worker.tally.is_urgent() {
            counters.publish(&mut worker.tally, policy);
        }
        result
    }

    /// Reads the policy.
    pub(crate) fn policy(&self) -> &bartizan_engine::blob::Policy<'_> {
        self.policy.borrow_dependent()
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) const fn key(&self) -> &HashKey {
        &self.key
    }

    /// Keeps a reply until it is due.
    ///
    /// # Errors
    ///
    /// It is due at once, or too many wait already; the reply comes back.
    pub(crate) fn keep(&self, context: u32, reply: Reply, now: Millis) -> Result<(), Reply> {
        if reply.delay_ms == 0 {
            return Err(reply);
        }
        let kept = self.slow_replies.borrow_mut().keep(context, reply, now);
        if kept.is_err() {
            self.parts.borrow_mut().counters.count_one_at_once();
        }
        kept
    }

    fn tick(&self) {
        let now = host::now();
        let due = self.slow_replies.borrow_mut().due(now, TICK);
        for (context, reply) in due {
            send_to(context, &reply);
        }
        self.watchdog.borrow_mut().tick(now);
        // Also after the clock was set back.
        if now.0.abs_diff(self.parts.borrow().written.0) >= MOST_OF_A_TICK_MS {
            self.write(now, PAGES_PER_TICK);
        }
    }

    /// Writes what was gathered.
    fn write(&self, now: Millis, most_pages: usize) {
        self.run(now, |surroundings| surroundings.flush(most_pages));
        let Parts { worker, counters, written, .. } = &mut *self.parts.borrow_mut();
        worker.exposures.tell(self.policy.borrow_dependent(), now, EXPOSURES_PER_TICK, |exposure| {
            if let Ok(line) = serde_json::to_string(exposure) {
                log::info!("exposure {line}");
            }
        });
        counters.publish(&mut worker.tally, self.policy.borrow_dependent());
        *written = now;
    }
}

/// The root context of one configuration in one VM.
#[derive(Default)]
pub(crate) struct Root {
    vm_configuration: Vec<u8>,
    loaded: Option<Rc<Loaded>>,
}

impl Context for Root {
    fn on_done(&mut self) -> bool {
        if let Some(loaded) = &self.loaded {
            loaded.write(host::now(), usize::MAX);
        }
        true
    }
}

impl RootContext for Root {
    fn on_vm_start(&mut self, length: usize) -> bool {
        self.vm_configuration = host::vm_configuration(length);
        true
    }

    fn on_configure(&mut self, length: usize) -> bool {
        let started = host::now_in_microseconds();
        let configuration = Configuration::read(length, &self.vm_configuration);
        match configuration.and_then(Loaded::new) {
            Ok(loaded) => {
                let took = host::now_in_microseconds().saturating_sub(started);
                warm_up::run(&loaded);
                let policy = loaded.policy();
                log::info!(
                    "policy {:016x} with {} apps, state epoch {}, loaded in {took} us{}{}",
                    policy.header.policy_hash,
                    policy.apps.len(),
                    loaded.epoch,
                    if loaded.settings.report_only { ", report only by the host's setting" } else { "" },
                    if loaded.settings.kill_switch { ", KILL SWITCH ON: nothing is looked at" } else { "" },
                );
                self.loaded = Some(Rc::new(loaded));
                host::tick_every(TICK);
                true
            }
            Err(problem) => {
                log::error!("the configuration is refused: {problem}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(loaded) = &self.loaded {
            loaded.tick();
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(context, self.loaded.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
